package main

import (
	"html"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// TestCrowd watches one order as often as it may be watched, and once more.
func TestCrowd(t *testing.T) {
	s := startShop(t)
	c := s.buyOne(t, esimfx.Provider)
	s.waitFor(t, c, journal.Delivered)
	watch := func() (reply, func()) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+c.Path()+"/live", http.NoBody)
		require.NoError(t, err)
		answer, err := new(http.Client).Do(r)
		require.NoError(t, err)
		leave := func() { assert.NoError(t, answer.Body.Close()) }
		t.Cleanup(leave)
		return reply{answer.StatusCode, answer.Header}, leave
	}
	var leave func()
	for range seatsPerOrder {
		var seen reply
		seen, leave = watch()
		require.Equal(t, http.StatusOK, seen.StatusCode)
	}
	refused, _ := watch()
	assert.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
	assert.Equal(t, "10", refused.Header.Get("Retry-After"))
	answer, _ := s.get(t, c.Path())
	assert.Equal(t, http.StatusOK, answer.StatusCode, "the page itself is there for all")
	leave()
	require.Eventually(t, func() bool {
		again, _ := watch()
		return again.StatusCode == http.StatusOK
	}, 10*time.Second, 50*time.Millisecond)
}

func TestSeats(t *testing.T) {
	var s seats
	var leave []func()
	for range maxSeats {
		l, ok := s.take(newCart())
		require.True(t, ok)
		leave = append(leave, l)
	}
	_, ok := s.take(newCart())
	assert.False(t, ok)
	for _, l := range leave {
		l()
	}
	_, ok = s.take(newCart())
	assert.True(t, ok)
	assert.Len(t, s.taken, 1, "nothing is kept of those who have left")
}

// TestManyLook reads one meter from many pages: the reseller is asked once.
func TestManyLook(t *testing.T) {
	s := startShop(t)
	c := s.buyOne(t, esimfx.Provider)
	iccid := s.waitFor(t, c, journal.Delivered).Order.ESIMs[0].ICCID
	s.meter.pause = time.Hour
	reseller := s.resellers.sim.Server(esimfx.Provider)
	asked := func() (n int) {
		for _, op := range reseller.Ops() {
			n += reseller.Requests(op)
		}
		return n
	}
	_, err := s.meter.read(t.Context(), esimfx.Provider, iccid) // how many requests one reading is
	require.NoError(t, err)
	before := asked()
	s.meter.forgetAll()
	_, err = s.meter.read(t.Context(), esimfx.Provider, iccid)
	require.NoError(t, err)
	one := asked() - before
	require.Positive(t, one)
	before = asked()
	s.meter.forgetAll()
	var looking sync.WaitGroup
	for range 50 {
		looking.Go(func() {
			u, err := s.meter.read(t.Context(), esimfx.Provider, iccid)
			if assert.NoError(t, err) {
				assert.NotNil(t, u)
			}
		})
	}
	looking.Wait()
	assert.Equal(t, before+one, asked())
}

// upset multiplies a tenth of a reseller's prices.
func (s *shop) upset(t *testing.T, p esim.Provider) {
	t.Helper()
	reseller := s.resellers.sim.Server(p)
	list := reseller.Packages()
	for _, dear := range list[:len(list)/10] {
		reseller.SetPrice(dear.ID, "990")
	}
	require.ErrorIs(t, s.shelf.Sync(t.Context(), p), catalog.ErrHeld)
}

// hidden reads these fields of the forms on a page.
func hidden(page string, names ...string) url.Values {
	form := url.Values{}
	for _, m := range hiddenField.FindAllStringSubmatch(page, -1) {
		if slices.Contains(names, m[1]) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
	}
	return form
}

// TestHeldCatalogue multiplies prices: the shelf keeps the old ones until the
// operator says that the new ones are right.
func TestHeldCatalogue(t *testing.T) {
	s := startShop(t)
	o := s.cheapest(t, esimfx.Provider)
	s.resellers.sim.ESIMFX.SetPrice(o.ID, "990")
	s.upset(t, esimfx.Provider)
	assert.Equal(t, o.Price, s.cheapest(t, esimfx.Provider).Price)
	page := s.operatorPage(t)
	assert.Contains(t, page, "held back")
	assert.Contains(t, page, "then 990.00 USD")

	form := hidden(page, "provider", "seen")
	s.upset(t, esimfx.Provider)
	assert.Equal(t, http.StatusConflict, s.press(t, "/operator/accept", form).StatusCode, "another list is held now")
	form = hidden(s.operatorPage(t), "provider", "seen")
	answer, _ := s.post(t, "/operator/accept", form)
	assert.Equal(t, http.StatusUnauthorized, answer.StatusCode)
	assert.Equal(t, http.StatusSeeOther, s.press(t, "/operator/accept", form).StatusCode)
	now, ok := s.offer(o.Key())
	require.True(t, ok)
	assert.Equal(t, usd(t, "990"), now.Price)
	assert.NotContains(t, s.operatorPage(t), "held back")
	assert.Equal(t, http.StatusConflict, s.press(t, "/operator/accept", form).StatusCode)
	assert.Equal(t, http.StatusBadRequest, s.press(t, "/operator/accept", url.Values{"provider": {"nobody"}}).StatusCode)
}

// TestSilentReseller reads an order whose reseller has stopped answering: what
// there is to install does not wait for the meter.
func TestSilentReseller(t *testing.T) {
	t.Parallel()
	s := startShop(t)
	c := s.buyOne(t, esimfx.Provider)
	code := s.waitFor(t, c, journal.Delivered).Order.ESIMs[0].Activation.MatchingID
	s.meter.forgetAll()
	s.resellers.sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultSlowBody, Delay: time.Second, Times: 100})
	defer s.resellers.sim.ESIMFX.Heal()
	begun := time.Now()
	answer, page := s.get(t, c.Path())
	assert.Equal(t, http.StatusOK, answer.StatusCode)
	assert.Contains(t, page, code)
	assert.Contains(t, page, "does not answer just now")
	assert.Less(t, time.Since(begun), 3*askAtMost)
}
