package simulator_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

var newYear = time.Date(2026, time.January, 1, 12, 0, 0, 0, time.FixedZone("CET", 3600))

func TestClockStandsStill(t *testing.T) {
	r := newReceiver(t)
	w := newDirectWire(t, simulator.WithClock(newYear), simulator.WithWebhookURL(r.URL), simulator.WithProvisioningDelay(time.Nanosecond))
	assert.Equal(t, newYear.UTC(), w.sim.Now())
	require.Equal(t, 201, w.story(w.storyBody("r", 1)).status)
	// Were there a goroutine that moves the clock, it would have sent the
	// webhook by then.
	assert.Never(t, func() bool { return len(w.sim.ESIMStory.Deliveries()) > 0 }, 30*time.Millisecond, 5*time.Millisecond)
	assert.Equal(t, newYear.UTC(), w.sim.Now())
	w.sim.Advance(-time.Hour)
	assert.Equal(t, newYear.UTC(), w.sim.Now())
	w.sim.Advance(90 * time.Minute)
	assert.Equal(t, newYear.Add(90*time.Minute).UTC(), w.sim.Now())
	assert.Equal(t, newYear.Add(time.Nanosecond).UTC(), w.sim.ESIMStory.Deliveries()[0].Time, "at its own time")
	date, err := http.ParseTime(w.flyGet("/balance").header.Get("Date"))
	require.NoError(t, err)
	assert.Equal(t, w.sim.Now(), date)
}

// How long connections are refused is simulated time too.
func TestRefusalsOnAStillClock(t *testing.T) {
	eachWay(t, func(t *testing.T, newWire maker) {
		w := newWire(t, simulator.WithClock(newYear))
		s := w.sim.ESIMStory
		refused := func() {
			t.Helper()
			assert.ErrorIs(t, w.story(w.storyBody("a", 1)).err, syscall.ECONNREFUSED)
		}
		s.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse, Delay: time.Minute})
		refused()
		w.sim.Advance(59 * time.Second)
		refused()
		s.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse, Delay: time.Minute}) // takes the place of the first
		w.sim.Advance(59 * time.Second)
		refused()
		w.sim.Advance(time.Second)
		assert.Equal(t, 201, w.story(w.storyBody("a", 1)).status)
	})
}

// hook receives webhooks without a socket. It knows on which goroutine.
type hook struct {
	got     []string
	where   []string
	during  func()
	refuses int
}

func (h *hook) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	h.got = append(h.got, string(body))
	h.where = append(h.where, goroutine())
	if h.during != nil {
		h.during()
	}
	status := http.StatusOK
	if h.refuses > 0 {
		h.refuses--
		status = http.StatusServiceUnavailable
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
}

// goroutine is the number of the goroutine that calls it.
func goroutine() string {
	buf := make([]byte, 64)
	name, _, _ := bytes.Cut(buf[:runtime.Stack(buf, false)], []byte(" ["))
	return string(name)
}

// Webhooks are sent by whoever calls Advance, and have arrived when it
// returns. Their receiver may ask the provider again.
func TestWebhooksOnTheCallersGoroutine(t *testing.T) {
	h := &hook{refuses: 3}
	w := newDirectWire(t, simulator.WithClock(newYear), simulator.WithWebhookClient(&http.Client{Transport: h}), simulator.WithWebhookURL("https://shop.example/hooks"))
	ref := w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`).text(t, "orderReference")
	require.Equal(t, 201, w.story(w.storyBody("r", 2)).status)
	var statuses []any
	h.during = func() {
		statuses = append(statuses, w.flyGet("/esims/order?orderReference="+ref).at(t, "order", "status"))
	}
	assert.Empty(t, h.got)
	w.sim.Advance(2 * time.Second)
	assert.Len(t, h.got, 3)
	assert.Equal(t, []any{"completed", "completed", "completed"}, statuses)
	w.sim.Advance(time.Minute)
	assert.Len(t, h.got, 4, "eSIMfly repeats what was refused, eSIM Story does not")
	for _, where := range h.where {
		assert.Equal(t, goroutine(), where)
	}
}

// A purchase may be made in the middle of another: by the receiver of a
// webhook that comes before the answer, and around a request.
func TestRequestsWithinRequests(t *testing.T) {
	h := &hook{}
	w := newDirectWire(t, simulator.WithClock(newYear), simulator.WithWebhookClient(&http.Client{Transport: h}), simulator.WithWebhookURL("https://shop.example/hooks"))
	w.sim.ESIMStory.Webhooks(simulator.WebhookBehaviour{BeforeResponse: true})
	var inner []int
	h.during = func() {
		h.during = nil
		inner = append(inner, w.story(w.storyBody("outer", 1)).status, w.story(w.storyBody("inner", 1)).status, w.flyGet("/balance").status)
	}
	require.Equal(t, 201, w.story(w.storyBody("outer", 1)).status)
	assert.Equal(t, []int{422, 201, 200}, inner)
	assert.Len(t, h.got, 2)

	plain := w.http.Transport
	w.http.Transport = around{plain, func() {
		w.http.Transport = plain
		w.sim.Advance(time.Minute)
		inner = append(inner, w.story(w.storyBody("around", 1)).status)
	}}
	require.Equal(t, 201, w.story(w.storyBody("last", 1)).status)
	assert.Equal(t, []int{422, 201, 200, 201}, inner)
	assert.Equal(t, 4, w.sim.ESIMStory.Ledger().Count())
}

// around does something before a request and after it.
type around struct {
	http.RoundTripper
	do func()
}

func (a around) RoundTrip(r *http.Request) (*http.Response, error) {
	a.do()
	return a.RoundTripper.RoundTrip(r)
}

// transcript is all that a run shows: answers, webhooks, credentials, charges.
func transcript(t *testing.T, seed int64) string {
	t.Helper()
	h := &hook{refuses: 5}
	w := newDirectWire(t, simulator.WithClock(newYear), simulator.WithSeed(seed),
		simulator.WithWebhookClient(&http.Client{Transport: h}), simulator.WithWebhookURL("https://shop.example/hooks"))
	var b strings.Builder
	for _, p := range allProviders() {
		w.sim.Server(p).Schedule(esimtest.Schedule{Rate: 0.3, Kinds: []esimtest.FaultKind{
			esimtest.Fault500After, esimtest.FaultCutAfterCommit, esimtest.FaultHalfBody, esimtest.FaultRefuse, esimtest.Fault429, esimtest.FaultDuplicateKeys,
		}})
	}
	for w.fx == "" {
		if a := w.fxLogin(); a.err == nil && a.status == 200 {
			w.fx = a.text(t, "data", "access_token")
		}
		w.sim.Advance(time.Second)
	}
	script := []func(ref string) answer{
		func(ref string) answer {
			return w.flyPost("/esims/order", `{"packageCode":"RB85_4D","quantity":2,"idempotency_key":"`+ref+`"}`)
		},
		func(ref string) answer {
			return w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","idempotency_key":"`+ref+`"}`)
		},
		func(string) answer { return w.flyGet("/orders?page=x&limit=y") },
		func(string) answer { return w.flyGet("/orders?status=x&sort_by=y&from_date=z") },
		func(string) answer { return w.flyPost("/esims/order", `{"x":1,"y":2,"z":3}`) },
		func(string) answer { return w.flyGet("/esims?limit=100") },
		func(string) answer {
			return w.fly(http.MethodPut, "/webhooks", `{"webhook_url":"https://shop.example/other","events":["esim.status.changed","esim.provisioned"]}`)
		},
		func(ref string) answer { return w.story(w.storyBody(ref, 2)) },
		func(ref string) answer {
			return w.fxOrder(ref, `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`)
		},
		func(string) answer { return w.fxLogin() },
	}
	for i := range 200 {
		a := script[i%len(script)](fmt.Sprintf("ref-%d", i/len(script)))
		fmt.Fprintln(&b, i, a.status, a.err, len(a.header), a.header.Get("Date"), string(a.body))
		w.sim.Advance(time.Duration(i) * time.Minute)
	}
	for _, p := range allProviders() {
		s := w.sim.Server(p)
		fmt.Fprintln(&b, s.Ledger().Charges(), s.Deliveries(), s.Violations(), s.Balance())
	}
	fmt.Fprintln(&b, h.got, w.sim.Now(), w.sim.ESIMFly.SigningSecret(), w.sim.ESIMFly.AccessCode, w.sim.ESIMFly.SecretKey,
		w.sim.ESIMFly.WebhookSecret, w.sim.ESIMStory.AccessKey, w.sim.ESIMStory.SecretKey,
		w.sim.ESIMFX.ClientID, w.sim.ESIMFX.ClientKey, w.sim.ESIMFX.WebhookToken)
	return b.String()
}

func TestTheSameCallsGiveTheSameBytes(t *testing.T) {
	one, two, other := transcript(t, 5), transcript(t, 5), transcript(t, 6)
	assert.True(t, one == two, "two runs with one seed differ")
	assert.False(t, one == other, "two seeds make no difference")
	assert.Greater(t, len(one), 100_000)
}

// Each secret of a still clock is another one, and looks like those of
// ordinary runs.
func TestSecretsOfAStillClock(t *testing.T) {
	w := newDirectWire(t, simulator.WithClock(newYear))
	ordinary := simulator.ForTest(t, simulator.WithoutListeners())
	assert.Len(t, w.sim.ESIMFly.SecretKey, len(ordinary.ESIMFly.SecretKey))
	seen := map[string]bool{}
	for range 3 {
		seen[w.fxLogin().text(t, "data", "access_token")] = true
		a := w.fly(http.MethodPut, "/webhooks", `{"webhook_url":"https://shop.example/x","events":["esim.provisioned"]}`)
		seen[a.text(t, "webhook", "secret")] = true
	}
	seen[w.sim.ESIMFly.WebhookSecret] = true
	assert.Len(t, seen, 7)
	for s := range seen {
		assert.Contains(t, s, "_canary_")
	}
}

// What an order leaves behind is small enough for a million of them.
func TestOrdersAreSmall(t *testing.T) {
	const orders, limit = 4000, 2500
	for _, p := range []purchase{purchaseOf(esimtest.ESIMFly, "order"), purchaseOf(esimtest.ESIMStory, "order"), purchaseOf(esimtest.ESIMFX, "order")} {
		w := newDirectWire(t, simulator.WithClock(newYear), simulator.WithBalance("100000000"), simulator.WithTravel(-1, 0), simulator.WithPackages(20))
		w.http.Timeout = 0
		require.NoError(t, p.do(w, "first").err)
		before := heap()
		for i := range orders {
			require.NoError(t, p.do(w, fmt.Sprintf("reference-%08d", i)).err)
		}
		grown := heap() - before
		assert.Equal(t, orders+1, w.sim.Server(p.provider).Ledger().Count())
		t.Logf("%s: %d bytes an order", p.provider, grown/orders)
		assert.Less(t, grown/orders, int64(limit), p.provider)
	}
}

// heap is how many bytes are in use.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
