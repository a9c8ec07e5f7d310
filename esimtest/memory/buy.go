package memory

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
	"github.com/esimkit/esim/evidence"
)

// purchase is what is known of one reference: as an adapter knows it, and,
// with its order, as the provider does.
type purchase struct {
	content string
	doubt   bool // a send had no answer
	done    bool // a send was answered
	order   *order
}

// buy is a purchase of either kind.
type buy struct {
	op, packageID, reference string
	quantity                 int
	iccid                    esim.ICCID // of a top-up
	quote                    *esim.Package
	ceiling                  esim.Money
}

func (b *buy) content() string {
	return strings.Join([]string{b.op, b.packageID, strconv.Itoa(b.quantity), string(b.iccid)}, "\n")
}

func (b *buy) idempotency(c esim.Capabilities) esim.Idempotency {
	if b.op == "TopUp" {
		return c.TopUpIdempotency
	}
	return c.OrderIdempotency
}

func (b *buy) repeat(c esim.Capabilities) esim.Repeat {
	if b.op == "TopUp" {
		return c.TopUpRepeat
	}
	return c.OrderRepeat
}

// Order buys new eSIMs.
func (m *Client) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	b := buy{
		op: "Order", packageID: req.PackageID, reference: req.Reference, quantity: req.Quantity,
		quote: req.Quote, ceiling: req.MaxTotal,
	}
	if b.quantity == 0 {
		b.quantity = 1
	}
	c := m.check(ctx, b.op, m.caps.Order)
	if b.quantity < 1 || b.quantity > m.caps.MaxQuantity {
		c.invalid("Quantity", fmt.Sprintf("must be 1 to %d", m.caps.MaxQuantity))
	}
	if evidence.SendOf(ctx).RequestID != "" {
		c.unsupported("RequestID", "is nothing this provider keeps")
	}
	if req.CallbackURL != "" {
		c.unsupported("CallbackURL", "leads nowhere")
	}
	return m.buy(ctx, c, &b)
}

// TopUp buys more data for an eSIM.
func (m *Client) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	b := buy{
		op: "TopUp", packageID: req.PackageID, reference: req.Reference, quantity: 1,
		iccid: req.ICCID, quote: req.Quote, ceiling: req.MaxTotal,
	}
	c := m.check(ctx, b.op, m.caps.TopUp)
	c.iccid(b.iccid)
	return m.buy(ctx, c, &b)
}

func (m *Client) buy(ctx context.Context, c *check, b *buy) (*esim.Order, error) {
	if b.reference == "" {
		b.reference = m.mint()
	}
	c.id("PackageID", b.packageID)
	c.reference(b.reference)
	c.money(b.packageID, b.quote, b.ceiling)
	if c.err != nil {
		c.err.Reference = b.reference
		return nil, c.err
	}
	if err := m.admit(b); err != nil {
		return nil, m.closing(b, err)
	}
	var order *esim.Order
	err := m.send(ctx, b.op, buying, func() (err *esim.Error) {
		m.mu.Lock()
		defer m.mu.Unlock()
		order, err = m.sell(b)
		return err
	})
	if err != nil {
		return nil, m.closing(b, err)
	}
	m.settled(b)
	return order, nil
}

func (m *Client) mint() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made++
	return fmt.Sprintf("mem-%d-%016x", m.made, random.Draw(time.Now().UnixNano(), uint64(m.made))) //nolint:gosec // counts from 1
}

// admit is the adapter's half: it refuses what must not be sent at all.
func (m *Client) admit(b *buy) *esim.Error {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.purchases[b.reference]
	if p == nil {
		m.purchases[b.reference] = &purchase{content: b.content()}
		return nil
	}
	none := b.idempotency(m.caps) == esim.IdempotencyNone
	switch {
	case !p.doubt && !p.done && p.order == nil:
		p.content = b.content()
	case p.content != b.content():
		return m.fail(b.op, esim.ErrReferenceConflict, esim.OutcomeNotSent, "this reference was used for another purchase")
	case none && p.done:
		err := m.fail(b.op, esim.ErrDuplicate, esim.OutcomeAccepted, "this purchase was made before")
		err.Order = m.show(p.order)
		return err
	case none:
		return m.fail(b.op, esim.ErrDuplicate, esim.OutcomeUnknown, "an earlier send of this purchase is in doubt")
	}
	return nil
}

// sell is the provider's half. The lock is held.
func (m *Client) sell(b *buy) (*esim.Order, *esim.Error) {
	p := m.purchases[b.reference]
	if p.order != nil {
		if b.idempotency(m.caps) != esim.IdempotencyReplays {
			return nil, m.fail(b.op, esim.ErrDuplicate, esim.OutcomeUnknown, "this reference has been taken")
		}
		again := m.show(p.order)
		again.Replayed = true
		return again, nil
	}
	i := slices.IndexFunc(m.packages, func(q esim.Package) bool { return q.ID == b.packageID })
	if i < 0 || m.packages[i].Price.Currency() == "" {
		return nil, m.fail(b.op, esim.ErrPackageUnavailable, esim.OutcomeRejected, "no such package is sold")
	}
	item := m.packages[i]
	if err := m.tooDear(b, item); err != nil {
		return nil, err
	}
	if err := m.eligible(b, item); err != nil {
		return nil, err
	}
	total := money.Times(item.Price, b.quantity)
	o := m.draft(b, item, total)
	_, ok := m.ledger.Book(esimtest.Charge{
		Kind: chargeKind(b.op), OrderID: o.id, Reference: b.reference, PackageID: item.ID,
		Quantity: b.quantity, ICCIDs: texts(o.iccids), Amount: total,
	})
	if !ok {
		return nil, m.fail(b.op, esim.ErrInsufficientBalance, esim.OutcomeRejected, "the balance does not cover "+total.String())
	}
	m.hand(o)
	p.order = o
	return m.show(o), nil
}

func chargeKind(op string) esimtest.ChargeKind {
	if op == "TopUp" {
		return esimtest.ChargeTopUp
	}
	return esimtest.ChargeOrder
}

func (m *Client) tooDear(b *buy, item esim.Package) *esim.Error {
	if b.quote != nil && b.quote.Price != item.Price {
		return m.fail(b.op, esim.ErrPriceChanged, esim.OutcomeRejected, "the price is "+item.Price.String()+" now")
	}
	if total := money.Times(item.Price, b.quantity); !b.ceiling.IsZero() && money.Less(b.ceiling, total) {
		return m.fail(b.op, esim.ErrPriceChanged, esim.OutcomeRejected, "the total would be "+total.String())
	}
	return nil
}

func (m *Client) eligible(b *buy, item esim.Package) *esim.Error {
	if b.op != "TopUp" {
		return nil
	}
	e := m.esims[b.iccid]
	if e == nil {
		return m.fail(b.op, esim.ErrNotFound, esim.OutcomeRejected, "no such eSIM")
	}
	if e.cancelled || !covers(item, e.plans[0].item) {
		return m.fail(b.op, esim.ErrNotEligible, esim.OutcomeRejected, "this package does not go on this eSIM")
	}
	return nil
}

// covers reports whether a package can be put on an eSIM sold with another.
func covers(extra, first esim.Package) bool {
	rechargeable := extra.Rechargeable == nil || *extra.Rechargeable
	return rechargeable && extra.Price.Currency() != "" && slices.Equal(extra.Countries, first.Countries)
}

// draft makes the order and numbers its eSIMs; nothing is kept yet.
func (m *Client) draft(b *buy, item esim.Package, total esim.Money) *order {
	now := m.Now()
	o := &order{
		id: fmt.Sprintf("mo-%06d", len(m.orders)+1), reference: b.reference, item: item,
		quantity: b.quantity, total: total, createdAt: now, readyAt: now, topUp: b.op == "TopUp",
	}
	if o.topUp {
		o.iccids = []esim.ICCID{b.iccid}
		return o
	}
	if m.pending != nil && (len(m.pending) == 0 || m.pending[item.ID]) {
		o.readyAt = now.Add(m.delay)
	}
	for i := range b.quantity {
		o.iccids = append(o.iccids, esim.ICCID(random.Luhn(fmt.Sprintf("8999900%011d", len(m.esims)+i+1))))
	}
	return o
}

// hand keeps the order and makes or fills its eSIMs.
func (m *Client) hand(o *order) {
	m.orders[o.id] = o
	if o.readyAt.After(o.createdAt) {
		m.late = append(m.late, o)
	}
	for _, iccid := range o.iccids {
		e := m.esims[iccid]
		if e == nil {
			code := random.Secret("MEM-")
			m.codes = append(m.codes, esim.NewSecret(code))
			e = &profile{
				order: o.id, createdAt: o.createdAt,
				activated: esim.ActivationCode{SMDPAddress: "rsp.memory.example", MatchingID: code},
			}
			m.esims[iccid] = e
		}
		e.total += o.item.Data
		e.unlimited = e.unlimited || o.item.Unlimited
		e.plans = append(e.plans, plan{order: o.id, item: o.item})
		if !e.expiresAt.IsZero() {
			e.expiresAt = latest(e.expiresAt, m.Now()).AddDate(0, 0, o.item.ValidityDays)
		}
	}
}

// settled notes that a purchase was answered.
func (m *Client) settled(b *buy) {
	m.mu.Lock()
	defer m.mu.Unlock()
	p := m.purchases[b.reference]
	p.doubt, p.done = false, true
}

// closing is the error of a purchase, over all its sends: after one in doubt,
// a refusal of another proves nothing.
func (m *Client) closing(b *buy, err *esim.Error) *esim.Error {
	m.mu.Lock()
	defer m.mu.Unlock()
	err.Reference = b.reference
	p := m.purchases[b.reference]
	if err.Outcome == esim.OutcomeUnknown {
		p.doubt = true
	}
	if p.doubt {
		err.Outcome, err.Repeat = esim.OutcomeUnknown, b.repeat(m.caps)
	}
	return err
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
