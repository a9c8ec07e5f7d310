package journaltest_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/journal/journaltest"
)

func TestVolatile(t *testing.T) {
	journaltest.TestStore(t, func(testing.TB) journal.Store { return journal.NewVolatile() })
}

// A store with all the optional methods goes through every check.
func TestVolatileWithEverything(t *testing.T) {
	journaltest.TestStore(t, func(testing.TB) journal.Store { return newRich() })
}

// rich puts all that is optional around a store in memory.
type rich struct {
	*journal.Volatile
	offset *atomic.Int64
	closed *atomic.Bool
}

func newRich() *rich {
	r := &rich{offset: new(atomic.Int64), closed: new(atomic.Bool)}
	r.Volatile = journal.NewVolatileAt(func() time.Time { return time.Now().Add(time.Duration(r.offset.Load())) })
	return r
}

func (r *rich) Advance(d time.Duration) { r.offset.Add(int64(d)) }
func (r *rich) Share() (journal.Store, error) {
	return &rich{r.Volatile, r.offset, new(atomic.Bool)}, nil
}
func (r *rich) Reopen() (journal.Store, error) { r.closed.Store(true); return r.Share() }
func (r *rich) Close() error                   { r.closed.Store(true); return nil }

func (r *rich) gone() error {
	if r.closed.Load() {
		return journal.ErrClosed
	}
	return nil
}

func (r *rich) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	if err := r.gone(); err != nil {
		return journal.Entry{}, false, err
	}
	return r.Volatile.Create(ctx, e, b)
}

func (r *rich) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	if err := r.gone(); err != nil {
		return journal.Entry{}, err
	}
	return r.Volatile.Save(ctx, e)
}

func (r *rich) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	if err := r.gone(); err != nil {
		return journal.Entry{}, err
	}
	return r.Volatile.Get(ctx, id)
}

func (r *rich) Named(ctx context.Context, p esim.Provider, keys []string) ([]journal.Entry, error) {
	if err := r.gone(); err != nil {
		return nil, err
	}
	return r.Volatile.Named(ctx, p, keys)
}

func (r *rich) List(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
	if err := r.gone(); err != nil {
		return nil, err
	}
	return r.Volatile.List(ctx, q)
}

func (r *rich) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	if err := r.gone(); err != nil {
		return nil, err
	}
	return r.Volatile.Lease(ctx, slots, d)
}

func (r *rich) Doubtful(ctx context.Context, account string, since time.Time) (int, error) {
	if err := r.gone(); err != nil {
		return 0, err
	}
	return r.Volatile.Doubtful(ctx, account, since)
}

func (r *rich) Hold(ctx context.Context, h journal.Held) error {
	if err := r.gone(); err != nil {
		return err
	}
	return r.Volatile.Hold(ctx, h)
}

func (r *rich) Held(ctx context.Context, q journal.HeldQuery) ([]journal.Held, error) {
	if err := r.gone(); err != nil {
		return nil, err
	}
	return r.Volatile.Held(ctx, q)
}

func (r *rich) Release(ctx context.Context, p esim.Provider, key string) error {
	if err := r.gone(); err != nil {
		return err
	}
	return r.Volatile.Release(ctx, p, key)
}

func (r *rich) Warned(ctx context.Context, p esim.Provider, key string) error {
	if err := r.gone(); err != nil {
		return err
	}
	return r.Volatile.Warned(ctx, p, key)
}
