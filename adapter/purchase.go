package adapter

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Purchase states how a provider sells. From these facts the kit handles the
// reference, the keys, what is in doubt, the price guard and the loop over
// units. It also reports what came of a partial order. An adapter lists its
// purchases in [Spec].Purchases, so that [New] refuses facts that contradict
// each other.
type Purchase struct {
	// Max is how many eSIMs one order may have; 0 = 1.
	Max int
	// Single: one call sells one eSIM. The kit sends an order of several as so
	// many calls, each under a key of its own, and stops at the first failure.
	Single bool

	// Key of one unit, in every process and for life: what goes to the provider
	// as idempotency key. nil = the provider is given the reference, or nothing.
	Key     func(reference string, unit int) string
	Safety  Safety
	Repeats Repeats
	// Content is what two purchases under one reference must have in common;
	// nil = package, eSIM and quantity.
	Content func(*Attempt) string

	// Check is for demands on an input that only this provider has.
	Check func(*Check, *Attempt)
	// Offer returns the price of one unit. It is asked if the caller has set a
	// quote or a ceiling. Its error keeps the purchase back.
	Offer func(context.Context, *Attempt) (esim.Money, error)
	// OfferIn says in messages where that price stands; "" = "the price".
	OfferIn string
	// Always asks Offer before each new purchase, guarded or not: for a provider
	// whose refusals cannot be told from failures.
	Always bool
	// Balance is read beside Offer, before a new purchase. It refuses the
	// purchase only if it is known to fail; see [API.SawBalance].
	Balance func(context.Context) (esim.Money, error)
	// Compared: quote and ceiling are compared without Offer, by Check or by the
	// provider itself. Where nothing compares them they are unsupported.
	Compared bool
	// Keyless: the provider knows no key for these purchases, and this is how one
	// shows. Their Safety is [Once].
	Keyless *Keyless

	// Send makes one call, which it completes, and puts what came into
	// Attempt.Order: all of it, whatever is wrong with it. An error after that
	// says what is wrong; the kit adds the order to it.
	Send func(context.Context, *Attempt, Call) error
}

// Attempt is a purchase on its way, from the request to the order.
type Attempt struct {
	Terms
	Reference   string     // minted if the caller gave none
	ICCID       esim.ICCID // of a top-up
	CallbackURL string
	// Input checks the input of a method of the adapter's own, in the place of
	// package and quantity. It calls [Check.Terms].
	Input func(*Check)

	// Added is the data that the package adds, where Offer has stated it; 0 = not known.
	Added esim.DataSize
	// Order is what came so far. The kit fills provider, reference and package.
	Order *esim.Order

	topUp  bool
	t      *API
	facts  *Purchase
	send   evidence.Send
	keys   []string // of as many units as an order can have, so of an earlier one too
	answer bool     // the latest call was accepted
	bill
}

// Order carries out [esim.Client].Order.
func (t *API) Order(ctx context.Context, req esim.OrderRequest, p Purchase) (*esim.Order, error) {
	return t.Buy(ctx, "Order", &Attempt{
		Terms:     Terms{PackageID: req.PackageID, Quantity: req.Quantity, Quote: req.Quote, MaxTotal: req.MaxTotal},
		Reference: req.Reference, CallbackURL: req.CallbackURL,
	}, p)
}

// TopUp carries out [esim.Client].TopUp. It buys one unit.
func (t *API) TopUp(ctx context.Context, req esim.TopUpRequest, p Purchase) (*esim.Order, error) {
	return t.Buy(ctx, "TopUp", &Attempt{
		Terms:     Terms{PackageID: req.PackageID, Quote: req.Quote, MaxTotal: req.MaxTotal},
		Reference: req.Reference, ICCID: req.ICCID, topUp: true,
	}, p)
}

// Buy carries out a purchase of any kind: a is what the caller asked for.
func (t *API) Buy(ctx context.Context, name string, a *Attempt, p Purchase) (_ *esim.Order, err error) {
	a.t, a.facts, a.send = t, &p, evidence.SendOf(ctx)
	if a.send != (evidence.Send{}) {
		ctx = evidence.WithSend(ctx, evidence.Send{}) // it is about this purchase, and about no other call under ctx
	}
	a.Quantity = cmp.Or(a.Quantity, 1)
	if a.Reference == "" && !a.send.Resumed {
		a.Reference = uuid.NewString()
	}
	op := t.about(name, a)
	op.reference, op.purchase = op.Reference, a
	ctx, end := t.begin(ctx, op)
	defer func() { end(err) }()
	if err := a.check(ctx, name); err != nil {
		return nil, a.held(err)
	}
	if p.Keyless != nil {
		return a.withoutKey(ctx)
	}
	if err := a.offered(ctx); err != nil {
		return nil, a.held(err)
	}
	return a.buy(ctx)
}

// check looks at the input, and puts the purchase in doubt if another process
// may have sent it. A reference that is not valid was never sent.
func (a *Attempt) check(ctx context.Context, name string) error {
	t, p := a.t, a.facts
	check := t.check(ctx, name)
	if a.Reference == "" {
		check.Fail("Reference", "is empty, so there is nothing to resume")
	} else if check.Reference(a.Reference); check.Named() != "" {
		a.name()
	}
	if a.topUp {
		check.ICCID("ICCID", a.ICCID)
	}
	if a.Input != nil {
		a.Input(check)
	} else {
		check.Range("Quantity", a.Quantity, 1, max(p.Max, 1))
		check.Terms(a.Terms)
	}
	if a.CallbackURL != "" {
		check.callback(a.CallbackURL)
	}
	if a.send.RequestID != "" {
		check.requestID(a.send.RequestID)
	}
	if p.Check != nil {
		p.Check(check, a)
	}
	if a.Guarded() && p.Offer == nil && !p.Compared {
		check.Unsupported("Quote or MaxTotal", "cannot be checked at this provider")
	}
	return check.Err()
}

// name gives each unit its key.
func (a *Attempt) name() {
	slots := 1
	if a.facts.Single {
		slots = max(a.facts.Max, 1)
	}
	for unit := range slots {
		a.keys = append(a.keys, a.facts.key(a.Reference, unit))
	}
	if !a.send.Resumed {
		return
	}
	id := ""
	if a.facts.Repeats.Lost != esim.RepeatSafe && isRequestID(a.send.RequestID) {
		id = a.send.RequestID // a probe: it carries the id of the send in doubt
	}
	a.t.markUnresolved(a.facts.Repeats, id, a.keys[:min(max(a.calls(), 1), slots)]...)
}

func (p *Purchase) key(reference string, unit int) string {
	if p.Key != nil {
		return p.Key(reference, unit)
	}
	key := "purchase:" + reference // of orders and top-ups alike: one reference is one purchase
	if unit > 0 {
		key += "/" + strconv.Itoa(unit)
	}
	return key
}

// calls is how many calls the purchase takes.
func (a *Attempt) calls() int {
	if a.facts.Single {
		return a.Quantity
	}
	return 1
}

func (a *Attempt) content() string {
	if a.facts.Content != nil {
		return a.facts.Content(a)
	}
	return strings.Join([]string{a.PackageID, string(a.ICCID), strconv.Itoa(a.Quantity)}, "\n")
}

// offered reads price and balance, side by side. It refuses a purchase that
// would cost more than the caller allows, or that is known to fail. Of a
// purchase that has been made nothing is read. One in doubt is kept back by the
// caller's own quote and ceiling only: the first send may be why the balance is
// low.
func (a *Attempt) offered(ctx context.Context) error {
	p := a.facts
	made, doubt := a.known()
	if p.Offer == nil || made == a.calls() && !doubt || !a.Guarded() && (doubt || !p.Always) {
		return nil
	}
	var (
		price, balance esim.Money
		unsold, unread error
	)
	reads := []func(context.Context){func(ctx context.Context) { price, unsold = p.Offer(ctx, a) }}
	prepaid := p.Balance != nil && !doubt
	if prepaid {
		reads = append(reads, func(ctx context.Context) { balance, unread = a.t.patiently(ctx, p.Balance) })
	}
	a.t.Together(ctx, reads...)
	if unsold != nil {
		return unsold
	}
	op := operationOf(ctx)
	check := a.t.check(ctx, op.Name)
	if check.Price(a.Terms, price, cmp.Or(p.OfferIn, "the price")); check.err != nil {
		return check.Err()
	}
	total, err := price.MulInt(max(a.Quantity-made, 0))
	if !prepaid || unread != nil || err != nil {
		return nil //nolint:nilerr // nothing is known that keeps the purchase back
	}
	return a.t.covers(ctx, op.Name, balance, total)
}

// buy sends the purchase, one call after the other, and stops at the first that
// does not bring what it should.
func (a *Attempt) buy(ctx context.Context) (*esim.Order, error) {
	t, p := a.t, a.facts
	made, doubt := a.known()
	if p.Single && doubt && t.repeatOf(a.keys...) != esim.RepeatSafe { // nor are the units beside the one in doubt sent
		return nil, a.held(t.Fail(ctx, esim.ErrDuplicate, esim.OutcomeNotSent, "the purchase was not sent again"))
	}
	a.Order, a.fresh = a.newOrder(), made == 0 && !doubt
	a.Order.Replayed = p.Single && made == a.Quantity && !doubt
	content := a.content()
	for _, key := range a.keys[:a.calls()] {
		a.answer, a.sent = false, false
		before := a.Order.Total
		err := p.Send(ctx, a, Call{
			Safety: p.Safety, Key: key, repeats: p.Repeats, content: content, reference: a.Reference, keep: p.Single,
			oneSend: a.send.OneSend, onceID: a.send.RequestID, attempt: a,
		})
		a.enter(before)
		if err != nil {
			if a.answer { // and something is missing in it: the provider is asked again
				t.forgetAnswer(key)
			}
			return nil, a.stopped(ctx, err)
		}
	}
	if err := a.overcharged(ctx); err != nil {
		return nil, err
	}
	return a.Order, nil
}

func (a *Attempt) newOrder() *esim.Order {
	return &esim.Order{Provider: a.t.spec.Provider, Reference: a.Reference, PackageID: a.PackageID}
}

// refuseSpending keeps money in purchases: an endpoint that spends is called by
// one, and a purchase calls no other with effect.
func (t *API) refuseSpending(ctx context.Context, c *Call) error {
	spends := slices.ContainsFunc(t.spec.Spends, c.reaches)
	switch {
	case spends && c.attempt == nil:
		return t.Fail(ctx, esim.ErrInvalidRequest, esim.OutcomeNotSent, c.Method+" "+c.Path+" spends money, and this call is no purchase")
	case !spends && c.attempt != nil:
		return t.Fail(ctx, esim.ErrInvalidRequest, esim.OutcomeNotSent, c.Method+" "+c.Path+" is not declared in Spec.Spends")
	}
	return nil
}
