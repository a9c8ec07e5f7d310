package router_test

import (
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/router"
)

// trial is one case of the matrix.
type trial struct {
	fault       esimtest.FaultKind // 0 = refusal
	refusal     esim.Kind
	policy      string
	journalled  bool
	everywhere  bool // all resellers suffer it, else the one that is asked first
	idempotency esim.Idempotency
}

func (c trial) String() string {
	return fmt.Sprintf("%v%v %s journalled=%v everywhere=%v %s", c.fault, c.refusal, c.policy, c.journalled, c.everywhere, c.idempotency)
}

func matrix() []trial {
	var all []trial
	add := func(c trial) {
		for policy := range policies {
			for _, journalled := range []bool{false, true} {
				for _, everywhere := range []bool{false, true} {
					for _, i := range []esim.Idempotency{esim.IdempotencyNone, esim.IdempotencyRejects, esim.IdempotencyReplays} {
						c.policy, c.journalled, c.everywhere, c.idempotency = policy, journalled, everywhere, i
						all = append(all, c)
					}
				}
			}
		}
	}
	for _, kind := range esimtest.AllFaults() {
		if kind.AppliesTo(esimfly.Provider, "Order") {
			add(trial{fault: kind})
		}
	}
	for _, kind := range esim.Kinds() {
		add(trial{refusal: kind})
	}
	return all
}

// run makes the sale, with the fault and then again without, and says what is
// wrong.
func (c trial) run(t *testing.T, rule string) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(c.journalled, memory.WithIdempotency(c.idempotency))
		config := w.config(policies[c.policy])
		r := router.NewWithout(config, rule)
		first := firstAsked(t, config)
		for p, m := range w.resellers {
			if p != first && !c.everywhere {
				continue
			}
			if c.refusal != "" {
				m.Refuse("Order", c.refusal)
			} else {
				m.Inject(esimtest.Fault{Kind: c.fault, Op: "Order"})
			}
		}
		order, err := buy(t.Context(), r, "cart-1")
		if why := w.truth(order, err); why != "" {
			wrong("at first: %s", why)
		}
		charged := len(w.charges()) == 1
		w.heal()
		again, failed := buy(t.Context(), r, "cart-1")
		if why := w.truth(again, failed); why != "" {
			wrong("again: %s", why)
		}
		switch {
		case err == nil && !charged:
			wrong("sold, and not charged")
		case err != nil && !esim.MaybeCharged(err) && failed != nil:
			wrong("nothing was charged, everybody is well again, and the sale fails: %v", failed)
		case charged && failed == nil && !again.Replayed && err == nil:
			wrong("the second answer does not say that it is the first again")
		case charged && failed != nil && !esim.MaybeCharged(failed):
			wrong("the charge is lost: %v", failed)
		case charged && failed != nil && c.idempotency == esim.IdempotencyReplays:
			wrong("the reseller replays, and the repeat fails: %v", failed)
		}
	})
	return problems
}

// firstAsked is the reseller that a policy puts first in a world without faults.
func firstAsked(t *testing.T, config router.Config) esim.Provider {
	t.Helper()
	var asked esim.Provider
	probe := config
	probe.Claims, probe.Clients = nil, newWorld(false).clients(nil, nil)
	probe.OnDecision = nil
	order, err := buy(t.Context(), router.New(probe), "cart-1")
	require.NoError(t, err)
	asked = order.Provider
	return asked
}

// Whatever goes wrong, whoever is asked first: one charge at most, and none that
// nobody knows of.
func TestFaultsAndPolicies(t *testing.T) {
	cases := matrix()
	require.Greater(t, len(cases), 1000)
	for i, c := range cases {
		if raceEnabled && i%5 != 0 {
			continue
		}
		assert.Empty(t, c.run(t, ""), c.String())
	}
	t.Logf("%d cases", len(cases))
}
