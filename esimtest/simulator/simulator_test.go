package simulator_test

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

func TestClockMovesOnlyForward(t *testing.T) {
	sim := simulator.ForTest(t)
	before := sim.Now()
	sim.Advance(-time.Hour)
	sim.Advance(48 * time.Hour)
	assert.WithinDuration(t, before.Add(48*time.Hour), sim.Now(), time.Minute)
}

func TestAnswersCarryTheSimulatedDate(t *testing.T) {
	w := newWire(t)
	w.sim.Advance(72 * time.Hour)
	for _, a := range []answer{w.flyGet("/balance"), w.story(w.storyBody("d", 1)), w.fxLogin()} {
		date, err := http.ParseTime(a.header.Get("Date"))
		require.NoError(t, err)
		assert.WithinDuration(t, w.sim.Now(), date, time.Minute)
	}
}

func TestFixedPorts(t *testing.T) {
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	taken, ok := ln.Addr().(*net.TCPAddr)
	require.True(t, ok)
	_, err = simulator.New(simulator.WithListen(taken.String()))
	require.Error(t, err, "the port is taken")
	require.NoError(t, ln.Close())
	for port := taken.Port; ; port += 7 { // until three ports in a row are free
		sim, err := simulator.New(simulator.WithListen(fmt.Sprintf("127.0.0.1:%d", port)))
		if err == nil {
			assert.Equal(t, fmt.Sprintf("http://127.0.0.1:%d/api/v1/business", port), sim.ESIMFly.URL())
			assert.Equal(t, fmt.Sprintf("http://127.0.0.1:%d/api", port+1), sim.ESIMStory.URL())
			assert.Equal(t, fmt.Sprintf("http://127.0.0.1:%d", port+2), sim.ESIMFX.URL())
			sim.Close()
			sim.Close()
			return
		}
	}
}

func TestBadSettings(t *testing.T) {
	for _, o := range []simulator.Option{
		simulator.WithListen("nonsense"), simulator.WithListen("127.0.0.1:http"), simulator.WithBalance("1,5"),
	} {
		_, err := simulator.New(o)
		require.Error(t, err)
	}
	sim := simulator.ForTest(t)
	assert.Panics(t, func() { sim.ESIMFly.SetPrice("no-such-package", "1") })
	assert.Panics(t, func() { sim.ESIMFly.SetPrice("PHAJHEAYP", "cheap") })
	assert.Panics(t, func() { sim.ESIMFly.UseData("8900000000000000000", 1) })
	assert.Nil(t, sim.Server("elsewhere"))
}

// TestMoneyAddsUp buys, refuses and refunds at all providers at once.
func TestMoneyAddsUp(t *testing.T) {
	w := newWire(t, simulator.WithBalance("55"))
	w.fxToken()
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for j := range 5 {
				ref := fmt.Sprintf("ref-%d-%d", i, j)
				w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","quantity":3,"idempotency_key":"`+ref+`"}`)
				w.story(w.storyBody(ref, 2))
				w.fxOrder(ref, `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`)
			}
		})
	}
	all.Wait()
	for _, c := range w.sim.ESIMFX.Ledger().Charges() {
		w.fxCall(http.MethodPost, "/order/api/v1/terminate_subscription", `{"order_id":"`+c.OrderID+`"}`)
	}
	for _, p := range []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX} {
		s := w.sim.Server(p)
		checkMoney(t, s)
		assert.GreaterOrEqual(t, s.Balance().Sign(), 0)
		assert.Positive(t, s.Ledger().Count())
		s.SetBalance("3.5")
		checkMoney(t, s)
		assert.Equal(t, "3.50 USD", s.Balance().String())
	}
	assert.Equal(t, 4+4, w.sim.ESIMFX.Ledger().Count(), "four fit into the balance, and all were refunded")
	assert.Zero(t, w.sim.ESIMFX.Ledger().Total().Sign())
}

func TestChargesAreCopies(t *testing.T) {
	w := newWire(t)
	w.flyOrder(`{"packageCode":"PHAJHEAYP","quantity":2,"idempotency_key":"k"}`)
	l := w.sim.ESIMFly.Ledger()
	c := l.ByReference("k")
	require.Len(t, c, 1)
	assert.Equal(t, 1, c[0].Seq)
	assert.Equal(t, esimtest.ChargeOrder, c[0].Kind)
	assert.Equal(t, "PHAJHEAYP", c[0].PackageID)
	assert.Equal(t, 2, c[0].Quantity)
	assert.Equal(t, "2.88 USD", c[0].Amount.String())
	assert.Len(t, c[0].ICCIDs, 2)
	assert.WithinDuration(t, w.sim.Now(), c[0].Time, time.Minute)
	c[0].ICCIDs[0] = "changed"
	assert.NotEqual(t, "changed", l.Charges()[0].ICCIDs[0])
	assert.Empty(t, l.ByReference("other"))
}

func TestCatalogues(t *testing.T) {
	sim := simulator.ForTest(t)
	for _, p := range []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX} {
		s := sim.Server(p)
		list := s.Packages()
		assert.Len(t, list, 320)
		ids, japan := map[string]bool{}, 0
		for _, x := range list {
			assert.False(t, ids[x.ID], "%s twice", x.ID)
			ids[x.ID] = true
			assert.NotEmpty(t, x.Name)
			assert.NotEmpty(t, x.Countries)
			assert.Positive(t, x.Days)
			assert.Equal(t, x.Unlimited, x.Bytes == 0)
			assert.Positive(t, x.Price.Sign())
			if len(x.Countries) == 1 && x.Countries[0] == "JP" {
				japan++
			}
		}
		assert.GreaterOrEqual(t, japan, 4, p)
		assert.NotEmpty(t, s.Ops())
		assert.Equal(t, p, s.Provider())
	}
}

func TestSecretsNameEverythingSecret(t *testing.T) {
	w := newWire(t)
	a := w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`)
	signed := w.storyHeaders()
	w.send(http.MethodPost, w.sim.ESIMStory.URL()+"/v1/api_partner/orders", w.storyBody("r", 1), signed)
	w.fxNew("k")
	all := strings.Join(w.sim.Secrets(), "\n")
	for _, s := range []string{
		w.sim.ESIMFly.AccessCode, w.sim.ESIMFly.SecretKey, w.sim.ESIMFly.WebhookSecret, w.sim.ESIMStory.AccessKey,
		w.sim.ESIMStory.SecretKey, w.sim.ESIMFX.ClientID, w.sim.ESIMFX.ClientKey, w.sim.ESIMFX.WebhookToken,
		w.fxToken(), a.text(t, "lpaString"), signed["X-Esim-Story-Signature"],
	} {
		assert.Contains(t, all, s)
	}
	for _, s := range []string{w.sim.ESIMFly.AccessCode, w.sim.ESIMFly.SecretKey, w.sim.ESIMFX.ClientKey} {
		assert.Contains(t, s, "canary")
	}
	assert.True(t, strings.HasPrefix(w.sim.ESIMFly.AccessCode, "esf_canary"))
	assert.True(t, strings.HasPrefix(w.sim.ESIMFly.SecretKey, "sk_canary"))
}

func TestICCIDsAreValid(t *testing.T) {
	w := newWire(t)
	_, fly := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	_, fx := w.fxNew("k")
	w.story(w.storyBody("r", 1))
	for _, iccid := range []string{fly, fx, w.sim.ESIMStory.Units()[0].ICCID} {
		assert.True(t, esim.ICCID(iccid).Valid(), iccid)
	}
}

func TestTheSameSeedMakesTheSameProfiles(t *testing.T) {
	one, two, other := newWire(t, simulator.WithSeed(5)), newWire(t, simulator.WithSeed(5)), newWire(t, simulator.WithSeed(6))
	_, a := one.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	_, b := two.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	_, c := other.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	assert.Equal(t, a, b)
	assert.NotEqual(t, a, c)
	assert.Equal(t, one.sim.ESIMFly.SecretKey, other.sim.ESIMFly.SecretKey, "credentials are the same in every run")
}

// A port is opened when somebody asks for it, and a provider that refuses
// connections by then refuses them there.
func TestPortsOnDemand(t *testing.T) {
	sim := simulator.ForTest(t)
	f := sim.ESIMFly
	get := func(base string, through http.RoundTripper) error {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/balance", http.NoBody)
		require.NoError(t, err)
		c := http.Client{Transport: through}
		defer c.CloseIdleConnections()
		a, err := c.Do(r)
		if err == nil {
			err = a.Body.Close()
		}
		return err
	}
	own := &http.Transport{}
	require.NoError(t, get(f.LocalURL(), f.Transport()))
	require.ErrorIs(t, get(f.LocalURL(), own), syscall.ECONNREFUSED)

	f.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	require.ErrorIs(t, get(f.LocalURL(), f.Transport()), syscall.ECONNREFUSED)
	require.ErrorIs(t, get(f.URL(), own), syscall.ECONNREFUSED)
	f.Heal()
	require.NoError(t, get(f.URL(), own))
	require.NoError(t, get(f.URL(), sim.Transport()))
	require.NoError(t, get(sim.ESIMFX.LocalURL(), sim.Transport()))
	require.Equal(t, 3, f.Requests(""))
	require.NotEqual(t, f.LocalURL(), f.URL())
}

func TestUnknownPathsAreViolations(t *testing.T) {
	w := newWire(t)
	for _, url := range []string{w.sim.ESIMFly.URL() + "/esims/usage", w.sim.ESIMStory.URL() + "/v1/api_partner/products", w.sim.ESIMFX.URL() + "/order/api/v1/get_orders"} {
		assert.Equal(t, 404, w.send(http.MethodGet, url, "", nil).status)
	}
	for _, p := range []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX} {
		assert.Equal(t, []string{"GET to an unknown path: no such endpoint"}, w.sim.Server(p).Violations())
	}
	assert.Equal(t, []string{
		"esimfly: GET to an unknown path: no such endpoint", "esimstory: GET to an unknown path: no such endpoint",
		"esimfx: GET to an unknown path: no such endpoint",
	}, w.sim.Violations())
}

func TestTooLargeBodies(t *testing.T) {
	w := newWire(t)
	a := w.flyPost("/esims/order", strings.Repeat(" ", 2<<20))
	assert.True(t, a.err != nil || a.status >= 400)
	assert.Equal(t, []string{"order: body incomplete or too large"}, w.sim.ESIMFly.Violations())
}
