package proof

import (
	"context"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
	"github.com/esimkit/esim/webhook"
)

// house is what one process of the shop is made of, wired as README, the page
// docs/router.md and the page docs/webhooks.md show.
type house struct {
	p       *process
	clients []esim.Client
	journal *journal.Journal
	best    *router.Router
	hooks   *webhook.Handler
	cancel  context.CancelFunc
	ctx     context.Context //nolint:containedctx // the life of the process
}

// build is the start of a process. The catalogue comes with its snapshot, so
// only the first process reads it from the resellers.
func (w *world) build(p *process) (*house, error) {
	h := &house{p: p}
	h.ctx, h.cancel = context.WithCancel(w.ctx)
	var sources []webhook.Source
	for _, a := range w.accounts {
		client, err := a.NewClient(esim.Settings{BaseURL: a.BaseURL, Transport: &wire{p, a}})
		if err != nil {
			return nil, err
		}
		h.clients = append(h.clients, tagged{client})
		if a.Source != nil {
			sources = append(sources, a.Source)
		}
	}
	if w.shelf == nil {
		var err error
		if w.shelf, err = catalog.New(catalog.Config{Clients: h.clients}); err != nil {
			return nil, err
		}
		if err = w.shelf.Sync(h.ctx); err != nil {
			w.say("shelf", "the catalogue is incomplete: %v", err)
		}
	}
	var err error
	h.journal, err = journal.New(purchases{w.records.Journal, p}, journal.Config{
		Clients:     h.clients,
		OnDelivered: w.hook(p, delivered),
		OnFailed:    w.hook(p, failed),
		OnReview: func(ctx context.Context, list []*journal.Purchase) error {
			for _, one := range list {
				if unhandled := w.hook(p, review)(ctx, one); unhandled != nil {
					return unhandled
				}
			}
			return nil
		},
		OnLate: w.hook(p, late),
		OnUnmatched: func(context.Context, *esim.Order) error {
			return p.around("OnUnmatched", func() error { w.shop.unmatched(); return nil })
		},
	})
	if err != nil {
		return nil, err
	}
	var journalled []esim.Client
	receive := make(map[esim.Provider]func(context.Context, *esim.Order) error)
	for _, c := range h.clients {
		journalled = append(journalled, h.journal.Client(c.Provider()))
	}
	for _, s := range sources {
		receive[esim.Provider(s.Name())] = h.journal.Receiver(esim.Provider(s.Name()))
	}
	h.best = router.New(router.Config{
		Clients: journalled, Catalog: w.shelf, Policy: router.Cheapest, Claims: claims{w.records.Claims, p},
		OnDecision: func(_ context.Context, d router.Decision) { w.say(d.Reference, "the router: %s", oneLine(d.String())) },
	})
	h.hooks, err = webhook.New(inbox{w.records.Inbox, p}, func(ctx context.Context, e esim.Event) error {
		if e.Order == nil {
			return nil
		}
		return again(receive[e.Provider](ctx, e.Order))
	}, sources...)
	return h, err
}

// hook is a hook of the journal in one process.
func (w *world) hook(p *process, kind hookKind) func(context.Context, *journal.Purchase) error {
	return func(_ context.Context, told *journal.Purchase) error {
		return p.around(string(kind), func() error {
			w.shop.hooked(kind, told)
			return nil
		})
	}
}

// order is a call of the shop.
func (h *house) order(ctx context.Context, w *world, c *cart) (*esim.Order, error) {
	offer := w.offer()
	req := esim.OrderRequest{PackageID: offer.ID, Quantity: c.quantity, Reference: c.reference}
	named := h.journal.Client(offer.Provider)
	switch w.c.Form {
	case Quoted, Dearest:
		req.Quote = &offer
		return h.best.Order(ctx, req)
	case Listed, DearList:
		req.PackageID = string(offer.Provider) + ":" + offer.ID
		return h.best.Order(ctx, req)
	case Capped:
		req.PackageID = string(offer.Provider) + ":" + offer.ID
		req.MaxTotal = w.ceiling(c.quantity)
		return h.best.Order(ctx, req)
	case Named:
		req.Quote = &offer
		return named.Order(ctx, req)
	case Enqueued:
		req.Quote = &offer
		if c.refunds > 0 { // the shop was told by OnFailed, and somebody buys by hand
			return named.Order(ctx, req)
		}
		_, err := h.journal.EnqueueOrder(ctx, purchases{w.records.Journal, h.p}, offer.Provider, req)
		return nil, err
	default:
		return named.Order(ctx, req)
	}
}

// sees reads the balance of an account.
func (h *house) sees(a *stall) {
	if _, err := h.journal.Client(a.reseller.Provider).Balance(h.ctx); err != nil {
		h.p.w.say("house", "the balance of %s is not known: %v", a.reseller.Provider, err)
	}
}

// work does what is due: as Run does for a while, or as Step does once.
func (h *house) work(loop bool) {
	if loop {
		ctx, stop := context.WithTimeout(h.ctx, window)
		defer stop()
		go func() { _ = h.best.Run(ctx) }()  // ends with ctx, which is no news
		go func() { _ = h.hooks.Run(ctx) }() // the same
		_ = h.journal.Run(ctx)               // the same
		return
	}
	ctx, stop := context.WithTimeout(h.ctx, time.Millisecond)
	_ = h.hooks.Run(ctx) // hands on what is due, and ends with ctx
	stop()
	_, _ = h.journal.Step(h.ctx, 100) // what could not be done is done later
}

// window is how long Run is left to itself between two looks at the world.
const window = 150 * time.Second

// saleOf is the shop's reference of the sale that an attempt belongs to.
func (h *house) saleOf(ctx context.Context, reference string) string {
	if sale, err := h.best.SaleOf(ctx, reference); err == nil {
		return sale
	}
	return reference
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
