package journal_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/evidence"
	"github.com/esimkit/esim/journal"
)

// owned are the ICCIDs that were charged for a reference, and those that its
// purchase has.
func (m *market) owned(reference string) (charged, kept []string) {
	m.Helper()
	for _, c := range m.sim.ESIMFly.Ledger().ByReference(reference) {
		charged = append(charged, c.ICCIDs...)
	}
	p, err := m.j.Lookup(m.Context(), esimfly.Provider, reference)
	require.NoError(m, err)
	if p.Order != nil {
		for _, e := range p.Order.ESIMs {
			kept = append(kept, string(e.ICCID))
		}
	}
	return charged, kept
}

// Two eSIMfly purchases of one package and of different quantities, the answers
// of both lost. With a quote the price tells them apart, and each gets its order
// with all its eSIMs. Without one nobody can, so both are for a person and no
// order changes hands.
func TestOtherQuantitiesAreNotAlike(t *testing.T) {
	for _, quoted := range []bool{false, true} {
		for _, first := range []int{1, 2} {
			t.Run(map[bool]string{true: "quoted", false: "not quoted"}[quoted], func(t *testing.T) {
				m := openMarket(t)
				handler := m.handler()
				client := m.j.Client(esimfly.Provider)
				item := m.pick(client)
				for i, quantity := range []int{first, 3 - first} {
					req := esim.OrderRequest{PackageID: item.ID, Quantity: quantity, Reference: []string{"cart-a", "cart-b"}[i]}
					if quoted {
						req.Quote = &item
					}
					m.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "order"})
					_, err := client.Order(t.Context(), req)
					require.True(t, esim.MaybeCharged(err), "%v", err)
				}
				m.advance(80*time.Hour, handler)
				for _, ref := range []string{"cart-a", "cart-b"} {
					p, err := m.j.Lookup(t.Context(), esimfly.Provider, ref)
					require.NoError(t, err)
					charged, kept := m.owned(ref)
					require.NotEmpty(t, charged)
					if quoted {
						assert.Equal(t, journal.Delivered, p.State)
						assert.ElementsMatch(t, charged, kept)
						continue
					}
					assert.Equal(t, journal.Review, p.State)
					assert.Empty(t, kept, "whose they are is for a person")
					assert.Contains(t, p.Review, "cannot be told apart")
				}
			})
		}
	}
}

// A purchase under review that holds no order may be the owner of an order in
// the list: the next one does not get it.
func TestAReviewIsARival(t *testing.T) {
	m := openMarket(t)
	handler := m.handler()
	client := m.j.Client(esimfly.Provider)
	item := m.pick(client)
	var ids []journal.ID
	for _, ref := range []string{"cart-a", "cart-b"} {
		kind := esimtest.FaultCutAfterCommit
		if ref == "cart-b" {
			kind = esimtest.Fault500Before // and nothing is charged
		}
		m.sim.ESIMFly.Inject(esimtest.Fault{Kind: kind, Op: "order"})
		_, err := client.Order(t.Context(), esim.OrderRequest{PackageID: item.ID, Reference: ref, Quote: &item})
		require.True(t, esim.MaybeCharged(err), "%v", err)
		ids = append(ids, journal.IDOf(esimfly.Provider, ref))
	}
	_, err := m.j.Escalate(t.Context(), ids[0], "somebody looks")
	require.NoError(t, err)
	m.advance(80*time.Hour, handler)
	p, err := m.j.Get(t.Context(), ids[1])
	require.NoError(t, err)
	assert.Equal(t, journal.Review, p.State, "it was never charged")
	charged, kept := m.owned("cart-b")
	assert.Empty(t, charged)
	assert.Empty(t, kept)
}

// Two complete lists without the order prove that nothing was charged where the
// operator has said so, and not before that time.
func TestListsThatProve(t *testing.T) {
	order := func(change func(*esim.Order)) func() []esim.Order {
		return func() []esim.Order {
			o := esim.Order{Provider: "memory", ID: "o-1", PackageID: small.ID, Total: usd("2.50"), CreatedAt: time.Now()}
			change(&o)
			return []esim.Order{o}
		}
	}
	for _, tc := range []struct {
		name   string
		listed func() []esim.Order
		want   journal.State
	}{
		{"no order", func() []esim.Order { return nil }, journal.NotExecuted},
		{"one of before", order(func(o *esim.Order) { o.CreatedAt = o.CreatedAt.Add(-time.Hour) }), journal.NotExecuted},
		{"one of another quantity", order(func(o *esim.Order) { o.Quantity = 2 }), journal.NotExecuted},
		{"one without a time", order(func(o *esim.Order) { o.CreatedAt = time.Time{} }), journal.Review},
		{"one without a package", order(func(o *esim.Order) { o.PackageID = "" }), journal.Review},
		{"one of another price", order(func(o *esim.Order) { o.Total = usd("2.40") }), journal.Review},
	} {
		inBubble(t, tc.name, func(t *testing.T) {
			s := openShop(t, selling(memory.WithIdempotency(esim.IdempotencyRejects), memory.WithCapabilities(func(c *esim.Capabilities) {
				c.GetOrder, c.LookupByReference, c.ListProvesAfter = false, false, time.Hour
			})))
			l := &lists{listing{lender: s.lender, listed: tc.listed()}}
			s.config.Clients = []esim.Client{l}
			j, err := journal.New(s.store, s.config)
			require.NoError(t, err)
			s.Journal, s.client = j, j.Client("memory")
			_, err = s.buy("cart-1")
			require.True(t, esim.MaybeCharged(err))
			s.pass(59 * time.Minute)
			s.wantState("cart-1", journal.Unknown)
			s.pass(10 * time.Minute)
			p := s.wantState("cart-1", tc.want)
			assert.Len(t, s.lender.sent(), 1)
			if tc.want == journal.Review {
				assert.Equal(t, 1, p.Doubt)
				assert.NotContains(t, s.heard(), "failed cart-1", "it may be this order")
				return
			}
			assert.Zero(t, p.Doubt)
			assert.Contains(t, s.heard(), "failed cart-1")
			_, err = s.buy("cart-1")
			s.wantRefused(err, journal.ErrReferenceEnded)
		})
	}
}

// lists is a list that tells of all orders, whatever it knows of them.
type lists struct{ listing }

func (l *lists) FindOrders(context.Context, evidence.OrderSearch) ([]esim.Order, error) {
	return l.listed, nil
}
