package esimstory_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

const hookSecret = "simulated-path-secret-0123456789"

// shop is what a caller of the package builds: a client, and a receiver that
// puts deliveries into the orders it keeps.
type shop struct {
	*esimstory.Client
	sim *simulator.Simulator

	mu     sync.Mutex
	orders map[string]*esim.Order // by reference
	alarms []error
}

func openShop(t *testing.T, opts ...simulator.Option) *shop {
	t.Helper()
	s := &shop{sim: simulator.ForTest(t, opts...), orders: make(map[string]*esim.Order)}
	receiver := httptest.NewServer(esimstory.DeliveryHandler(esim.NewSecret(hookSecret), s.deliver))
	t.Cleanup(receiver.Close)
	s.sim.ESIMStory.SetWebhook(receiver.URL + "/" + hookSecret)

	client, err := esimstory.New(esimstory.Config{
		Settings: esim.Settings{
			BaseURL: s.sim.ESIMStory.URL(), Limiter: rate.NewLimiter(rate.Inf, 1),
			Now: s.sim.Now, Timeout: 2 * time.Second, Transport: &http.Transport{},
		},
		AccessKey: s.sim.ESIMStory.AccessKey,
		SecretKey: esim.NewSecret(s.sim.ESIMStory.SecretKey),
		Catalog:   sheetOf(s.sim.ESIMStory.Packages()),
	})
	require.NoError(t, err)
	t.Cleanup(client.CloseIdleConnections)
	s.Client = client
	return s
}

func sheetOf(infos []simulator.PackageInfo) []esim.Package {
	list := make([]esim.Package, len(infos))
	for i, info := range infos {
		list[i] = esim.Package{
			Provider: esimstory.Provider, ID: info.ID, Name: info.Name, Region: info.Region, Price: info.Price,
			Data: esim.DataSize(info.Bytes), Unlimited: info.Unlimited, ValidityDays: info.Days,
		}
		for _, iso := range info.Countries {
			list[i].Countries = append(list[i].Countries, esim.Country(iso))
		}
	}
	return list
}

// deliver stores the delivery, in the order it is of or in a new one.
func (s *shop) deliver(_ context.Context, d *esimstory.Delivery) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	order := s.orders[d.Reference]
	if order == nil {
		return esimstory.ErrForeignDelivery
	}
	if _, err := esimstory.Apply(order, d); err != nil {
		s.alarms = append(s.alarms, err)
	}
	return nil
}

// intend keeps an order before it is sent, as a shop must: its webhook may
// come before its answer, or instead of it.
func (s *shop) intend(reference, packageID string, quantity int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders[reference] = &esim.Order{
		Provider: esimstory.Provider, Reference: reference, PackageID: packageID, Quantity: quantity, Status: esim.OrderPending,
	}
}

func (s *shop) order(reference string) esim.Order {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.orders[reference]
}

func (s *shop) requireDelivered(t *testing.T, reference string) {
	t.Helper()
	order := s.order(reference)
	require.Equal(t, esim.OrderCompleted, order.Status)
	require.Equal(t, order.Quantity, order.Delivered())
	var sold []string
	for _, u := range s.sim.ESIMStory.Units() {
		if u.Reference == reference {
			sold = append(sold, u.ICCID)
		}
	}
	for _, unit := range order.ESIMs {
		require.Contains(t, sold, string(unit.ICCID))
		require.NotEmpty(t, unit.Activation.LPA())
	}
	require.Empty(t, s.alarms)
}

func TestSimulatedSale(t *testing.T) {
	for name, hooks := range map[string]simulator.WebhookBehaviour{
		"later":                 {Delay: 2 * time.Second},
		"in camelCase":          {CamelCase: true},
		"without download_link": {OmitLink: true},
		"twice":                 {Repeat: 2},
		"before the answer":     {BeforeResponse: true},
	} {
		t.Run(name, func(t *testing.T) {
			s := openShop(t)
			s.sim.ESIMStory.Webhooks(hooks)
			p := s.sim.ESIMStory.Packages()[0]
			s.intend("cart-1", p.ID, 3)
			page, err := s.ListPackages(t.Context(), esim.PackageQuery{Search: p.ID})
			require.NoError(t, err)
			total, err := p.Price.MulInt(3)
			require.NoError(t, err)
			order, err := s.Order(t.Context(), esim.OrderRequest{
				PackageID: p.ID, Quantity: 3, Reference: "cart-1", Quote: &page.Packages[0], MaxTotal: total,
			})
			require.NoError(t, err)
			require.Equal(t, esim.OrderPending, order.Status)
			require.Len(t, order.ESIMs, 3)

			s.sim.Advance(5 * time.Minute)
			s.requireDelivered(t, "cart-1")
			ledger := s.sim.ESIMStory.Ledger()
			require.Len(t, ledger.ByReference("cart-1"), 1)
			require.True(t, ledger.Total().Equal(total))
			require.Empty(t, s.sim.ESIMStory.Violations())
		})
	}
}

func TestSimulatedOrderOfSeveralLines(t *testing.T) {
	s := openShop(t)
	a, b := s.sim.ESIMStory.Packages()[0], s.sim.ESIMStory.Packages()[1]
	s.intend("cart-2", "", 4)
	order, err := s.OrderLines(t.Context(), esimstory.LinesRequest{Reference: "cart-2", Lines: []esimstory.Line{
		{OptionID: a.ID, Quantity: 1}, {OptionID: b.ID, Quantity: 2}, {OptionID: strings.ToUpper(a.ID), Quantity: 1},
	}})
	require.NoError(t, err)
	require.Len(t, order.ESIMs, 4)
	s.sim.Advance(time.Minute)
	s.requireDelivered(t, "cart-2")
	require.Equal(t, 1, s.sim.ESIMStory.Ledger().Count())
	require.Equal(t, 1, s.sim.ESIMStory.Requests("order"))
}

// An answer that is lost costs nothing but time: the webhook finds the order.
func TestSimulatedLostAnswer(t *testing.T) {
	for _, kind := range []esimtest.FaultKind{
		esimtest.FaultCutAfterCommit, esimtest.FaultHalfBody, esimtest.FaultTruncatedJSON, esimtest.Fault500After,
		esimtest.Fault502HTMLAfter, esimtest.FaultRedirectAfter, esimtest.FaultEmpty200, esimtest.FaultDuplicateKeys,
		esimtest.FaultTrailingData, esimtest.FaultWrongCase, esimtest.FaultWrongContentType,
	} {
		t.Run(kind.String(), func(t *testing.T) {
			s := openShop(t)
			s.sim.ESIMStory.Inject(esimtest.Fault{Kind: kind, Op: "order"})
			p := s.sim.ESIMStory.Packages()[0]
			s.intend("cart-3", p.ID, 1)
			req := esim.OrderRequest{PackageID: p.ID, Reference: "cart-3"}
			_, err := s.Order(t.Context(), req)
			require.Error(t, err)
			require.True(t, esim.MaybeCharged(err))

			// The deliberate repeat is not sent.
			_, err = s.Order(t.Context(), req)
			require.True(t, esim.MaybeCharged(err))
			require.ErrorIs(t, err, esim.ErrDuplicate)
			if kind.Commits() {
				s.sim.Advance(time.Minute)
				s.requireDelivered(t, "cart-3")
			}
			require.Len(t, s.sim.ESIMStory.Ledger().ByReference("cart-3"), 1)
			require.Equal(t, 1, s.sim.ESIMStory.Requests("order"))
		})
	}
}

func TestSimulatedRefusals(t *testing.T) {
	for _, c := range []struct {
		name    string
		fault   esimtest.Fault
		kind    esim.Kind
		outcome esim.Outcome
	}{
		{"429", esimtest.Fault{Kind: esimtest.Fault429, RetryAfter: time.Minute}, esim.ErrRateLimited, esim.OutcomeRejected},
		{"refused connection", esimtest.Fault{Kind: esimtest.FaultRefuse}, esim.ErrUnavailable, esim.OutcomeNotSent},
		{"supplier failed", esimtest.Fault{Kind: esimtest.FaultErrorBefore, Message: "eSIM Request failed - Status: 500, Message: x"}, esim.ErrUnavailable, esim.OutcomeUnknown},
		{"supplier lost", esimtest.Fault{Kind: esimtest.FaultErrorBefore}, esim.ErrUnavailable, esim.OutcomeUnknown},
		{"500", esimtest.Fault{Kind: esimtest.Fault500Before}, esim.ErrUnavailable, esim.OutcomeUnknown},
		{"cut", esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit}, esim.ErrUnavailable, esim.OutcomeUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openShop(t)
			c.fault.Op = "order"
			s.sim.ESIMStory.Inject(c.fault)
			_, err := s.Order(t.Context(), esim.OrderRequest{PackageID: s.sim.ESIMStory.Packages()[0].ID, Reference: "cart-4"})
			require.ErrorIs(t, err, c.kind)
			e, ok := err.(*esim.Error) //nolint:errorlint // it must be one
			require.True(t, ok)
			require.Equal(t, c.outcome, e.Outcome)
			require.Equal(t, "cart-4", e.Reference)
			require.Zero(t, s.sim.ESIMStory.Ledger().Count())
			require.LessOrEqual(t, s.sim.ESIMStory.Requests("order"), 1)
		})
	}
}

func TestSimulatedUnknownOption(t *testing.T) {
	s := openShop(t)
	_, err := s.Order(t.Context(), esim.OrderRequest{PackageID: "00000000-0000-4000-8000-000000000000"})
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	require.False(t, esim.MaybeCharged(err))
	require.Zero(t, s.sim.ESIMStory.Ledger().Count())
}

// A clock that is off is corrected once, and the order goes through.
func TestSimulatedClockSkew(t *testing.T) {
	s := openShop(t)
	s.sim.ESIMStory.Inject(esimtest.Fault{Kind: esimtest.FaultClockSkew, Op: "order", Skew: 20 * time.Minute})
	_, err := s.Order(t.Context(), esim.OrderRequest{PackageID: s.sim.ESIMStory.Packages()[0].ID})
	require.NoError(t, err)
	require.Equal(t, 1, s.sim.ESIMStory.Ledger().Count())
	require.Equal(t, 2, s.sim.ESIMStory.Requests("order"))
}

// A webhook that changes an eSIM already in hand raises an alarm and changes
// nothing.
func TestSimulatedForgedDelivery(t *testing.T) {
	s := openShop(t)
	s.sim.ESIMStory.Webhooks(simulator.WebhookBehaviour{ChangeICCID: true})
	p := s.sim.ESIMStory.Packages()[0]
	s.intend("cart-5", p.ID, 1)
	_, err := s.Order(t.Context(), esim.OrderRequest{PackageID: p.ID, Reference: "cart-5"})
	require.NoError(t, err)
	s.sim.Advance(5 * time.Minute)
	require.Equal(t, []error{esimstory.ErrChangedDelivery}, s.alarms)
	order := s.order("cart-5")
	require.Equal(t, s.sim.ESIMStory.Units()[0].ICCID, string(order.ESIMs[0].ICCID))
}
