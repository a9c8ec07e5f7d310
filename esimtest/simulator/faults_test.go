package simulator_test

import (
	"bytes"
	"errors"
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

// TestFaultsAgainstTheLedger lets each purchase suffer each fault and compares
// what Commits says with what was charged.
func TestFaultsAgainstTheLedger(t *testing.T) {
	eachWay(t, func(t *testing.T, newWire maker) {
		for _, p := range purchases() {
			t.Run(string(p.provider)+"/"+p.op, func(t *testing.T) {
				t.Parallel()
				faultsAgainstTheLedger(t, newWire(t), p)
			})
		}
	})
}

func faultsAgainstTheLedger(t *testing.T, w *wire, p purchase) {
	t.Helper()
	server := w.sim.Server(p.provider)
	purchaseOf(p.provider, "order").do(w, "base")
	w.http.Timeout = 500 * time.Millisecond
	if _, ok := w.http.Transport.(direct); ok {
		w.http.Timeout /= 10 // nothing is slow there but what hangs
	}
	for _, kind := range esimtest.AllFaults() {
		if !kind.AppliesTo(p.provider, p.op) {
			continue
		}
		before, requests := server.Ledger().Count(), server.Requests(p.op)
		fault := esimtest.Fault{Kind: kind, Op: p.op, Delay: time.Millisecond}
		if kind == esimtest.FaultRefuse {
			fault.Delay = 0 // until Heal
		}
		server.Inject(fault)
		a := p.do(w, "ref-"+kind.String())
		server.Heal()
		charged := server.Ledger().Count() - before
		assert.Equal(t, kind.Commits(), charged == 1, "%s: %d charges, answer %d %v", kind, charged, a.status, a.err)
		if kind != esimtest.FaultRefuse {
			assert.Equal(t, 1, server.Requests(p.op)-requests, "%s: requests", kind)
		}
		checkMoney(t, server)
	}
	assert.Empty(t, server.Violations())
	assert.Empty(t, w.sim.Strays())
}

func purchaseOf(provider esim.Provider, op string) purchase {
	for _, p := range purchases() {
		if p.provider == provider && p.op == op {
			return p
		}
	}
	panic("no such purchase")
}

func TestWhatFaultsLookLike(t *testing.T) {
	eachWay(t, func(t *testing.T, newWire maker) { whatFaultsLookLike(t, newWire(t)) })
}

func whatFaultsLookLike(t *testing.T, w *wire) {
	t.Helper()
	f := w.sim.ESIMFly
	balance := func(kind esimtest.FaultKind, change func(*esimtest.Fault)) answer {
		fault := esimtest.Fault{Kind: kind, Op: "balance"}
		if change != nil {
			change(&fault)
		}
		f.Inject(fault)
		defer f.Heal()
		return w.flyGet("/balance")
	}
	plain := func(kind esimtest.FaultKind) answer { return balance(kind, nil) }

	assert.Error(t, plain(esimtest.FaultCutBeforeCommit).err)
	assert.Error(t, plain(esimtest.FaultCutAfterCommit).err)
	half := plain(esimtest.FaultHalfBody)
	assert.ErrorContains(t, half.err, "unexpected EOF")
	assert.Equal(t, 200, half.status)
	truncated := plain(esimtest.FaultTruncatedJSON)
	assert.NoError(t, truncated.err)
	assert.Equal(t, []string(nil), truncated.header["Content-Length"])
	assert.True(t, bytes.HasPrefix(truncated.body, []byte(`{"success":true`)) && !bytes.HasSuffix(truncated.body, []byte("}}")))

	assert.Equal(t, `{"success":false,"error":"Internal server error"}`, string(plain(esimtest.Fault500Before).body))
	assert.Equal(t, 502, plain(esimtest.Fault502HTMLAfter).status)
	assert.Equal(t, "text/html", plain(esimtest.Fault502HTMLBefore).header.Get("Content-Type"))
	busy := balance(esimtest.Fault503Before, func(f *esimtest.Fault) { f.RetryAfter = 1500 * time.Millisecond })
	assert.Equal(t, "2", busy.header.Get("Retry-After"))

	redirect := plain(esimtest.FaultRedirectAfter)
	assert.Equal(t, 307, redirect.status)
	assert.True(t, strings.HasPrefix(redirect.header.Get("Location"), "http://localhost:"))
	assert.Equal(t, 302, balance(esimtest.FaultRedirectBefore, func(f *esimtest.Fault) { f.Status = 302 }).status)

	assert.Empty(t, plain(esimtest.FaultEmpty200).body)
	assert.Equal(t, "text/html", plain(esimtest.FaultHTML200).header.Get("Content-Type"))
	assert.Equal(t, "null", string(plain(esimtest.FaultNull).body))
	assert.Equal(t, "{}", string(plain(esimtest.FaultEmptyObject).body))
	assert.Equal(t, `{"success":false,"success":true,"data":{"balance":10000.00,"currency":"USD"}}`, string(plain(esimtest.FaultDuplicateKeys).body))
	assert.Equal(t, `{"Success":true,"Data":{"balance":10000.00,"currency":"USD"}}`, string(plain(esimtest.FaultWrongCase).body))
	assert.True(t, bytes.HasSuffix(plain(esimtest.FaultTrailingData).body, []byte(`}}{"success":false}`)))
	assert.Equal(t, "text/html; charset=utf-8", plain(esimtest.FaultWrongContentType).header.Get("Content-Type"))
	assert.Greater(t, len(plain(esimtest.FaultDeepJSON).body), 200_000)
	flood := 0
	for k := range plain(esimtest.FaultHeaderFlood).header {
		flood += len(k) + 1000
	}
	assert.Greater(t, flood, 1<<20)
	slow := balance(esimtest.FaultSlowBody, func(f *esimtest.Fault) { f.Delay = 100 * time.Microsecond })
	assert.Equal(t, "10000.00", slow.at(t, "data", "balance"))
	assert.Empty(t, f.Violations())
}

func TestBigBodies(t *testing.T) {
	w := newWire(t)
	for _, kind := range []esimtest.FaultKind{esimtest.FaultHugeBody, esimtest.FaultGzipBomb} {
		w.sim.ESIMFX.Inject(esimtest.Fault{Kind: kind, Op: "profile"})
		n, tail := w.count(w.sim.ESIMFX.URL()+"/account/api/v1/reseller/get_profile", map[string]string{"Authorization": "Bearer " + w.fxToken()})
		assert.Greater(t, n, int64(100<<20), kind)
		assert.Equal(t, "}}", tail, "it ends in the answer")
	}
}

func TestRefuseUntilHeal(t *testing.T) {
	w := newWire(t)
	s := w.sim.ESIMStory
	require.Equal(t, 201, w.story(w.storyBody("one", 1)).status)
	url := s.URL()
	s.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
	for range 3 {
		assert.ErrorIs(t, w.story(w.storyBody("two", 1)).err, syscall.ECONNREFUSED)
	}
	s.Heal()
	assert.Equal(t, url, s.URL())
	assert.Equal(t, 201, w.story(w.storyBody("two", 1)).status)
	assert.Equal(t, 2, s.Ledger().Count())
}

func TestRefuseForAWhile(t *testing.T) {
	w := newWire(t)
	w.sim.ESIMStory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse, Delay: 30 * time.Millisecond})
	require.ErrorIs(t, w.story(w.storyBody("a", 1)).err, syscall.ECONNREFUSED)
	assert.Eventually(t, func() bool { return w.story(w.storyBody("a", 1)).status == 201 }, 5*time.Second, 10*time.Millisecond)
}

func TestResetOnAccept(t *testing.T) {
	w := newWire(t)
	require.Equal(t, 200, w.flyGet("/balance").status)
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultResetOnAccept, Times: 2})
	order := func() answer { return w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`) }
	assert.Error(t, order().err)
	assert.Error(t, order().err)
	assert.Equal(t, 200, order().status)
	assert.Equal(t, 1, w.sim.ESIMFly.Ledger().Count())
}

func TestSkipTimesAndOp(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	f.Inject(esimtest.Fault{Kind: esimtest.Fault500Before, Op: "orders", Skip: 1, Times: 2})
	var got []int
	for range 5 {
		got = append(got, w.flyGet("/orders").status)
		assert.Equal(t, 200, w.flyGet("/balance").status)
	}
	assert.Equal(t, []int{200, 500, 500, 200, 200}, got)
	assert.Equal(t, 5, f.Requests("orders"))
	assert.Equal(t, 10, f.Requests(""))
}

func TestHangEndsWithTheClient(t *testing.T) {
	for _, kind := range []esimtest.FaultKind{esimtest.FaultHang, esimtest.FaultHangAfterCommit} {
		w := newWire(t)
		w.http.Timeout = 50 * time.Millisecond
		w.sim.ESIMStory.Inject(esimtest.Fault{Kind: kind})
		a := w.story(w.storyBody("x", 1))
		var timeout interface{ Timeout() bool }
		require.True(t, errors.As(a.err, &timeout) && timeout.Timeout(), "%v", a.err)
	}
}

func TestCloseEndsWhatHangs(t *testing.T) {
	w := newWire(t)
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultHang})
	done := make(chan answer)
	go func() { done <- w.flyGet("/balance") }()
	assert.Eventually(t, func() bool { return w.sim.ESIMFly.Requests("balance") == 1 }, 5*time.Second, time.Millisecond)
	w.sim.Close()
	assert.Error(t, (<-done).err)
}

func TestDelayKeepsTheReferenceInFlight(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	f.Inject(esimtest.Fault{Kind: esimtest.FaultDelay, Op: "order", Delay: 400 * time.Millisecond})
	body := `{"packageCode":"PHAJHEAYP","idempotency_key":"k"}`
	first := make(chan answer)
	go func() { first <- w.flyPost("/esims/order", body) }()
	require.Eventually(t, func() bool { return f.Requests("order") == 1 }, 5*time.Second, time.Millisecond)
	time.Sleep(50 * time.Millisecond) // a request is counted a moment before it takes its key
	second := w.flyPost("/esims/order", body)
	assert.Equal(t, http.StatusConflict, second.status)
	assert.Equal(t, "DUPLICATE_REQUEST", second.at(t, "code"))
	assert.Equal(t, 200, (<-first).status)
	assert.Equal(t, 1, f.Ledger().Count())
}

func TestThrottling(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	for format, layout := range map[esimtest.ResetFormat]string{
		esimtest.ResetISO: `^20\d\d-.*Z$`, esimtest.ResetUnix: `^\d{10}$`, esimtest.ResetUnixMilli: `^\d{13}$`, esimtest.ResetDelta: `^90$`,
	} {
		f.Inject(esimtest.Fault{Kind: esimtest.Fault429, Status: 401, RetryAfter: 90 * time.Second, Reset: format})
		a := w.flyGet("/balance")
		assert.Equal(t, 401, a.status)
		assert.Equal(t, "RATE_LIMIT_EXCEEDED", a.at(t, "code"))
		assert.Equal(t, "90", a.header.Get("Retry-After"))
		assert.Equal(t, "0", a.header.Get("X-RateLimit-Remaining"))
		assert.Regexp(t, layout, a.header.Get("X-RateLimit-Reset"))
	}
	assert.Equal(t, "999", w.flyGet("/balance").header.Get("X-RateLimit-Remaining"))

	w.sim.ESIMStory.Inject(esimtest.Fault{Kind: esimtest.Fault429})
	a := w.story(w.storyBody("a", 1))
	assert.Equal(t, 429, a.status)
	assert.Empty(t, a.header.Get("Retry-After"))
}

func TestRateLimitOption(t *testing.T) {
	w := newWire(t, simulator.WithRateLimit(3))
	var got []int
	for range 5 {
		got = append(got, w.flyGet("/balance").status)
	}
	assert.Equal(t, []int{200, 200, 200, 429, 429}, got)
	w.sim.Advance(time.Minute)
	assert.Equal(t, 200, w.flyGet("/balance").status)
}

func TestClockSkewTellsTheServersTime(t *testing.T) {
	w := newWire(t)
	for _, p := range []purchase{purchaseOf(esimtest.ESIMFly, "order"), purchaseOf(esimtest.ESIMStory, "order")} {
		s := w.sim.Server(p.provider)
		s.Inject(esimtest.Fault{Kind: esimtest.FaultClockSkew, Skew: -time.Hour})
		a := p.do(w, "skew")
		assert.Equal(t, 401, a.status)
		date, err := http.ParseTime(a.header.Get("Date"))
		require.NoError(t, err)
		assert.WithinDuration(t, time.Now().Add(-time.Hour), date, time.Minute)
		assert.Equal(t, 0, s.Ledger().Count())
	}
	// A client that corrects itself is understood, until Heal.
	assert.Equal(t, 200, w.flyAt(-time.Hour).status)
	w.sim.ESIMFly.Heal()
	assert.Equal(t, "INVALID_TIMESTAMP", w.flyAt(-time.Hour).at(t, "code"))
}

func TestPagesWithHoles(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	f.Inject(esimtest.Fault{Kind: esimtest.FaultTruncatedPage})
	f.Inject(esimtest.Fault{Kind: esimtest.FaultEmptyPage})
	assert.Equal(t, 200, w.flyGet("/balance").status, "not a list, so it passes")
	assert.Len(t, w.flyGet("/esims/packages?limit=100").rows(t, "data", "packages"), 50)
	empty := w.flyGet("/esims/packages?limit=100")
	assert.Empty(t, empty.rows(t, "data", "packages"))
	assert.Equal(t, "320", empty.at(t, "data", "pagination", "total"))
	assert.Len(t, w.flyGet("/esims/packages?limit=100").rows(t, "data", "packages"), 100, "the kept page is whole")
}

func TestStrays(t *testing.T) {
	w := newWire(t)
	w.http.CheckRedirect = nil
	w.sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultRedirectAfter, Op: "order"})
	w.fxNewIgnoringAnswer("k")
	assert.Equal(t, []string{"POST /order/api/v1/create_order"}, w.sim.Strays())
}

func TestSchedulesAreTheSameEachTime(t *testing.T) {
	run := func(seed int64) (pattern []bool) {
		w := newWire(t, simulator.WithSeed(seed))
		s := w.sim.ESIMStory
		s.Schedule(esimtest.Schedule{Rate: 0.3, Kinds: []esimtest.FaultKind{esimtest.Fault500Before, esimtest.Fault500After, esimtest.FaultStaleToken}})
		for i := range 200 {
			a := w.story(w.storyBody("ref-"+string(rune('a'+i%26))+strings.Repeat("x", i/26), 1))
			pattern = append(pattern, a.status == 500)
		}
		return pattern
	}
	one, two, other := run(7), run(7), run(8)
	assert.Equal(t, one, two)
	assert.NotEqual(t, one, other)
	hits := 0
	for _, hit := range one {
		if hit {
			hits++
		}
	}
	assert.InDelta(t, 60, hits, 25)
}

// TestScheduleUnderConcurrency: how many requests suffer does not depend on
// the order in which they arrive.
func TestScheduleUnderConcurrency(t *testing.T) {
	run := func() int {
		w := newWire(t)
		w.sim.ESIMFly.Schedule(esimtest.Schedule{Op: "balance", Rate: 0.5, Kinds: []esimtest.FaultKind{esimtest.Fault503Before}})
		var (
			mu   sync.Mutex
			hits int
			all  sync.WaitGroup
		)
		for range 8 {
			all.Go(func() {
				for range 25 {
					if w.flyGet("/balance").status == 503 {
						mu.Lock()
						hits++
						mu.Unlock()
					}
				}
			})
		}
		all.Wait()
		return hits
	}
	first, second := run(), run()
	assert.Equal(t, first, second)
	assert.Positive(t, first)
}

func TestNamesOfFaults(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range esimtest.AllFaults() {
		assert.NotEqual(t, "unknown", k.String())
		assert.False(t, seen[k.String()], k.String())
		seen[k.String()] = true
	}
	assert.Equal(t, "unknown", esimtest.FaultKind(0).String())
	assert.False(t, esimtest.FaultKind(-1).Commits())
}
