package journal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/resellers"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

const pathSecret = "simulated-path-secret-0123456789"

// market is the three simulated resellers, with a journal over all of them.
type market struct {
	*testing.T
	sim *simulator.Simulator
	j   *journal.Journal

	mu       sync.Mutex
	webhooks [][]byte // of eSIM Story, not handed over yet

	cutAfter atomic.Value // path of the request with whose answer the network goes down
	down     atomic.Bool
}

// cable is the network between the shop and a reseller.
type cable struct {
	m    *market
	far  http.RoundTripper
	down error
}

func (c cable) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.m.down.Load() {
		return nil, c.down
	}
	answer, err := c.far.RoundTrip(r)
	if path, _ := c.m.cutAfter.Load().(string); err == nil && path != "" && strings.HasSuffix(r.URL.Path, path) {
		c.m.down.Store(true)
		return nil, errors.Join(c.down, answer.Body.Close())
	}
	return answer, err
}

func openMarket(t *testing.T, change ...func(*journal.Config)) *market {
	t.Helper()
	m := &market{T: t}
	m.open(m, nil, change...)
	return m
}

// open starts the resellers, whose webhooks go to post, and the journal.
func (m *market) open(post http.RoundTripper, options []simulator.Option, change ...func(*journal.Config)) {
	t := m.T
	t.Helper()
	m.sim = simulator.ForTest(t, append([]simulator.Option{
		simulator.WithoutListeners(), simulator.WithClock(time.Date(2026, 7, 1, 9, 0, 0, 0, time.UTC)),
		simulator.WithWebhookClient(&http.Client{Transport: post}),
	}, options...)...)
	m.sim.ESIMStory.SetWebhook("http://127.0.0.1/esimstory/" + pathSecret)
	clients, err := resellers.New(m.sim, esim.Settings{
		Transport: cable{m, m.sim.Transport(), io.ErrUnexpectedEOF}, MaxRetries: -1,
	})
	require.NoError(t, err)
	config := journal.Config{Clients: clients.All()}
	for _, f := range change {
		f(&config)
	}
	m.j, err = journal.New(journal.NewVolatileAt(m.sim.Now), config)
	require.NoError(t, err)
}

// RoundTrip takes a webhook while the simulator sends it.
func (m *market) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.webhooks = append(m.webhooks, body)
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: r}, err
}

// receive hands over the webhooks that have come, as an HTTP server does.
func (m *market) receive(handler http.Handler) (statuses []int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, body := range m.webhooks {
		request := httptest.NewRequestWithContext(m.Context(), http.MethodPost, "/esimstory/"+pathSecret, bytes.NewReader(body))
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		statuses = append(statuses, answer.Code)
	}
	m.webhooks = nil
	return statuses
}

// handler is the receiver that the documentation shows.
func (m *market) handler() http.Handler {
	receive := m.j.Receiver(esimstory.Provider)
	return esimstory.DeliveryHandler(esim.NewSecret(pathSecret), func(ctx context.Context, d *esimstory.Delivery) error {
		if d.Problem != nil {
			return d.Problem
		}
		return receive(ctx, d.Order())
	})
}

// pick is the first package that a client lists.
func (m *market) pick(c esim.Client) esim.Package {
	m.Helper()
	for p, err := range esim.Packages(m.Context(), c, esim.PackageQuery{}) {
		require.NoError(m, err)
		return p
	}
	m.Fatal("nothing is for sale")
	return esim.Package{}
}

// advance lets time go by with the journal at work.
func (m *market) advance(d time.Duration, handler http.Handler) {
	m.Helper()
	for ; d > 0; d -= time.Minute {
		m.sim.Advance(min(d, time.Minute))
		for _, status := range m.receive(handler) {
			assert.Equal(m, http.StatusOK, status)
		}
		_, err := m.j.Step(m.Context(), 100)
		require.NoError(m, err)
	}
}

// The same lines of a shop buy from each of the resellers.
func TestOneShopThreeResellers(t *testing.T) {
	m := openMarket(t)
	handler := m.handler()
	for _, p := range []esim.Provider{esimfly.Provider, esimstory.Provider, esimfx.Provider} {
		client := m.j.Client(p)
		item := m.pick(client)
		req := esim.OrderRequest{PackageID: item.ID, Reference: "cart-8841", Quote: &item}
		if client.Capabilities().PriceGuard == esim.PriceGuardNone {
			req.Quote = nil
		}
		order, err := client.Order(t.Context(), req)
		require.NoError(t, err, p)
		assert.Equal(t, "cart-8841", order.Reference)
		m.advance(5*time.Minute, handler)

		purchase, err := m.j.Lookup(t.Context(), p, "cart-8841")
		require.NoError(t, err)
		assert.Equal(t, journal.Delivered, purchase.State, p)
		require.Len(t, purchase.Order.ESIMs, 1, p)
		assert.NotEmpty(t, purchase.Order.ESIMs[0].ICCID, p)
		assert.NotEmpty(t, purchase.Order.ESIMs[0].Activation.LPA(), p)

		again, err := client.Order(t.Context(), req)
		require.NoError(t, err, p)
		assert.True(t, again.Replayed, p)
		assert.Equal(t, purchase.Order.ESIMs[0].Activation, again.ESIMs[0].Activation)
		assert.Len(t, m.sim.Server(p).Ledger().Charges(), 1, p)

		found, err := client.GetOrder(t.Context(), esim.OrderRef{Reference: "cart-8841"})
		require.NoError(t, err, p)
		assert.Equal(t, purchase.Order.ESIMs[0].ICCID, found.ESIMs[0].ICCID)
		_, err = esim.WaitOrder(t.Context(), client, esim.OrderRef{Reference: "cart-8841"}, esim.WaitOptions{})
		require.NoError(t, err, p)
	}
	assert.Empty(t, m.sim.Violations())
}

// eSIM Story delivers by webhook alone: without a receiver nothing is bought.
func TestStoryNeedsAReceiver(t *testing.T) {
	m := openMarket(t)
	client := m.j.Client(esimstory.Provider)
	item := m.pick(client)
	req := esim.OrderRequest{PackageID: item.ID, Reference: "cart-1"}
	_, err := client.Order(t.Context(), req)
	require.ErrorIs(t, err, journal.ErrNoReceiver)
	assert.False(t, esim.MaybeCharged(err))
	_, err = m.j.EnqueueOrder(t.Context(), nil, esimstory.Provider, req)
	require.ErrorIs(t, err, journal.ErrNoReceiver)
	_, err = m.j.Lookup(t.Context(), esimstory.Provider, "cart-1")
	require.ErrorIs(t, err, journal.ErrNotFound)
	assert.Empty(t, m.sim.ESIMStory.Ledger().Charges())

	_ = m.handler() // which registers a receiver
	_, err = client.Order(t.Context(), req)
	require.NoError(t, err)

	elsewhere := openMarket(t, func(c *journal.Config) { c.ReceivesElsewhere = []esim.Provider{esimstory.Provider} })
	_, err = elsewhere.j.Client(esimstory.Provider).Order(t.Context(), req)
	require.NoError(t, err)
}

// An order of three units of eSIM Story, with the answer lost: the webhooks
// bring the units, and WaitOrder over the journal waits for them.
func TestStoryFromEndToEnd(t *testing.T) {
	m := openMarket(t)
	handler := m.handler()
	client := m.j.Client(esimstory.Provider)
	item := m.pick(client)
	m.sim.ESIMStory.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: m.sim.ESIMStory.Ops()[0]})
	_, err := client.Order(t.Context(), esim.OrderRequest{PackageID: item.ID, Quantity: 3, Reference: "cart-1", Quote: &item})
	require.True(t, esim.MaybeCharged(err))

	_, err = esim.WaitOrder(t.Context(), client, esim.OrderRef{Reference: "cart-1"},
		esim.WaitOptions{Interval: time.Millisecond, Timeout: 20 * time.Millisecond})
	require.ErrorIs(t, err, esim.ErrIncomplete)

	var waiting sync.WaitGroup
	waiting.Go(func() {
		order, failed := esim.WaitOrder(t.Context(), client, esim.OrderRef{Reference: "cart-1"},
			esim.WaitOptions{Interval: time.Millisecond, Timeout: time.Minute, Quantity: 3})
		if assert.NoError(t, failed) {
			assert.Len(t, order.ESIMs, 3)
			assert.Equal(t, esim.OrderCompleted, order.Status)
		}
	})
	m.advance(10*time.Minute, handler)
	waiting.Wait()
	p, err := m.j.Lookup(t.Context(), esimstory.Provider, "cart-1")
	require.NoError(t, err)
	assert.Equal(t, journal.Delivered, p.State)
	assert.Zero(t, p.Doubt)
	charged := 0
	for _, c := range m.sim.ESIMStory.Ledger().ByReference("cart-1") {
		charged += c.Quantity
	}
	assert.Equal(t, 3, charged)
}

// An eSIMfly top-up has no key. Its answer is lost: it is not sent again, and
// what the eSIM has afterwards tells.
func TestFlyTopUpIsSettledByReading(t *testing.T) {
	m := openMarket(t)
	handler := m.handler()
	client := m.j.Client(esimfly.Provider)
	item := m.pick(client)
	order, err := client.Order(t.Context(), esim.OrderRequest{PackageID: item.ID, Reference: "cart-1"})
	require.NoError(t, err)
	m.advance(5*time.Minute, handler)
	order, err = client.GetOrder(t.Context(), order.Ref())
	require.NoError(t, err)
	iccid := order.ESIMs[0].ICCID
	offers, err := client.ListTopUps(t.Context(), iccid)
	require.NoError(t, err)
	require.NotEmpty(t, offers)

	m.cutAfter.Store("/topup/order") // and the network stays down
	req := esim.TopUpRequest{ICCID: iccid, PackageID: offers[0].ID, Reference: "top-1", Quote: &offers[0]}
	_, err = client.TopUp(t.Context(), req)
	require.True(t, esim.MaybeCharged(err), "%v", err)
	m.advance(time.Minute, handler)
	p, err := m.j.Lookup(t.Context(), esimfly.Provider, "top-1")
	require.NoError(t, err)
	assert.Equal(t, journal.Unknown, p.State)
	m.cutAfter.Store("")
	m.down.Store(false)
	m.advance(3*time.Hour, handler)
	p, err = m.j.Lookup(t.Context(), esimfly.Provider, "top-1")
	require.NoError(t, err)
	assert.Equal(t, journal.Delivered, p.State)
	again, err := client.TopUp(t.Context(), req)
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	topUps := 0
	for _, c := range m.sim.ESIMFly.Ledger().Charges() {
		if c.Kind == esimtest.ChargeTopUp {
			topUps++
		}
	}
	assert.Equal(t, 1, topUps)
}

// The clients keep no secret that the journal could print.
func TestPrintingShowsNoSecret(t *testing.T) {
	m := openMarket(t)
	handler := m.handler()
	client := m.j.Client(esimfly.Provider)
	item := m.pick(client)
	_, err := client.Order(t.Context(), esim.OrderRequest{PackageID: item.ID, Reference: "cart-1"})
	require.NoError(t, err)
	m.advance(5*time.Minute, handler)
	p, err := m.j.Lookup(t.Context(), esimfly.Provider, "cart-1")
	require.NoError(t, err)
	text := fmt.Sprintf("%v %+v %#v %s %v %+v %v %+v", client, client, client, client, *p, *p, p.Order, *p.Order)
	marshalled, err := json.Marshal(p)
	require.NoError(t, err)
	text += string(marshalled)
	for _, secret := range m.sim.Secrets() {
		assert.NotContains(t, text, secret)
	}
	assert.NotContains(t, text, p.Order.ESIMs[0].Activation.MatchingID)
}
