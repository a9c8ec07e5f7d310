package proof_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// tally is what callers believe of the top-ups of one eSIM.
type tally struct{ made, open, charged int }

// TestTopUpsUnderFaults tops up the same few eSIMs again and again while one
// request in ten, reads included, suffers a fault. eSIMfly's top-ups have no
// key, so what became of a lost one is inferred from the eSIM; the ledger says
// whether rightly: per eSIM no top-up is believed that was not charged, and no
// charge is beyond those believed and those in doubt.
func TestTopUpsUnderFaults(t *testing.T) {
	worlds := []struct {
		name  string
		reads []string // operations besides the top-up that suffer
		make  func(sim *simulator.Simulator) (*simulator.Server, esimtest.Harness)
	}{
		{"esimfly", []string{"usage", "orders"}, func(sim *simulator.Simulator) (*simulator.Server, esimtest.Harness) {
			return sim.ESIMFly.Server, flyWorld(false)(sim)
		}},
		{"esimfx", []string{"esim_status", "topups"}, func(sim *simulator.Simulator) (*simulator.Server, esimtest.Harness) {
			return sim.ESIMFX.Server, fxWorld(sim)
		}},
	}
	for _, w := range worlds {
		t.Run(w.name, func(t *testing.T) {
			sim := simulator.ForTest(t, simulator.WithSeed(seed), simulator.WithBalance("100000000"), simulator.WithTravel(-1, 0))
			server, h := w.make(sim)
			iccids, item := eSIMs(t, h)
			kinds := slices.DeleteFunc(esimtest.AllFaults(), func(k esimtest.FaultKind) bool {
				return k == esimtest.FaultSlowBody || k == esimtest.FaultHugeBody
			})
			for _, op := range append(w.reads, "topup") {
				server.Schedule(esimtest.Schedule{Op: op, Rate: faultRate, Kinds: kinds, Fault: esimtest.Fault{Delay: 5 * time.Millisecond}})
			}
			tallies := map[esim.ICCID]*tally{}
			for _, iccid := range iccids {
				tallies[iccid] = new(tally)
			}
			c := h.New(t, esim.Settings{Timeout: time.Second})
			for session := range sessions {
				topUp(t, c, session, item, tallies)
				sim.Advance(time.Hour) // an eSIM with a top-up in doubt is closed for a while
			}
			server.Heal()

			var sum tally
			for _, c := range server.Ledger().Charges() {
				if c.Kind == esimtest.ChargeTopUp {
					tallies[esim.ICCID(c.ICCIDs[0])].charged++
				}
			}
			for iccid, n := range tallies {
				require.LessOrEqual(t, n.made, n.charged, "%s: believed and not charged", iccid)
				require.LessOrEqual(t, n.charged, n.made+n.open, "%s: charged, and lost", iccid)
				sum.made, sum.open, sum.charged = sum.made+n.made, sum.open+n.open, sum.charged+n.charged
			}
			t.Logf("%d charged, %d made, %d in doubt", sum.charged, sum.made, sum.open)
			require.Greater(t, sum.made, sessions*rounds*len(iccids)*3/4, "hardly anything was bought, so little is proven")
			require.Empty(t, violations(server), "the client broke the provider's protocol")
		})
	}
}

const (
	sessions = 4
	rounds   = 5 // top-ups of each eSIM in a session
)

// eSIMs buys some, and finds a top-up that fits them all.
func eSIMs(t *testing.T, h esimtest.Harness) (list []esim.ICCID, item esim.Package) {
	for range 40 {
		list = append(list, h.TopUpICCID(t))
	}
	offers, err := h.New(t, esim.Settings{}).ListTopUps(t.Context(), list[0])
	require.NoError(t, err)
	i := slices.IndexFunc(offers, func(p esim.Package) bool { return !p.Unlimited && p.Data > 0 })
	require.GreaterOrEqual(t, i, 0)
	return list, offers[i]
}

// topUp is one session: every caller tops up whatever is next.
func topUp(t *testing.T, c esim.Client, session int, item esim.Package, tallies map[esim.ICCID]*tally) {
	type job struct {
		iccid     esim.ICCID
		reference string
	}
	work := make(chan job)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for j := range work {
				err := repeated(t.Context(), func(ctx context.Context) error {
					_, err := c.TopUp(ctx, esim.TopUpRequest{ICCID: j.iccid, PackageID: item.ID, Reference: j.reference})
					return err
				})
				mu.Lock()
				switch n := tallies[j.iccid]; {
				case err == nil:
					n.made++
				case esim.MaybeCharged(err):
					n.open++
				}
				mu.Unlock()
			}
		})
	}
	for round := range rounds {
		for i, iccid := range slices.Sorted(maps.Keys(tallies)) {
			work <- job{iccid, fmt.Sprintf("top-%d-%d-%03d", session, round, i)}
		}
	}
	close(work)
	all.Wait()
}
