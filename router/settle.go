package router

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// settleWithin bounds how long the end of an attempt is being written down,
// whatever has become of the context of the caller.
const settleWithin = 5 * time.Second

func detached(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), settleWithin)
}

// ask sends the attempt to its reseller. An attempt that another process may
// have sent before is sent as such, except to a journal, which knows.
func (s *sale) ask(ctx context.Context, a *attempt) (*esim.Order, error) {
	r := s.resellers[a.Provider]
	if r == nil {
		return nil, &esim.Error{
			Provider: a.Provider, Op: s.op(), Kind: esim.ErrNotEligible,
			Message: "this reseller has the sale, and is none of Config.Clients any more",
		}
	}
	if refused := s.mayNotRepeat(r, a); refused != nil {
		return s.lookForOrder(ctx, r, a, refused)
	}
	resumed := s.wasPerhapsSent(a) && (!onRecord(r, a) || s.resumed)
	began := s.Now()
	order, err := s.send(ctx, r, a, resumed)
	a.Took = s.Now().Sub(began)
	if err == nil && order == nil {
		err = &esim.Error{Provider: a.Provider, Op: s.op(), Kind: esim.ErrMalformedResponse, Message: "neither an order nor an error"}
	}
	a.sent(err, s.Now())
	if a.By == s.call { // a purchase counts once, however often it is asked about
		r.saw(err, a.Took)
	}
	s.release(err)
	return order, err
}

// onRecord reports whether there is a journal that has seen each request of the
// attempt: it has one here, and had one where it was opened.
func onRecord(r *reseller, a *attempt) bool { return r.bar != nil && a.Journal }

// wasPerhapsSent reports whether the attempt may have been sent before this call, by
// what is on record or by what the caller says. What the caller says is not
// about a reference that this call has made up.
func (s *sale) wasPerhapsSent(a *attempt) bool {
	return a.By != s.call || s.resumed && a.Reference == s.reference
}

// release tells the breaker how it went, once.
func (s *sale) release(err error) {
	if s.done != nil {
		s.done(err)
		s.done = nil
	}
}

// sendOrder is the order of an attempt, the same however often it is sent.
func (s *sale) sendOrder(ctx context.Context, r *reseller, a *attempt, resumed bool) (*esim.Order, error) {
	return r.client.Order(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), s.orderOf(a))
}

func (s *sale) orderOf(a *attempt) esim.OrderRequest {
	req := esim.OrderRequest{
		PackageID: a.PackageID, Quantity: s.doc.Quantity, Reference: a.Reference, CallbackURL: a.CallbackURL,
		Quote: a.Quote, Until: s.doc.Until,
	}
	if a.Ceiling != nil {
		req.MaxTotal = *a.Ceiling
	}
	return req
}

// guard has the reseller check the price as well: that it is the one the caller
// was told, or the one on the shelf, and the ceiling if that is in the
// reseller's currency. Who cannot check is not told what was checked here.
func (s *sale) guard(a *attempt, c *Candidate) {
	priced := c.Price.Currency() != ""
	if priced {
		a.Price = new(c.Price)
	}
	onShelf := s.Catalog != nil && !s.topUp && (s.listed || !s.isAsked(c))
	if onShelf && c.Capabilities.PriceGuard == esim.PriceGuardNone {
		return
	}
	a.Quote = s.quote(c, onShelf)
	if most := s.req.MaxTotal; !most.IsZero() && (!priced || most.Currency() == c.Price.Currency()) {
		a.Ceiling = new(most)
	}
}

// quote is the package as the reseller is to have it: as the caller was told,
// whole, else as it is on the shelf; nil = nobody knows. A reseller may compare
// more than the price, so a quote that lacks the name is completed from the shelf.
func (s *sale) quote(c *Candidate, onShelf bool) *esim.Package {
	own := s.req.Quote
	switch {
	case own != nil && s.isAsked(c) && (own.Name != "" || !onShelf):
		kept := *own
		kept.Provider, kept.ID = c.Provider, c.Package.ID
		return &kept
	case onShelf && c.Price.Currency() != "":
		return new(c.Package)
	}
	return nil
}

// judge decides what the end of a request says of the attempt, and returns the
// error that is true of it.
func (s *sale) judge(ctx context.Context, a *attempt, order *esim.Order, err error) error {
	outcome := esim.OutcomeOf(err)
	a.Outcome, a.Error = &outcome, said(err)
	if errors.Is(err, esim.ErrReferenceConflict) && outcome == esim.OutcomeAccepted { // another purchase was
		if a.State != won {
			a.State = doubt
		}
		return err
	}
	if order == nil && err != nil {
		order = errorOf(s.op(), a.Provider, err).Order
	}
	if order != nil && order.ID != "" {
		a.OrderID = order.ID
	}
	switch {
	case outcome == esim.OutcomeAccepted:
		a.State = won
		return err
	case outcome == esim.OutcomeUnknown && !s.rules.unknownStops && a.State != won:
		a.State = refused
		return &esim.Error{Provider: a.Provider, Op: s.op(), Kind: esim.ErrUnavailable, Outcome: esim.OutcomeRejected, Err: err}
	case outcome == esim.OutcomeUnknown:
		a.State = doubt
		return err
	}
	if why := s.unproven(ctx, a, err); why != nil {
		told := errorOf(s.op(), a.Provider, err)
		told.Outcome, told.Err = esim.OutcomeUnknown, errors.Join(why, told.Err)
		if a.State != won {
			a.State = doubt
		}
		return told
	}
	a.State = refused
	return err
}

var (
	errWon     = errors.New("router: this reference was charged before")
	errBefore  = errors.New("router: it may have been sent before, and a refusal now says nothing of that")
	errTaken   = errors.New("router: the refusal says that something was bought under the reference")
	errNoProof = errors.New("router: the reference could not be closed, so it may yet be bought")
)

// unproven says why a refusal does not prove that the attempt is out of the
// race for good, nil if it does.
func (s *sale) unproven(ctx context.Context, a *attempt, refusal error) error {
	r := s.resellers[a.Provider]
	switch {
	case a.State == won:
		return errWon
	case r == nil:
		return errNoProof
	case courseAfter(errorOf(s.op(), a.Provider, refusal)) == stay:
		return errTaken
	case !s.rules.bar:
		return nil
	case !onRecord(r, a) && s.wasPerhapsSent(a):
		return errBefore
	case r.bar == nil || s.topUp: // a top-up goes nowhere else
		return nil
	}
	ctx, done := detached(ctx)
	defer done()
	if err := r.bar.Bar(ctx, s.orderOf(a)); err != nil {
		return errors.Join(errNoProof, err)
	}
	return nil
}

// record writes down what became of an attempt. It reports whether that is on
// record. If it is not, the attempt is found open by the next call, which asks
// the same reseller again.
func (s *sale) record(ctx context.Context, a *attempt) bool {
	if was := s.doc.attempt(a.N); was != nil && was.State == won && a.State == won {
		return true // as before
	}
	ctx, done := detached(ctx)
	defer done()
	var err error
	for pause := 20 * time.Millisecond; ctx.Err() == nil; pause *= 2 {
		if s.doc.mark(*a); s.trail != nil {
			s.doc.Trail = s.trail
		}
		if err = s.put(ctx); err == nil {
			s.alarm(ctx)
			return true
		}
		if !errors.Is(err, ErrClaimConflict) {
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
		}
		if failed := s.reload(ctx); failed != nil {
			err = errors.Join(err, failed)
		}
	}
	s.Logger.ErrorContext(ctx, "router could not record the end of an attempt", "reference", s.reference, "attempt", a, "error", err)
	return false
}

// alarm says what must never be.
func (s *sale) alarm(ctx context.Context) {
	if s.doc.charged() > 1 {
		s.Logger.ErrorContext(ctx, "router: one reference was charged more than once", "reference", s.reference)
	}
}

// refusedBy takes note of a refusal that is proven, and says where to go.
func (s *sale) refusedBy(ctx context.Context, a *attempt, err error) course {
	s.last = s.own(a, err)
	s.refusals = append(s.refusals, Refusal{
		Choice: Choice{a.Provider, a.PackageID}, Asked: true, Outcome: s.last.Outcome, Kind: s.last.Kind, Why: said(err),
	})
	if s.last.Outcome == esim.OutcomeNotSent {
		s.passedOver(ctx, Choice{a.Provider, a.PackageID}, said(err))
	}
	if errors.Is(err, esim.ErrInsufficientBalance) {
		s.resellers[a.Provider].balance.fails(s.Now())
	}
	course := courseAfter(s.last)
	if s.topUp {
		return stop
	}
	if s.trail == nil && s.plan(ctx) != nil { // bound from the start, and now free
		return stop
	}
	s.drop(func(c *Candidate) bool {
		return c.Provider == a.Provider && (course == elsewhere || c.Package.ID == a.PackageID)
	})
	return course
}

// drop takes candidates off the list.
func (s *sale) drop(which func(c *Candidate) bool) {
	for _, list := range []*[]Candidate{&s.left, &s.guesses} {
		*list = slices.DeleteFunc(slices.Clone(*list), func(c Candidate) bool { return which(&c) })
	}
}

// outcome is what the caller is told of an attempt that has the sale.
func (s *sale) outcome(a *attempt, order *esim.Order, err error) (*esim.Order, error) {
	if err != nil {
		told := s.own(a, err)
		if told.Order != nil {
			told.Order = s.outward(told.Order)
			s.remember(a.Provider, told.Order)
		}
		return nil, told
	}
	s.spend(a, order)
	s.remember(a.Provider, order)
	return s.outward(order), nil
}

// own is an error in the caller's terms.
func (s *sale) own(a *attempt, err error) *esim.Error {
	told := errorOf(s.op(), a.Provider, err)
	told.Reference = s.reference
	return told
}

// outward is an order in the caller's terms.
func (s *sale) outward(order *esim.Order) *esim.Order { return s.doc.outward(order, s.reference) }

func (d *document) outward(order *esim.Order, reference string) *esim.Order {
	told := *order
	told.Reference = reference
	if d.Qualified && told.PackageID != "" {
		told.PackageID = qualified(told.Provider, told.PackageID)
	}
	return &told
}

// spend lets the balance fall by what was charged just now.
func (s *sale) spend(a *attempt, order *esim.Order) {
	charged := order.Total
	if charged.Currency() == "" && a.Price != nil {
		if total, err := a.Price.MulInt(s.doc.Quantity); err == nil {
			charged = total
		}
	}
	if !order.Replayed {
		s.resellers[a.Provider].balance.spend(charged)
	}
}

func (c *core) remember(p esim.Provider, order *esim.Order) {
	for i := range order.ESIMs {
		if iccid := order.ESIMs[i].ICCID; iccid != "" {
			c.esims.note(iccid, p)
		}
	}
}

// said is an error in short: what is in it by the allow-list of [esim.Error].
func said(err error) string {
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return fmt.Sprintf("an error of type %T", err)
	}
	text := "unclassified error"
	if e.Kind != "" {
		text = string(e.Kind)
	}
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			text += ": " + part
		}
	}
	const enough = 300
	return strings.ToValidUTF8(text[:min(len(text), enough)], "")
}
