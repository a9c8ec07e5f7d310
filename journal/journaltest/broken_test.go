package journaltest

import (
	"context"
	"io"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// broken is a store in memory of which single methods are replaced.
type broken struct {
	*journal.Volatile
	create   func(context.Context, journal.Entry, *journal.Budget) (journal.Entry, bool, error)
	save     func(context.Context, journal.Entry) (journal.Entry, error)
	get      func(context.Context, journal.ID) (journal.Entry, error)
	named    func(context.Context, esim.Provider, []string) ([]journal.Entry, error)
	list     func(context.Context, journal.Query) ([]journal.Entry, error)
	lease    func(context.Context, journal.Slots, time.Duration) ([]journal.Entry, error)
	doubtful func(context.Context, string, time.Time) (int, error)
	hold     func(context.Context, journal.Held) error
	held     func(context.Context, journal.HeldQuery) ([]journal.Held, error)
	release  func(context.Context, esim.Provider, string) error
	warned   func(context.Context, esim.Provider, string) error
	now      func(context.Context) (time.Time, error)
}

// breaking returns what opens stores of which change has replaced something.
func breaking(change func(b *broken)) func() journal.Store {
	return func() journal.Store {
		v := journal.NewVolatile()
		b := &broken{
			Volatile: v, create: v.Create, save: v.Save, get: v.Get, named: v.Named, list: v.List, lease: v.Lease,
			doubtful: v.Doubtful, hold: v.Hold, held: v.Held, release: v.Release, warned: v.Warned, now: v.Now,
		}
		change(b)
		return b
	}
}

func (b *broken) Create(ctx context.Context, e journal.Entry, limit *journal.Budget) (journal.Entry, bool, error) {
	return b.create(ctx, e, limit)
}

func (b *broken) Save(ctx context.Context, e journal.Entry) (journal.Entry, error) {
	return b.save(ctx, e)
}

func (b *broken) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	return b.get(ctx, id)
}

func (b *broken) Named(ctx context.Context, p esim.Provider, keys []string) ([]journal.Entry, error) {
	return b.named(ctx, p, keys)
}

func (b *broken) List(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
	return b.list(ctx, q)
}

func (b *broken) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	return b.lease(ctx, slots, d)
}

func (b *broken) Doubtful(ctx context.Context, account string, since time.Time) (int, error) {
	return b.doubtful(ctx, account, since)
}
func (b *broken) Hold(ctx context.Context, h journal.Held) error { return b.hold(ctx, h) }
func (b *broken) Held(ctx context.Context, q journal.HeldQuery) ([]journal.Held, error) {
	return b.held(ctx, q)
}

func (b *broken) Release(ctx context.Context, p esim.Provider, key string) error {
	return b.release(ctx, p, key)
}

func (b *broken) Warned(ctx context.Context, p esim.Provider, key string) error {
	return b.warned(ctx, p, key)
}
func (b *broken) Now(ctx context.Context) (time.Time, error) { return b.now(ctx) }

// undead has a Close that ends nothing.
type undead struct{ *journal.Volatile }

var _ io.Closer = undead{}

func (undead) Close() error { return nil }

// amnesic forgets on being opened again.
type amnesic struct{ *journal.Volatile }

func (amnesic) Reopen() (journal.Store, error) { return amnesic{journal.NewVolatile()}, nil }

// split gives every process data of its own.
type split struct{ *journal.Volatile }

func (split) Share() (journal.Store, error) { return split{journal.NewVolatile()}, nil }
