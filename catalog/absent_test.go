package catalog

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// Only a whole list that was published proves that a package is not sold.
func TestAbsent(t *testing.T) {
	tests := map[string]struct {
		then   func(t *testing.T, c *Catalog, f *fake)
		id     string
		absent bool
	}{
		"a whole list lacks it": {id: "junk", absent: true},
		"it is listed":          {id: "003"},
		"the list broke off after a whole one": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.failing(func(int) error { return errDown })
				require.Error(t, c.Sync(t.Context()))
			},
			id: "junk", absent: true,
		},
		"a guard holds back the list that has it": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.list(some("a", 1, func(_ int, p *esim.Package) { p.ID = "new" })...)
				require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
				assert.True(t, c.Absent("a", "junk"))
			},
			id: "new",
		},
		"a guard holds back a list that lost a row": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.list(some("a", 100, func(_ int, p *esim.Package) { p.Price = times(p.Price, 100) })...)
				f.lost = 1
				require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
			},
			id: "junk",
		},
		"a good list follows one that was held back": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.list(some("a", 1)...)
				require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
				f.list(some("a", 100)...)
				require.NoError(t, c.Sync(t.Context()))
			},
			id: "new", absent: true,
		},
		"a guard leaves it out": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.list(some("a", 100, func(i int, p *esim.Package) {
					if i == 7 {
						p.Price = times(p.Price, 100)
					}
				})...)
				require.NoError(t, c.Sync(t.Context()))
				_, listed := c.Package("a", "007")
				require.False(t, listed)
				assert.True(t, c.Absent("a", "junk"))
			},
			id: "007",
		},
		"a row was lost": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.lost = 1
				require.NoError(t, c.Sync(t.Context()))
			},
			id: "junk",
		},
		"a row was lost in the list before": {
			then: func(t *testing.T, c *Catalog, f *fake) {
				f.lost = 1
				require.NoError(t, c.Sync(t.Context()))
				f.lost = 0
				require.NoError(t, c.Sync(t.Context()))
			},
			id: "junk", absent: true,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			f := newFake("a", some("a", 100)...)
			path := filepath.Join(t.TempDir(), "snapshot")
			c := newCatalog(t, Config{Clients: []esim.Client{f}, Snapshot: path})
			assert.False(t, c.Absent("a", test.id), "before the first sync")
			require.NoError(t, c.Sync(t.Context()))
			if test.then != nil {
				test.then(t, c, f)
			}
			assert.Equal(t, test.absent, c.Absent("a", test.id))
			assert.False(t, c.Absent("nobody", test.id), "no client is named so")

			again := newCatalog(t, Config{Clients: []esim.Client{f}, Snapshot: path})
			assert.Equal(t, test.absent, again.Absent("a", test.id), "after a restart")
		})
	}
}

// A list that lost a row takes nothing off the shelf.
func TestALostRowTakesNothingOffTheShelf(t *testing.T) {
	f := newFake("a", some("a", 10)...)
	var told reports
	c := newCatalog(t, Config{Clients: []esim.Client{f}, OnReport: told.add})
	require.NoError(t, c.Sync(t.Context()))
	f.list(some("a", 9)...)
	f.lost = 1
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 10, c.Len())
	assert.Equal(t, 1, told.last().Lost)
	f.lost = 0
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, 9, c.Len())
}

// A list that was accepted is as complete as it was read.
func TestAnAcceptedListThatLostARowProvesNothing(t *testing.T) {
	f := newFake("a", some("a", 10)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}})
	require.NoError(t, c.Sync(t.Context()))
	f.list(some("a", 10, func(_ int, p *esim.Package) { p.Price = times(p.Price, 100) })...)
	f.lost = 1
	require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
	require.NoError(t, c.Accept("a"))
	assert.False(t, c.Absent("a", "junk"))
}
