package catalog_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/resellers"
	"github.com/esimkit/esim/esimtest/simulator"
)

// ids are what tells packages apart.
func ids(packages []esim.Package) []string {
	var all []string
	for _, p := range packages {
		all = append(all, string(p.Provider)+" "+p.ID+" "+p.Price.String())
	}
	slices.Sort(all)
	return all
}

// The three resellers' own wire, from the first page to the shelf, with faults
// in the middle of a list.
func TestTheThreeResellersOnOneShelf(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithPackages(700))
	pages := map[esim.Provider]int{}
	clients, err := resellers.New(sim, esim.Settings{MaxRetries: -1})
	require.NoError(t, err)
	c, err := catalog.New(catalog.Config{
		Clients: clients.All(), Now: sim.Now,
		OnProgress: func(p catalog.Progress) {
			if p.Done {
				pages[p.Provider] = p.Pages
			}
		},
	})
	require.NoError(t, err)
	for _, p := range []esim.Provider{esimfly.Provider, esimstory.Provider, esimfx.Provider} {
		require.NoError(t, c.Sync(t.Context(), p))
	}
	sold := slices.Concat(sim.ESIMFly.Catalog(), sim.ESIMStory.Catalog(), sim.ESIMFX.Catalog())
	require.Len(t, sold, 2100)
	onShelf := slices.Collect(c.All())
	assert.Equal(t, ids(sold), ids(onShelf))
	assert.Greater(t, pages[esimfly.Provider], 1)
	assert.Greater(t, pages[esimfx.Provider], 1)

	for _, fault := range []esimtest.FaultKind{
		esimtest.FaultCutBeforeCommit, esimtest.FaultHalfBody, esimtest.FaultTruncatedJSON, esimtest.Fault503Before, esimtest.FaultNull,
	} {
		sim.ESIMFly.Inject(esimtest.Fault{Kind: fault, Op: "packages", Skip: 1})
		require.Error(t, c.Sync(t.Context(), esimfly.Provider), "%v", fault)
		sim.ESIMFX.Inject(esimtest.Fault{Kind: fault, Op: "products", Skip: 1})
		require.Error(t, c.Sync(t.Context(), esimfx.Provider), "%v", fault)
		assert.Equal(t, onShelf, slices.Collect(c.All()))
		sim.ESIMFly.Heal()
		sim.ESIMFX.Heal()
	}
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider} {
		require.NoError(t, c.Sync(t.Context(), p))
	}
	assert.Equal(t, onShelf, slices.Collect(c.All()))
	assert.Empty(t, sim.Violations())
}

// One price with the wrong factor is left out; all of them hold the list.
func TestAWrongFactorAtAReseller(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithPackages(200))
	clients, err := resellers.New(sim, esim.Settings{MaxRetries: -1})
	require.NoError(t, err)
	c, err := catalog.New(catalog.Config{Clients: []esim.Client{clients.ESIMFX}, Now: sim.Now})
	require.NoError(t, err)
	require.NoError(t, c.Sync(t.Context()))
	right := slices.Collect(c.All())

	hundredfold := func(p esim.Package) {
		price, err := p.Price.MulInt(100)
		require.NoError(t, err)
		amount, _, _ := strings.Cut(price.String(), " ")
		sim.ESIMFX.SetPrice(p.ID, amount)
	}
	hundredfold(right[0])
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, right[1:], slices.Collect(c.All()))

	for _, p := range right[1:] {
		hundredfold(p)
	}
	require.ErrorIs(t, c.Sync(t.Context()), catalog.ErrHeld)
	assert.Equal(t, right[1:], slices.Collect(c.All()))
	assert.Equal(t, catalog.GuardPrice, c.Status().Providers[0].Held.Guard)
	require.NoError(t, c.Accept(esimfx.Provider))
	assert.Equal(t, ids(sim.ESIMFX.Catalog()), ids(slices.Collect(c.All())))
}
