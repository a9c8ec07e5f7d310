package main

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/install"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/qr"
)

// orderView is the page of an order.
type orderView struct {
	Cart     cart
	Sale     *sale
	Purchase *journal.Purchase // nil = not in the journal yet
	Status   status
	Kit      *kit // nil = no eSIM yet
	Meter    meterView
	TopUps   []topUpView
	More     []esim.Package // top-ups on offer
}

// kit is what a traveller installs the eSIM with.
type kit struct {
	ICCID esim.ICCID
	QR    template.HTML
	Guide *install.Guide
}

// meterView is how much data is used.
type meterView struct {
	Usage *esim.Usage // nil = not known
	Never bool        // the network never tells
	Chart template.HTML
}

// Percent is how much is used, for a reader that sees no bar.
func (m meterView) Percent() int64 {
	if m.Usage == nil || m.Usage.Total <= 0 {
		return 0
	}
	return min(int64(m.Usage.Used)/max(int64(m.Usage.Total)/100, 1), 100)
}

type topUpView struct {
	Package esim.Package
	Status  status
}

// ICCID of the eSIM that was delivered, "" before.
func (v *orderView) ICCID() esim.ICCID {
	if v.Kit == nil {
		return ""
	}
	return v.Kit.ICCID
}

// order shows an order. Whoever has its address has the eSIM.
func (s *shop) order(w http.ResponseWriter, r *http.Request) {
	v, _, ok := s.find(w, r)
	if !ok {
		return
	}
	more, err := s.topUpsFor(r.Context(), v)
	if err != nil {
		s.logger.WarnContext(r.Context(), "no top-ups shown", "error", err)
	}
	v.More = more
	p := view{Title: v.Status.Headline, Body: v}
	if v.Status.Open {
		p.Reload = 5
	}
	s.show(w, r, http.StatusOK, "order", p)
}

// find reads the order that the path names. It has answered if ok is false.
func (s *shop) find(w http.ResponseWriter, r *http.Request) (v *orderView, c cart, ok bool) {
	c, ok = parseCart(r.PathValue("cart"))
	if !ok {
		s.noSuchOrder(w, r)
		return nil, c, false
	}
	v, err := s.viewOf(r.Context(), c)
	switch {
	case err == nil && !v.Sale.topUp():
		return v, c, true
	case err == nil || isMissing(err):
		s.noSuchOrder(w, r)
	default:
		s.trouble(w, r, err)
	}
	return nil, c, false
}

func (s *shop) noSuchOrder(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusNotFound, "There is no such order", "Check the address: it must be complete, letter by letter.")
}

// viewOf puts together what is known of an order.
func (s *shop) viewOf(ctx context.Context, c cart) (*orderView, error) {
	sold, p, err := s.purchase(ctx, c.Reference())
	if err != nil {
		return nil, err
	}
	v := &orderView{Cart: c, Sale: sold, Purchase: p, Status: statusOf(sold, p, time.Now())}
	if v.Kit, err = kitOf(sold, p); err != nil {
		return nil, err
	}
	v.Meter.Chart = chart(daily(nil, s.resellers.now()))
	if v.Kit != nil {
		if v.Meter, err = s.meterOf(ctx, p.Provider, v.Kit.ICCID); err != nil {
			return nil, err
		}
	}
	list, err := s.books.topUps(ctx, c.Reference())
	if err != nil {
		return nil, err
	}
	for i := range list {
		top, p, err := s.purchase(ctx, list[i].Reference)
		if err != nil {
			return nil, err
		}
		v.TopUps = append(v.TopUps, topUpView{top.Package, statusOf(top, p, time.Now())})
	}
	return v, nil
}

// installable is the eSIM of a purchase, nil until it has come.
func installable(p *journal.Purchase) *esim.ESIM {
	if p == nil || p.Kind != journal.OrderKind || p.Order == nil {
		return nil
	}
	i := slices.IndexFunc(p.Order.ESIMs, func(e esim.ESIM) bool { return e.ICCID != "" && !e.Activation.IsZero() })
	if i < 0 {
		return nil
	}
	return &p.Order.ESIMs[i]
}

// unreadable reports whether an eSIM has come whose code nobody could read. It
// is in RawActivation, which the operator asks the journal for.
func unreadable(p *journal.Purchase) bool {
	return p.Order != nil && slices.ContainsFunc(p.Order.ESIMs, func(e esim.ESIM) bool { return e.Unreadable() })
}

// kitOf is nil until an eSIM has come.
func kitOf(sold *sale, p *journal.Purchase) (*kit, error) {
	e := installable(p)
	if e == nil {
		return nil, nil //nolint:nilnil // nothing to install is no error
	}
	code, err := qr.Encode(e.Activation)
	if err != nil {
		return nil, err
	}
	picture, err := code.SVG(qr.SVGOptions{Title: "QR code that installs your eSIM"})
	if err != nil {
		return nil, err
	}
	guide, err := install.NewGuide(e, install.Options{Package: &sold.Package})
	if err != nil {
		return nil, err
	}
	return &kit{e.ICCID, template.HTML(picture), guide}, nil //nolint:gosec // drawn by package qr
}

// meterOf reads the meter. That the network is silent is for the page to say.
func (s *shop) meterOf(ctx context.Context, p esim.Provider, iccid esim.ICCID) (meterView, error) {
	usage, err := s.meter.read(ctx, p, iccid)
	if errors.Is(err, errors.ErrUnsupported) {
		return meterView{Never: true}, nil
	}
	if err != nil {
		s.logger.WarnContext(ctx, "usage not read", "provider", p, "error", err)
		usage = nil
	}
	sums, err := s.books.readings(ctx, iccid)
	if err != nil {
		return meterView{}, err
	}
	return meterView{Usage: usage, Chart: chart(daily(sums, s.resellers.now()))}, nil
}

// topUpsFor are the top-ups that the reseller has for the eSIM of an order,
// cheapest first.
func (s *shop) topUpsFor(ctx context.Context, v *orderView) ([]esim.Package, error) {
	if v.Kit == nil {
		return nil, nil
	}
	c, err := s.resellers.client(v.Purchase.Provider)
	if err != nil {
		return nil, err
	}
	can := c.Capabilities()
	if !can.ListTopUps || !can.TopUp {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askAtMost)
	defer cancel()
	list, err := c.ListTopUps(ctx, v.Kit.ICCID)
	if errors.Is(err, esim.ErrNotEligible) || errors.Is(err, esim.ErrNotFound) {
		return nil, nil // this eSIM takes none
	}
	list = slices.DeleteFunc(list, func(p esim.Package) bool { return p.Price.Currency() == "" || p.Price.Sign() <= 0 })
	slices.SortFunc(list, func(a, b esim.Package) int {
		return a.Price.Compare(b.Price)
	})
	const shown = 12
	return list[:min(len(list), shown)], err
}
