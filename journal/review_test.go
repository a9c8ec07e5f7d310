package journal_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// roads lead a purchase into each state, by what happens in a shop.
func roads() map[journal.State]func(s *shop) {
	return map[journal.State]func(s *shop){
		journal.Ready: func(s *shop) { s.enqueue("cart-1") },
		journal.Sending: func(s *shop) {
			s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) { panic("killed") }
			assert.Panics(s, func() { _, _ = s.buy("cart-1") })
			s.lender.order = nil
			s.start()
		},
		journal.Unknown: func(s *shop) {
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy("cart-1")
			require.True(s, esim.MaybeCharged(err))
		},
		journal.Provisioning: func(s *shop) {
			s.lender.order = func(_ context.Context, r esim.OrderRequest) (*esim.Order, error) {
				return &esim.Order{Provider: "memory", ID: "o-1", Reference: r.Reference, Status: esim.OrderPending, PackageID: r.PackageID, Quantity: 1}, nil
			}
			_, err := s.buy("cart-1")
			require.NoError(s, err)
			s.lender.order = nil
		},
		journal.Delivered: func(s *shop) {
			_, err := s.buy("cart-1")
			require.NoError(s, err)
		},
		journal.Rejected: func(s *shop) {
			s.memory.Refuse("Order", esim.ErrPackageUnavailable)
			_, err := s.buy("cart-1")
			s.wantRefused(err)
		},
		journal.NotExecuted: func(s *shop) {
			s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
			_, err := s.buy("cart-1")
			s.wantRefused(err)
			s.memory.Heal()
		},
		journal.Review: func(s *shop) {
			bring(s, journal.Unknown)
			_, err := s.Escalate(s.Context(), journal.IDOf("memory", "cart-1"), "the customer is waiting")
			require.NoError(s, err)
		},
		journal.Refunded: func(s *shop) {
			bring(s, journal.Review)
			decide(s, journal.Refunded)
		},
	}
}

func bring(s *shop, to journal.State) journal.ID {
	s.Helper()
	roads()[to](s)
	return s.wantState("cart-1", to).ID
}

func decide(s *shop, verdict journal.State) *journal.Purchase {
	s.Helper()
	p, err := s.Decide(s.Context(), journal.IDOf("memory", "cart-1"), journal.Decision{Verdict: verdict, By: "Nimal", Why: "ticket 4711"})
	require.NoError(s, err)
	return p
}

// TestPeopleMayDoWhatFits puts every call of a person to a purchase in every
// state.
func TestPeopleMayDoWhatFits(t *testing.T) {
	calls := map[string]func(s *shop, id journal.ID) (*journal.Purchase, error){
		"escalate": func(s *shop, id journal.ID) (*journal.Purchase, error) {
			return s.Escalate(s.Context(), id, "look at this")
		},
		"withdraw": func(s *shop, id journal.ID) (*journal.Purchase, error) { return s.Withdraw(s.Context(), id) },
	}
	for _, verdict := range []journal.State{journal.Delivered, journal.NotExecuted, journal.Refunded} {
		calls["decide "+verdict.String()] = func(s *shop, id journal.ID) (*journal.Purchase, error) {
			return s.Decide(s.Context(), id, journal.Decision{Verdict: verdict, By: "Nimal", Why: "ticket 4711"})
		}
	}
	allowed := map[string]map[journal.State]journal.State{
		"escalate":            {journal.Unknown: journal.Review, journal.Provisioning: journal.Review},
		"withdraw":            {journal.Ready: journal.NotExecuted},
		"decide delivered":    {journal.Review: journal.Delivered},
		"decide not executed": {journal.Review: journal.NotExecuted},
		"decide refunded":     {journal.Review: journal.Refunded},
	}
	for _, from := range journal.States() {
		for name, call := range calls {
			t.Run(from.String()+"/"+name, func(t *testing.T) {
				s := openShop(t, rejecting)
				id := bring(s, from)
				before := everything(s)
				p, err := call(s, id)
				want, ok := allowed[name][from]
				if !ok {
					require.ErrorIs(t, err, journal.ErrState)
					assert.Nil(t, p)
					assert.Equal(t, before, everything(s), "nothing has changed")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, want, p.State)
				s.wantState("cart-1", want)
			})
		}
	}
}

func TestDecisionsAreRecorded(t *testing.T) {
	s := openShop(t, rejecting)
	id := bring(s, journal.Review)
	for _, bad := range []journal.Decision{
		{Verdict: journal.Delivered, Why: "x"},
		{Verdict: journal.Delivered, By: "Nimal", Why: " "},
		{Verdict: journal.Rejected, By: "Nimal", Why: "x"},
		{Verdict: journal.Review, By: "Nimal", Why: "x"},
		{By: "Nimal", Why: "x"},
	} {
		_, err := s.Decide(t.Context(), id, bad)
		require.ErrorIs(t, err, esim.ErrInvalidRequest)
	}
	s.wantState("cart-1", journal.Review)
	p := decide(s, journal.NotExecuted)
	require.NotNil(t, p.Decision)
	assert.Equal(t, "Nimal", p.Decision.By)
	assert.Equal(t, "ticket 4711", p.Decision.Why)
	assert.False(t, p.Decision.At.IsZero())
	assert.Equal(t, p.Decision, s.purchase("cart-1").Decision)
	assert.Empty(t, reviews(s))

	_, err := s.Decide(t.Context(), journal.IDOf("memory", "nobody"), journal.Decision{Verdict: journal.Delivered, By: "N", Why: "x"})
	require.ErrorIs(t, err, journal.ErrNotFound)
	_, err = s.Escalate(t.Context(), "no such id", "x")
	require.ErrorIs(t, err, journal.ErrNotFound)
	_, err = s.Withdraw(t.Context(), "no such id")
	require.ErrorIs(t, err, journal.ErrNotFound)
}

// What a shop that repeats its call is told about a purchase in each state.
func TestRepeatInEveryState(t *testing.T) {
	for _, tc := range []struct {
		state   journal.State
		err     error // nil = the order
		outcome esim.Outcome
		bought  bool // the repeat may buy
	}{
		{journal.Ready, nil, esim.OutcomeAccepted, true},
		{journal.Sending, journal.ErrInHand, esim.OutcomeUnknown, false},
		{journal.Unknown, journal.ErrUnderReview, esim.OutcomeUnknown, false},
		{journal.Provisioning, nil, esim.OutcomeAccepted, false},
		{journal.Delivered, nil, esim.OutcomeAccepted, false},
		{journal.Rejected, nil, esim.OutcomeAccepted, true},
		{journal.NotExecuted, nil, esim.OutcomeAccepted, true},
		{journal.Review, journal.ErrUnderReview, esim.OutcomeUnknown, false},
		{journal.Refunded, journal.ErrDecided, esim.OutcomeAccepted, false},
	} {
		t.Run(tc.state.String(), func(t *testing.T) {
			s := openShop(t, rejecting, configured(func(c *journal.Config) { c.BusyWait = -1 }))
			bring(s, tc.state)
			sent := len(s.lender.sent())
			order, err := s.buy("cart-1")
			assert.Equal(t, tc.outcome, esim.OutcomeOf(err))
			if tc.err == nil {
				require.NoError(t, err)
				assert.Equal(t, "cart-1", order.Reference)
			} else {
				require.ErrorIs(t, err, tc.err)
				assert.Nil(t, order)
			}
			if !tc.bought {
				assert.Len(t, s.lender.sent(), sent, "nothing is sent")
			}
			assert.LessOrEqual(t, s.charges("cart-1"), 1)
		})
	}
}

// After a decision the reference is used up, except that a person may find
// out later that there is an eSIM after all.
func TestRepeatAfterADecision(t *testing.T) {
	for verdict, want := range map[journal.State]error{
		journal.NotExecuted: journal.ErrDecided, journal.Refunded: journal.ErrDecided, journal.Delivered: nil,
	} {
		t.Run(verdict.String(), func(t *testing.T) {
			s := openShop(t, rejecting)
			bring(s, journal.Review)
			decide(s, verdict)
			sent := len(s.lender.sent())
			order, err := s.buy("cart-1")
			if want == nil {
				require.NoError(t, err)
				assert.Equal(t, esim.OrderCompleted, order.Status)
			} else {
				require.ErrorIs(t, err, want)
			}
			assert.Len(t, s.lender.sent(), sent, "nothing is sent")
		})
	}
}

// Every open purchase is settled or put before a person in 72 hours.
func TestNothingStaysOpen(t *testing.T) {
	for _, from := range journal.States() {
		inBubble(t, from.String(), func(t *testing.T) {
			s := openShop(t, rejecting)
			bring(s, from)
			for range 80 * 2 { // and the provider stays in trouble
				s.memory.Heal()
				s.memory.Inject(esimtest.Fault{Kind: esimtest.Fault500Before, Op: "Order"})
				time.Sleep(30 * time.Minute)
				s.work()
			}
			p := s.purchase("cart-1")
			assert.False(t, p.State.Open(), "it is %s", p.State)
			if from.Open() {
				assert.Contains(t, []journal.State{journal.Review, journal.NotExecuted}, p.State)
				assert.NotEmpty(t, s.heard())
			}
			assert.LessOrEqual(t, s.charges("cart-1"), 1)
		})
	}
}

// An escalated purchase is not worked on, but evidence still settles it.
func TestEvidenceEndsAReview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, rejecting)
		bring(s, journal.Review)
		sent := len(s.lender.sent())
		s.pass(2 * time.Hour)
		assert.Len(t, s.lender.sent(), sent)
		assert.Equal(t, []string{"review cart-1"}, s.heard())
		p := s.purchase("cart-1")
		assert.Equal(t, "the customer is waiting", p.Review)
		assert.False(t, p.Alarm)

		matched, err := s.Observe(t.Context(), whole("cart-1"))
		require.NoError(t, err)
		assert.True(t, matched)
		s.wantState("cart-1", journal.Delivered)
		s.work()
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
	})
}

// whole is evidence of the whole order.
func whole(reference string) *esim.Order {
	return &esim.Order{
		Provider: "memory", ID: "o-1", Reference: reference, Status: esim.OrderCompleted, PackageID: small.ID, Total: usd("2.50"),
		ESIMs: []esim.ESIM{{
			ItemID: "i-1", ICCID: "89990000000000000017",
			Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "M-1"},
		}},
	}
}

// A charge of what had ended uncharged is an alarm, and only a person ends it.
func TestLateCharge(t *testing.T) {
	for _, from := range []journal.State{journal.Rejected, journal.NotExecuted} {
		for name, evidence := range map[string]*esim.Order{
			"whole": whole("cart-1"),
			"part":  {Provider: "memory", ID: "o-1", Reference: "cart-1", Status: esim.OrderPending, PackageID: small.ID},
		} {
			inBubble(t, from.String()+"/"+name, func(t *testing.T) {
				s := openShop(t)
				bring(s, from)
				matched, err := s.Observe(t.Context(), evidence)
				require.NoError(t, err)
				assert.True(t, matched)
				p := s.wantState("cart-1", journal.Review)
				assert.True(t, p.Alarm)
				assert.NotEmpty(t, p.Review)
				require.NotNil(t, p.Order, "what came is on record")
				s.pass(time.Hour)
				assert.Equal(t, []string{"review cart-1"}, s.heard())

				_, err = s.Observe(t.Context(), whole("cart-1")) // more of it changes nothing
				require.NoError(t, err)
				s.wantState("cart-1", journal.Review)
				_, err = s.buy("cart-1")
				require.ErrorIs(t, err, journal.ErrUnderReview)
				assert.True(t, esim.MaybeCharged(err))
				assert.Equal(t, journal.Delivered, decide(s, journal.Delivered).State)
				order, err := s.buy("cart-1")
				require.NoError(t, err)
				assert.Len(t, order.ESIMs, 1)
			})
		}
	}
}

// A decision that nothing was charged, which turns out to be wrong.
func TestLateChargeAfterADecision(t *testing.T) {
	s := openShop(t, rejecting)
	bring(s, journal.Review)
	decide(s, journal.NotExecuted)
	_, err := s.Observe(t.Context(), whole("cart-1"))
	require.NoError(t, err)
	p := s.wantState("cart-1", journal.Review)
	assert.True(t, p.Alarm)
	require.NotNil(t, p.Decision, "and who decided stays on record")
}

// What was never sent cannot have been charged: the evidence is another's.
func TestEvidenceOfWhatWasNeverSent(t *testing.T) {
	s := openShop(t)
	id := bring(s, journal.Ready)
	_, err := s.Withdraw(t.Context(), id)
	require.NoError(t, err)
	_, err = s.Observe(t.Context(), whole("cart-1"))
	require.ErrorIs(t, err, journal.ErrContradiction)
	s.wantState("cart-1", journal.NotExecuted)
}

func TestContradictions(t *testing.T) {
	change := func(f func(*esim.Order)) *esim.Order {
		o := whole("cart-1")
		f(o)
		return o
	}
	for name, o := range map[string]*esim.Order{
		"another package": change(func(o *esim.Order) { o.PackageID = large.ID }),
		"another order":   change(func(o *esim.Order) { o.ID, o.ESIMs = "o-2", nil }),
		"another eSIM":    change(func(o *esim.Order) { o.ESIMs[0].ICCID = "89990000000000000025" }),
		"another code":    change(func(o *esim.Order) { o.ESIMs[0].Activation.MatchingID = "M-2" }),
		"another unit":    change(func(o *esim.Order) { o.ESIMs[0].ItemID = "i-2" }),
		"too many": change(func(o *esim.Order) {
			o.ESIMs = append(slices.Clone(o.ESIMs), esim.ESIM{ItemID: "i-2", ICCID: "89990000000000000025"})
		}),
	} {
		inBubble(t, name, func(t *testing.T) {
			var told []*esim.Order
			s := openShop(t, rejecting, configured(func(c *journal.Config) {
				c.OnUnmatched = func(_ context.Context, o *esim.Order) error { told = append(told, o); return nil }
			}))
			bring(s, journal.Review)
			_, err := s.Observe(t.Context(), whole("cart-1"))
			require.NoError(t, err)
			before := everything(s)
			matched, err := s.Observe(t.Context(), o)
			require.ErrorIs(t, err, journal.ErrContradiction)
			assert.True(t, matched)
			assert.Equal(t, before, everything(s), "it changes nothing")
			s.pass(20 * time.Minute)
			require.Len(t, told, 1, "and a person hears of it")
		})
	}
}

func TestObserveRefusesNonsense(t *testing.T) {
	s := openShop(t)
	for _, o := range []*esim.Order{nil, {}, {Reference: "cart-1"}, {Provider: "memory"}, {Provider: "memory", ESIMs: []esim.ESIM{{ICCID: "89990000000000000017"}}}} {
		_, err := s.Observe(t.Context(), o)
		require.ErrorIs(t, err, esim.ErrInvalidRequest)
	}
	require.NoError(t, s.Close(t.Context()))
	_, err := s.Observe(t.Context(), whole("cart-1"))
	require.ErrorIs(t, err, journal.ErrClosed)
}

// Evidence that could not be written down is to be sent again.
func TestObserveSaysWhenNothingWasRecorded(t *testing.T) {
	s := openShop(t, rejecting, keptIn(sick))
	bring(s, journal.Unknown)
	store := s.store.(*sickStore) //nolint:forcetypeassert // made by keptIn
	store.writes = errors.New("the database is away")
	_, err := s.Observe(t.Context(), whole("cart-1"))
	require.ErrorIs(t, err, store.writes)
	store.heal()
	matched, err := s.Observe(t.Context(), whole("cart-1"))
	require.NoError(t, err)
	assert.True(t, matched)
	s.wantState("cart-1", journal.Delivered)
}

// Evidence that mixes up two purchases changes neither, and a person hears.
func TestEvidenceOfTwoPurchases(t *testing.T) {
	for name, strange := range map[string]*esim.Order{
		"the order of another": {Provider: "memory", Reference: "cart-1", ID: "o-2"},
		"the unit of another":  {Provider: "memory", Reference: "cart-1", ESIMs: []esim.ESIM{{ItemID: "i-2"}}},
		"units of both":        {Provider: "memory", ESIMs: []esim.ESIM{{ItemID: "i-1"}, {ItemID: "i-2"}}},
	} {
		inBubble(t, name, func(t *testing.T) {
			var told []*esim.Order
			s := openShop(t, rejecting, configured(func(c *journal.Config) {
				c.OnUnmatched = func(_ context.Context, o *esim.Order) error { told = append(told, o); return nil }
			}))
			for i, ref := range []string{"cart-1", "cart-2"} {
				s.lose(esimtest.FaultCutAfterCommit)
				_, err := s.buy(ref)
				require.True(t, esim.MaybeCharged(err))
				if i == 0 && name != "units of both" {
					continue // nothing is known of the first
				}
				evidence := whole(ref)
				evidence.ID, evidence.ESIMs[0].ItemID = fmt.Sprintf("o-%d", i+1), fmt.Sprintf("i-%d", i+1)
				evidence.ESIMs[0].ICCID = esim.ICCID(fmt.Sprintf("8999000000000000%03d", i))
				_, err = s.Observe(t.Context(), evidence)
				require.NoError(t, err)
			}
			before := everything(s)
			_, err := s.Observe(t.Context(), strange)
			require.ErrorIs(t, err, journal.ErrContradiction)
			assert.Equal(t, before, everything(s))
			s.pass(20 * time.Minute)
			assert.Len(t, told, 1)
		})
	}
}
