package router_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/router"
)

// death is what a process dies of.
type death struct{ step string }

// life is a process that dies at its n-th step, 0 = never.
type life struct {
	n, steps int
}

func (l *life) step(name string) {
	if l.steps++; l.steps == l.n {
		panic(death{name})
	}
}

// live has a new process make the sale. It reports whether it died, and where.
func (w *world) live(t *testing.T, l *life, policy router.Policy, rule string) (order *esim.Order, died string, err error) {
	t.Helper()
	config := w.config(policy)
	config.Clients = w.clients(hooked("seller", l.step), hooked("router", l.step))
	config.Claims = hookedClaims{w.claims, l.step}
	r := router.NewWithout(config, rule)
	defer func() {
		if d, ok := recover().(death); ok {
			died = d.step
		}
	}()
	order, err = buy(t.Context(), r, "cart-1")
	return order, "", err
}

// troubles are what happens to the first sale of the reseller that is asked first.
var troubles = map[string]func(m *memory.Client){
	"none":      func(*memory.Client) {},
	"refused":   func(m *memory.Client) { m.Refuse("Order", esim.ErrPackageUnavailable) },
	"down":      func(m *memory.Client) { m.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse}) },
	"too often": func(m *memory.Client) { m.Inject(esimtest.Fault{Kind: esimtest.Fault429, Op: "Order"}) },
	"answer lost": func(m *memory.Client) {
		m.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Order"})
	},
	"request lost": func(m *memory.Client) {
		m.Inject(esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit, Op: "Order"})
	},
}

// crashes kills processes at every step, two in a row, and lets a third finish
// the sale. The second ranks the resellers the other way round. It returns how
// many cases there were and what was wrong.
func crashes(t *testing.T, rule string) (cases int, problems []string) {
	t.Helper()
	up, down := router.Preferred(providers...), router.Preferred(esimstory.Provider, esimfx.Provider, esimfly.Provider)
	for _, journalled := range []bool{false, true} {
		for name, trouble := range troubles {
			for n, reached := 1, true; reached; n++ {
				for second := range 7 {
					synctest.Test(t, func(t *testing.T) {
						w := newWorld(journalled)
						trouble(w.resellers[esimfly.Provider])
						_, died, _ := w.live(t, &life{n: n}, up, rule)
						if reached = died != ""; !reached {
							return
						}
						cases++
						_, again, _ := w.live(t, &life{n: second * 2}, down, rule)
						w.heal()
						order, _, err := w.live(t, &life{}, down, rule)
						if journalled && err != nil { // the journal takes its time with what was being sent
							time.Sleep(long)
							_, failed := w.journal.Step(t.Context(), 10)
							require.NoError(t, failed)
							order, _, err = w.live(t, &life{}, down, rule)
						}
						if why := w.truth(order, err); why != "" {
							problems = append(problems, fmt.Sprintf("journalled=%v %s: died %s, then %s: %s", journalled, name, died, again, why))
						}
						if journalled && err != nil {
							problems = append(problems, fmt.Sprintf("%s: died %s, then %s: not sold: %v", name, died, again, err))
						}
					})
				}
			}
		}
	}
	return cases, problems
}

func TestCrashAtEveryStep(t *testing.T) {
	cases, problems := crashes(t, "")
	assert.Empty(t, problems)
	require.GreaterOrEqual(t, cases, 500)
	t.Logf("%d cases", cases)
}

// The protocol is what keeps the promise: without any one of its rules some
// case of these tests fails.
func TestEveryRuleIsNeeded(t *testing.T) {
	proofs := map[string]func(t *testing.T, rule string) []string{
		"claim first": func(t *testing.T, rule string) []string {
			_, problems := crashes(t, rule)
			return problems
		},
		"bar": func(t *testing.T, rule string) []string {
			return schedules(t, rule, 400)
		},
		"own references": someOfMatrix,
		"unknown stops":  someOfMatrix,
	}
	for _, rule := range router.Rules {
		t.Run(rule, func(t *testing.T) {
			problems := proofs[rule](t, rule)
			require.NotEmpty(t, problems, "nothing fails without this rule")
			t.Logf("%d problems, such as: %s", len(problems), problems[0])
		})
	}
}

func someOfMatrix(t *testing.T, rule string) (problems []string) {
	for _, c := range slices.DeleteFunc(matrix(), func(c trial) bool { return c.policy != "cheapest" }) {
		problems = append(problems, c.run(t, rule)...)
	}
	return problems
}
