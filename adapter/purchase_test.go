package adapter

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// shop sells by what its Purchase says, over a script.
type shop struct {
	*API
	facts Purchase
	wire  *script
}

// newShop has keys that are replayed. Each answer brings one eSIM.
func newShop(t *testing.T, facts Purchase, ends ...end) *shop {
	t.Helper()
	s := &shop{wire: inTurn(ends...), facts: facts}
	s.facts.Send = func(ctx context.Context, a *Attempt, call Call) error {
		call = call.Post("/orders", map[string]string{"package": a.PackageID})
		call.Header = http.Header{"Idempotency-Key": {call.Key}}
		out, err := Fetch[reply](ctx, s.API, call)
		if err != nil {
			return err
		}
		AddUnit(a.Order, out.ID, esim.OrderCompleted, esim.ESIM{ICCID: esim.ICCID(out.Total)})
		if out.Total == "" {
			return s.Incomplete(ctx, "the eSIM is missing")
		}
		return nil
	}
	s.API = newTransport(t, esim.Settings{Transport: s.wire, MaxRetries: -1}, func(spec *Spec) {
		spec.Spends, spec.Purchases = []string{"POST /orders"}, []Purchase{s.facts}
		spec.Can = esim.Capabilities{Order: true, OnceRequestID: true}
	})
	return s
}

func (s *shop) order(t *testing.T, ref string, quantity int, change ...func(*esim.OrderRequest)) (*esim.Order, error) {
	t.Helper()
	req := esim.OrderRequest{PackageID: "P1", Reference: ref, Quantity: quantity}
	for _, f := range change {
		f(&req)
	}
	return s.Order(t.Context(), req, s.facts)
}

func (s *shop) keys() (keys []string) {
	for _, r := range s.wire.requests {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
	}
	return keys
}

var (
	replayed = Repeats{Lost: esim.RepeatSafe, Most: 1, Pause: time.Minute}
	singly   = Purchase{
		Max: 5, Single: true, Safety: Keyed, Repeats: replayed,
		Key: func(ref string, unit int) string { return fmt.Sprintf("%s-%d", ref, unit) },
	}
	oneESIM = says(200, `{"ok":true,"id":"A1","total":"8901000000000000009"}`)
)

func TestUnitsAreSoldOneByOne(t *testing.T) {
	s := newShop(t, singly, oneESIM)
	order, err := s.order(t, "cart-1", 3)
	require.NoError(t, err)
	assert.Equal(t, []string{"cart-1-0", "cart-1-1", "cart-1-2"}, s.keys())
	assert.Equal(t, "A1,A1,A1", order.ID)
	assert.Equal(t, 3, order.Quantity)
	assert.Len(t, order.ESIMs, 3)
	assert.Equal(t, esim.OrderCompleted, order.Status)
	assert.False(t, order.Replayed)

	again, err := s.order(t, "cart-1", 3)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Len(t, s.wire.requests, 3, "what was bought is given again from memory")
}

// A part is a part: three of five were bought, and the rest is refused.
func TestAPartIsAcceptedAndHandedOver(t *testing.T) {
	s := newShop(t, singly, oneESIM, oneESIM, oneESIM, code(400, "LOW"))
	_, err := s.order(t, "cart-1", 5)
	e := assertOutcome(t, esim.OutcomeAccepted, err)
	require.ErrorIs(t, err, esim.ErrIncomplete)
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	assert.Contains(t, e.Message, "3 of 5 were bought")
	assert.Equal(t, 3, e.Order.Quantity)
	assert.Equal(t, "cart-1", e.Reference)
	request, ok := evidence.OfRequest(err)
	assert.True(t, ok)
	assert.Equal(t, esim.OutcomeAccepted, request.Outcome)

	// The repeat sends what is missing, and nothing of the rest.
	_, err = s.order(t, "cart-1", 5)
	require.Error(t, err)
	assert.Equal(t, []string{"cart-1-0", "cart-1-1", "cart-1-2", "cart-1-3", "cart-1-3"}, s.keys())
}

// One unit in doubt puts the sale in doubt. Where a repeat is not known to be
// safe nothing more is sent, not even units that were never sent.
func TestOneUnitInDoubtStopsTheSale(t *testing.T) {
	for _, lost := range []esim.Repeat{esim.RepeatUnknown, esim.RepeatSafe} {
		facts := singly
		if lost != esim.RepeatSafe {
			facts.Repeats = Repeats{}
		}
		s := newShop(t, facts, oneESIM, dropped, oneESIM)
		_, err := s.order(t, "cart-1", 3)
		e := assertOutcome(t, esim.OutcomeUnknown, err)
		assert.Equal(t, lost, e.Repeat)
		assert.Equal(t, 1, e.Order.Quantity)
		if lost == esim.RepeatSafe {
			assert.Equal(t, time.Minute, e.RetryAfter)
		}
		order, err := s.order(t, "cart-1", 3)
		if lost == esim.RepeatSafe {
			require.NoError(t, err)
			assert.Equal(t, 3, order.Quantity)
			assert.Equal(t, []string{"cart-1-0", "cart-1-1", "cart-1-1", "cart-1-2"}, s.keys())
			continue
		}
		assertOutcome(t, esim.OutcomeUnknown, err)
		assert.Len(t, s.wire.requests, 2)
	}
}

// An answer in which something is missing is asked for again, under its key.
func TestAnIncompleteUnitIsAskedForAgain(t *testing.T) {
	s := newShop(t, singly, says(200, fine), oneESIM)
	_, err := s.order(t, "cart-1", 1)
	e := assertOutcome(t, esim.OutcomeAccepted, err)
	require.ErrorIs(t, err, esim.ErrIncomplete)
	assert.Equal(t, 1, e.Order.Quantity)
	order, err := s.order(t, "cart-1", 1)
	require.NoError(t, err)
	assert.Len(t, order.ESIMs, 1)
	assert.Equal(t, []string{"cart-1-0", "cart-1-0"}, s.keys())
}

func TestAReferenceIsMintedOnceAndReturned(t *testing.T) {
	s := newShop(t, singly, code(400, "LOW"))
	_, err := s.order(t, "", 1)
	e := assertOutcome(t, esim.OutcomeRejected, err)
	assert.Len(t, e.Reference, 36)
	assert.Equal(t, []string{e.Reference + "-0"}, s.keys())
	_, err = s.order(t, "cart 1", 1)
	assertBad(t, "space", "Reference", "cart 1", func() error { return err })
	assert.Empty(t, asError(t, err).Reference)
}

// What another process may have sent is in doubt from the first call on.
func TestAResumedPurchaseIsInDoubt(t *testing.T) {
	facts := singly
	facts.Repeats = Repeats{}
	s := newShop(t, facts, oneESIM)
	ctx := evidence.WithSend(t.Context(), evidence.Send{Resumed: true})
	_, err := s.Order(ctx, esim.OrderRequest{PackageID: "P1", Reference: "cart-1"}, s.facts)
	assertOutcome(t, esim.OutcomeUnknown, err)
	require.ErrorIs(t, err, esim.ErrDuplicate)
	kept := len(s.memory.entries)
	_, err = s.Order(ctx, esim.OrderRequest{PackageID: "P1"}, s.facts)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.Contains(t, err.Error(), "nothing to resume")
	e := assertOutcome(t, esim.OutcomeNotSent, err)
	assert.Empty(t, e.Reference, "none is made up: under it nothing was sent by anybody")
	assert.Len(t, s.memory.entries, kept)

	facts.Single, facts.Max, facts.Key = false, 0, nil
	probed := newShop(t, facts, oneESIM)
	id := "11111111-1111-4111-8111-111111111111"
	ctx = evidence.WithSend(t.Context(), evidence.Send{Resumed: true, RequestID: id})
	_, err = probed.Order(ctx, esim.OrderRequest{PackageID: "P1", Reference: "cart-1"}, probed.facts)
	require.NoError(t, err, "the probe carries the request id of the send in doubt")
	assert.Equal(t, id, probed.wire.requests[0].Header.Get("RT-RequestID"))
	ctx = evidence.WithSend(t.Context(), evidence.Send{RequestID: "1"})
	_, err = probed.Order(ctx, esim.OrderRequest{PackageID: "P1", Reference: "cart-2"}, probed.facts)
	assertBad(t, "id", "RequestID", "", func() error { return err })
}

func TestPriceAndBalanceAreReadBeforeAPurchase(t *testing.T) {
	quote := &esim.Package{Provider: "test", ID: "P1", Price: usd(t, "2", "USD")}
	for name, c := range map[string]struct {
		price, balance string
		always         bool
		change         func(*esim.OrderRequest)
		kind           esim.Kind
		asked, sends   int
	}{
		"no quote, not asked": {price: "2", balance: "1", sends: 3},
		"always":              {price: "2", balance: "6", always: true, asked: 1, sends: 3},
		"too little":          {price: "2", balance: "5.99", always: true, asked: 1, kind: esim.ErrInsufficientBalance},
		"quoted":              {price: "2", balance: "6", change: func(r *esim.OrderRequest) { r.Quote = quote }, asked: 1, sends: 3},
		"dearer":              {price: "2.01", balance: "9", change: func(r *esim.OrderRequest) { r.Quote = quote }, asked: 1, kind: esim.ErrPriceChanged},
		"above the ceiling": {
			price: "2.01", balance: "9", asked: 1, kind: esim.ErrPriceChanged,
			change: func(r *esim.OrderRequest) { r.MaxTotal = usd(t, "6", "USD") },
		},
	} {
		facts, asked := singly, 0
		facts.Always = c.always
		facts.Offer = func(context.Context, *Attempt) (esim.Money, error) { asked++; return usd(t, c.price, "USD"), nil }
		facts.Balance = func(context.Context) (esim.Money, error) { return usd(t, c.balance, "USD"), nil }
		s := newShop(t, facts, oneESIM)
		s.SawBalance(usd(t, "50", "USD"))
		req := esim.OrderRequest{PackageID: "P1", Reference: "cart-1", Quantity: 3}
		if c.change != nil {
			c.change(&req)
		}
		_, err := s.Order(t.Context(), req, s.facts)
		if c.kind == "" {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, c.kind, name)
			assertOutcome(t, esim.OutcomeNotSent, err)
		}
		assert.Equal(t, c.asked, asked, name)
		assert.Len(t, s.wire.requests, c.sends, name)
	}
}

func TestAGuardThatNobodyChecksIsUnsupported(t *testing.T) {
	s := newShop(t, singly, oneESIM)
	_, err := s.order(t, "cart-1", 1, func(r *esim.OrderRequest) { r.MaxTotal = usd(t, "6", "USD") })
	require.ErrorContains(t, err, "cannot be checked")
	assert.Empty(t, s.wire.requests)
}

func TestAnOrderAboveItsQuoteComesWithAnError(t *testing.T) {
	s := newShop(t, Purchase{Safety: Guarded, Compared: true}, oneESIM)
	send := s.facts.Send
	s.facts.Send = func(ctx context.Context, a *Attempt, call Call) error {
		err := send(ctx, a, call)
		a.Order.Total = usd(t, "2.01", "USD")
		return err
	}
	_, err := s.order(t, "cart-1", 1, func(r *esim.OrderRequest) { r.MaxTotal = usd(t, "2", "USD") })
	e := assertOutcome(t, esim.OutcomeAccepted, err)
	require.ErrorIs(t, err, esim.ErrPriceChanged)
	assert.Equal(t, "A1", e.Order.ID)
	assert.Equal(t, "cart-1", e.Reference)
}

// Money leaves through purchases alone.
func TestAnEndpointThatSpendsIsClosedToOtherCalls(t *testing.T) {
	s := newShop(t, singly, oneESIM)
	_, err := Fetch[reply](t.Context(), s.API, Post("/orders", Guarded, "x"))
	assertOutcome(t, esim.OutcomeNotSent, err)
	s.facts.Send = func(ctx context.Context, _ *Attempt, call Call) error {
		_, other := Fetch[reply](ctx, s.API, call.Post("/other", "x"))
		return other
	}
	_, err = s.order(t, "cart-1", 1)
	assertOutcome(t, esim.OutcomeNotSent, err)
	assert.Empty(t, s.wire.requests)
}

// An adapter's Send may fail with an error of its own, before the request or
// behind it. The purchase is then of unknown outcome, with all that came.
func TestAnErrorOfTheAdaptersOwnIsNoAnswer(t *testing.T) {
	own := errors.New("an index is out of range")
	for _, sends := range []bool{false, true} {
		s := newShop(t, singly, oneESIM, oneESIM)
		send := s.facts.Send
		s.facts.Send = func(ctx context.Context, a *Attempt, call Call) error {
			if sends {
				assert.NoError(t, send(ctx, a, call))
			}
			return own
		}
		_, err := s.order(t, "cart-1", 1)
		e := assertOutcome(t, esim.OutcomeUnknown, err)
		require.ErrorIs(t, err, own)
		assert.Equal(t, "cart-1", e.Reference)
		assert.Equal(t, sends, e.Order != nil)
	}
}

// Where the provider knows no key the kit tells units apart by itself.
func TestUnitsWithoutAKeyAreReported(t *testing.T) {
	s := newShop(t, Purchase{Max: 3, Single: true, Safety: Once}, oneESIM, oneESIM, oneESIM)
	order, err := s.order(t, "cart-1", 3)
	require.NoError(t, err)
	assert.Equal(t, 3, order.Quantity)
	again, err := s.order(t, "cart-1", 3)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Len(t, s.wire.requests, 3)
}

// What a journal says of one send is about that purchase: a hook, a token store or a
// transport that calls another client under its context takes nothing of it along.
func TestASendEndsInItsPurchase(t *testing.T) {
	var saw []evidence.Send
	look := func(ctx context.Context) context.Context {
		saw = append(saw, evidence.SendOf(ctx))
		return ctx
	}
	s := newShop(t, Purchase{Safety: Keyed}, oneESIM)
	s.observer = esim.Observer{
		OperationStart: func(ctx context.Context, _ esim.Operation) context.Context { return look(ctx) },
		WaitStart:      func(ctx context.Context, _ esim.Wait) context.Context { return look(ctx) },
		ExchangeStart:  func(ctx context.Context, _ esim.Exchange) context.Context { return look(ctx) },
	}
	id := "11111111-1111-4111-8111-111111111111"
	ctx := evidence.WithSend(t.Context(), evidence.Send{RequestID: id, OneSend: true, Resumed: true})
	_, err := s.Order(ctx, esim.OrderRequest{PackageID: "P1", Reference: "cart-1"}, s.facts)
	require.NoError(t, err)
	assert.Equal(t, []evidence.Send{{}, {}, {}}, saw)
	assert.Equal(t, id, s.wire.requests[0].Header.Get(s.spec.RequestIDHeader))
}
