package adapter

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Keyless states how a top-up shows for which the provider knows no key. The kit
// sends such a top-up once, and one at a time for each eSIM. If its answer is lost
// the eSIM is read again: one that has gained the package was charged for.
type Keyless struct {
	// Before reads the eSIM before the purchase. It refuses a purchase that would
	// fail.
	Before func(context.Context, *Attempt) (*esim.Usage, error)
	// After reads the eSIM again.
	After func(context.Context, esim.ICCID) (*esim.Usage, error)
	// Shows reports whether the eSIM has gained the package since; added is what
	// the package adds, 0 = not known. True must be proof, as long as no other
	// purchase for the eSIM was sent since. False is proof of nothing.
	Shows func(before BeforeImage, after *esim.Usage, added esim.DataSize) bool
	// Find returns the orders placed since that can be this purchase. Only id,
	// price and time of the order hang on it.
	Find func(ctx context.Context, a *Attempt, since time.Time) ([]esim.Order, error)
	// Window is how long a purchase in doubt keeps others of the same eSIM back.
	// After it the figures have settled, and the eSIM must not stay closed for ever.
	Window time.Duration
}

func (k *Keyless) complete() bool {
	return k.Before != nil && k.After != nil && k.Shows != nil && k.Find != nil && k.Window > 0
}

// BeforeImage is what an eSIM had before a purchase without a key. The change
// since is the only trace of one whose answer was lost.
type BeforeImage struct {
	ICCID     esim.ICCID    `json:"iccid"`
	TakenAt   time.Time     `json:"taken_at"`
	Total     esim.DataSize `json:"total"`
	Unlimited bool          `json:"unlimited,omitzero"`
	ExpiresAt time.Time     `json:"expires_at,omitzero"`
}

func imageOf(u *esim.Usage, at time.Time) BeforeImage {
	return BeforeImage{ICCID: u.ICCID, TakenAt: at.UTC(), Total: u.Total, Unlimited: u.Unlimited, ExpiresAt: u.ExpiresAt}
}

// effect is a purchase without a key, over all calls with its reference. It is read
// and changed under the locks of its reference and its eSIM.
type effect struct {
	of     *Attempt
	before BeforeImage
	sent   time.Time   // zero for one that another process may have sent
	lost   *esim.Error // what its send ended with, where the outcome is unknown
	// unclear: another purchase for the eSIM was sent since, or nobody knows what
	// the eSIM had before.
	unclear bool
	order   *esim.Order // once it is known to have happened
}

func (a *Attempt) same(b *Attempt) bool { return a.ICCID == b.ICCID && a.PackageID == b.PackageID }

// lock waits for other calls about the reference and the eSIM, in this order, so
// that nobody waits in a circle.
func (a *Attempt) lock(ctx context.Context) (unlock func(), err error) {
	reference, err := a.t.memory.locks.lock(ctx, "reference "+a.Reference)
	if err != nil { // it is the same purchase, and may be paid for right now
		return nil, a.busy(ctx, esim.OutcomeUnknown, "another call with this reference is under way", err)
	}
	profile, err := a.t.memory.locks.lock(ctx, "eSIM "+string(a.ICCID))
	if err != nil {
		reference()
		return nil, a.busy(ctx, esim.OutcomeNotSent, "another purchase for this eSIM is under way", err)
	}
	return func() { profile(); reference() }, nil
}

func (a *Attempt) busy(ctx context.Context, outcome esim.Outcome, why string, cause error) error {
	err, _ := errors.AsType[*esim.Error](a.held(a.t.Fail(ctx, esim.ErrUnavailable, esim.OutcomeNotSent, why)))
	if outcome == esim.OutcomeUnknown && err.Outcome == esim.OutcomeNotSent {
		err.Outcome, err.Repeat = outcome, a.facts.Repeats.Lost
	}
	err.Err = a.t.cause(cause)
	evidence.Attach(err, evidence.Request{Outcome: esim.OutcomeNotSent})
	return err
}

// withoutKey carries out a purchase for which the provider knows no key.
func (a *Attempt) withoutKey(ctx context.Context) (*esim.Order, error) {
	unlock, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	earlier := a.t.memory.effectOf(a.keys[0])
	switch {
	case earlier == nil && a.send.Resumed:
		earlier = a.unrecorded(ctx)
		return nil, earlier.unknown(nil)
	case earlier == nil:
		return a.once(ctx)
	case !earlier.of.same(a):
		return nil, a.conflicts(ctx, earlier)
	case earlier.order == nil:
		if err := earlier.look(ctx); err != nil {
			return nil, err
		}
	}
	again := copyOf(earlier.order)
	again.Replayed = true
	return again, nil
}

// unrecorded keeps back a purchase that another process may have sent. What the
// eSIM had before is not known here, so it stays in doubt.
func (a *Attempt) unrecorded(ctx context.Context) *effect {
	lost := a.t.Fail(ctx, esim.ErrDuplicate, esim.OutcomeUnknown,
		"an earlier process may have sent this purchase, and the provider could not tell a second one from it")
	lost.Repeat = a.facts.Repeats.Lost
	evidence.Attach(lost, evidence.Request{Outcome: esim.OutcomeNotSent})
	e := &effect{of: a, lost: lost, unclear: true}
	a.t.memory.keep(a.keys[0], e)
	return e
}

// conflicts is the error of a purchase under the reference of another one, with the
// outcome of that one. Nothing was sent.
func (a *Attempt) conflicts(ctx context.Context, earlier *effect) error {
	err := a.t.Fail(ctx, esim.ErrReferenceConflict, esim.OutcomeUnknown, "this reference was used for another purchase; nothing was sent for this one")
	if earlier.order != nil {
		err.Outcome, err.Order = esim.OutcomeAccepted, copyOf(earlier.order)
	} else {
		err.Repeat = a.facts.Repeats.Lost
	}
	evidence.Attach(err, evidence.Request{Outcome: esim.OutcomeNotSent})
	return err
}

// once reads what the eSIM has, sends the purchase, and looks for its effect if no
// answer tells what became of it.
func (a *Attempt) once(ctx context.Context) (*esim.Order, error) {
	e, t := &effect{of: a}, a.t
	before, err := a.facts.Keyless.Before(ctx, a)
	if err == nil {
		err = a.clear(ctx, before)
	}
	if err == nil {
		err = a.offered(ctx)
	}
	if err != nil {
		return nil, a.held(err)
	}
	e.before, e.sent = imageOf(before, t.Now()), t.Now()
	order, err := a.buy(ctx)
	failure, failed := errors.AsType[*esim.Error](err)
	request, _ := evidence.OfRequest(err)
	switch {
	case !failed, a.answer:
		e.happened(a.Order)
		return order, err
	case failure.Outcome != esim.OutcomeUnknown, errors.Is(err, esim.ErrReferenceConflict):
		return nil, err
	case request.Outcome == esim.OutcomeNotSent: // another purchase under the reference is in doubt, and this one can have no effect
		return nil, err
	}
	e.lost = failure
	t.memory.keep(a.keys[0], e)
	if err := e.look(ctx); err != nil {
		return nil, err
	}
	a.Order = copyOf(e.order)
	if a.bought, a.charged = true, a.Order.Total; a.overcharged(ctx) != nil {
		return nil, a.overcharged(ctx)
	}
	return a.Order, nil
}

// clear lets a purchase pass if no earlier one of the eSIM is in doubt. It also
// passes if the earlier one shows in what was read now, or is so old that it is
// given up.
func (a *Attempt) clear(ctx context.Context, now *esim.Usage) error {
	doubt := a.t.memory.inDoubt(a.ICCID)
	switch {
	case doubt == nil:
	case doubt.shows(now):
		doubt.adopt(ctx)
	case a.t.Now().Sub(doubt.sent) < a.facts.Keyless.Window:
		return a.t.Fail(ctx, esim.ErrNotEligible, esim.OutcomeNotSent,
			"an earlier purchase for this eSIM is in doubt; repeat that one, under its reference, first")
	default:
		doubt.unclear = true
		a.t.memory.keep(doubt.of.keys[0], doubt)
	}
	return nil
}

func (e *effect) shows(after *esim.Usage) bool {
	return after.ICCID == e.before.ICCID && e.of.facts.Keyless.Shows(e.before, after, e.of.Added)
}

// look compares the eSIM with what it had before. Its error is that of the send,
// with why nothing could be learnt now.
func (e *effect) look(ctx context.Context) error {
	if e.unclear {
		return e.unknown(nil)
	}
	after, err := e.of.facts.Keyless.After(ctx, e.of.ICCID)
	if err != nil || !e.shows(after) {
		return e.unknown(err)
	}
	e.adopt(ctx)
	return nil
}

// unknown returns the error of the send again.
func (e *effect) unknown(look error) error {
	again := *e.lost
	return Amend(&again, "the usage of the eSIM cannot be read now", look)
}

// adopt settles a purchase that has shown.
func (e *effect) adopt(ctx context.Context) {
	order := e.of.newOrder()
	order.Status, order.Quantity, order.ESIMs = esim.OrderCompleted, 1, []esim.ESIM{{ICCID: e.of.ICCID}}
	if found := e.find(ctx); found != nil {
		order.ID, order.Total, order.CreatedAt = found.ID, found.Total, found.CreatedAt
	}
	e.happened(order)
}

// clockSkew is by how much the provider's clock may be behind.
const clockSkew = 5 * time.Minute

// find returns the one order of the provider's list that can be the purchase.
func (e *effect) find(ctx context.Context) *esim.Order {
	listed, err := e.of.facts.Keyless.Find(ctx, e.of, e.sent.Add(-clockSkew))
	listed = slices.DeleteFunc(listed, func(o esim.Order) bool {
		_, another := Learned[string](e.of.t, boughtAs+o.ID)
		return another
	})
	if err != nil || len(listed) != 1 {
		return nil
	}
	return &listed[0]
}

// boughtAs is under what the kit remembers the references of order ids.
const boughtAs = "reference of "

// happened notes that the purchase was made.
func (e *effect) happened(o *esim.Order) {
	e.order = copyOf(o)
	if o.ID != "" {
		e.of.t.Learn(boughtAs+o.ID, e.of.Reference)
	}
	e.of.t.memory.settleEffect(e.of.keys[0], e, e.of.t.now())
}

func copyOf(o *esim.Order) *esim.Order {
	again := *o
	again.ESIMs = slices.Clone(o.ESIMs)
	return &again
}

// effectOf returns nil for a key of which nothing is known.
func (m *memory) effectOf(key string) *effect {
	m.mu.Lock()
	defer m.mu.Unlock()
	if e := m.entries[key]; e != nil {
		return e.effect
	}
	return nil
}

// inDoubt returns the purchase for an eSIM that may still show.
func (m *memory) inDoubt(iccid esim.ICCID) *effect {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.open[iccid]
}

// keep remembers a purchase in doubt, and that it may still show unless that is
// unclear.
func (m *memory) keep(key string, e *effect) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[key] == nil { // the adapter failed by itself, so perhaps nothing was sent
		m.entries[key] = &entry{state: state{doubt: true, facts: e.of.facts.Repeats, repeat: e.of.facts.Repeats.Lost}}
	}
	m.entries[key].effect = e
	switch iccid := e.of.ICCID; {
	case !e.unclear:
		m.open[iccid] = e
	case m.open[iccid] == e:
		delete(m.open, iccid)
	}
}

// settleEffect ends the doubt about a purchase that was made.
func (m *memory) settleEffect(key string, e *effect, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.entries[key] == nil {
		m.entries[key] = &entry{content: e.of.content()}
	}
	known := m.entries[key]
	known.effect, known.doubt, known.done = e, false, true
	m.settle(key, known, now)
	if m.open[e.of.ICCID] == e {
		delete(m.open, e.of.ICCID)
	}
}
