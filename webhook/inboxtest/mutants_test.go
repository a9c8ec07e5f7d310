package inboxtest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/webhook"
)

// mutants are inboxes that break one rule each, and the group that must notice.
var mutants = []struct {
	name  string
	group string
	open  func() webhook.Inbox
}{
	{"calls everything new", "add", breaking(addsAlways)},
	{"forgets the key of what is done", "add", breaking(forgetsDone)},
	{"replaces the first", "add", breaking(replacesFirst)},
	{"has one set of keys for all sources", "add", breaking(mixesSources)},
	{"folds the letters of keys", "add", breaking(func(b *broken) { b.taken(func(m *webhook.Message) { m.Key = strings.ToLower(m.Key) }) })},
	{"trims keys", "add", breaking(func(b *broken) { b.taken(func(m *webhook.Message) { m.Key = strings.TrimSpace(m.Key) }) })},
	{"cuts long keys", "add", breaking(func(b *broken) { b.taken(func(m *webhook.Message) { m.Key = m.Key[:min(len(m.Key), 128)] }) })},
	{"takes what has no key", "add", breaking(takesNameless)},
	{"looks, then adds", "add", breaking(looksThenAdds)},
	{"believes the caller's attempts", "add", breaking(believesCaller)},
	{"makes bodies text", "fields", breaking(func(b *broken) { b.taken(func(m *webhook.Message) { m.Body = bytes.ToValidUTF8(m.Body, nil) }) })},
	{"tidies bodies", "fields", breaking(func(b *broken) { b.taken(func(m *webhook.Message) { m.Body = bytes.TrimSpace(m.Body) }) })},
	{"cuts large bodies", "fields", breaking(func(b *broken) { b.taken(func(m *webhook.Message) { m.Body = m.Body[:min(len(m.Body), 1<<16)] }) })},
	{"keeps the first value of a header", "fields", breaking(func(b *broken) { b.taken(firstValue) })},
	{"spells headers as it likes", "fields", breaking(func(b *broken) { b.taken(canonical) })},
	{"makes headers text", "fields", breaking(func(b *broken) { b.taken(headerText) })},
	{"has times of its place", "fields", breaking(func(b *broken) {
		b.given(func(m *webhook.Message) { m.ReceivedAt = m.ReceivedAt.In(time.FixedZone("here", 3600)) })
	})},
	{"has the epoch for a time", "fields", breaking(func(b *broken) { b.given(func(m *webhook.Message) { m.ReceivedAt = time.Unix(0, 0).UTC() }) })},
	{"shares what it gives", "fields", breaking(sharesGiven)},
	{"newest first", "next", breaking(newestFirst)},
	{"gives all it has", "next", breaking(func(b *broken) {
		b.next = func(ctx context.Context, _ int, lease time.Duration) ([]webhook.Message, error) {
			return b.MemoryInbox.Next(ctx, 100, lease)
		}
	})},
	{"in the order of ids, whatever is due", "next", breaking(byID)},
	{"has no leases", "lease", breaking(func(b *broken) { b.leases(func(time.Duration) time.Duration { return 0 }) })},
	{"leases for ever", "lease", breaking(func(b *broken) { b.leases(func(time.Duration) time.Duration { return time.Hour }) })},
	{"looks, then leases", "lease", breaking(looksThenLeases)},
	{"does not count", "lease", breaking(func(b *broken) { b.given(func(m *webhook.Message) { m.Attempts = 1 }) })},
	{"takes done for a while", "done", breaking(func(b *broken) {
		b.done = func(ctx context.Context, id int64) error { return b.MemoryInbox.Retry(ctx, id, 100*time.Millisecond) }
	})},
	{"lets nobody be done twice", "done", breaking(doneOnce)},
	{"is content with any id", "done", breaking(func(b *broken) { b.done = lenient(b.MemoryInbox.Done) })},
	{"has an error of its own for an id", "done", breaking(ownError)},
	{"never tries again", "retry", breaking(func(b *broken) {
		b.retry = func(ctx context.Context, id int64, _ time.Duration) error {
			return b.MemoryInbox.Retry(ctx, id, time.Hour)
		}
	})},
	{"tries again at once", "retry", breaking(func(b *broken) {
		b.retry = func(ctx context.Context, id int64, _ time.Duration) error { return b.MemoryInbox.Retry(ctx, id, 0) }
	})},
	{"takes back what is done", "retry", breaking(takesBack)},
	{"purges what is open", "purge", breaking(purgesOpen)},
	{"purges whatever the time", "purge", breaking(func(b *broken) {
		b.purge = func(ctx context.Context, _ time.Time) (int64, error) { return b.MemoryInbox.Purge(ctx, always()) }
	})},
	{"gives an id again", "purge", breaking(reusesIDs)},
	{"ignores the context", "context", breaking(ignoresContext)},
	{"adds, and then looks at the context", "context", breaking(addsThenLooks)},
	{"forgets on a restart", "restart", func() webhook.Inbox { return amnesic{webhook.NewMemoryInbox()} }},
	{"splits its data", "shared", func() webhook.Inbox { return split{webhook.NewMemoryInbox()} }},
}

func addsAlways(b *broken) {
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		_, err := b.MemoryInbox.Add(ctx, m)
		return err == nil, err
	}
}

func forgetsDone(b *broken) {
	b.done = func(ctx context.Context, id int64) error {
		if err := b.MemoryInbox.Done(ctx, id); err != nil {
			return err
		}
		_, err := b.MemoryInbox.Purge(ctx, always())
		return err
	}
}

func replacesFirst(b *broken) {
	var mu sync.Mutex
	bodies := make(map[string][]byte)
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		mu.Lock()
		bodies[m.Source+"/"+m.Key] = m.Body
		mu.Unlock()
		return b.MemoryInbox.Add(ctx, m)
	}
	b.given(func(m *webhook.Message) {
		mu.Lock()
		m.Body = bodies[m.Source+"/"+m.Key]
		mu.Unlock()
	})
}

func mixesSources(b *broken) { b.taken(func(m *webhook.Message) { m.Source = source }) }

func takesNameless(b *broken) {
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		m.Source, m.Key = cmp.Or(m.Source, "?"), cmp.Or(m.Key, "?")
		return b.MemoryInbox.Add(ctx, m)
	}
}

// looksThenAdds does not do in one step what must be one.
func looksThenAdds(b *broken) {
	var mu sync.Mutex
	known := make(map[string]bool)
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		mu.Lock()
		was := known[m.Key]
		mu.Unlock()
		time.Sleep(time.Millisecond)
		mu.Lock()
		known[m.Key] = true
		mu.Unlock()
		_, err := b.MemoryInbox.Add(ctx, m)
		return !was && err == nil, err
	}
}

func believesCaller(b *broken) {
	var before atomic.Int64
	b.taken(func(m *webhook.Message) { before.Add(int64(m.Attempts)) })
	b.given(func(m *webhook.Message) { m.Attempts += int(before.Load()) })
}

func firstValue(m *webhook.Message) {
	m.Header = m.Header.Clone()
	for name, values := range m.Header {
		m.Header[name] = values[:min(len(values), 1)]
	}
}

func canonical(m *webhook.Message) {
	h := http.Header{}
	for name, values := range m.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	m.Header = h
}

func headerText(m *webhook.Message) {
	m.Header = m.Header.Clone()
	for _, values := range m.Header {
		for i := range values {
			values[i] = strings.ToValidUTF8(values[i], "\uFFFD")
		}
	}
}

func sharesGiven(b *broken) {
	bodies := make(map[int64][]byte)
	b.given(func(m *webhook.Message) {
		if bodies[m.ID] == nil {
			bodies[m.ID] = m.Body
		}
		m.Body = bodies[m.ID]
	})
}

func newestFirst(b *broken) {
	b.sorted(func(x, y webhook.Message) int { return cmp.Compare(y.ID, x.ID) })
}
func byID(b *broken) { b.sorted(func(x, y webhook.Message) int { return cmp.Compare(x.ID, y.ID) }) }

// sorted gives messages out in another order.
func (b *broken) sorted(compare func(x, y webhook.Message) int) {
	b.next = func(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
		list, err := b.MemoryInbox.Next(ctx, n, lease)
		slices.SortFunc(list, compare)
		return list, err
	}
}

// leases gives messages out for another time.
func (b *broken) leases(change func(time.Duration) time.Duration) {
	b.next = func(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
		return b.MemoryInbox.Next(ctx, n, change(lease))
	}
}

func looksThenLeases(b *broken) {
	b.next = func(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
		list, err := b.MemoryInbox.Next(ctx, n, 0)
		time.Sleep(time.Millisecond)
		for i := range list {
			err = errors.Join(err, b.MemoryInbox.Retry(ctx, list[i].ID, lease))
		}
		return list, err
	}
}

func doneOnce(b *broken) {
	var mu sync.Mutex
	known := make(map[int64]bool)
	b.done = func(ctx context.Context, id int64) error {
		mu.Lock()
		defer mu.Unlock()
		if known[id] {
			return esim.ErrNotFound
		}
		known[id] = true
		return b.MemoryInbox.Done(ctx, id)
	}
}

func lenient(done func(context.Context, int64) error) func(context.Context, int64) error {
	return func(ctx context.Context, id int64) error {
		if err := done(ctx, id); !errors.Is(err, esim.ErrNotFound) {
			return err
		}
		return nil
	}
}

func ownError(b *broken) {
	b.done = func(ctx context.Context, id int64) error {
		if err := b.MemoryInbox.Done(ctx, id); err != nil {
			return errors.New("no rows in result set")
		}
		return nil
	}
}

func takesBack(b *broken) {
	var mu sync.Mutex
	done := make(map[int64]webhook.Message)
	b.given(func(m *webhook.Message) {
		mu.Lock()
		done[m.ID] = *m
		mu.Unlock()
	})
	b.retry = func(ctx context.Context, id int64, after time.Duration) error {
		err := b.MemoryInbox.Retry(ctx, id, after)
		if _, purge := b.Purge(ctx, always()); err == nil && purge == nil {
			_, err = b.MemoryInbox.Add(ctx, done[id])
		}
		return err
	}
}

func purgesOpen(b *broken) {
	b.purge = func(ctx context.Context, before time.Time) (int64, error) {
		list, err := b.MemoryInbox.Next(ctx, 100, 0)
		for i := range list {
			err = errors.Join(err, b.Done(ctx, list[i].ID))
		}
		n, purge := b.MemoryInbox.Purge(ctx, before)
		return n, errors.Join(err, purge)
	}
}

// reusesIDs counts from where it is, as a table without a sequence does.
func reusesIDs(b *broken) {
	var forgotten int64
	b.purge = func(ctx context.Context, before time.Time) (int64, error) {
		n, err := b.MemoryInbox.Purge(ctx, before)
		forgotten += n
		return n, err
	}
	b.given(func(m *webhook.Message) { m.ID -= forgotten })
	b.done = func(ctx context.Context, id int64) error { return b.MemoryInbox.Done(ctx, id+forgotten) }
}

func ignoresContext(b *broken) {
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		return b.MemoryInbox.Add(context.WithoutCancel(ctx), m)
	}
	b.next = func(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
		return b.MemoryInbox.Next(context.WithoutCancel(ctx), n, lease)
	}
	b.done = func(ctx context.Context, id int64) error { return b.MemoryInbox.Done(context.WithoutCancel(ctx), id) }
}

func addsThenLooks(b *broken) {
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		added, err := b.MemoryInbox.Add(context.WithoutCancel(ctx), m)
		return added, cmp.Or(err, ctx.Err())
	}
}
