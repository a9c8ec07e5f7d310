package memory

import (
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// Harness returns a harness for this client, or for what wrap makes of it: a
// router, a journal, a cache, any decorator that is to keep the promises of
// what it wraps. A nil wrap wraps nothing.
func (m *Client) Harness(wrap func(esim.Client) esim.Client) esimtest.Harness {
	m.mu.Lock()
	defer m.mu.Unlock()
	h := esimtest.Harness{
		New: func(testing.TB, esim.Settings) esim.Client {
			if wrap == nil {
				return m
			}
			return wrap(m)
		},
		Ledger:        m.ledger,
		Requests:      func() int { return m.Requests("") },
		PurchaseSends: func() int { return m.Requests("Order") + m.Requests("TopUp") },
		Listed:        len(m.packages),
		Inject: func(f esimtest.Fault) bool {
			if !f.Kind.AppliesTo(m.provider, planOp(f.Op)) {
				return false
			}
			m.Inject(f)
			return true
		},
		Heal:    m.Heal,
		Secrets: m.Secrets,
		TopUpICCID: func(t testing.TB) esim.ICCID {
			t.Helper()
			o, err := m.Order(t.Context(), esim.OrderRequest{PackageID: m.packages[0].ID})
			if err != nil || len(o.ESIMs) == 0 {
				t.Fatalf("buying an eSIM to top up: %v", err)
			}
			return o.ESIMs[0].ICCID
		},
		Advance: m.Advance, SetBalance: m.SetBalance, SetPrice: m.SetPrice, UseData: m.UseData,
	}
	for _, p := range m.packages {
		late := m.pending != nil && (len(m.pending) == 0 || m.pending[p.ID])
		switch {
		case late && h.Pending.ID == "":
			h.Pending = p
		case !late && h.Package.ID == "":
			h.Package = p
		case !late && h.Other.ID == "":
			h.Other = p
		}
	}
	return h
}
