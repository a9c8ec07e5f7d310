package inboxtest

import (
	"context"
	"time"

	"github.com/esimkit/esim/webhook"
)

// broken is an inbox in memory of which single methods are replaced.
type broken struct {
	*webhook.MemoryInbox

	add   func(context.Context, webhook.Message) (bool, error)
	next  func(context.Context, int, time.Duration) ([]webhook.Message, error)
	done  func(context.Context, int64) error
	retry func(context.Context, int64, time.Duration) error
	purge func(context.Context, time.Time) (int64, error)
}

// breaking returns what opens inboxes of which change has replaced something.
func breaking(change func(b *broken)) func() webhook.Inbox {
	return func() webhook.Inbox {
		m := webhook.NewMemoryInbox()
		b := &broken{MemoryInbox: m, add: m.Add, next: m.Next, done: m.Done, retry: m.Retry, purge: m.Purge}
		change(b)
		return b
	}
}

func (b *broken) Add(ctx context.Context, m webhook.Message) (bool, error) { return b.add(ctx, m) }
func (b *broken) Next(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
	return b.next(ctx, n, lease)
}
func (b *broken) Done(ctx context.Context, id int64) error { return b.done(ctx, id) }
func (b *broken) Retry(ctx context.Context, id int64, after time.Duration) error {
	return b.retry(ctx, id, after)
}

func (b *broken) Purge(ctx context.Context, before time.Time) (int64, error) {
	return b.purge(ctx, before)
}

// given changes what comes out.
func (b *broken) given(change func(*webhook.Message)) {
	b.next = func(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
		list, err := b.MemoryInbox.Next(ctx, n, lease)
		for i := range list {
			change(&list[i])
		}
		return list, err
	}
}

// taken changes what goes in.
func (b *broken) taken(change func(*webhook.Message)) {
	b.add = func(ctx context.Context, m webhook.Message) (bool, error) {
		if m.Source == "" || m.Key == "" {
			return b.MemoryInbox.Add(ctx, m)
		}
		change(&m)
		return b.MemoryInbox.Add(ctx, m)
	}
}

// amnesic forgets on being opened again.
type amnesic struct{ *webhook.MemoryInbox }

func (amnesic) Reopen() (webhook.Inbox, error) { return amnesic{webhook.NewMemoryInbox()}, nil }

// split gives every process data of its own.
type split struct{ *webhook.MemoryInbox }

func (split) Share() (webhook.Inbox, error) { return split{webhook.NewMemoryInbox()}, nil }
