package simulator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// observation is what shows a world on the wire: the same steps end otherwise
// than without it.
type observation struct {
	see     func(w *wire, p esim.Provider) string
	world   string
	usual   string
	options []simulator.Option
}

func TestWorldsShowOnTheWire(t *testing.T) {
	seen := observations()
	var names []string
	for _, world := range simulator.Worlds() {
		names = append(names, world.Name)
		o, ok := seen[world.Name]
		if !assert.True(t, ok, "nobody has seen %s", world) {
			continue
		}
		t.Run(world.Name, func(t *testing.T) {
			t.Parallel()
			require.NotEqual(t, o.usual, o.world)
			usual := newWire(t, o.options...)
			assert.Equal(t, o.usual, o.see(usual, world.Provider), "without a world")
			checkMoney(t, usual.sim.Server(world.Provider))
			w := newWire(t, append(o.options, simulator.WithWorld(world))...)
			assert.Equal(t, o.world, o.see(w, world.Provider), "%s", world.Does)
			checkMoney(t, w.sim.Server(world.Provider))
		})
	}
	for name := range maps.Keys(seen) {
		assert.Contains(t, names, name, "a world that does not exist")
	}
}

// A fault plays on the answer that the world has given.
func TestWorldsUnderFaults(t *testing.T) {
	fly, story := esimtest.ESIMFly, esimtest.ESIMStory
	tests := map[string]struct {
		world string
		fault esimtest.Fault
		want  string
	}{
		"the answer is cut": {
			"esimfly/failed-charged",
			esimtest.Fault{Kind: esimtest.FaultCutAfterCommit},
			"no answer, 200, 200 duplicate; 2 charged",
		},
		"the request does not get there": {
			"esimfly/failed-charged",
			esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit},
			"no answer, 500 ORDER_PROCESSING_ERROR, 200; 2 charged",
		},
		"a gateway speaks instead": {
			"esimfly/failed-charged",
			esimtest.Fault{Kind: esimtest.Fault502HTMLAfter, Skip: 1},
			"500 ORDER_PROCESSING_ERROR, 502 no JSON, 200 duplicate; 2 charged",
		},
		"the provider itself fails again": {
			"esimfly/failed-charged",
			esimtest.Fault{Kind: esimtest.Fault500After, Skip: 1},
			"500 ORDER_PROCESSING_ERROR, 500 ORDER_PROCESSING_ERROR, 200; 3 charged",
		},
		"the provider itself fails where failures keep the id": {
			"esimstory/failed-charged-kept",
			esimtest.Fault{Kind: esimtest.FaultErrorAfter},
			"422 API connection error (Order ID: 52731), 422 External order id has already been taken, " +
				"422 External order id has already been taken; 1 charged",
		},
		"the provider itself fails on a replay": {
			"esimfly/failed-uncharged",
			esimtest.Fault{Kind: esimtest.Fault500After, Skip: 2},
			"500 ORDER_PROCESSING_ERROR, 200, 500 ORDER_PROCESSING_ERROR; 1 charged",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := fly
			if strings.HasPrefix(test.world, string(story)) {
				p = story
			}
			w := newWire(t, simulator.WithWorld(simulator.WorldNamed(test.world)))
			test.fault.Op = "order"
			w.sim.Server(p).Inject(test.fault)
			assert.Equal(t, test.want, thrice(w, p))
			checkMoney(t, w.sim.Server(p))
		})
	}
}

// Whatever fault hits a purchase or its repeat, a world charges twice only if
// it says so.
func TestWorldsChargeTwiceOnlyIfTheySaySo(t *testing.T) {
	slow := []esimtest.FaultKind{
		esimtest.FaultRefuse, esimtest.FaultHang, esimtest.FaultHangAfterCommit, esimtest.FaultSlowBody, esimtest.FaultGzipBomb,
		esimtest.FaultHugeBody, esimtest.FaultDeepJSON, esimtest.FaultHeaderFlood,
	}
	kinds := slices.DeleteFunc(esimtest.AllFaults(), func(k esimtest.FaultKind) bool { return slices.Contains(slow, k) })
	for _, world := range simulator.Worlds() {
		t.Run(world.Name, func(t *testing.T) {
			t.Parallel()
			w := newWire(t, simulator.WithWorld(world))
			s := w.sim.Server(world.Provider)
			w.fxToken()
			most := 0
			for _, kind := range kinds {
				for skip := range 2 {
					ref := fmt.Sprintf("%s-%d", kind, skip)
					s.Inject(esimtest.Fault{Kind: kind, Op: "order", Skip: skip})
					for range 2 {
						w.order(world.Provider, ref)
					}
					w.sim.Advance(31 * time.Second)
					w.order(world.Provider, ref)
					s.Heal()
					most = max(most, len(s.Ledger().ByReference(ref)))
				}
			}
			checkMoney(t, s)
			if !world.Recharges {
				assert.LessOrEqual(t, most, 1)
			} else if !strings.Contains(world.Name, "in-progress") && world.Name != "esimfly/request-id-late" {
				assert.Greater(t, most, 1)
			}
		})
	}
}

// A compressed answer is cut like any other.
func TestCompressedAnswerIsSpoilt(t *testing.T) {
	w := newWire(t, simulator.WithWorld(simulator.WorldNamed("esimfly/gzip")))
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultWrongCase, Op: "order"})
	a := w.order(esimtest.ESIMFly, "r")
	assert.True(t, a.at(t, "Success") == true, "changed first, then compressed: %s", a.body)
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultHalfBody, Op: "order"})
	cut := w.order(esimtest.ESIMFly, "s", change{"Accept-Encoding": "gzip"})
	assert.Equal(t, "gzip", cut.header.Get("Content-Encoding"))
	require.Error(t, cut.err)
	assert.Equal(t, 2, w.sim.ESIMFly.Ledger().Count())
}

// Top-ups of eSIMfly have no key, so that each is a purchase; what fails is the
// first one of an eSIM and a package.
func TestWorldsOfTopUps(t *testing.T) {
	for name, want := range map[string]string{
		"esimfly/failed-charged":   "500, 200, 200; 5 charged",
		"esimfly/failed-uncharged": "500, 200, 200; 3 charged",
		"esimfly/429-charged":      "429 RATE_LIMIT_EXCEEDED, 200, 200; 4 charged",
		"esimfly/gateway-charged":  "502 no JSON, 200, 200; 4 charged",
		"esimfly/keys-ignored":     "200, 200, 200; 5 charged",
	} {
		w := newWire(t, simulator.WithWorld(simulator.WorldNamed(name)))
		f := w.sim.ESIMFly
		w.order(esimtest.ESIMFly, "r")
		w.order(esimtest.ESIMFly, "r")
		orders := f.Ledger().Count()
		iccid := f.Ledger().Charges()[0].ICCIDs[0]
		var answers []answer
		for range 3 {
			answers = append(answers, w.flyPost("/topup/order", `{"iccid":"`+iccid+`","packageCode":"TOPUP_PHAJHEAYP"}`))
		}
		assert.Equal(t, want, w.summary(esimtest.ESIMFly, answers...), "%s, after %d orders", name, orders)
		checkMoney(t, f.Server)
	}
}

// Worlds of one provider hold together and leave the others alone.
func TestWorldsTogether(t *testing.T) {
	w := newWire(t, simulator.WithWorld(simulator.WorldNamed("esimfly/failed-charged"), simulator.WorldNamed("esimfly/clock-ahead")))
	assert.Equal(t, "500 ORDER_PROCESSING_ERROR, 200, 200 duplicate; 2 charged", thrice(w, esimtest.ESIMFly))
	assert.Equal(t, "4m0s, 200 duplicate; 2 charged", clockOf(w, esimtest.ESIMFly))
	assert.Equal(t, "200 0, 200 0, 200 0; 1 charged", thrice(w, esimtest.ESIMFX))
}

func TestWorldsAreDescribed(t *testing.T) {
	names := map[string]bool{}
	for _, w := range simulator.Worlds() {
		assert.True(t, strings.HasPrefix(w.Name, string(w.Provider)+"/"), w.Name)
		assert.False(t, names[w.Name], "%s is there twice", w)
		names[w.Name] = true
		assert.Regexp(t, `^[A-Z].*\.$`, w.Does, w.Name)
		assert.Equal(t, w.Name, simulator.WorldNamed(w.Name).Name)
		assert.Equal(t, w.Name, w.String())
	}
	assert.Panics(t, func() { simulator.WorldNamed("esimfly/no-such-world") })
}

// brief is an answer in a few words: its status, and what was refused or
// repeated.
func brief(a answer) string {
	if a.err != nil {
		return "no answer"
	}
	var v struct {
		Duplicate bool
		Code      any
		Errors    []string
	}
	text := strconv.Itoa(a.status)
	if json.Unmarshal(a.body, &v) != nil {
		return text + " no JSON"
	}
	if v.Duplicate {
		text += " duplicate"
	}
	if v.Code != nil {
		text += fmt.Sprintf(" %v", v.Code)
	}
	if v.Errors != nil {
		text += " " + v.Errors[0]
	}
	return text
}

// order buys under a reference.
func (w *wire) order(p esim.Provider, ref string, changes ...change) answer {
	switch p {
	case esimtest.ESIMFly:
		return w.fly("POST", "/esims/order", `{"packageCode":"PHAJHEAYP","quantity":1,"idempotency_key":"`+ref+`"}`, changes...)
	case esimtest.ESIMStory:
		return w.story(w.storyBody(ref, 1), changes...)
	default:
		changes = append(changes, change{"X-Idempotency-Key": ref})
		return w.fxCall("POST", "/order/api/v1/create_order", `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`, changes...)
	}
}

// summary sums up answers and the ledger.
func (w *wire) summary(p esim.Provider, answers ...answer) string {
	var list []string
	for _, a := range answers {
		list = append(list, brief(a))
	}
	return strings.Join(list, ", ") + "; " + strconv.Itoa(w.sim.Server(p).Ledger().Count()) + " charged"
}

// thrice buys three times under one reference.
func thrice(w *wire, p esim.Provider) string {
	return w.summary(p, w.order(p, "r"), w.order(p, "r"), w.order(p, "r"))
}

// later buys again after 31 seconds.
func later(w *wire, p esim.Provider) string {
	first := w.order(p, "r")
	w.sim.Advance(31 * time.Second)
	return w.summary(p, first, w.order(p, "r"))
}

// atOnce buys twice at one time.
func atOnce(w *wire, p esim.Provider) string {
	w.fxToken()
	answers := make([]answer, 2)
	var both sync.WaitGroup
	for i := range answers {
		both.Go(func() { answers[i] = w.order(p, "r") })
	}
	both.Wait()
	slices.SortFunc(answers, func(a, b answer) int { return strings.Compare(brief(a), brief(b)) })
	return w.summary(p, answers...)
}

func slow() []simulator.Option {
	return []simulator.Option{simulator.WithProcessingTime(time.Second)}
}

// poorFirst buys without money, then with some.
func poorFirst(w *wire, p esim.Provider) string {
	s := w.sim.Server(p)
	s.SetBalance("0")
	first := w.order(p, "r")
	s.SetBalance("100")
	return w.summary(p, first, w.order(p, "r"))
}

// poorLater repeats an order when the money has gone.
func poorLater(w *wire, p esim.Provider) string {
	first := w.order(p, "r")
	w.sim.Server(p).SetBalance("0")
	return w.summary(p, first, w.order(p, "r"))
}

// broke buys from an account without a balance.
func broke(w *wire, p esim.Provider) string {
	return w.summary(p, w.order(p, "r"))
}

// lostBefore repeats an order that never got further than the credentials.
func lostBefore(w *wire, p esim.Provider) string {
	w.sim.Server(p).Inject(esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit, Op: "order"})
	return w.summary(p, w.order(p, "r"), w.order(p, "r"))
}

// sameID sends an order that is refused for its signature, and then a good one
// with the same request id.
func sameID(w *wire, p esim.Provider) string {
	body := `{"packageCode":"PHAJHEAYP","quantity":1}`
	h := w.flyHeaders(body)
	good := h["RT-Signature"]
	h["RT-Signature"] = strings.Repeat("0", 64)
	url := w.sim.ESIMFly.URL() + "/esims/order"
	first := w.send("POST", url, body, h)
	h["RT-Signature"] = good
	return w.summary(p, first, w.send("POST", url, body, h))
}

// refusedID repeats a refused order with its request id.
func refusedID(w *wire, p esim.Provider) string {
	body := `{"packageCode":"PHAJHEAYP","quantity":1,"idempotency_key":"` + uuid.NewString() + `"}`
	h := w.flyHeaders(body)
	url := w.sim.ESIMFly.URL() + "/esims/order"
	w.sim.ESIMFly.SetBalance("0")
	first := w.send("POST", url, body, h)
	w.sim.ESIMFly.SetBalance("100")
	again := w.send("POST", url, body, h)
	return w.summary(p, first, again, w.send("POST", url, body, h))
}

// codings asks with gzip, without it, and without saying.
func codings(w *wire, p esim.Provider) string {
	var list []string
	for i, accept := range []string{"br, gzip", "gzip;q=0, identity", "*"} {
		a := w.order(p, "r"+strconv.Itoa(i), change{"Accept-Encoding": accept})
		coding := a.header.Get("Content-Encoding")
		if coding == "" {
			coding = "plain"
		}
		list = append(list, coding)
	}
	return strings.Join(list, ", ")
}

// clockOf is how far the provider's clock is off, and what an order gets.
func clockOf(w *wire, p esim.Provider) string {
	w.fxToken()
	a := w.order(p, "r")
	date, err := time.Parse(time.RFC1123, a.header.Get("Date"))
	require.NoError(w.t, err)
	return date.Sub(w.sim.Now()).Round(time.Minute).String() + ", " + w.summary(p, a)
}

// delivered is how an eSIM is written: its ICCID with digits as 9, and its
// code with the matching id as ID.
func delivered(w *wire, p esim.Provider) string {
	r := newReceiver(w.t)
	w.sim.Server(p).SetWebhook(r.URL)
	a := w.order(p, "r")
	iccid, code := "", ""
	switch p {
	case esimtest.ESIMFly:
		iccid, code = a.text(w.t, "esims", 0, "iccid"), a.text(w.t, "esims", 0, "lpaString")
		usage := w.flyGet("/esims/usage/query?iccid=" + strings.ReplaceAll(iccid, " ", "%20"))
		require.Equal(w.t, 200, usage.status, "the provider knows its own writing")
		require.Equal(w.t, iccid, usage.text(w.t, "data", "esim", "iccid"))
	case esimtest.ESIMStory:
		w.sim.Advance(time.Minute)
		got := r.take()
		require.Len(w.t, got, 1)
		iccid, code = fmt.Sprint(got[0].body["iccid"]), fmt.Sprint(got[0].body["download_link"])
	default:
		iccid, code = a.text(w.t, "data", "esim", "iccid"), a.text(w.t, "data", "esim", "esim_qr")
		status := w.fxGet("/order/api/v1/get_esim_status?iccid=" + strings.ReplaceAll(iccid, " ", "%20"))
		require.Equal(w.t, iccid, status.text(w.t, "data", "iccid"), "the provider knows its own writing")
	}
	digits := regexp.MustCompile(`[0-9]`).ReplaceAllString(iccid, "9")
	for _, secret := range w.sim.Secrets() {
		if len(secret) == 32 {
			code = strings.ReplaceAll(code, secret, "ID")
		}
	}
	return digits + " " + strconv.Quote(code)
}

// webhooks counts them with the answer to an order, then after 3 seconds, 5
// minutes and 7 hours.
func webhooks(w *wire, p esim.Provider) string {
	r := newReceiver(w.t)
	s := w.sim.Server(p)
	s.SetWebhook(r.URL)
	switch p {
	case esimtest.ESIMFly:
		w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`)
	case esimtest.ESIMStory:
		w.order(p, "r")
	default:
		w.order(p, "r")
		s.UseData(s.Ledger().Charges()[0].ICCIDs[0], 1)
	}
	var list []string
	for _, pause := range []time.Duration{0, 3 * time.Second, 5 * time.Minute, 7 * time.Hour} {
		if pause != 0 {
			w.sim.Advance(pause)
		}
		list = append(list, strconv.Itoa(len(s.Deliveries())))
	}
	return strings.Join(list, " ")
}

// still is a clock that only the test moves, and travellers who stay at home.
func still() []simulator.Option {
	return []simulator.Option{simulator.WithClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)), simulator.WithTravel(-1, 0)}
}

// listed is how many rows of how many a page holds, and one of its cells.
func listed(w *wire, p esim.Provider) string {
	if p == esimtest.ESIMFly {
		a := w.flyGet("/esims/packages?limit=10")
		w.order(p, "r1")
		w.order(p, "r2")
		orders := w.flyGet("/orders")
		return fmt.Sprintf("%d of %v, %d of %v", len(a.rows(w.t, "data", "packages")), a.at(w.t, "data", "pagination", "total"),
			len(orders.rows(w.t, "data", "orders")), orders.at(w.t, "data", "pagination", "total"))
	}
	a := w.fxCall("POST", "/product/api/v2/get_products", `{"page_start":{},"page_size":10}`)
	return fmt.Sprintf("%d of 10", len(a.rows(w.t, "data", "products")))
}

// cells is what three rows say in turn.
func cells(w *wire, p esim.Provider) string {
	a, names := answer{}, []string{"cost", "validity_days", "package_code"}
	path := []any{"data", "packages"}
	if p == esimtest.ESIMFly {
		a = w.flyGet("/esims/packages?limit=6")
	} else {
		a = w.fxCall("POST", "/product/api/v2/get_products", `{"page_start":{},"page_size":6}`)
		names, path = []string{"price", "duration", "id"}, []any{"data", "products"}
	}
	require.Len(w.t, a.rows(w.t, path...), 6)
	var list []string
	for _, i := range []int{0, 1, 2, 3, 4} {
		for _, name := range names {
			_, number := a.at(w.t, append(path, i, name)...).(string)
			if v := a.at(w.t, append(path, i, name)...); v == nil || v == "on request" || v == "a month" || !number {
				list = append(list, fmt.Sprintf("%d %s %v", i, name, v))
			}
		}
	}
	return strings.Join(list, ", ")
}
