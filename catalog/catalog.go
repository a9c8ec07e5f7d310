package catalog

import (
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
)

// Catalog is one shelf for several resellers. All methods may be called from
// many goroutines; those that read never wait for those that write.
type Catalog struct {
	config  Config    // with defaults
	sources []*source // by provider

	shelf atomic.Pointer[shelf] // never nil

	publishing sync.Mutex // held by who judges, builds and saves the next shelf
	published  bool       // in this process; under publishing

	mu          sync.Mutex // what follows, what sources say of themselves, and the swap of the shelf
	history     history
	newer       chan struct{} // closed when a newer version is there
	snapshotErr error
}

// source is one reseller, and how its syncs go.
type source struct {
	client   esim.Client
	provider esim.Provider
	turn     chan struct{} // one sync at a time

	syncedAt, triedAt, nextAt time.Time
	err                       error
	held                      *Report
	pending                   []esim.Package          // what Accept publishes: the list that is held, or what is withheld
	withheld                  map[string]esim.Package // left out of the shelf, as they were last trusted
	lost                      int                     // rows of the list on the shelf that could not be read
	complete                  bool                    // the shelf has all of that list
}

// New returns a catalogue with what the snapshot holds, or an empty one. It
// sends nothing; [Catalog.Run] and [Catalog.Sync] do.
//
// A snapshot that cannot be read is never fatal: it is renamed, so that
// nothing overwrites it, and [Status] and the log tell. A path that is no file,
// but a device, say, is left alone. Packages of a provider
// that has no client any more are dropped.
func New(config Config) (*Catalog, error) {
	config, err := config.check()
	if err != nil {
		return nil, err
	}
	c := &Catalog{config: config, newer: make(chan struct{})}
	for _, client := range config.Clients {
		c.sources = append(c.sources, &source{client: client, provider: client.Provider(), turn: make(chan struct{}, 1)})
	}
	slices.SortFunc(c.sources, func(a, b *source) int { return strings.Compare(string(a.provider), string(b.provider)) })
	c.shelf.Store(emptyShelf())
	if config.Snapshot != "" {
		c.restore()
	}
	return c, nil
}

// Package returns a package as it is on the shelf. Its lists, and what
// Rechargeable points to, are the shelf's own: read only.
func (c *Catalog) Package(p esim.Provider, id string) (esim.Package, bool) {
	s := c.shelf.Load()
	n, found := s.find(p, id)
	if !found {
		return esim.Package{}, false
	}
	return s.pack(n), true
}

// Absent reports whether the provider is known not to sell a package: its whole
// list was read and published, and the package is neither on the shelf nor
// among what a guard holds back. A list that broke off or lost a row proves no
// absence.
func (c *Catalog) Absent(p esim.Provider, id string) bool {
	s := c.source(p)
	if s == nil {
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, found := c.shelf.Load().find(p, id); found || !s.complete || s.held != nil && s.held.Lost > 0 {
		return false
	}
	if _, withheld := s.withheld[id]; withheld {
		return false
	}
	return !slices.ContainsFunc(s.pending, func(held esim.Package) bool { return held.ID == id })
}

// All iterates over the packages of one shelf, by provider and ID, however
// long that takes. Their lists are the shelf's own: read only. A sequence that
// is ranged over again is of the shelf of that moment.
func (c *Catalog) All() iter.Seq[esim.Package] {
	return func(yield func(esim.Package) bool) { c.shelf.Load().all(yield) }
}

// Len returns how many packages are on the shelf.
func (c *Catalog) Len() int { return len(c.shelf.Load().rows) }

// source returns the reseller of that name.
func (c *Catalog) source(p esim.Provider) *source {
	for _, s := range c.sources {
		if s.provider == p {
			return s
		}
	}
	return nil
}

func emptyShelf() *shelf {
	return &shelf{coverages: [][]esim.Country{nil}, networks: [][]esim.Network{nil}, regions: []string{""}, terms: []terms{{}}}
}

// all yields every package in the order of the rows.
func (s *shelf) all(yield func(esim.Package) bool) {
	for n := range s.rows {
		if !yield(s.pack(uint32(n))) {
			return
		}
	}
}

// sold yields the packages of one provider.
func (s *shelf) sold(p esim.Provider) iter.Seq[esim.Package] {
	return func(yield func(esim.Package) bool) {
		from, to := s.of(p)
		for n := from; n < to; n++ {
			if !yield(s.pack(n)) {
				return
			}
		}
	}
}

// of returns the rows of one provider: they stand side by side.
func (s *shelf) of(p esim.Provider) (from, to uint32) {
	i, found := slices.BinarySearch(s.providers, p)
	if !found {
		return 0, 0
	}
	at := func(provider int) uint32 {
		n, _ := slices.BinarySearchFunc(s.rows, provider, func(r row, provider int) int { return int(r.provider) - provider })
		return uint32(n) //nolint:gosec // a shelf has less than 2^32 rows
	}
	return at(i), at(i + 1)
}
