package router

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Order buys new eSIMs from the reseller that the policy puts first, or from
// the next one if that one says a definite no. See docs/router.md for what is
// a definite no. PackageID is "provider:id", or the reseller's own id with a
// Quote; a bare id will do where only one reseller has it.
//
// Order.Provider tells who sold it, Order.PackageID what, in the form in which
// it was asked for. After an unknown outcome call again with the same reference:
// the same reseller's journal is asked and nobody else; without a journal the
// reseller is, where a repeat is [esim.RepeatSafe]. When nobody could make the
// sale there is a [NoneLeft] in the error.
//
// The next reseller costs at most MaxTotal, else Config.MaxDearer above Quote,
// else what the first choice costs, and is not asked after Until. Over a journal
// Reference must not be empty.
func (r *Router) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	s, refused := r.core.newSale(ctx, r.needs, req)
	if refused != nil {
		return nil, refused
	}
	return s.make(evidence.WithSend(ctx, evidence.Send{})) // what it says is in the sale
}

// sale is one call that buys. Why it charges at most once, across everybody:
//
//  1. A request leaves only for an attempt that is on record as open, under a
//     reference of its own (open, then ask). So whoever comes later, in this
//     process or another, finds it.
//  2. While an attempt on record is open, in doubt or won, nothing is sent but
//     that attempt again, to the same reseller under the same reference
//     (binding). There one reference is one purchase: by the reseller's key or
//     by the journal.
//  3. An attempt becomes refused only by proof: a definite no, and after it the
//     journal's word that this reference can never be bought under any more,
//     even by a process that was frozen and wakes up (judge). Without a journal
//     only the call that opened the attempt can have such proof.
//  4. Claims are written by compare and set, so of two processes that both want
//     to open an attempt one finds the other's (open).
type sale struct {
	*core

	needs     Needs
	wish      wish
	req       esim.OrderRequest
	reference string
	resumed   bool   // the caller says that the reference may have been sent before
	call      string // this call, in the attempts it opens
	send      func(ctx context.Context, r *reseller, a *attempt, resumed bool) (*esim.Order, error)
	topUp     bool

	version int64 // of the claim that doc was read from
	blind   bool  // the caller says that it was sent before, and there is no claim
	doc     *document

	askedFor esim.Package
	listed   bool        // askedFor is what the shelf says
	currency string      // that prices are compared in
	left     []Candidate // that may still be asked; nil = nothing was planned yet
	guesses  []Candidate // that are asked when no reseller is left
	trail    *trail      // of this call; nil = nothing was planned
	excluded map[Choice]*exclusion
	refusals []Refusal
	last     *esim.Error // what the last reseller said
	done     func(error) // the permit of the attempt that was opened; nil = none
}

func (c *core) newSale(ctx context.Context, needs Needs, req esim.OrderRequest) (*sale, *esim.Error) {
	w, send := wish{purpose: forOrder, quantity: req.Quantity}, evidence.SendOf(ctx)
	if w.quantity == 0 {
		w.quantity = 1
	}
	if refused := c.unfit(ctx, "Order", req.Reference, req.MaxTotal, req.Quote); refused != nil {
		return nil, refused
	}
	invalid := func(kind esim.Kind, why string) (*sale, *esim.Error) {
		return nil, c.refuse("Order", req.Reference, kind, nil, why)
	}
	switch {
	case send.RequestID != "":
		return invalid(errUnsupported, "RequestID would be that of one reseller")
	case w.quantity < 1:
		return invalid(esim.ErrInvalidRequest, "Quantity must be at least 1")
	}
	w, refused := c.wish("Order", req.PackageID, req.Quote, w)
	if refused != nil {
		refused.Reference = req.Reference
		return nil, refused
	}
	s := c.begin(w, req.Reference)
	s.req, s.needs, s.send, s.resumed = req, needs, s.sendOrder, send.Resumed
	return s, nil
}

// begin mints what a sale needs and the caller did not bring.
func (c *core) begin(w wish, reference string) *sale {
	if reference == "" {
		reference = uuid.NewString()
	}
	return &sale{core: c, wish: w, reference: reference, call: c.name + "/" + strconv.FormatInt(c.calls.Add(1), 10)}
}

// make makes the sale, and tells of it when its turn is over: whoever is told
// may order again.
func (s *sale) make(ctx context.Context) (*esim.Order, error) {
	order, err := s.inTurn(ctx)
	s.tell(ctx)
	return order, err
}

// inTurn is the life of a sale.
func (s *sale) inTurn(ctx context.Context) (*esim.Order, error) {
	leave, err := s.turns.take(ctx, s.reference)
	if err != nil { // whoever has the turn may be spending the money
		return nil, s.doubtful(s.op(), s.reference, esim.ErrUnavailable, err, "another call with this reference is under way")
	}
	defer leave()
	defer s.release(errNotAsked) // after a panic; else it was released before
	if failed := s.load(ctx); failed != nil {
		return nil, failed
	}
	for {
		a := s.doc.binding()
		if a == nil {
			opened, failed := s.open(ctx)
			if failed != nil {
				return nil, s.blindly(failed)
			}
			if a = opened; a == nil {
				continue // another process was faster
			}
		}
		now := *a // what is on record is read again on the way
		order, err := s.ask(ctx, &now)
		err = s.judge(ctx, &now, order, err)
		recorded := s.record(ctx, &now)
		if now.State != refused {
			return s.outcome(&now, order, err)
		}
		if s.refusedBy(ctx, &now, err) == stop || !recorded || ctx.Err() != nil {
			return nil, s.last
		}
	}
}

// load reads the claim and sees that it is about what is asked for.
func (s *sale) load(ctx context.Context) *esim.Error {
	ended := ctx.Err()
	if ended != nil { // nothing will be sent, but what may have been is told
		var done context.CancelFunc
		ctx, done = detached(ctx)
		defer done()
	}
	if err := s.reload(ctx); err != nil {
		return s.doubtful(s.op(), s.reference, esim.ErrUnavailable, err, "the claim cannot be read")
	}
	fresh := s.version == 0
	s.blind = fresh && s.resumed
	if fresh && ended == nil {
		find := s.resolve
		if s.topUp {
			find = s.findOwner
		}
		if failed := find(ctx); failed != nil {
			return s.blindly(failed)
		}
		s.doc.Asked, s.doc.Qualified = Choice{s.wish.provider, s.wish.id}, s.wish.qualified
	}
	bound := s.doc.binding() != nil
	switch {
	case !s.doc.wanted(&s.wish):
		return s.conflict()
	case ended != nil && bound:
		return s.doubtful(s.op(), s.reference, esim.ErrUnavailable, ended, "the context has ended")
	case ended != nil:
		return s.blindly(s.refuse(s.op(), s.reference, esim.ErrUnavailable, ended, "the context has ended"))
	case s.blind && len(s.sellers) > 1:
		return s.doubtful(s.op(), s.reference, esim.ErrNotEligible, nil, "no claim tells which reseller this reference was given to")
	}
	if !bound {
		s.beginRound()
	}
	if s.wish.provider = s.doc.Asked.Provider; s.topUp {
		s.onlyOwner()
	}
	return nil
}

// conflict is the error of a call whose reference stands for another purchase:
// nothing is sent, and the outcome is that of the sale that has it.
func (s *sale) conflict() *esim.Error {
	refused := s.doubtful(s.op(), s.reference, esim.ErrReferenceConflict, nil, "nothing was sent: this reference stands for another purchase")
	if s.doc.Purpose == forAttempt {
		return refused // of which the claim is another one
	}
	switch a := s.doc.binding(); {
	case a == nil:
		refused.Outcome = esim.OutcomeRejected
	case a.State == won:
		refused.Outcome = esim.OutcomeAccepted
		refused.Order = s.outward(&esim.Order{
			Provider: a.Provider, ID: a.OrderID, Reference: s.reference, PackageID: a.PackageID, Quantity: s.doc.Quantity,
		})
	}
	return refused
}

// blindly is a refusal of this call as what is known of the reference: nothing,
// if the record lacks what the caller says that was sent.
func (s *sale) blindly(refused *esim.Error) *esim.Error {
	if s.blind {
		refused.Outcome = esim.OutcomeUnknown
	}
	return refused
}

// reload reads the claim as it is now. One that does not exist is an empty one
// of version 0.
func (s *sale) reload(ctx context.Context) error {
	c, err := s.Claims.Get(ctx, s.reference)
	if errors.Is(err, esim.ErrNotFound) {
		s.version, s.doc = 0, &document{
			Purpose: s.wish.purpose, Asked: Choice{s.wish.provider, s.wish.id}, Qualified: s.wish.qualified,
			Quantity: s.wish.quantity, ICCID: s.wish.iccid,
		}
		return nil
	}
	if err != nil {
		return err
	}
	doc, err := decodeDocument(c)
	if err != nil {
		return err
	}
	s.version, s.doc = c.Version, doc
	return nil
}

// open puts the next candidate on record. It returns nil without an error if
// another process has changed the claim meanwhile: then the claim is read again
// and the sale looks at everything anew.
func (s *sale) open(ctx context.Context) (*attempt, *esim.Error) {
	switch {
	case s.topUp:
		if failed := s.overCeiling(); failed != nil {
			return nil, failed
		}
		if s.late() {
			return nil, s.refuse("TopUp", s.reference, esim.ErrUnavailable, nil, "Until has passed")
		}
	case s.trail == nil:
		if failed := s.plan(ctx); failed != nil {
			return nil, failed
		}
		s.refresh(ctx)
	}
	c, ok := s.next()
	if !ok {
		failed := s.noneLeft()
		s.keepTrail(ctx)
		return nil, failed
	}
	a := s.newAttempt(&c)
	if s.doc.add(a); s.trail != nil {
		s.doc.Trail = s.trail
	}
	if !s.rules.claimFirst {
		return &a, nil
	}
	err := s.signpost(ctx, &a)
	if err == nil {
		err = s.put(ctx)
	}
	if err == nil {
		return &a, nil
	}
	if failed := s.notPut(ctx, &a, err); failed != nil {
		s.release(errNotAsked)
		return nil, failed
	}
	if stored := s.doc.attempt(a.N); stored != nil && stored.By == s.call {
		return stored, nil
	}
	s.release(errNotAsked)
	s.left = append([]Candidate{c}, s.left...) // it was not asked
	return nil, nil
}

// notPut finds out what became of a claim that could not be written. It
// returns nil when the claim has been read again.
func (s *sale) notPut(ctx context.Context, a *attempt, cause error) *esim.Error {
	reading, done := detached(ctx)
	defer done()
	before := s.version
	err := s.reload(reading)
	switch {
	case err != nil:
		return s.doubtful(s.op(), s.reference, esim.ErrUnavailable, errors.Join(cause, err), "the claim cannot be written, nor read")
	case !s.doc.wanted(&s.wish):
		return s.doubtful(s.op(), s.reference, esim.ErrReferenceConflict, nil, "this reference stands for another purchase")
	case s.version == before && s.doc.attempt(a.N) == nil && !errors.Is(cause, ErrClaimConflict): // as it was; nothing was sent
		return s.refuse(s.op(), s.reference, esim.ErrUnavailable, cause, "the claim cannot be written")
	case s.version == before && s.doc.attempt(a.N) == nil: // the store has another, and does not show it
		return s.doubtful(s.op(), s.reference, esim.ErrUnavailable, cause, "the claims store is behind")
	case ctx.Err() != nil:
		return s.doubtful(s.op(), s.reference, esim.ErrUnavailable, cause, "the context has ended")
	}
	return nil
}

// put writes the claim as the version after the one that was read.
func (s *sale) put(ctx context.Context) error {
	text, err := s.doc.encode()
	if err != nil {
		return err
	}
	if err := s.Claims.Put(ctx, Claim{Reference: s.reference, Version: s.version + 1, Document: text}); err != nil {
		return err
	}
	s.version++
	return nil
}

// next takes the best candidate whose reseller may be asked.
func (s *sale) next() (Candidate, bool) {
	for len(s.left) > 0 || s.guess() {
		c := s.left[0]
		s.left = s.left[1:]
		if s.topUp {
			s.done, _ = s.resellers[c.Provider].permit()
			return c, true
		}
		row := s.excludeNow(&c)
		if row == nil {
			done, ok := s.resellers[c.Provider].permit()
			if ok {
				s.done = done
				return c, true
			}
			row = exclusionOf(breakerOpen)
		}
		s.trail.leaveOut(s.considered(&c), row.text)
		s.excluded[Choice{c.Provider, c.Package.ID}] = row
	}
	return Candidate{}, false
}

// newAttempt is on behalf of a candidate. Its reference is never one that
// another attempt of this sale has, or anybody else.
func (s *sale) newAttempt(c *Candidate) attempt {
	a := attempt{
		N: s.doc.next(), Provider: c.Provider, PackageID: c.Package.ID, Reference: s.reference,
		State: open, By: s.call, Journal: s.resellers[c.Provider].bar != nil, At: s.Now(), CallbackURL: s.req.CallbackURL,
	}
	if a.N > 1 && s.rules.ownReferences && !s.topUp {
		a.Reference = subReference(s.reference, a.N)
	}
	s.guard(&a, c)
	return a
}

// subReference is what the n-th attempt of a reference is bought under.
func subReference(reference string, n int) string {
	return fmt.Sprintf("r%d-%s", n, uuid.NewSHA1(attempts, fmt.Appendf(nil, "%s/%d", reference, n)))
}

// attempts is the name space of sub-references.
var attempts = uuid.NewSHA1(uuid.NameSpaceURL, []byte("https://github.com/esimkit/esim/router"))

func (s *sale) op() string {
	if s.topUp {
		return "TopUp"
	}
	return "Order"
}
