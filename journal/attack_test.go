package journal_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
)

// A call that buys calls no hook, not even that of a purchase that is late: the
// hook may wait for what the caller holds.
func TestABuyingCallCallsNoHook(t *testing.T) {
	inBubble(t, "late", func(t *testing.T) {
		s := openShop(t, selling(memory.WithIdempotency(esim.IdempotencyRejects)))
		s.lose(esimtest.FaultCutBeforeCommit)
		_, err := s.buy("cart-1")
		require.True(t, esim.MaybeCharged(err))
		time.Sleep(time.Hour)
		_, err = s.buy("cart-1")
		require.True(t, esim.MaybeCharged(err))
		assert.Empty(t, s.heard())
		s.pass(2 * time.Hour)
		assert.Equal(t, []string{"late cart-1"}, s.heard())
	})
}

// What may have been sent before the journal knew it is not sent again to a
// provider that could not tell.
func TestResumedReferenceWithoutKeys(t *testing.T) {
	s := openShop(t, selling(memory.WithIdempotency(esim.IdempotencyNone)))
	_, err := s.Resume(t.Context(), s.memory.Provider(), esim.OrderRequest{PackageID: small.ID, Reference: "cart-1"})
	require.True(t, esim.MaybeCharged(err))
	assert.Empty(t, s.lender.sent())
	s.wantState("cart-1", journal.Unknown)
}

// A process that only takes webhooks has no hooks. What it finds out is told by
// the one that has.
func TestHooksOfAnotherProcess(t *testing.T) {
	inBubble(t, "receiver", func(t *testing.T) {
		s := openShop(t, rejecting)
		s.lose(esimtest.FaultCutAfterCommit)
		_, err := s.buy("cart-1")
		require.True(t, esim.MaybeCharged(err))
		receiver, err := journal.New(s.store, journal.Config{Clients: []esim.Client{s.lender}})
		require.NoError(t, err)
		_, err = receiver.Observe(t.Context(), whole("cart-1"))
		require.NoError(t, err)
		s.wantState("cart-1", journal.Delivered)
		s.pass(5 * time.Minute)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
	})
}

// A hook that failed is not repeated when the purchase has gone on meanwhile.
func TestNoHookOfAStateThatIsOver(t *testing.T) {
	inBubble(t, "failed, then charged", func(t *testing.T) {
		s := openShop(t, configured(func(c *journal.Config) { c.OnReview = nil }))
		s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
			return nil, &esim.Error{Provider: "memory", Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeRejected}
		}
		var states []journal.State
		s.config.OnFailed = func(ctx context.Context, p *journal.Purchase) error {
			states = append(states, p.State)
			_, err := s.Observe(ctx, whole("cart-1"))
			require.NoError(t, err)
			return assert.AnError
		}
		s.start()
		s.enqueue("cart-1")
		s.work()
		s.wantState("cart-1", journal.Review)
		s.pass(time.Hour)
		assert.Equal(t, []journal.State{journal.Rejected}, states)
	})
}

// OnUnmatched may panic, as other hooks may.
func TestOnUnmatchedPanics(t *testing.T) {
	inBubble(t, "panic", func(t *testing.T) {
		calls := 0
		s := openShop(t, configured(func(c *journal.Config) {
			c.OnUnmatched = func(context.Context, *esim.Order) error {
				if calls++; calls == 1 {
					panic("the shop is broken")
				}
				return nil
			}
		}))
		_, err := s.Observe(t.Context(), whole("nobody-knows"))
		require.NoError(t, err)
		time.Sleep(time.Hour)
		assert.NotPanics(t, s.work)
		s.work()
		assert.Equal(t, 2, calls)
	})
}

// One page of evidence whose hook fails does not hide what came after it.
func TestOnUnmatchedReachesAll(t *testing.T) {
	inBubble(t, "behind a page", func(t *testing.T) {
		told := map[string]bool{}
		s := openShop(t, configured(func(c *journal.Config) {
			c.OnUnmatched = func(_ context.Context, o *esim.Order) error {
				told[o.Reference] = true
				if o.Reference == "last" {
					return nil
				}
				return assert.AnError
			}
		}))
		for i := range 120 {
			_, err := s.Observe(t.Context(), &esim.Order{Provider: "memory", Reference: fmt.Sprint("r-", i), ID: fmt.Sprint("o-", i)})
			require.NoError(t, err)
			time.Sleep(time.Millisecond)
		}
		_, err := s.Observe(t.Context(), &esim.Order{Provider: "memory", Reference: "last", ID: "o-last"})
		require.NoError(t, err)
		time.Sleep(time.Hour)
		for range 5 {
			s.work()
		}
		assert.True(t, told["last"])
	})
}

// An alarm that is raised while OnReview is being called for an earlier reason
// is told as well.
func TestAlarmDuringAHook(t *testing.T) {
	inBubble(t, "alarm", func(t *testing.T) {
		s := openShop(t, rejecting)
		var alarms []bool
		s.config.OnReview = func(ctx context.Context, list []*journal.Purchase) error {
			p := list[0]
			alarms = append(alarms, p.Alarm)
			if p.Alarm {
				return nil
			}
			_, err := s.Decide(ctx, p.ID, journal.Decision{Verdict: journal.NotExecuted, By: "robot", Why: "not in the list"})
			require.NoError(t, err)
			_, err = s.Observe(ctx, whole("cart-1"))
			return err
		}
		s.start()
		s.lose(esimtest.FaultCutAfterCommit)
		_, err := s.buy("cart-1")
		require.True(t, esim.MaybeCharged(err))
		_, err = s.Escalate(t.Context(), s.purchase("cart-1").ID, "asked by the customer")
		require.NoError(t, err)
		s.pass(time.Hour)
		assert.True(t, s.wantState("cart-1", journal.Review).Alarm)
		assert.Equal(t, []bool{false, true}, alarms)
	})
}

// What is told of another eSIM is not the top-up that was bought.
func TestEvidenceOfAnotherESIMIsNoTopUp(t *testing.T) {
	s := openShop(t)
	s.lender.topUp = func(context.Context, esim.TopUpRequest) (*esim.Order, error) {
		return nil, &esim.Error{Provider: "memory", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown}
	}
	_, err := s.client.TopUp(t.Context(), esim.TopUpRequest{ICCID: "8988228066600000012", PackageID: small.ID, Reference: "top-1"})
	require.True(t, esim.MaybeCharged(err))
	_, err = s.Observe(t.Context(), &esim.Order{
		Provider: "memory", Reference: "top-1", ID: "o-1", Status: esim.OrderCompleted, ESIMs: []esim.ESIM{{ICCID: "8988228066600000020"}},
	})
	require.ErrorIs(t, err, journal.ErrContradiction)
	s.wantState("top-1", journal.Unknown)
}

// Two eSIMs of which one has no ICCID yet are two.
func TestUnitsWithoutICCIDAreKeptApart(t *testing.T) {
	code := func(id string) esim.ActivationCode {
		c, err := esim.ParseActivationCode("LPA:1$smdp.example.com$" + id)
		require.NoError(t, err)
		return c
	}
	for name, units := range map[string][]esim.ESIM{
		"one without":  {{Activation: code("A")}, {ICCID: "8988228066600000012", Activation: code("B")}},
		"two without":  {{Activation: code("A")}, {Activation: code("B")}},
		"raw, without": {{RawActivation: esim.NewSecret("A")}, {RawActivation: esim.NewSecret("B")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
				return &esim.Order{Provider: "memory", ID: "o-1", Reference: "cart-1", Quantity: 2, ESIMs: units}, nil
			}
			_, err := s.client.Order(t.Context(), esim.OrderRequest{PackageID: small.ID, Quantity: 2, Reference: "cart-1"})
			require.NoError(t, err)
			got := s.purchase("cart-1").Order.ESIMs
			require.Len(t, got, 2)
			for i := range units {
				assert.Equal(t, units[i].Activation, got[i].Activation)
				assert.Equal(t, units[i].RawActivation.Reveal(), got[i].RawActivation.Reveal())
			}
		})
	}
}

// An error of the store does not make the purchase nameless.
func TestErrorsOfTheStoreNameThePurchase(t *testing.T) {
	inBubble(t, "while finding out", func(t *testing.T) {
		s := openShop(t, keptIn(sick), unasked)
		for range 2 {
			s.lose(esimtest.FaultCutAfterCommit)
			_, err := s.buy("cart-1")
			require.True(t, esim.MaybeCharged(err))
		}
		poison(s)
		_, err := s.buy("cart-1")
		require.ErrorIs(t, err, journal.ErrPoisoned)
		assert.True(t, esim.MaybeCharged(err))
		failed, ok := errors.AsType[*esim.Error](err)
		require.True(t, ok, "%v", err)
		assert.Equal(t, "cart-1", failed.Reference)
		assert.Equal(t, s.memory.Provider(), failed.Provider)
	})
}

// That the end of a request could not be recorded is said beside what is wrong
// with the request.
func TestUnrecordedDoubtIsTold(t *testing.T) {
	s := openShop(t, keptIn(sick))
	s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
		poison(s)
		return nil, &esim.Error{Provider: "memory", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeUnknown}
	}
	_, err := s.buy("cart-1")
	require.True(t, esim.MaybeCharged(err))
	assert.ErrorIs(t, err, journal.ErrPoisoned)
}

// poison lets the store take no more changes.
func poison(s *shop) {
	s.store.(*sickStore).before = func(op string) error { //nolint:forcetypeassert // made by keptIn
		if op == "Save" {
			return journal.ErrPoisoned
		}
		return nil
	}
}

// A cap that was set after a purchase was refused holds for its repeat too.
func TestRepeatUnderANewCap(t *testing.T) {
	s := openShop(t)
	s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
		return nil, &esim.Error{Provider: "memory", Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeRejected}
	}
	_, err := s.buy("cart-1")
	s.wantRefused(err)
	s.lender.order = nil
	s.config.DailyCap = map[esim.Provider]esim.Money{"memory": usd("1.00")}
	s.start()
	_, err = s.buy("cart-1")
	s.wantRefused(err)
	assert.Zero(t, s.charges("cart-1"))
}

// What another process has put on record is not sent by one that has nobody to
// receive it.
func TestNobodyReceivesWhatWasEnqueued(t *testing.T) {
	s := openShop(t, selling(memory.WithCapabilities(func(c *esim.Capabilities) { c.Fulfilment = esim.FulfilmentWebhook })),
		configured(func(c *journal.Config) { c.ReceivesElsewhere = []esim.Provider{"memory"} }))
	s.enqueue("cart-1")
	s.config.ReceivesElsewhere = nil
	s.start()
	_, err := s.buy("cart-1")
	require.Error(t, err)
	assert.Empty(t, s.lender.sent())
	s.wantState("cart-1", journal.Ready)
}

// A replica that has no client of a provider leaves its purchases to those that
// have one.
func TestAReplicaWithoutTheClientDoesNotDelay(t *testing.T) {
	inBubble(t, "enqueued", func(t *testing.T) {
		s := openShop(t)
		other, err := journal.New(s.store, journal.Config{})
		require.NoError(t, err)
		s.enqueue("cart-1")
		for range 600 { // ten minutes, in which it is always the first to look
			time.Sleep(time.Second)
			_, err := other.Step(t.Context(), 10)
			require.NoError(t, err)
		}
		p := s.purchase("cart-1")
		assert.Less(t, time.Until(p.NextAt), time.Minute)
	})
}
