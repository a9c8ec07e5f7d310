package simulator_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

func TestCatalogueSizes(t *testing.T) {
	for _, n := range []int{0, 1, 5, 8, 1000} {
		w := newWire(t, simulator.WithPackages(n))
		for _, p := range []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX} {
			ids := map[string]bool{}
			for _, x := range w.sim.Server(p).Packages() {
				ids[x.ID] = true
			}
			assert.Len(t, ids, n, p)
		}
		a := w.flyGet("/esims/packages?limit=1")
		assert.Len(t, a.rows(t, "data", "packages"), min(n, 1))
		b := w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{"page_size":1}`)
		assert.Len(t, b.rows(t, "data", "products"), min(n, 1))
	}
}

func TestProvisioningDelay(t *testing.T) {
	r := newReceiver(t)
	w := newWire(t, simulator.WithProvisioningDelay(time.Hour), simulator.WithWebhookURL(r.URL))
	w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`)
	w.story(w.storyBody("r", 1))
	w.sim.Advance(59 * time.Minute)
	assert.Empty(t, r.take())
	w.sim.Advance(time.Minute)
	assert.Len(t, r.take(), 2)
}

func TestWebhookClient(t *testing.T) {
	var came atomic.Int32
	tls := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came.Add(1)
		http.Redirect(w, r, "/again", http.StatusFound)
	}))
	t.Cleanup(tls.Close)
	w := newWire(t, simulator.WithWebhookClient(tls.Client()), simulator.WithWebhookURL(tls.URL))
	w.story(w.storyBody("r", 1))
	w.sim.Advance(time.Minute)
	require.Len(t, w.sim.ESIMStory.Deliveries(), 1)
	assert.Equal(t, http.StatusFound, w.sim.ESIMStory.Deliveries()[0].Status, "redirects are not followed")
	assert.Equal(t, int32(1), came.Load())
}

func TestNobodyTravels(t *testing.T) {
	w := newWire(t, simulator.WithTravel(-1, 1<<30))
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	w.sim.Advance(1000 * 24 * time.Hour)
	assert.Equal(t, "NEW", w.flyGet("/esims/usage/query?iccid="+iccid).at(t, "data", "esim", "status"))
}

// A pending eSIM has no ICCID that anyone could use.
func TestNoDataBeforeDelivery(t *testing.T) {
	w := newWire(t)
	w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`)
	iccid := w.sim.ESIMFly.Ledger().Charges()[0].ICCIDs[0]
	assert.Panics(t, func() { w.sim.ESIMFly.UseData(iccid, 1) })
	w.sim.Advance(2 * time.Second)
	assert.NotPanics(t, func() { w.sim.ESIMFly.UseData(iccid, 1) })
}

func TestScheduledRefusals(t *testing.T) {
	w := newWire(t)
	s := w.sim.ESIMStory
	s.Schedule(esimtest.Schedule{Rate: 1, Kinds: []esimtest.FaultKind{esimtest.FaultRefuse}, Fault: esimtest.Fault{Delay: 200 * time.Millisecond}})
	first := w.story(w.storyBody("r", 1))
	require.Error(t, first.err)
	assert.NotErrorIs(t, first.err, syscall.ECONNREFUSED, "the request at hand is cut")
	assert.ErrorIs(t, w.story(w.storyBody("r", 1)).err, syscall.ECONNREFUSED)
	s.Heal()
	assert.Equal(t, 201, w.story(w.storyBody("r", 1)).status)
	assert.Equal(t, 1, s.Ledger().Count())
}

func TestIQDOrders(t *testing.T) {
	w := newWire(t, simulator.WithCurrency("IQD"), simulator.WithBalance("1000000"))
	a := w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`)
	assert.Equal(t, "1872", a.at(t, "final_price"))
	assert.Equal(t, "998128", a.at(t, "newBalance"))
	assert.Equal(t, "IQD", a.at(t, "currency"))
	assert.Equal(t, "USD", w.sim.ESIMFX.Balance().Currency(), "the others deal in dollars")
	w.sim.ESIMFly.SetPrice("PHAJHEAYP", "2000")
	assert.Equal(t, "2000", w.flyGet("/esims/packages?limit=1").at(t, "data", "packages", 0, "cost"))
}
