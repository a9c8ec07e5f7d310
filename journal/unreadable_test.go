package journal_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

const oddCode = "a code in no known form"

// oddShop sells one eSIM, which is charged, with a code that nobody can read.
// The answer is either an order or, as adapters do, an error with the order.
func oddShop(t *testing.T, incomplete bool) (*shop, *esim.Order) {
	t.Helper()
	s := openShop(t, rejecting)
	odd := new(esim.Order)
	s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
		o, err := s.memory.Order(ctx, r)
		if err != nil {
			return nil, err
		}
		o.ESIMs[0].Activation, o.ESIMs[0].RawActivation = esim.ActivationCode{}, esim.NewSecret(oddCode)
		*odd = *o
		if incomplete {
			return nil, &esim.Error{Provider: o.Provider, Op: "Order", Kind: esim.ErrIncomplete, Outcome: esim.OutcomeAccepted, Order: o}
		}
		return o, nil
	}
	return s, odd
}

// An eSIM whose code nobody can read is not delivered: a person is told, and
// has what came. It is charged once, whatever is repeated.
func TestACodeThatNobodyCanReadIsAPersons(t *testing.T) {
	for name, incomplete := range map[string]bool{"an order": false, "an error with the order": true} {
		inBubble(t, name, func(t *testing.T) {
			s, _ := oddShop(t, incomplete)
			for range 3 {
				_, err := s.buy("cart-1")
				require.ErrorIs(t, err, esim.ErrIncomplete)
				require.True(t, esim.MaybeCharged(err))
				assert.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err))
				e := orderOf(t, err)
				assert.Equal(t, oddCode, e.ESIMs[0].RawActivation.Reveal())
				assert.True(t, e.ESIMs[0].Unreadable())
				s.pass(time.Hour)
			}
			p := s.wantState("cart-1", journal.Review)
			assert.Contains(t, p.Review, "cannot be read")
			assert.NotContains(t, p.Review, oddCode)
			assert.False(t, p.Alarm)
			assert.Equal(t, []string{"review cart-1"}, s.heard())
			assert.Equal(t, 1, s.charges("cart-1"))
			assert.Len(t, s.lender.sent(), 1)
		})
	}
	inBubble(t, "enqueued", func(t *testing.T) {
		s, _ := oddShop(t, true)
		s.enqueue("cart-1")
		s.pass(time.Hour)
		s.wantState("cart-1", journal.Review)
		assert.Equal(t, []string{"review cart-1"}, s.heard())
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

func orderOf(t *testing.T, err error) *esim.Order {
	t.Helper()
	var e *esim.Error
	require.ErrorAs(t, err, &e)
	require.NotNil(t, e.Order)
	return e.Order
}

// The same code in a form that can be read closes the review without a person.
func TestAReadableCodeClosesTheReview(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, odd := oddShop(t, true)
		_, err := s.buy("cart-1")
		require.Error(t, err)
		s.pass(time.Minute)
		s.heard()
		told := *odd
		told.ESIMs = []esim.ESIM{odd.ESIMs[0]}
		told.ESIMs[0].Activation = esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2"}
		told.ESIMs[0].RawActivation = esim.Secret{}
		_, err = s.Observe(t.Context(), &told)
		require.NoError(t, err)
		s.pass(time.Minute)
		p := s.wantState("cart-1", journal.Delivered)
		assert.Equal(t, "LPA:1$rsp.example.com$K2", p.Order.ESIMs[0].Activation.LPA())
		assert.True(t, p.Order.ESIMs[0].RawActivation.IsZero())
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
		assert.Equal(t, 1, s.charges("cart-1"))
	})
}

// A link stands for a code that may yet be told: where the provider can be
// asked the journal asks on, and only elsewhere a person must look at once.
func TestALinkIsNoCodeYet(t *testing.T) {
	link := func(s *shop) {
		s.lender.order = func(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
			o, err := s.memory.Order(ctx, r)
			if err != nil {
				return nil, err
			}
			o.ESIMs[0].Activation, o.ESIMs[0].RawActivation = esim.ActivationCode{}, esim.NewSecret("https://example.com/qr/1.png")
			return nil, &esim.Error{Provider: o.Provider, Op: "Order", Kind: esim.ErrIncomplete, Outcome: esim.OutcomeAccepted, Order: o}
		}
	}
	for name, c := range map[string]struct {
		opt  shopOption
		want journal.State
	}{
		"can be asked":    {selling(), journal.Delivered},
		"cannot be asked": {rejecting, journal.Review},
	} {
		inBubble(t, name, func(t *testing.T) {
			s := openShop(t, c.opt)
			link(s)
			_, err := s.buy("cart-1")
			require.True(t, esim.MaybeCharged(err))
			s.pass(10 * time.Minute)
			s.wantState("cart-1", c.want)
			assert.Equal(t, 1, s.charges("cart-1"))
		})
	}
}

// What a person has decided is not opened again by the same unreadable code.
func TestADecisionOutlastsTheUnreadableCode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, odd := oddShop(t, true)
		_, err := s.buy("cart-1")
		require.Error(t, err)
		_, err = s.Decide(t.Context(), journal.IDOf(s.memory.Provider(), "cart-1"),
			journal.Decision{Verdict: journal.Delivered, By: "ann", Why: "sent by mail"})
		require.NoError(t, err)
		s.pass(time.Minute)
		assert.Equal(t, []string{"delivered cart-1"}, s.heard())
		_, err = s.Observe(t.Context(), odd)
		require.NoError(t, err)
		s.pass(time.Minute)
		s.wantState("cart-1", journal.Delivered)
		assert.Empty(t, s.heard())
	})
}

// Evidence of an unreadable eSIM for a purchase that had failed is an alarm, as
// any charge is.
func TestAnUnreadableCodeAfterTheEndIsAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := oddShop(t, true)
		s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
			return nil, &esim.Error{Provider: s.memory.Provider(), Op: "Order", Kind: esim.ErrPackageUnavailable, Outcome: esim.OutcomeRejected}
		}
		_, err := s.buy("cart-1")
		require.Error(t, err)
		s.wantState("cart-1", journal.Rejected)
		_, err = s.Observe(t.Context(), &esim.Order{
			Provider: s.memory.Provider(), Reference: "cart-1", ID: "o-1", Status: esim.OrderCompleted, PackageID: small.ID,
			ESIMs: []esim.ESIM{{ICCID: "8988228066600000012", RawActivation: esim.NewSecret(oddCode)}},
		})
		require.NoError(t, err)
		assert.True(t, s.wantState("cart-1", journal.Review).Alarm)
	})
}
