package catalog

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const onSale = 10 // packages of the provider that publishes

// 64 readers look while 200 versions are published. All prices of a version
// are the same, and grow from one to the next, so a torn shelf would show.
func TestReadersSeeOneVersion(t *testing.T) {
	const readers, publishes = 64, 200
	priced := func(cents int64) []esim.Package {
		return some("a", onSale, func(_ int, p *esim.Package) { p.Price = usd(cents) })
	}
	f := newFake("a", priced(1)...)
	f.pageSize = onSale
	c := newCatalog(t, Config{Clients: []esim.Client{f, newFake("b", some("b", 3)...)}, Guards: off})
	require.NoError(t, c.Sync(t.Context()))
	start := c.Status().Version

	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var work sync.WaitGroup
	for i := range readers {
		work.Go(func() {
			r := watcher{c: c, since: start}
			for ctx.Err() == nil {
				r.look(t, i%4)
			}
			r.look(t, 3)
			assert.Equal(t, start+publishes, r.since)
		})
	}
	for i := range int64(publishes) {
		f.list(priced(i + 2)...)
		require.NoError(t, c.Sync(t.Context(), "a"))
		require.Equal(t, start+uint64(i)+1, c.Status().Version)
	}
	stop()
	work.Wait()
}

// watcher holds a catalogue to what it promises.
type watcher struct {
	c     *Catalog
	since uint64
	cents esim.Money // the price seen last
}

func (r *watcher) look(t *testing.T, at int) {
	switch at {
	case 0: // all packages of one shelf
		var price esim.Money
		for p := range r.c.All() {
			if p.Provider != "a" {
				continue
			}
			if price == (esim.Money{}) {
				price = p.Price
			}
			if p.Price != price {
				t.Errorf("a shelf with %v and %v", price, p.Price)
			}
		}
		r.grows(t, price)
	case 1: // a page of offers
		page := r.c.Search(Query{Providers: []esim.Provider{"a"}, Limit: onSale})
		assert.NoError(t, page.Err)
		assert.Len(t, page.Offers, onSale)
		for _, o := range page.Offers {
			if o.Price != page.Offers[0].Price {
				t.Errorf("a page with %v and %v", page.Offers[0].Price, o.Price)
			}
		}
		r.grows(t, page.Offers[0].Price)
	case 2: // one package
		p, ok := r.c.Package("a", "007")
		assert.True(t, ok)
		r.grows(t, p.Price)
	}
	// and the way from the version seen last to that of now
	changes := r.c.Changes(r.since)
	assert.True(t, changes.Complete)
	assert.Len(t, changes.List, onSale*int(changes.Version-r.since))
	for i, change := range changes.List {
		if change.Version != r.since+1+uint64(i/onSale) {
			t.Errorf("change %d after %d is of %d", i, r.since, change.Version)
		}
	}
	r.since = changes.Version
}

func (r *watcher) grows(t *testing.T, price esim.Money) {
	if r.cents != (esim.Money{}) {
		order, err := r.cents.Cmp(price)
		assert.NoError(t, err)
		assert.LessOrEqual(t, order, 0)
	}
	r.cents = price
}

// Accept, Sync of several providers and readers of Status get along.
func TestPublishersGetAlong(t *testing.T) {
	a, b := newFake("a", some("a", 40)...), newFake("b", some("b", 40)...)
	c := newCatalog(t, Config{Clients: []esim.Client{a, b}})
	require.NoError(t, c.Sync(t.Context()))
	var work sync.WaitGroup
	for i, f := range []*fake{a, b} {
		work.Go(func() {
			for n := range 30 {
				f.list(some(f.name, 10+n%2*30)...)
				err := c.Sync(t.Context(), f.name)
				if err != nil {
					assert.ErrorIs(t, err, ErrHeld)
				}
				if n%3 == i {
					if err := c.Accept(f.name); err != nil {
						assert.ErrorIs(t, err, ErrNothingHeld)
					}
				}
				c.Status()
			}
		})
	}
	work.Wait()
	for _, f := range []*fake{a, b} {
		f.list(some(f.name, 40)...)
	}
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 80, c.Len())
}
