package journal_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
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
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/webhook"
)

// house is a market whose resellers send their webhooks to the receiver that
// the documentation shows, over a post that may lose them.
type house struct {
	market
	hooks   http.Handler
	waiters webhook.Waiters
	lose    func(n int) bool // the n-th webhook, from 1
	posted  int
	events  []esim.Event
	late    []*journal.Purchase
	review  []*journal.Purchase
}

// RoundTrip carries a webhook to the shop.
func (h *house) RoundTrip(r *http.Request) (*http.Response, error) {
	h.posted++
	if h.lose(h.posted) {
		return nil, errors.New("the post has lost it")
	}
	answer := httptest.NewRecorder()
	h.hooks.ServeHTTP(answer, r)
	return answer.Result(), nil
}

func openHouse(t *testing.T, lose func(n int) bool) *house {
	t.Helper()
	h := &house{market: market{T: t}, lose: lose}
	h.open(h, []simulator.Option{simulator.WithProvisioningDelay(4 * time.Minute)}, func(c *journal.Config) {
		c.OnLate = func(_ context.Context, p *journal.Purchase) error { h.late = append(h.late, p); return nil }
		c.OnReview = func(_ context.Context, list []*journal.Purchase) error {
			h.review = append(h.review, list...)
			return nil
		}
	})
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider, esimstory.Provider} {
		h.sim.Server(p).SetWebhook("https://shop.test/hooks/" + string(p))
	}
	h.sim.ESIMStory.SetWebhook("https://shop.test/hooks/esimstory/" + pathSecret)
	receive := make(map[esim.Provider]func(context.Context, *esim.Order) error)
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider, esimstory.Provider} {
		receive[p] = h.j.Receiver(p)
	}
	hooks := webhook.NewHandler(webhook.NewMemoryInbox(), func(ctx context.Context, e esim.Event) error {
		h.events = append(h.events, e)
		if e.Order != nil {
			if err := receive[e.Provider](ctx, e.Order); err != nil {
				return err
			}
		}
		h.waiters.Tell(e)
		return nil
	},
		esimfly.Webhooks(esim.NewSecret(h.sim.ESIMFly.SigningSecret())),
		esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: esim.NewSecret(pathSecret)}),
		esimfx.Webhooks(esim.NewSecret(h.sim.ESIMFX.WebhookToken)))
	hooks.Now = h.sim.Now
	h.hooks = hooks
	return h
}

// sell buys one eSIM and lets half a day go by. It returns how long the
// journal took to have the eSIM, 0 if it has none.
func (h *house) sell(p esim.Provider, packageID, reference string) time.Duration {
	h.Helper()
	begun := h.sim.Now()
	_, err := h.j.Client(p).Order(h.Context(), esim.OrderRequest{PackageID: packageID, Reference: reference})
	require.NoError(h, err)
	for range 12 * 60 {
		purchase, err := h.j.Lookup(h.Context(), p, reference)
		require.NoError(h, err)
		if purchase.State == journal.Delivered {
			return max(h.sim.Now().Sub(begun), time.Nanosecond)
		}
		h.sim.Advance(time.Minute)
		_, err = h.j.Step(h.Context(), 100)
		require.NoError(h, err)
	}
	return 0
}

// A webhook that is lost costs time where the provider can be asked, and
// nothing else.
func TestLostWebhookCostsTime(t *testing.T) {
	const slowPackage = "RB85_4D" // not delivered in the answer
	heard := openHouse(t, func(int) bool { return false })
	prompt := heard.sell(esimfly.Provider, slowPackage, "cart-1")
	deaf := openHouse(t, func(int) bool { return true })
	slow := deaf.sell(esimfly.Provider, slowPackage, "cart-1")
	t.Logf("with webhooks after %s, without any after %s", prompt, slow)

	require.GreaterOrEqual(t, prompt, 4*time.Minute, "it is not delivered at once")
	require.NotEmpty(t, heard.events)
	require.Empty(t, deaf.events)
	assert.Greater(t, slow, prompt)
	assert.LessOrEqual(t, slow-prompt, 15*time.Minute, "the next look finds it")
	for _, h := range []*house{heard, deaf} {
		assert.Empty(t, h.review)
		assert.Len(t, h.sim.ESIMFly.Ledger().Charges(), 1)
	}
}

// Where the provider delivers by webhook alone, a purchase whose webhook does
// not come is an open item that says what to tell support, and the webhook
// settles it whenever it comes.
func TestLostWebhookBecomesAnOpenItem(t *testing.T) {
	h := openHouse(t, func(int) bool { return false })
	h.sim.ESIMStory.Webhooks(simulator.WebhookBehaviour{Withhold: true})
	item := h.pick(h.j.Client(esimstory.Provider))
	require.Zero(t, h.sell(esimstory.Provider, item.ID, "cart-1"))
	require.Len(t, h.late, 1, "somebody is told in good time")

	purchase, err := h.j.Lookup(t.Context(), esimstory.Provider, "cart-1")
	require.NoError(t, err)
	note := purchase.SupportNote()
	for _, part := range []string{"cart-1", item.ID, purchase.Order.ESIMs[0].ItemID + ": not delivered", "0 of 1 eSIMs have come"} {
		assert.Contains(t, note, part)
	}

	h.sim.Advance(72 * time.Hour)
	_, err = h.j.Step(t.Context(), 100)
	require.NoError(t, err)
	found := 0
	for open, err := range h.j.Reviews(t.Context()) {
		require.NoError(t, err)
		assert.Equal(t, "cart-1", open.Reference)
		assert.Equal(t, note, open.SupportNote())
		found++
	}
	require.Equal(t, 1, found)

	h.sim.ESIMStory.Release() // their support sends it again
	h.sim.Advance(5 * time.Minute)
	purchase, err = h.j.Lookup(t.Context(), esimstory.Provider, "cart-1")
	require.NoError(t, err)
	assert.Equal(t, journal.Delivered, purchase.State)
	assert.Empty(t, purchase.SupportNote())
	assert.Len(t, h.sim.ESIMStory.Ledger().Charges(), 1)
}

// What is sent to the provider says nothing of the machine it comes from.
func TestSupportNoteKeepsToTheProvidersBusiness(t *testing.T) {
	s := openShop(t, rejecting)
	s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
		return nil, &esim.Error{
			Provider: "memory", Op: "Order", Kind: esim.ErrUnavailable, HTTPStatus: 502, RequestID: "r-1",
			Err: errors.New("read tcp 10.0.0.7:48260->203.0.113.9:443: connection reset"),
		}
	}
	_, err := s.buy("cart-1")
	require.True(t, esim.MaybeCharged(err))
	p := s.wantState("cart-1", journal.Unknown)
	note := p.SupportNote()
	assert.Contains(t, note, "unavailable (request r-1)")
	assert.Contains(t, note, "Did you charge for this?")
	assert.NotContains(t, note, "10.0.0.7")
	assert.Contains(t, p.Attempts[0].Cause, "10.0.0.7", "for the operator's own eyes")
}

// A webhook is waited for from the send on, not from the intent.
func TestAWebhookIsWaitedForFromTheSend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := openShop(t, selling(memory.WithIdempotency(esim.IdempotencyRejects), memory.WithCapabilities(func(c *esim.Capabilities) {
			c.GetOrder, c.LookupByReference, c.Fulfilment = false, false, esim.FulfilmentWebhook
		})), configured(func(c *journal.Config) { c.ReceivesElsewhere = []esim.Provider{"memory"} }))
		s.memory.Inject(esimtest.Fault{Kind: esimtest.FaultRefuse})
		s.enqueue("cart-1")
		s.pass(2 * time.Hour)
		s.wantState("cart-1", journal.Ready)
		s.memory.Heal()
		s.lose(esimtest.FaultCutAfterCommit)
		for s.purchase("cart-1").State == journal.Ready {
			s.pass(time.Minute)
		}
		s.pass(time.Minute)
		_, err := s.Reconcile(t.Context(), journal.IDOf("memory", "cart-1"))
		require.NoError(t, err)
		s.pass(24 * time.Minute)
		s.wantState("cart-1", journal.Unknown)
		assert.Empty(t, s.heard())
		s.pass(8 * time.Minute)
		s.wantState("cart-1", journal.Review)
		assert.Equal(t, []string{"late cart-1", "review cart-1"}, s.heard())
		assert.Len(t, s.memory.Ledger().ByReference("cart-1"), 1)
	})
}
