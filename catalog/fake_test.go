package catalog

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// fake is a reseller whose catalogue the test writes.
type fake struct {
	esim.UnimplementedClient
	name     esim.Provider
	pageSize int
	lists    func() bool // nil = it does

	mu       sync.Mutex
	packages []esim.Package
	fail     func(page int) error // before a page is answered, from 0
	next     func(page int, cursor string) string
	lost     int         // rows of each page that cannot be read
	asked    []time.Time // when each list was begun
	pages    int
}

func newFake(name esim.Provider, packages ...esim.Package) *fake {
	return &fake{name: name, packages: packages, pageSize: 10}
}

func (f *fake) Provider() esim.Provider { return f.name }

func (f *fake) Capabilities() esim.Capabilities {
	return esim.Capabilities{ListPackages: f.lists == nil || f.lists()}
}

func (f *fake) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	page := 0
	if q.Cursor != "" {
		page, _ = strconv.Atoi(q.Cursor)
	} else {
		f.asked = append(f.asked, time.Now())
	}
	f.pages++
	if f.fail != nil {
		if err := f.fail(page); err != nil {
			return nil, err
		}
	}
	from, to := min(page*f.pageSize, len(f.packages)), min((page+1)*f.pageSize, len(f.packages))
	answer := &esim.PackagePage{Packages: append([]esim.Package{}, f.packages[from:to]...), Lost: f.lost}
	if to < len(f.packages) {
		answer.Next = strconv.Itoa(page + 1)
	}
	if f.next != nil {
		answer.Next = f.next(page, answer.Next)
	}
	return answer, nil
}

// list changes what the reseller sells.
func (f *fake) list(packages ...esim.Package) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.packages = packages
}

func (f *fake) failing(fail func(page int) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fail = fail
}

func (f *fake) begun() []time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Time{}, f.asked...)
}

// some returns n packages of a provider, with IDs 000 to n-1, at 1.00 USD,
// 2.00 USD and so on, changed by each edit.
func some(p esim.Provider, n int, edits ...func(i int, p *esim.Package)) []esim.Package {
	all := make([]esim.Package, n)
	for i := range all {
		id := strconv.Itoa(1000 + i)[1:]
		all[i] = esim.Package{
			Provider: p, ID: id, Name: "Japan " + id, Kind: esim.KindLocal, Countries: []esim.Country{"JP"},
			Data: esim.DataSize(i+1) * esim.GB, ValidityDays: 30, Price: usd(int64(i+1) * 100),
		}
		for _, edit := range edits {
			edit(i, &all[i])
		}
	}
	return all
}

func usd(cents int64) esim.Money { return money(cents, "USD") }

func money(cents int64, currency string) esim.Money {
	m, err := esim.MoneyOf(cents, 2, currency)
	if err != nil {
		panic(err)
	}
	return m
}

// times returns a price multiplied.
func times(m esim.Money, n int) esim.Money {
	product, err := m.MulInt(n)
	if err != nil {
		panic(err)
	}
	return product
}

func newCatalog(t testing.TB, config Config) *Catalog {
	t.Helper()
	c, err := New(config)
	require.NoError(t, err)
	return c
}

// reports collects what a catalogue says of its syncs.
type reports struct {
	mu  sync.Mutex
	all []Report
}

func (r *reports) add(report Report) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, report)
}

func (r *reports) last() Report {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.all[len(r.all)-1]
}
