package journal_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// TestAnswers: what each kind of answer makes of a purchase of two eSIMs.
func TestAnswers(t *testing.T) {
	fail := func(kind esim.Kind, o esim.Outcome, change ...func(*esim.Error)) error {
		err := &esim.Error{Provider: "memory", Op: "Order", Kind: kind, Outcome: o, Reference: "cart-1"}
		for _, f := range change {
			f(err)
		}
		return err
	}
	order := func(change ...func(*esim.Order)) *esim.Order {
		o := &esim.Order{
			Provider: "memory", ID: "o-1", Reference: "cart-1", Status: esim.OrderCompleted, PackageID: small.ID, Quantity: 2,
			Total: usd("5.00"), ESIMs: []esim.ESIM{unit(1, "ica"), unit(2, "ica")},
		}
		for _, f := range change {
			f(o)
		}
		return o
	}
	half := func(o *esim.Order) { o.Status, o.ESIMs = esim.OrderPending, o.ESIMs[:1] }
	with := func(o *esim.Order) func(*esim.Error) { return func(e *esim.Error) { e.Order = o } }
	replaying := selling(memory.WithIdempotency(esim.IdempotencyReplays))
	immediate := selling(memory.WithCapabilities(func(c *esim.Capabilities) { c.Fulfilment = esim.FulfilmentImmediate }),
		memory.WithIdempotency(esim.IdempotencyRejects))
	for _, tc := range []struct {
		name    string
		opt     shopOption
		order   *esim.Order
		err     error
		want    journal.State
		outcome esim.Outcome
		check   func(t *testing.T, p *journal.Purchase)
	}{
		{"all of it", rejecting, order(), nil, journal.Delivered, esim.OutcomeAccepted, func(t *testing.T, p *journal.Purchase) {
			assert.Equal(t, usd("5.00"), p.Cost)
		}},
		{"part of it", rejecting, order(half), nil, journal.Provisioning, esim.OutcomeAccepted, nil},
		{"a code that nobody can read", rejecting, order(func(o *esim.Order) {
			o.ESIMs[0].Activation, o.ESIMs[0].RawActivation = esim.ActivationCode{}, esim.NewSecret("LPA:odd")
		}), nil, journal.Review, esim.OutcomeAccepted, func(t *testing.T, p *journal.Purchase) {
			assert.Equal(t, "LPA:odd", p.Order.ESIMs[0].RawActivation.Reveal())
			assert.True(t, p.Order.ESIMs[0].Unreadable())
			assert.False(t, p.Order.ESIMs[1].Unreadable())
		}},
		{
			"all codes, and not all ICCIDs", immediate, nil,
			fail(esim.ErrIncomplete, esim.OutcomeAccepted, with(order(func(o *esim.Order) { o.ESIMs[1].ICCID = "" }))),
			journal.Provisioning, esim.OutcomeAccepted, nil,
		},
		{
			"eSIMs without a code", rejecting, order(func(o *esim.Order) { o.ESIMs[1].Activation = esim.ActivationCode{} }), nil,
			journal.Provisioning, esim.OutcomeAccepted, nil,
		},
		{
			"another package", rejecting, order(func(o *esim.Order) { o.PackageID = large.ID }), nil, journal.Review, esim.OutcomeUnknown,
			func(t *testing.T, p *journal.Purchase) {
				require.NotNil(t, p.Foreign)
				assert.Equal(t, &journal.Foreign{OrderID: "o-1", PackageID: large.ID, ESIMs: 2}, p.Foreign)
			},
		},
		{
			"too many", rejecting, order(func(o *esim.Order) { o.ESIMs = append(o.ESIMs, unit(3, "ica")) }), nil, journal.Review, esim.OutcomeAccepted,
			func(t *testing.T, p *journal.Purchase) {
				assert.Len(t, p.Order.ESIMs, 3, "what was paid for is on record")
			},
		},
		{
			"taken and failed", rejecting, order(func(o *esim.Order) { o.Status, o.ESIMs = esim.OrderFailed, nil }), nil,
			journal.Review, esim.OutcomeAccepted, nil,
		},
		{
			"incomplete for good", immediate, nil, fail(esim.ErrIncomplete, esim.OutcomeAccepted, with(order(half))), journal.Review, esim.OutcomeAccepted,
			func(t *testing.T, p *journal.Purchase) { assert.Len(t, p.Order.ESIMs, 1) },
		},
		{"incomplete for now", rejecting, nil, fail(esim.ErrIncomplete, esim.OutcomeAccepted, with(order(half))), journal.Provisioning, esim.OutcomeAccepted, nil},
		{
			"the rest is throttled", replaying, nil, fail(esim.ErrIncomplete, esim.OutcomeAccepted, with(order(half)), func(e *esim.Error) { e.Err = esim.ErrRateLimited }),
			journal.Unknown, esim.OutcomeAccepted, nil,
		},
		{
			"bought, and not what", rejecting, nil, fail(esim.ErrMalformedResponse, esim.OutcomeAccepted), journal.Unknown, esim.OutcomeAccepted,
			func(t *testing.T, p *journal.Purchase) { assert.True(t, p.Arrived) },
		},
		{
			"some of it, then silence", rejecting, nil, fail(esim.ErrUnavailable, esim.OutcomeUnknown, with(order(half))), journal.Unknown, esim.OutcomeUnknown,
			func(t *testing.T, p *journal.Purchase) { assert.Len(t, p.Order.ESIMs, 1) },
		},
		{"a known reference, before it was sent", rejecting, nil, fail(esim.ErrDuplicate, esim.OutcomeUnknown), journal.Review, esim.OutcomeUnknown, nil},
		{
			"a request in flight", rejecting, nil, fail(esim.ErrDuplicate, esim.OutcomeUnknown, func(e *esim.Error) { e.HTTPStatus = http.StatusConflict }),
			journal.Unknown, esim.OutcomeUnknown, func(t *testing.T, p *journal.Purchase) { assert.True(t, p.Arrived) },
		},
		{"a known reference of another purchase", rejecting, nil, fail(esim.ErrReferenceConflict, esim.OutcomeUnknown), journal.Review, esim.OutcomeUnknown, nil},
		{
			"an error of no known kind", rejecting, nil, errors.New("what?"), journal.Unknown, esim.OutcomeUnknown,
			func(t *testing.T, p *journal.Purchase) { assert.Equal(t, "what?", p.Attempts[0].Cause) },
		},
		{
			"a refusal", rejecting, nil, fail(esim.ErrPackageUnavailable, esim.OutcomeRejected, func(e *esim.Error) { e.Code, e.RequestID = "GONE", "r-1" }),
			journal.Rejected, esim.OutcomeRejected, func(t *testing.T, p *journal.Purchase) {
				assert.Equal(t, "package unavailable: GONE (request r-1)", p.Attempts[0].Failure)
			},
		},
		{"too fast", rejecting, nil, fail(esim.ErrRateLimited, esim.OutcomeRejected), journal.Rejected, esim.OutcomeRejected, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := openShop(t, tc.opt, configured(func(c *journal.Config) { c.BusyWait = -1 }))
			s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) { return tc.order, tc.err }
			req := esim.OrderRequest{PackageID: small.ID, Quantity: 2, Reference: "cart-1"}
			_, err := s.client.Order(t.Context(), req)
			assert.Equal(t, tc.outcome, esim.OutcomeOf(err), "%v", err)
			p := s.wantState("cart-1", tc.want)
			if tc.want == journal.Unknown {
				assert.Equal(t, 1, p.Doubt)
			} else if tc.name != "a known reference, before it was sent" && tc.want != journal.Review {
				assert.Zero(t, p.Doubt)
			}
			if tc.check != nil {
				tc.check(t, p)
			}
		})
	}
}

// What the provider asks to wait is waited, and two minutes at most where it
// only refuses for now. A refusal of that kind ends no sale.
func TestRetryAfterIsObeyed(t *testing.T) {
	for _, tc := range []struct{ asked, waited time.Duration }{{40 * time.Second, 40 * time.Second}, {20 * time.Minute, 2 * time.Minute}} {
		inBubble(t, tc.asked.String(), func(t *testing.T) {
			s := openShop(t)
			s.memory.Inject(esimtest.Fault{Kind: esimtest.Fault429, Op: "Order", RetryAfter: tc.asked})
			s.enqueue("cart-1")
			s.work()
			time.Sleep(tc.waited - 2*time.Second)
			s.work()
			assert.Len(t, s.lender.sent(), 1)
			s.wantState("cart-1", journal.Ready)
			time.Sleep(3 * time.Second)
			s.work()
			s.wantState("cart-1", journal.Delivered)
			for _, r := range s.lender.sent() {
				assert.False(t, r.Resumed, "what was refused is in no doubt")
				assert.True(t, r.OneSend, "the journal counts requests")
			}
		})
	}
}

// One order of the provider belongs to one purchase.
func TestOrderOfAnotherPurchase(t *testing.T) {
	s := openShop(t, rejecting)
	s.lender.order = func(_ context.Context, r esim.OrderRequest) (*esim.Order, error) { return whole(r.Reference), nil }
	_, err := s.buy("cart-1")
	require.NoError(t, err)
	_, err = s.buy("cart-2")
	require.ErrorIs(t, err, journal.ErrUnderReview)
	assert.True(t, esim.MaybeCharged(err))
	p := s.wantState("cart-2", journal.Review)
	require.NotNil(t, p.Foreign)
	assert.Equal(t, "o-1", p.Foreign.OrderID)
	s.wantState("cart-1", journal.Delivered)
}

// gauged is a provider whose top-ups have no key, and show on the eSIM.
type gauged struct {
	*lender
	failure error
	shows   *esim.Order
	before  [][]byte // that TopUpEffect was given
}

func (g *gauged) BeforeTopUp(context.Context, esim.TopUpRequest) ([]byte, error) {
	return []byte(`{"total":5}`), g.failure
}

func (g *gauged) TopUpEffect(_ context.Context, before []byte, _ esim.TopUpRequest) (*esim.Order, error) {
	g.before = append(g.before, before)
	return g.shows, nil
}

func openGauged(t *testing.T) (*shop, *gauged) {
	t.Helper()
	s := openShop(t, selling(memory.WithCapabilities(func(c *esim.Capabilities) {
		c.TopUpIdempotency, c.GetOrder, c.LookupByReference = esim.IdempotencyNone, false, false
	})))
	g := &gauged{lender: s.lender}
	s.config.Clients = []esim.Client{g}
	j, err := journal.New(s.store, s.config)
	require.NoError(t, err)
	s.Journal, s.client = j, j.Client("memory")
	return s, g
}

func TestTopUpThatShows(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, g := openGauged(t)
		order, err := s.buy("cart-1")
		require.NoError(t, err)
		iccid := order.ESIMs[0].ICCID
		req := esim.TopUpRequest{ICCID: iccid, PackageID: small.ID, Reference: "top-1"}

		g.failure = &esim.Error{Provider: "memory", Op: "TopUp", Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent}
		_, err = s.client.TopUp(t.Context(), req)
		s.wantRefused(err, esim.ErrUnavailable)
		s.wantState("top-1", journal.NotExecuted)
		assert.Zero(t, s.memory.Requests("TopUp"), "without knowing what it had nothing is sent")

		g.failure = nil
		s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "TopUp"})
		_, err = s.client.TopUp(t.Context(), req)
		require.True(t, esim.MaybeCharged(err))
		s.pass(5 * time.Minute)
		s.wantState("top-1", journal.Unknown)
		assert.Equal(t, 1, s.memory.Requests("TopUp"))
		require.NotEmpty(t, g.before)
		assert.JSONEq(t, `{"total":5}`, string(g.before[0]))

		g.shows = &esim.Order{
			Provider: "memory", ID: "t-1", Reference: "top-1", Status: esim.OrderCompleted, PackageID: small.ID, Quantity: 1,
			ESIMs: []esim.ESIM{{ICCID: iccid}},
		}
		s.pass(time.Hour)
		s.wantState("top-1", journal.Delivered)
		assert.Equal(t, 1, s.charges("top-1"))
		assert.Equal(t, 1, s.memory.Requests("TopUp"))
	})
}

// listing is a provider that takes a request id once, and lists its orders.
type listing struct {
	*lender
	listed []esim.Order
	failed error
}

func (l *listing) FindOrders(_ context.Context, q evidence.OrderSearch) ([]esim.Order, error) {
	var found []esim.Order
	for _, o := range l.listed {
		if o.PackageID == q.PackageID && !o.CreatedAt.Before(q.Since) {
			found = append(found, o)
		}
	}
	return found, l.failed
}

func (l *listing) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	send := evidence.SendOf(ctx)
	l.requests = append(l.requests, sentOrder{r, send})
	err := &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrUnavailable, Reference: r.Reference}
	if send.Resumed {
		err.Kind = esim.ErrDuplicate
	}
	return nil, err
}

// TestFoundInTheList: identical orders are counted before they are given out.
func TestFoundInTheList(t *testing.T) {
	at := func(id, total string, ago time.Duration) esim.Order {
		code := unit(int(id[2]-'0'), "ca")
		return esim.Order{
			Provider: "memory", ID: id, Status: esim.OrderCompleted, PackageID: small.ID, Quantity: 1, Total: usd(total),
			CreatedAt: time.Now().Add(-ago), ESIMs: []esim.ESIM{code},
		}
	}
	for _, tc := range []struct {
		name    string
		carts   []string
		listed  func() []esim.Order
		failed  error
		settled int
	}{
		{"one of one", []string{"cart-1"}, func() []esim.Order { return []esim.Order{at("o-1", "2.50", 0)} }, nil, 1},
		{"two of two", []string{"cart-1", "cart-2"}, func() []esim.Order { return []esim.Order{at("o-1", "2.50", 0), at("o-2", "2.50", 0)} }, nil, 2},
		{"one of two, and it stays at one", []string{"cart-1", "cart-2"}, func() []esim.Order { return []esim.Order{at("o-1", "2.50", 0)} }, nil, 1},
		{"none", []string{"cart-1"}, func() []esim.Order { return nil }, nil, 0},
		{"one from before", []string{"cart-1"}, func() []esim.Order { return []esim.Order{at("o-1", "2.50", time.Hour)} }, nil, 0},
		{"one of another price", []string{"cart-1"}, func() []esim.Order { return []esim.Order{at("o-1", "5.00", 0)} }, nil, 0},
		{"a list that broke off", []string{"cart-1"}, func() []esim.Order { return []esim.Order{at("o-1", "2.50", 0)} }, esim.ErrMalformedResponse, 0},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, selling(memory.WithCapabilities(func(c *esim.Capabilities) {
				c.OnceRequestID, c.ContractVerified, c.GetOrder, c.LookupByReference = true, false, false, false
			})))
			l := &listing{lender: s.lender, failed: tc.failed}
			s.config.Clients = []esim.Client{l}
			j, err := journal.New(s.store, s.config)
			require.NoError(t, err)
			s.Journal, s.client = j, j.Client("memory")
			for _, ref := range tc.carts {
				_, err := s.buy(ref)
				require.True(t, esim.MaybeCharged(err))
			}
			l.listed = tc.listed()
			s.pass(5 * time.Minute)
			if len(l.listed) < len(tc.carts) { // whose it is nobody can tell while another may come
				for _, ref := range tc.carts {
					s.wantState(ref, journal.Unknown)
				}
			}
			s.pass(80 * time.Hour)
			owners, settled := make(map[string]bool), 0
			for _, ref := range tc.carts {
				p := s.purchase(ref)
				assert.True(t, p.Arrived)
				if p.State == journal.Delivered {
					settled++
					assert.False(t, owners[p.Order.ID], "one order for two purchases")
					owners[p.Order.ID] = true
					continue
				}
				assert.Equal(t, journal.Review, p.State)
			}
			assert.Equal(t, tc.settled, settled)
			ids := make(map[string]string)
			for _, r := range s.lender.sent() {
				require.NotEmpty(t, r.RequestID)
				if id := ids[r.Reference]; id != "" {
					assert.Equal(t, id, r.RequestID, "one request id while it is in doubt")
				}
				ids[r.Reference] = r.RequestID
			}
		})
	}
}
