package catalog

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// edit changes the first n packages.
func edit(n int, change func(*esim.Package)) func(int, *esim.Package) {
	return func(i int, p *esim.Package) {
		if i < n {
			change(p)
		}
	}
}

func dearer(factor int) func(*esim.Package) {
	return func(p *esim.Package) { p.Price = times(p.Price, factor) }
}

func cheaper(p *esim.Package) {
	var err error
	p.Price, err = esim.ParseMoney(p.Price.Amount()+"e-2", p.Price.Currency())
	if err != nil {
		panic(err)
	}
}

func inEuro(p *esim.Package) { p.Price, _ = p.Price.WithCurrency("EUR") }
func narrow(p *esim.Package) { p.Countries = nil }

// Each guard is shown just below and just above its measure, and switched off.
func TestGuards(t *testing.T) {
	const n = 100
	tests := []struct {
		name   string
		guard  Guard
		listed []esim.Package
		guards Guards
		held   bool
		count  int
	}{
		{"empty", GuardEmpty, nil, Guards{}, true, n},
		{"empty but off", GuardShrink, nil, Guards{Empty: -1}, true, n},
		{"half is gone", GuardShrink, some("a", 50), Guards{}, true, 50},
		{"31 % are gone", GuardShrink, some("a", 69), Guards{}, true, 31},
		{"30 % are gone", GuardShrink, some("a", 70), Guards{}, false, 0},
		{"half may be gone", GuardShrink, some("a", 50), Guards{Shrink: 50}, false, 0},
		{"51 % are gone where half may", GuardShrink, some("a", 49), Guards{Shrink: 50}, true, 51},
		{"half is gone, off", GuardShrink, some("a", 50), Guards{Shrink: -1}, false, 0},
		{"all new IDs", GuardShrink, some("a", 220)[100:], Guards{}, true, n},

		{"all prices are 100 times", GuardPrice, some("a", n, edit(n, dearer(100))), Guards{}, true, n},
		{"all prices are a hundredth", GuardPrice, some("a", n, edit(n, cheaper)), Guards{}, true, n},
		{"3 prices are 5 times", GuardPrice, some("a", n, edit(3, dearer(5))), Guards{}, true, 3},
		{"all prices are 4 times", GuardPrice, some("a", n, edit(n, dearer(4))), Guards{}, false, 0},
		{"all are 4 times, 3 is too far", GuardPrice, some("a", n, edit(n, dearer(4))), Guards{PriceFactor: 3}, true, n},
		{"all are free", GuardPrice, some("a", n, edit(n, dearer(0))), Guards{}, true, n},
		{"10 prices, 10 % may", GuardPrice, some("a", n, edit(10, dearer(100))), Guards{Price: 10}, false, 10},
		{"all prices, off", GuardPrice, some("a", n, edit(n, dearer(100))), Guards{Price: -1}, false, 0},

		{"all in euro", GuardCurrency, some("a", n, edit(n, inEuro)), Guards{}, true, n},
		{"3 in euro", GuardCurrency, some("a", n, edit(3, inEuro)), Guards{}, true, 3},
		{"all in euro, off", GuardCurrency, some("a", n, edit(n, inEuro)), Guards{Currency: -1}, false, 0},

		{"11 lose countries", GuardCoverage, some("a", n, edit(11, narrow)), Guards{}, true, 11},
		{"10 lose countries", GuardCoverage, some("a", n, edit(10, narrow)), Guards{}, false, 0},
		{"all lose countries, off", GuardCoverage, some("a", n, edit(n, narrow)), Guards{Coverage: -1}, false, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var told reports
			f := newFake("a", some("a", n)...)
			c := newCatalog(t, Config{Clients: []esim.Client{f}, Guards: test.guards, OnReport: told.add})
			require.NoError(t, c.Sync(t.Context()))
			version := c.Status().Version

			f.list(test.listed...)
			err := c.Sync(t.Context())
			report := told.last()
			if test.count == 0 {
				assert.Empty(t, report.Findings)
			} else {
				require.Len(t, report.Findings, findingsOf(test.guard))
				f := report.Findings[0]
				assert.Equal(t, test.guard, f.Guard)
				assert.Equal(t, test.held, f.Holds)
				assert.Equal(t, test.count, f.Count)
				assert.NotEmpty(t, f.Text)
				if test.guard != GuardEmpty {
					assert.Len(t, f.Suspects, min(test.count, maxSuspects))
					assert.True(t, slices.IsSortedFunc(f.Suspects, func(a, b Suspect) int { return strings.Compare(a.Before.ID, b.Before.ID) }))
					known, _ := c.Package("a", f.Suspects[0].Before.ID)
					if test.held {
						assert.Equal(t, known, f.Suspects[0].Before)
					}
				}
			}
			if !test.held {
				require.NoError(t, err)
				assert.Equal(t, Published, report.Result)
				return
			}
			require.ErrorIs(t, err, ErrHeld)
			assert.ErrorContains(t, err, string(test.guard))
			assert.Equal(t, Held, report.Result)
			assert.Equal(t, test.guard, report.Guard)
			assert.Equal(t, version, c.Status().Version)
			assert.Equal(t, some("a", n), slices.Collect(c.All()))
		})
	}
}

// findingsOf is one, but an empty list has also shrunk.
func findingsOf(g Guard) int {
	if g == GuardEmpty {
		return 2
	}
	return 1
}

func TestAHeldListStaysHeldUntilItIsAccepted(t *testing.T) {
	f := newFake("a", some("a", 40)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}})
	require.ErrorIs(t, c.Accept("a"), ErrNothingHeld)
	require.ErrorContains(t, c.Accept("b"), `"b"`)
	require.NoError(t, c.Sync(t.Context()))

	half := some("a", 20)
	f.list(half...)
	for range 4 {
		require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
		assert.Equal(t, 40, c.Len())
	}
	held := c.Status().Providers[0].Held
	require.NotNil(t, held)
	assert.Equal(t, GuardShrink, held.Guard)
	require.ErrorIs(t, c.Status().Providers[0].Err, ErrHeld)

	// A failure in between forgets nothing.
	f.failing(func(int) error { return errDown })
	require.ErrorIs(t, c.Sync(t.Context()), esim.ErrUnavailable)
	assert.NotNil(t, c.Status().Providers[0].Held)
	f.failing(nil)

	version := c.Status().Version
	require.NoError(t, c.Accept("a"))
	assert.Equal(t, half, slices.Collect(c.All()))
	assert.Equal(t, version+1, c.Status().Version)
	assert.Nil(t, c.Status().Providers[0].Held)
	assert.NoError(t, c.Status().Providers[0].Err)
	require.ErrorIs(t, c.Accept("a"), ErrNothingHeld)

	// What was accepted is what is right from now on.
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, version+1, c.Status().Version)
}

func TestAGoodSyncClearsWhatIsHeld(t *testing.T) {
	f := newFake("a", some("a", 40)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}})
	require.NoError(t, c.Sync(t.Context()))
	f.list(some("a", 20)...)
	require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
	f.list(some("a", 41)...)
	require.NoError(t, c.Sync(t.Context()))
	assert.Nil(t, c.Status().Providers[0].Held)
	assert.Equal(t, 41, c.Len())
	require.ErrorIs(t, c.Accept("a"), ErrNothingHeld)
}

// A wrong price that is left out must not come back as that of a new package.
func TestASingleWrongPriceIsLeftOutUntilItIsRightOrAccepted(t *testing.T) {
	tests := map[string]func(*esim.Package){"price": dearer(100), "currency": inEuro}
	for name, change := range tests {
		t.Run(name, func(t *testing.T) {
			var told reports
			f := newFake("a", some("a", 100)...)
			path := t.TempDir() + "/shelf"
			config := Config{Clients: []esim.Client{f}, OnReport: told.add, Snapshot: path}
			c := newCatalog(t, config)
			require.NoError(t, c.Sync(t.Context()))

			wrong := some("a", 100, edit(2, change))
			f.list(wrong...)
			require.NoError(t, c.Sync(t.Context()))
			assert.Equal(t, some("a", 100)[2:], slices.Collect(c.All()))
			assert.Equal(t, 2, told.last().Withheld)
			assert.Equal(t, 2, told.last().Gone)
			require.Len(t, told.last().Findings, 1)
			assert.False(t, told.last().Findings[0].Holds)
			assert.Equal(t, 2, c.Status().Providers[0].Withheld)

			version := c.Status().Version
			require.NoError(t, c.Sync(t.Context()))
			assert.Equal(t, version, c.Status().Version, "left out again, so nothing changes")

			// Not even after a restart.
			c = newCatalog(t, config)
			assert.Equal(t, 2, c.Status().Providers[0].Withheld)
			require.NoError(t, c.Sync(t.Context()))
			assert.Equal(t, 98, c.Len())

			// One is right again.
			wrong[0] = some("a", 1)[0]
			f.list(wrong...)
			require.NoError(t, c.Sync(t.Context()))
			assert.Equal(t, 99, c.Len())
			assert.Equal(t, 1, c.Status().Providers[0].Withheld)

			// The other is meant so.
			require.NoError(t, c.Accept("a"))
			assert.Equal(t, wrong, slices.Collect(c.All()))
			assert.Zero(t, c.Status().Providers[0].Withheld)
			require.NoError(t, c.Sync(t.Context()))
			assert.Equal(t, 100, c.Len())
		})
	}
}

func TestAWithheldPackageThatIsNotListedAnyMoreIsForgotten(t *testing.T) {
	var told reports
	f := newFake("a", some("a", 100)...)
	c := newCatalog(t, Config{Clients: []esim.Client{f}, OnReport: told.add, Guards: Guards{Shrink: 1}})
	require.NoError(t, c.Sync(t.Context()))
	f.list(some("a", 100, edit(2, dearer(100)))...)
	require.NoError(t, c.Sync(t.Context()))

	// They still count among the packages that must not go missing.
	f.list(some("a", 100)[2:]...)
	require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
	assert.Equal(t, some("a", 2)[0], told.last().Findings[0].Suspects[0].Before)
	require.NoError(t, c.Accept("a"))
	assert.Equal(t, 98, c.Len())

	// And are new when they come again.
	back := some("a", 100, edit(2, dearer(100)))
	f.list(back...)
	require.NoError(t, c.Sync(t.Context()))
	assert.Equal(t, back, slices.Collect(c.All()))
}

func TestAReportMayBeAnsweredByAccepting(t *testing.T) {
	f := newFake("a", some("a", 40)...)
	var c *Catalog
	config := Config{Clients: []esim.Client{f}}
	config.OnReport = func(r Report) {
		if r.Result == Held && r.Guard == GuardShrink {
			assert.NoError(t, c.Accept(r.Provider))
		}
	}
	c = newCatalog(t, config)
	require.NoError(t, c.Sync(t.Context()))
	f.list(some("a", 20)...)
	require.ErrorIs(t, c.Sync(t.Context()), ErrHeld)
	assert.Equal(t, 20, c.Len())
	assert.Nil(t, c.Status().Providers[0].Held)
}

func TestAFirstListIsComparedWithTheOtherResellers(t *testing.T) {
	of := func(p esim.Provider, edits ...func(int, *esim.Package)) *fake {
		return newFake(p, some(p, 30, edits...)...)
	}
	rates := fixedRates("USD", "EUR", "0.9")
	tests := []struct {
		name   string
		edits  []func(int, *esim.Package)
		guards Guards
		rates  esim.Rates
		held   bool
	}{
		{"the same prices", nil, Guards{}, nil, false},
		{"19 times", []func(int, *esim.Package){edit(30, dearer(19))}, Guards{}, nil, false},
		{"100 times", []func(int, *esim.Package){edit(30, dearer(100))}, Guards{}, nil, true},
		{"a hundredth", []func(int, *esim.Package){edit(30, cheaper)}, Guards{}, nil, true},
		{"most are 100 times", []func(int, *esim.Package){edit(16, dearer(100))}, Guards{}, nil, true},
		{"half are 100 times", []func(int, *esim.Package){edit(15, dearer(100))}, Guards{}, nil, false},
		{"19 times, 10 is too far", []func(int, *esim.Package){edit(30, dearer(19))}, Guards{Outlier: 10}, nil, true},
		{"off", []func(int, *esim.Package){edit(30, dearer(100))}, Guards{Outlier: -1}, nil, false},
		{"100 times in euro, without rates", []func(int, *esim.Package){edit(30, dearer(100)), edit(30, inEuro)}, Guards{}, nil, false},
		{"100 times in euro, with rates", []func(int, *esim.Package){edit(30, dearer(100)), edit(30, inEuro)}, Guards{}, rates, true},
		{"the same in euro, with rates", []func(int, *esim.Package){edit(30, inEuro)}, Guards{}, rates, false},
		{"other products", []func(int, *esim.Package){edit(30, dearer(100)), edit(30, func(p *esim.Package) { p.ValidityDays = 7 })}, Guards{}, nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := newCatalog(t, Config{
				Clients: []esim.Client{of("a"), of("b"), of("z", test.edits...)}, Guards: test.guards, Rates: test.rates,
			})
			require.NoError(t, c.Sync(t.Context(), "a", "b"))
			err := c.Sync(t.Context(), "z")
			if !test.held {
				require.NoError(t, err)
				assert.Equal(t, 90, c.Len())
				return
			}
			require.ErrorIs(t, err, ErrHeld)
			assert.Equal(t, GuardOutlier, c.Status().Providers[2].Held.Guard)
			assert.Equal(t, 60, c.Len())
			require.NoError(t, c.Accept("z"))
			assert.Equal(t, 90, c.Len())
		})
	}
}

func TestApart(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"1", "5", true},
		{"5", "1", true},
		{"1", "4.999", false},
		{"0.01", "0.05", true},
		{"0", "0", false},
		{"0", "0.01", true},
		{"3", "-3", true},
		{"9999999999999999999", "9999999999999999998", false},
		{"1", "9999999999999999999", true},
	}
	for _, test := range tests {
		assert.Equal(t, test.want, apart(amount(test.a, "USD").Estimate(), amount(test.b, "USD").Estimate(), 5), "%s %s", test.a, test.b)
	}
}
