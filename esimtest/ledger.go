package esimtest

import (
	"slices"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// ChargeKind says why money moved.
type ChargeKind string

// The kinds of [Charge].
const (
	ChargeOrder  ChargeKind = "order"  // new eSIMs
	ChargeTopUp  ChargeKind = "topup"  // data on an existing eSIM
	ChargeRefund ChargeKind = "refund" // money back; the amount is negative
)

// Charge is one movement of money in the account at a provider.
type Charge struct {
	Seq       int        // 1 for the first movement
	Time      time.Time  // by the simulated clock
	Kind      ChargeKind // order, topup or refund
	OrderID   string     // the provider's id of the order; for a refund, of the order refunded
	Reference string     // idempotency_key, external_order_id or X-Idempotency-Key, "" if none was sent
	PackageID string     // eSIM Story: the options of an order of several lines, joined by commas
	Quantity  int        // units paid or refunded
	ICCIDs    []string   // the eSIMs concerned, also those not delivered yet
	Amount    esim.Money // total, negative for a refund
}

// Ledger is what a simulated provider has charged. It is the truth that tests
// compare a client's beliefs with. Its methods are safe for concurrent use
// and return copies.
type Ledger struct {
	now     func() time.Time
	invoice bool // sells without a prepaid balance

	mu      sync.Mutex
	charges []Charge
	byRef   map[string][]int
	opening esim.Money
	total   esim.Money
	balance esim.Money
}

// NewLedger returns the ledger of an account with so much prepaid balance.
// The clock gives the times of its charges.
func NewLedger(opening esim.Money, clock func() time.Time) *Ledger {
	return &Ledger{
		now:     clock,
		byRef:   map[string][]int{},
		opening: opening,
		total:   money.Of("0", opening.Currency()),
		balance: opening,
	}
}

// NewInvoiceLedger returns the ledger of an account that pays by invoice: it
// covers every charge, and its balance is what it owes, below zero.
func NewInvoiceLedger(currency string, clock func() time.Time) *Ledger {
	l := NewLedger(money.Of("0", currency), clock)
	l.invoice = true
	return l
}

// Charges returns every movement in order.
func (l *Ledger) Charges() []Charge {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := make([]Charge, len(l.charges))
	for i := range l.charges {
		list[i] = l.copyOf(i)
	}
	return list
}

// ByReference returns the movements whose purchase carried this reference,
// refunds included.
func (l *Ledger) ByReference(ref string) []Charge {
	l.mu.Lock()
	defer l.mu.Unlock()
	var list []Charge
	for _, i := range l.byRef[ref] {
		list = append(list, l.copyOf(i))
	}
	return list
}

// Count returns the number of movements, refunds included.
func (l *Ledger) Count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.charges)
}

// Total returns the sum of all movements: what was charged less what was
// refunded.
func (l *Ledger) Total() esim.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total
}

// Opening returns the money ever put into the account, so that Opening is
// always the balance plus Total.
func (l *Ledger) Opening() esim.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.opening
}

// Balance returns what is left. It is below zero where an account on invoice
// has bought something.
func (l *Ledger) Balance() esim.Money {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.balance
}

// Book records the movement and moves the balance in one step; Seq and Time are
// the ledger's to set. It returns the balance, and false without an effect when
// the balance does not cover the amount.
func (l *Ledger) Book(c Charge) (esim.Money, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.covers(c.Amount) {
		return l.balance, false
	}
	c.Seq = len(l.charges) + 1
	c.Time = l.now()
	l.charges = append(l.charges, c)
	if c.Reference != "" {
		l.byRef[c.Reference] = append(l.byRef[c.Reference], c.Seq-1)
	}
	l.total = money.Plus(l.total, c.Amount)
	l.balance = money.Minus(l.balance, c.Amount)
	return l.balance, true
}

// covers reports whether the account can pay the amount. The caller holds the
// lock.
func (l *Ledger) covers(amount esim.Money) bool { return l.invoice || !money.Less(l.balance, amount) }

// Affords reports whether the account can pay the amount, ahead of the charge.
// It returns the balance.
func (l *Ledger) Affords(amount esim.Money) (esim.Money, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.balance, l.covers(amount)
}

// SetBalance is money paid in or taken out by the account's owner, which is no
// charge.
func (l *Ledger) SetBalance(to esim.Money) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.balance = to
	l.opening = money.Plus(to, l.total)
}

func (l *Ledger) copyOf(i int) Charge {
	c := l.charges[i]
	c.ICCIDs = slices.Clone(c.ICCIDs)
	return c
}
