package claimstest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/router"
)

// mutants are claims that break one rule each, and the group that must notice.
var mutants = []struct {
	name  string
	group string
	open  func() router.Claims
}{
	{"has nothing for none", "get", breaking(func(b *broken) { b.missing(nil, nil) })},
	{"has an empty claim for none", "get", breaking(func(b *broken) { b.missing(&router.Claim{}, nil) })},
	{"has an error of its own for none", "get", breaking(func(b *broken) { b.missing(nil, errors.New("no rows")) })},
	{"remembers what it has read", "get", breaking(remembersRead)},
	{"does not count", "get", breaking(func(b *broken) { b.given(func(c *router.Claim) { c.Version = 1 }) })},
	{"leaves the reference out", "get", breaking(func(b *broken) { b.given(func(c *router.Claim) { c.Reference = "" }) })},
	{"folds the letters of references", "get", breaking(func(b *broken) { b.named(strings.ToLower) })},
	{"cuts long references", "get", breaking(func(b *broken) { b.named(func(r string) string { return r[:min(len(r), 100)] }) })},
	{"takes references for numbers", "get", breaking(func(b *broken) { b.named(func(r string) string { return strings.TrimLeft(r, "0") }) })},
	{"tidies documents", "get", breaking(func(b *broken) { b.taken(compact) })},
	{"decodes documents", "get", breaking(func(b *broken) { b.taken(decode) })},
	{"trims documents", "get", breaking(func(b *broken) { b.taken(func(c *router.Claim) { c.Document = bytes.TrimSpace(c.Document) }) })},
	{"cuts large documents", "get", breaking(func(b *broken) {
		b.taken(func(c *router.Claim) { c.Document = c.Document[:min(len(c.Document), 1<<16)] })
	})},
	{"shares what it is given", "get", breaking(sharesTaken)},
	{"shares what it gives", "get", breaking(sharesGiven)},
	{"stores whatever it is given", "put", breaking(func(b *broken) { b.unless(func(int64, int64) bool { return false }) })},
	{"begins at any version", "put", breaking(beginsAnywhere)},
	{"takes any later version", "put", breaking(func(b *broken) { b.unless(func(was, version int64) bool { return version <= was }) })},
	{"takes the version that is there", "put", breaking(func(b *broken) { b.unless(func(was, version int64) bool { return version < was || version > was+1 }) })},
	{"always takes a first", "put", breaking(func(b *broken) { b.unless(func(was, version int64) bool { return version != 1 && version != was+1 }) })},
	{"stores, and reports a conflict", "put", breaking(storesConflict)},
	{"is silent about a conflict", "put", breaking(func(b *broken) { b.conflicts(nil) })},
	{"has an error of its own for a conflict", "put", breaking(func(b *broken) { b.conflicts(errors.New("duplicate key")) })},
	{"is content with the same again", "put", breaking(contentWithSame)},
	{"has one version for all", "put", breaking(oneVersion)},
	{"looks, then puts", "together", breaking(looksThenPuts)},
	{"puts in the background", "together", breaking(putsLater)},
	{"reads what is half written", "together", breaking(tornRead)},
	{"purges whatever the time", "purge", breaking(func(b *broken) {
		b.purge = func(ctx context.Context, _ time.Time) (int64, error) { return b.memory.Purge(ctx, always()) }
	})},
	{"purges nothing", "purge", breaking(func(b *broken) {
		b.purge = func(context.Context, time.Time) (int64, error) { return 0, nil }
	})},
	{"purges by the first write", "purge", breaking(purgesByFirst)},
	{"remembers what it has purged", "purge", breaking(purgesHalf)},
	{"ignores the context", "context", breaking(ignoresContext)},
	{"calls an ended context none", "context", breaking(func(b *broken) { b.missing(nil, esim.ErrNotFound) })},
	{"calls an ended context a conflict", "context", breaking(func(b *broken) { b.conflicts(router.ErrClaimConflict) })},
	{"forgets on a restart", "restart", func() router.Claims { return amnesic{newMemory()} }},
	{"splits its data", "shared", func() router.Claims { return split{newMemory()} }},
	{"remembers in each process", "shared", breaking(remembersApart)},
}

// missing replaces what is said when nothing can be read.
func (b *broken) missing(c *router.Claim, instead error) {
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		if kept, err := b.memory.Get(ctx, reference); err == nil {
			return kept, nil
		}
		return c, instead
	}
}

// conflicts replaces what is said when nothing could be stored.
func (b *broken) conflicts(instead error) {
	b.put = func(ctx context.Context, c router.Claim) error {
		if b.memory.Put(ctx, c) != nil {
			return instead
		}
		return nil
	}
}

func beginsAnywhere(b *broken) {
	b.unless(func(was, version int64) bool { return was != 0 && version != was+1 })
}

func remembersRead(b *broken) { b.get = remembering(b.memory.Get) }

// remembering reads each claim once.
func remembering(get func(context.Context, string) (*router.Claim, error)) func(context.Context, string) (*router.Claim, error) {
	var known sync.Map
	return func(ctx context.Context, reference string) (*router.Claim, error) {
		if c, ok := known.Load(reference); ok {
			copied := *c.(*router.Claim) //nolint:forcetypeassert // nothing else is in it
			return &copied, nil
		}
		c, err := get(ctx, reference)
		if err == nil {
			known.Store(reference, c)
		}
		return c, err
	}
}

// remembersApart has each further process remember what it has read.
func remembersApart(b *broken) {
	b.share = func() (router.Claims, error) {
		other := *b
		other.get = remembering(b.memory.Get)
		return &other, nil
	}
}

func compact(c *router.Claim) {
	var to bytes.Buffer
	if json.Compact(&to, c.Document) == nil {
		c.Document = to.Bytes()
	}
}

func decode(c *router.Claim) {
	var v any
	if json.Unmarshal(c.Document, &v) == nil {
		c.Document, _ = json.Marshal(v) // what was decoded can be encoded
	}
}

func sharesTaken(b *broken) {
	kept := make(map[string][]byte)
	b.put = func(ctx context.Context, c router.Claim) error {
		kept[c.Reference] = c.Document
		return b.memory.Put(ctx, c)
	}
	b.given(func(c *router.Claim) { c.Document = kept[c.Reference] })
}

func sharesGiven(b *broken) {
	kept := make(map[string]*router.Claim)
	b.put = func(ctx context.Context, c router.Claim) error {
		delete(kept, c.Reference)
		return b.memory.Put(ctx, c)
	}
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		if c, ok := kept[reference]; ok {
			return c, nil
		}
		c, err := b.memory.Get(ctx, reference)
		if err == nil {
			kept[reference] = c
		}
		return c, err
	}
}

func storesConflict(b *broken) {
	l := b.loosely()
	b.put = func(_ context.Context, c router.Claim) error {
		was := l.version(c.Reference)
		l.store(c)
		if was != c.Version-1 {
			return router.ErrClaimConflict
		}
		return nil
	}
}

// contentWithSame takes a repetition for one that was stored already.
func contentWithSame(b *broken) {
	b.put = func(ctx context.Context, c router.Claim) error {
		kept, missing := b.memory.Get(ctx, c.Reference)
		if missing == nil && kept.Version == c.Version && bytes.Equal(kept.Document, c.Document) {
			return nil
		}
		return b.memory.Put(ctx, c)
	}
}

func oneVersion(b *broken) {
	l, latest := b.loosely(), int64(0)
	b.put = func(_ context.Context, c router.Claim) error {
		if c.Version != latest+1 && c.Version != 1 {
			return router.ErrClaimConflict
		}
		latest = c.Version
		l.store(c)
		return nil
	}
}

// looksThenPuts does not do in one step what must be one.
func looksThenPuts(b *broken) {
	l := b.loosely()
	b.put = func(_ context.Context, c router.Claim) error {
		if l.version(c.Reference) != c.Version-1 {
			return router.ErrClaimConflict
		}
		time.Sleep(time.Millisecond)
		l.store(c)
		return nil
	}
}

// putsLater says that a claim is stored before it can be read.
func putsLater(b *broken) {
	var all sync.WaitGroup
	var mu sync.Mutex
	promised := make(map[string]int64)
	b.put = func(ctx context.Context, c router.Claim) error {
		mu.Lock()
		defer mu.Unlock()
		if promised[c.Reference] != c.Version-1 {
			return router.ErrClaimConflict
		}
		promised[c.Reference] = c.Version
		all.Wait()
		all.Go(func() {
			time.Sleep(time.Millisecond)
			_ = b.memory.Put(context.WithoutCancel(ctx), c) // nobody is there to be told
		})
		return nil
	}
}

// tornRead reads version and document one after the other.
func tornRead(b *broken) {
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		c, err := b.memory.Get(ctx, reference)
		if err != nil {
			return nil, err
		}
		time.Sleep(time.Millisecond)
		later, err := b.memory.Get(ctx, reference)
		if err != nil {
			return nil, err
		}
		c.Document = later.Document
		return c, nil
	}
	b.put = func(ctx context.Context, c router.Claim) error {
		time.Sleep(time.Millisecond / 4)
		return b.memory.Put(ctx, c)
	}
}

func purgesByFirst(b *broken) {
	first := make(map[string]time.Time)
	dropped := make(map[string]bool)
	b.put = func(ctx context.Context, c router.Claim) error {
		if _, ok := first[c.Reference]; !ok {
			first[c.Reference] = time.Now()
		}
		return b.memory.Put(ctx, c)
	}
	b.purge = func(_ context.Context, before time.Time) (n int64, err error) {
		for reference, at := range first {
			if at.Before(before) && !dropped[reference] {
				dropped[reference] = true
				n++
			}
		}
		return n, nil
	}
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		if dropped[reference] {
			return nil, esim.ErrNotFound
		}
		return b.memory.Get(ctx, reference)
	}
}

// purgesHalf hides what it has purged, and goes on counting its versions.
func purgesHalf(b *broken) {
	hidden := make(map[string]bool)
	var names []string
	b.put = func(ctx context.Context, c router.Claim) error {
		err := b.memory.Put(ctx, c)
		if err == nil {
			names = append(names, c.Reference)
			delete(hidden, c.Reference)
		}
		return err
	}
	b.purge = func(context.Context, time.Time) (int64, error) {
		for _, name := range names {
			hidden[name] = true
		}
		return int64(len(hidden)), nil
	}
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		if hidden[reference] {
			return nil, esim.ErrNotFound
		}
		return b.memory.Get(ctx, reference)
	}
}

func ignoresContext(b *broken) {
	b.get = func(ctx context.Context, reference string) (*router.Claim, error) {
		return b.memory.Get(context.WithoutCancel(ctx), reference)
	}
	b.put = func(ctx context.Context, c router.Claim) error { return b.memory.Put(context.WithoutCancel(ctx), c) }
	b.purge = func(ctx context.Context, before time.Time) (int64, error) {
		return b.memory.Purge(context.WithoutCancel(ctx), before)
	}
}
