package simulator

import (
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest/internal/random"
)

var aDay = time.Date(2026, time.March, 1, 8, 0, 0, 0, time.UTC)

// shrug takes every webhook.
type shrug struct{}

func (shrug) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, nil
}

func quiet(t *testing.T, opts ...Option) *Simulator {
	t.Helper()
	return ForTest(t, append([]Option{
		WithClock(aDay), WithoutListeners(), WithBalance("1000000"),
		WithWebhookClient(&http.Client{Transport: shrug{}}), WithWebhookURL("https://shop.example/"),
	}, opts...)...)
}

// snapshot is what the passing of time may change of an eSIM.
type snapshot struct {
	sim     sim
	bundles []bundle
}

func snapshotOf(s *sim) snapshot {
	c := snapshot{sim: *s}
	c.sim.bundles, c.sim.daily, c.sim.dueAt, c.sim.index = nil, nil, time.Time{}, 0
	for _, b := range s.bundles {
		c.bundles = append(c.bundles, *b)
		c.bundles[len(c.bundles)-1].minutes = 0 // shows nowhere
	}
	return c
}

// dice are throws that look random and are the same in every run.
type dice struct {
	seed int64
	n    uint64
}

func (d *dice) throw(sides int) int {
	d.n++
	return int(random.Draw(d.seed, d.n) % uint64(sides))
}

func one(d *dice, list []*sim) *sim { return list[d.throw(len(list))] }

// TestNothingIsLeftToSettle lets eSIMs live at random and, whenever time has
// passed, looks at all of them: those that the heap left out must have had
// nothing coming.
func TestNothingIsLeftToSettle(t *testing.T) {
	for seed := range int64(12) {
		for name, travel := range map[string]Option{
			"travellers": WithTravel(2*time.Hour, 1<<30), "idle ones": WithTravel(time.Hour, 0), "nobody": WithTravel(-1, 64<<20),
		} {
			s := quiet(t, WithSeed(seed), travel)
			d := &dice{seed: seed}
			for step := range 150 {
				live(t, s, d, step)
				s.Advance([]time.Duration{0, time.Second, time.Hour, 7 * time.Hour, 100 * time.Hour, 40 * 24 * time.Hour}[d.throw(6)])
				nothingLeft(t, s, name)
			}
			assert.Empty(t, s.Violations())
		}
	}
}

func nothingLeft(t *testing.T, s *Simulator, name string) {
	t.Helper()
	now, waiting := s.Now(), len(s.clock.tasks)
	for _, x := range s.ESIMFly.esims {
		before := snapshotOf(x)
		s.ESIMFly.refresh(x, now)
		require.Equal(t, before, snapshotOf(x), name)
	}
	for _, x := range s.ESIMFX.esims {
		before := snapshotOf(x)
		s.ESIMFX.refresh(x, now)
		require.Equal(t, before, snapshotOf(x), name)
	}
	require.Len(t, s.clock.tasks, waiting, "%s: webhooks that should have been sent", name)
}

// live does one thing to the eSIMs.
func live(t *testing.T, s *Simulator, d *dice, step int) {
	t.Helper()
	fly, fx := s.ESIMFly, s.ESIMFX
	c := &call{op: "order", srv: fly.Server, now: s.Now()}
	if step < 4 {
		liveBuying(t, s, d, step)
		return
	}
	switch d.throw(12) {
	case 0, 1:
		liveBuying(t, s, d, step)
	case 2:
		x := one(d, fly.esims)
		fly.use(x.iccid, int64(d.throw(1<<30)))
	case 3:
		x := one(d, fx.esims)
		fx.use(x.iccid, int64(d.throw(20<<30)))
	case 4:
		x := one(d, fly.esims)
		if x.delivered(s.Now()) && fly.toppable(x) {
			it, _ := fly.catalogue.find(x.item.id)
			_, _, made := fly.topUp(c, x, it, 1)
			require.True(t, made)
		}
	case 5:
		x := one(d, fx.esims)
		if fxESIMStatus(x, s.Now()) != "BLOCKED" {
			fx.buy("top-up "+strconv.Itoa(step), fxRequest{"TOPUP", x.item.id, x.iccid})
		}
	case 6:
		x := one(d, fly.esims)
		if x.delivered(s.Now()) && !x.cancelled && !x.installed() {
			fly.cancel(fly.byRef[x.order], []*sim{x}, 0)
		}
	case 7:
		o := fx.orders[d.throw(len(fx.orders))]
		fx.postTerminate(&call{op: "terminate", srv: fx.Server, now: s.Now(), body: []byte(`{"order_id":"` + o.id + `"}`)})
	case 8:
		o := fx.orders[d.throw(len(fx.orders))]
		fx.postActivate(&call{op: "activate", srv: fx.Server, now: s.Now(), body: []byte(`{"order_id":"` + o.id + `"}`)})
	case 9:
		x := one(d, fly.esims)
		if x.item.network && x.delivered(s.Now()) {
			word := []string{"suspend", "activate"}[d.throw(2)]
			fly.postSuspend(&call{op: "suspend", srv: fly.Server, now: s.Now(), body: []byte(`{"iccid":"` + x.iccid + `","action":"` + word + `"}`)})
		}
	case 10:
		fly.HoldProvisioning(d.throw(2) == 0)
	case 11:
		x := one(d, fly.esims)
		if o := fly.byRef[x.order]; o.pending(s.Now()) {
			fly.FailOrder(o.reference)
		}
	}
}

// liveBuying buys one that is delivered at once, one that is not, and one at
// eSIMfx.
func liveBuying(t *testing.T, s *Simulator, d *dice, step int) {
	t.Helper()
	c := &call{op: "order", srv: s.ESIMFly.Server, now: s.Now()}
	id := []string{"PHAJHEAYP", "RB85_4D", "merhaba-7days-1gb", "japan-unlimited-7days"}[d.throw(4)]
	_, _, made := s.ESIMFly.buy(c, flyOrderRequest{packageCode: id, quantity: 1 + d.throw(2)})
	require.True(t, made)
	_, _, made = s.ESIMFX.buy("new "+strconv.Itoa(step), fxRequest{"NEW", "esimfx_10G_7D_JP", ""})
	require.True(t, made)
}

// A plan that was waiting begins when the one before it is ended by hand, and
// one that was ended by hand before it began never does.
func TestTerminatedPlansMakeWay(t *testing.T) {
	s := quiet(t, WithTravel(-1, 0))
	fx := s.ESIMFX
	fx.buy("one", fxRequest{"NEW", "esimfx_10G_7D_JP", ""})
	x := fx.esims[0]
	fx.buy("two", fxRequest{"TOPUP", x.item.id, x.iccid})
	fx.buy("three", fxRequest{"TOPUP", x.item.id, x.iccid})
	require.True(t, fx.use(x.iccid, 1))
	for _, o := range []*fxOrder{fx.orders[1], fx.orders[0]} {
		a := fx.postTerminate(&call{op: "terminate", srv: fx.Server, now: s.Now(), body: []byte(`{"order_id":"` + o.id + `"}`)})
		require.Equal(t, http.StatusOK, a.status)
	}
	s.Advance(time.Second)
	assert.True(t, x.bundles[1].activatedAt.IsZero())
	assert.True(t, x.bundles[2].active())
	s.Advance(100 * 24 * time.Hour)
	assert.True(t, x.bundles[1].activatedAt.IsZero())
	assert.Equal(t, aDay.Add(7*24*time.Hour), x.bundles[2].endedAt)
}

// Where nobody travels, time has nothing to look at.
func TestTimePassesForFreeWhereNobodyTravels(t *testing.T) {
	s := quiet(t, WithTravel(-1, 0))
	for step := range 100 {
		liveBuying(t, s, &dice{seed: int64(step)}, step)
	}
	s.Advance(time.Minute)
	assert.Empty(t, s.ESIMFly.fleet.timers)
	require.Len(t, s.ESIMFX.fleet.timers, 100, "eSIMfx starts plans by itself")
	assert.Equal(t, aDay.Add(sixtyDays), s.ESIMFX.fleet.timers[0].dueAt)
}
