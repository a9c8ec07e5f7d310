package simulation

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// charged enters what the provider has just charged for a request.
func (w *world) charged(account int, p *purchase, r *http.Request) {
	c := w.latestCharge(account, p, r)
	if p == nil {
		w.broken(nil, "the provider has charged a request of no purchase")
		return
	}
	p.charges = append(p.charges, c)
	w.note(nil, p, "is charged", "")
	if p.kind == journal.OrderKind {
		for _, iccid := range c.iccids {
			w.sold[iccid] = p
		}
	}
	orders := 1
	if w.mode == FX {
		orders = p.quantity // one request an eSIM
	}
	switch {
	case p.units() > p.quantity:
		w.broken(p, "%d units charged, %d ordered", p.units(), p.quantity)
	case len(p.charges) > orders:
		w.broken(p, "charged %d times", len(p.charges))
	case p.refused && p.active == 0:
		w.broken(p, "charged after the shop was told that nothing was bought")
	case p.state.Uncharged() && p.version > 0:
		w.broken(p, "charged while it is %s", p.state)
	}
}

// latestCharge reads the ledger. A top-up of eSIMfly carries no key, and there
// is one for one eSIM.
func (w *world) latestCharge(account int, p *purchase, r *http.Request) charge {
	c := charge{at: w.now(), quantity: 1, account: account}
	key := w.key(r)
	if key == "" {
		return c
	}
	list := w.providers[account].front.Ledger().ByReference(key)
	if len(list) == 0 {
		w.broken(p, "the ledger has no charge under the key of the request")
		return c
	}
	latest := list[len(list)-1]
	if latest.Kind == esimtest.ChargeRefund {
		w.broken(p, "a refund that nobody asked for")
	}
	c.quantity, c.iccids = latest.Quantity, latest.ICCIDs
	return c
}

// maxSends is how often a key may be sent. A request that the provider refused
// by its credentials, before it processed it, does not count.
const maxSends = 4

// unread takes back what counts has noted of a request.
func (w *world) unread(p *purchase, r *http.Request) {
	if key := w.key(r); p.sends[key] > 0 {
		p.sends[key]--
	}
}

// counts notes that a request has left.
func (w *world) counts(p *purchase, r *http.Request) {
	p.sent = w.now()
	key := w.key(r)
	if key == "" {
		return
	}
	if p.sends == nil {
		p.sends = make(map[string]int)
	}
	if p.sends[key]++; p.sends[key] > maxSends {
		w.broken(p, "its key was sent %d times", p.sends[key])
	}
}

// key is what the provider knows the purchase by.
func (w *world) key(r *http.Request) string {
	if key := r.Header.Get("X-Idempotency-Key"); key != "" {
		return key
	}
	var body struct {
		Fly   string `json:"idempotency_key"`
		Story string `json:"external_order_id"`
	}
	if r.Body == nil {
		return ""
	}
	text, err := io.ReadAll(sentBody(r))
	if err != nil || json.Unmarshal(text, &body) != nil {
		return ""
	}
	return body.Fly + body.Story
}

// remembering is a body that can be read again after it was sent.
type remembering struct {
	*bytes.Reader

	text []byte
}

// Close implements [io.Closer].
func (remembering) Close() error { return nil }

// remember is the request with such a body.
func remember(r *http.Request) (*http.Request, error) {
	copied := r.WithContext(r.Context())
	if r.Body == nil {
		return copied, nil
	}
	text, err := io.ReadAll(sentBody(r))
	if err != nil {
		return nil, err
	}
	copied.Body = remembering{bytes.NewReader(text), text}
	return copied, r.Body.Close()
}

func sentBody(r *http.Request) io.Reader {
	if kept, ok := r.Body.(remembering); ok {
		return bytes.NewReader(kept.text)
	}
	return r.Body
}

// refusedTo notes that a hook has told the shop that nothing was bought. It may
// be late: somebody may have called again since.
func (w *world) refusedTo(p *purchase) {
	if !p.state.Uncharged() {
		return
	}
	if len(p.charges) > 0 && !p.decided {
		w.broken(p, "the shop is told that nothing was bought, and it was charged")
	}
	p.refused = p.active == 0
}

// answered compares what the n-th call has returned with what was charged.
func (w *world) answered(p *purchase, n int, order *esim.Order, err error) {
	if err == nil {
		w.note(nil, p, "shop has", order.Status.String())
		switch {
		case len(p.charges) == 0 && !w.mode.lists():
			w.broken(p, "the shop is told of an order, and nothing was charged")
		case order.Status == esim.OrderCompleted && usable(p, order) < p.quantity:
			w.broken(p, "the shop is told that the order is completed, with %d of %d eSIMs", usable(p, order), p.quantity)
		}
		return
	}
	outcome := esim.OutcomeOf(err)
	w.note(nil, p, "shop is told", outcome.String())
	switch outcome {
	case esim.OutcomeNotSent, esim.OutcomeRejected:
		if errors.Is(err, esim.ErrReferenceConflict) {
			w.broken(p, "a repeat with the same content is called a conflict")
		}
		p.told++
		if p.calls > n {
			return // somebody has called again since
		}
		p.refused = p.active <= 1 // this call is still counted
		if len(p.charges) > 0 && !p.decided {
			w.broken(p, "the shop is told %s, and it was charged: %v", outcome, err)
		}
	case esim.OutcomeAccepted:
		if len(p.charges) == 0 && !p.decided && !w.mode.lists() {
			w.broken(p, "the shop is told that it was charged, and it was not")
		}
	case esim.OutcomeUnknown:
	}
}

// underWay is how long a request may be acted on after it was sent.
const underWay = 5 * time.Minute

// usable counts the eSIMs that a traveller can install. A top-up installs
// nothing.
func usable(p *purchase, o *esim.Order) int {
	n := 0
	for i := range o.ESIMs {
		e := &o.ESIMs[i]
		if e.ICCID != "" && (p.kind == journal.TopUpKind || !e.Activation.IsZero()) {
			n++
		}
	}
	return n
}

// check looks at the purchases that have changed since the last look.
func (w *world) check() {
	for _, p := range w.touched {
		if len(p.charges) > 0 && p.state.Uncharged() && !p.decided {
			w.broken(p, "it is %s, and was charged", p.state)
		}
		if p.state == journal.Delivered && p.audited == 0 {
			p.audited = p.version
			w.compare(p)
		}
	}
	w.touched = w.touched[:0]
}

// compare looks at every eSIM of a delivered purchase.
func (w *world) compare(p *purchase) {
	kept, err := w.auditor.Get(w.ctx, p.id)
	switch {
	case err != nil:
		w.broken(p, "it cannot be read: %v", err)
		return
	case p.decided && kept.Order == nil:
		return
	case len(p.charges) == 0 && (!w.mode.lists() || p.kind == journal.TopUpKind):
		w.broken(p, "it is delivered, and nothing was charged")
		return
	case kept.Order == nil || usable(p, kept.Order) < p.quantity:
		w.broken(p, "it is delivered, and not all of it is there")
		return
	}
	if p.kind == journal.TopUpKind {
		return
	}
	for i := range kept.Order.ESIMs {
		iccid := string(kept.Order.ESIMs[i].ICCID)
		buyer, owner := w.sold[iccid], w.owners[iccid]
		switch {
		case buyer == nil:
			w.broken(p, "it has an eSIM that was never sold")
		case owner != nil && owner != p:
			w.broken(p, "it has the eSIM of %s", owner.reference)
		case buyer != p && (!w.mode.lists() || buyer.likeness() != p.likeness()):
			w.broken(p, "it has an eSIM that was sold for %s", buyer.reference)
		case buyer != p && len(p.charges) == 0 && w.now().Sub(p.sent) < underWay:
			w.broken(p, "it has the order of %s, and may yet be charged itself", buyer.reference)
		}
		w.owners[iccid] = p
	}
}

// final looks at everything once more, when nothing more will happen.
func (w *world) final() {
	for _, p := range w.purchases {
		w.check()
		w.end(p)
	}
	for i, at := range w.providers {
		n := 0
		for _, p := range w.purchases {
			for _, c := range p.charges {
				if c.account == i {
					n++
				}
			}
		}
		if n != at.front.Ledger().Count() {
			w.broken(nil, "the ledger has %d charges, and %d are accounted for", at.front.Ledger().Count(), n)
		}
	}
	w.lostSheep()
}

func (w *world) end(p *purchase) {
	switch {
	case p.version == 0 && len(p.charges) > 0:
		w.broken(p, "it was charged, and the journal does not know it")
	case p.version == 0:
	case p.state.Open():
		w.broken(p, "it is still %s after 80 hours", p.state)
	case p.state == journal.Delivered && p.delivers == 0 && !p.decided:
		w.broken(p, "it is delivered, and OnDelivered was never called")
	case p.state == journal.Review && p.reviews == 0:
		w.broken(p, "it is under review, and OnReview was never called")
	case p.state.Uncharged() && p.told == 0 && p.deserted == 0:
		w.broken(p, "it is %s, and nobody was told", p.state)
	}
}

// lostSheep looks for eSIMs that were charged and are in no purchase: each must
// be of one that a person will look at.
func (w *world) lostSheep() {
	missing := make(map[string]int)
	var order []string
	for _, p := range w.purchases {
		if p.kind == journal.TopUpKind {
			continue
		}
		for _, c := range p.charges {
			for _, iccid := range c.iccids {
				if w.owners[iccid] != nil {
					continue
				}
				group := p.reference
				if w.mode.lists() {
					group = p.likeness()
				}
				if missing[group] == 0 {
					order = append(order, group)
				}
				missing[group]++
			}
		}
	}
	visible := make(map[string]int)
	for _, p := range w.purchases {
		if p.state == journal.Review && p.version > 0 {
			visible[p.reference] += p.quantity
			visible[p.likeness()] += p.quantity
		}
	}
	for _, group := range order {
		if missing[group] > visible[group] {
			w.broken(w.named(group), "%d charged eSIMs of %s are in no purchase, and %d are under review", missing[group], group, visible[group])
		}
	}
}

func (w *world) named(reference string) *purchase {
	return w.byID[journal.IDOf(w.mode.provider(), reference)]
}
