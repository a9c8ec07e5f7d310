package simulator

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/atlas"
)

// Harness returns a harness for an eSIMfly client that talks to this
// simulator. The settings that newClient is given hold base URL, clock and a
// limiter that never waits; it adds the credentials.
func (f *ESIMFly) Harness(newClient esimtest.NewClient) esimtest.Harness {
	h := f.harness(newClient, map[string]string{
		"ListPackages": "packages", "ListTopUps": "topup_packages", "Order": "order", "TopUp": "topup",
		"GetOrder": "order_status", "GetESIM": "esims", "Usage": "usage", "Balance": "balance", "Cancel": "cancel",
	})
	h.TopUpICCID = func(t testing.TB) esim.ICCID {
		iccid := f.sold(t, h)
		f.UseData(string(iccid), 1) // eSIMfly tops up what is in use
		return iccid
	}
	return h
}

// Harness returns a harness for an eSIM Story client that talks to this
// simulator, as [ESIMFly.Harness] does. The provider delivers by webhook only,
// so the harness receives the webhooks and gives each to apply. That puts it
// into the order if it belongs there, and else leaves the order alone. The
// simulator's webhook URL is the harness's to set.
func (s *ESIMStory) Harness(newClient esimtest.NewClient, apply func(o *esim.Order, webhook []byte) error) esimtest.Harness {
	h := s.harness(newClient, map[string]string{"Order": "order"})
	h.Pending = esim.Package{} // all are delivered late, and none can be asked about
	h.Deliver = func(t testing.TB, o *esim.Order) *esim.Order {
		t.Helper()
		order := *o
		for _, body := range s.receive() {
			if err := apply(&order, body); err != nil {
				t.Errorf("a webhook for order %s was not accepted: %v", o.Reference, err)
			}
		}
		return &order
	}
	return h
}

// Harness returns a harness for an eSIMfx client that talks to this
// simulator, as [ESIMFly.Harness] does. Pages with rows missing cannot be
// injected: at eSIMfx the cursor alone tells where a list ends, so nobody
// could notice.
func (f *ESIMFX) Harness(newClient esimtest.NewClient) esimtest.Harness {
	h := f.harness(newClient, map[string]string{
		"ListPackages": "products", "ListTopUps": "topups", "Order": "order", "TopUp": "topup",
		"GetOrder": "get_order", "GetESIM": "esim_status", "Usage": "esim_orders", "Balance": "profile", "Cancel": "terminate",
	})
	inject := h.Inject
	h.Inject = func(fault esimtest.Fault) bool {
		return fault.Kind != esimtest.FaultTruncatedPage && fault.Kind != esimtest.FaultEmptyPage && inject(fault)
	}
	h.TopUpICCID = func(t testing.TB) esim.ICCID { return f.sold(t, h) }
	return h
}

// harness is what the harnesses of the three providers have in common. The
// operations are named by the method of Client.
func (p *Server) harness(newClient esimtest.NewClient, ops map[string]string) esimtest.Harness {
	first, second, late := p.choose()
	return esimtest.Harness{
		New: func(t testing.TB, s esim.Settings) esim.Client {
			t.Helper()
			s.BaseURL, s.Now = p.URL(), p.clock.now
			if s.Limiter == nil {
				s.Limiter = unlimited{}
			}
			return newClient(t, s)
		},
		Ledger:   p.ledger,
		Requests: func() int { return p.Requests("") },
		PurchaseSends: func() int {
			return p.Requests("order") + p.Requests("topup")
		},
		Package: first, Other: second, Pending: late, Listed: p.catalogue.size,
		Inject: func(f esimtest.Fault) bool {
			op, ok := ops[f.Op]
			if (!ok && f.Op != "") || !f.Kind.AppliesTo(p.provider, op) {
				return false
			}
			f.Op = op
			p.Inject(f)
			return true
		},
		Heal:       p.Heal,
		Secrets:    p.secrets,
		Advance:    p.clock.advance,
		SetBalance: p.SetBalance,
		SetPrice:   p.SetPrice,
		UseData:    func(iccid esim.ICCID, bytes int64) { p.UseData(string(iccid), bytes) },
	}
}

// Catalog returns the catalogue at present prices as an adapter would list
// it. It serves as the price sheet of an eSIM Story client.
func (p *Server) Catalog() []esim.Package {
	list := make([]esim.Package, p.catalogue.size)
	for i := range list {
		list[i] = p.listed(p.catalogue.at(i))
	}
	return list
}

func (p *Server) listed(it item) esim.Package {
	kinds := map[string]esim.PackageKind{"local": esim.KindLocal, "regional": esim.KindRegional, "global": esim.KindGlobal}
	out := esim.Package{
		Provider: p.provider, ID: it.id, Name: it.name, Kind: kinds[it.kind], Region: it.region,
		Data: esim.DataSize(it.bytes()), Unlimited: it.unlimited, ValidityDays: it.days,
		Price: p.catalogue.price(it), Rechargeable: new(it.rechargeable),
	}
	for _, m := range it.members {
		out.Countries = append(out.Countries, esim.Country(atlas.Countries[m].ISO))
	}
	return out
}

// choose finds two packages for sale and one that is delivered late. Where
// all are late the first two are as well.
func (p *Server) choose() (first, second, late esim.Package) {
	for i := range p.catalogue.size {
		it := p.catalogue.at(i)
		ordinary := !it.unlimited && (it.rechargeable || p.provider != esimtest.ESIMFly) && (!it.async || p.provider == esimtest.ESIMStory)
		switch {
		case ordinary && first.ID == "":
			first = p.listed(it)
		case ordinary && second.ID == "":
			second = p.listed(it)
		case it.async && late.ID == "":
			late = p.listed(it)
		}
	}
	return first, second, late
}

// sold buys one of the first package and returns its ICCID.
func (p *Server) sold(t testing.TB, h esimtest.Harness) esim.ICCID {
	t.Helper()
	o, err := h.New(t, esim.Settings{}).Order(t.Context(), esim.OrderRequest{PackageID: h.Package.ID})
	if err != nil || len(o.ESIMs) == 0 {
		t.Fatalf("buying an eSIM to top up: %v", err)
	}
	return o.ESIMs[0].ICCID
}

func (p *Server) secrets() []string {
	list := p.api.secrets()
	p.mu.Lock()
	defer p.mu.Unlock()
	return append(list, p.seen...)
}

// receive takes in every webhook that is due, and those that had nowhere to
// go.
func (s *ESIMStory) receive() [][]byte {
	const soon = 5 * time.Minute // with the repeats of a WebhookBehaviour
	var mu sync.Mutex
	var bodies [][]byte
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		bodies = append(bodies, body)
	}))
	defer receiver.Close()
	s.SetWebhook(receiver.URL)
	defer s.SetWebhook("")
	s.Release()
	s.clock.advance(s.options.provisioning + soon)
	s.outbox.client.CloseIdleConnections()
	mu.Lock()
	defer mu.Unlock()
	return bodies
}

// unlimited never makes a request wait.
type unlimited struct{}

// Wait implements [esim.Limiter].
func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }
