package simulator

import (
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// flyOrder is a row of the account's order history.
type flyOrder struct {
	id        int64
	reference string
	kind      string // order, topup, deposit
	key       string
	callback  string
	item      *item
	quantity  int
	unit      esim.Money // price of one when it was bought
	amount    esim.Money
	createdAt time.Time
	readyAt   time.Time
	failed    bool
	cancelled bool
	sims      []*sim
}

func (o *flyOrder) pending(now time.Time) bool { return !o.failed && now.Before(o.readyAt) }

// heldFor is how long an order takes that is not to become ready.
const heldFor = 100 * 365 * 24 * time.Hour

// HoldProvisioning keeps asynchronous orders placed from now on pending until
// it is called with false; those become ready after the usual delay then.
func (f *ESIMFly) HoldProvisioning(on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = on
	now := f.now()
	for _, o := range f.orders {
		if !on && !o.failed && o.readyAt.Sub(now) > heldFor/2 {
			f.schedule(o, now, f.options.provisioning)
		}
	}
}

// FailOrder lets the provisioning of a pending order fail. As at the provider,
// no webhook tells of it and no refund is made.
func (f *ESIMFly) FailOrder(orderReference string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.byRef[orderReference]
	if o == nil || !o.pending(f.now()) {
		panic("simulator: no pending order " + orderReference)
	}
	o.failed = true
	for _, s := range o.sims {
		s.readyAt = o.createdAt.Add(heldFor)
	}
}

type flyOrderRequest struct {
	packageCode, packageName, price string
	quantity                        int
	key, callback                   string
	recurring                       bool
}

func (f *ESIMFly) parseOrder(c *call) (flyOrderRequest, error) {
	o, err := f.object(c, c.body, "packageCode", "quantity", "idempotency_key", "callbackUrl", "recurring",
		"packageName", "price", "duration", "flagUrl")
	if err != nil {
		return flyOrderRequest{}, err
	}
	r := flyOrderRequest{
		packageCode: o.str("packageCode"), packageName: o.str("packageName"), price: o.number("price"),
		quantity: int(o.integer("quantity", 1)), key: o.str("idempotency_key"),
		callback: o.str("callbackUrl"), recurring: o.boolean("recurring"),
	}
	o.integer("duration", 0)
	o.str("flagUrl")
	return r, o.err
}

func (f *ESIMFly) postOrder(c *call) *reply {
	r, err := f.parseOrder(c)
	if err != nil {
		return f.malformed(c, err)
	}
	if refusal := f.checkOrder(c, r); refusal != nil {
		return refusal
	}
	b := pipeline[*flyOrder]{
		srv: f.Server, mu: &f.mu, keys: f.keys, c: c, key: r.key, subject: r.packageCode, lock: "key " + r.key,
		check:  func() *reply { _, _, refusal := f.choose(c, r); return refusal },
		commit: func() (*flyOrder, *reply, bool) { return f.buy(c, r) },
		known:  func(bool) *reply { return f.inFlight(c) },
		replay: func(o *flyOrder) *reply {
			if o.item.id != r.packageCode || o.quantity != r.quantity {
				f.violate(c, "idempotency_key used before for another purchase")
			}
			return f.replay(o)
		},
	}
	if r.key == "" {
		b.lock = "package " + r.packageCode
	}
	return b.run()
}

// checkOrder refuses what needs no look at the account.
func (f *ESIMFly) checkOrder(c *call, r flyOrderRequest) *reply {
	bad := func(code, text string) *reply {
		f.violate(c, text)
		return f.refuseAs(c, http.StatusBadRequest, code, text)
	}
	switch {
	case r.packageCode == "":
		return bad("MISSING_PACKAGE_CODE", "packageCode is required")
	case r.quantity < 1 || r.quantity > 10:
		return bad("INVALID_QUANTITY", "quantity must be between 1 and 10")
	case utf8.RuneCountInString(r.key) > 200:
		return bad("", "idempotency_key is longer than 200 characters")
	case r.callback != "" && !acceptableHook(r.callback):
		return bad("", "callbackUrl must be an https URL")
	case r.price != "" && r.packageName == "":
		return bad("MISSING_FIELDS", "packageName is required with price")
	}
	return nil
}

// acceptableHook accepts https, and plain http on this machine, where test
// receivers listen.
func acceptableHook(text string) bool {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "https" || (u.Scheme == "http" && (u.Hostname() == "localhost" || ip.IsLoopback()))
}

// choose is the package of an order and the price of one, or the refusal of
// what the order does not fit.
func (f *ESIMFly) choose(c *call, r flyOrderRequest) (*item, esim.Money, *reply) {
	var price esim.Money
	it, ok := f.catalogue.find(r.packageCode)
	if !ok || (r.packageName != "" && r.packageName != it.name) {
		if strings.HasPrefix(r.packageCode, "ent_") {
			return nil, price, f.refuse(c, "PACKAGE_NOT_FOUND")
		}
		return nil, price, f.refuse(c, "INVALID_PACKAGE")
	}
	if r.recurring && it.carrier == "" {
		return nil, price, f.refuseAs(c, http.StatusBadRequest, "", "This package does not support recurring billing")
	}
	price = f.catalogue.price(*it)
	if r.price != "" {
		sent, err := esim.ParseMoney(r.price, price.Currency())
		if err != nil || !sent.Equal(price) {
			return nil, price, f.refuse(c, "PRICE_MISMATCH")
		}
	}
	amount := money.Times(price, r.quantity)
	if balance, ok := f.ledger.Affords(amount); !ok {
		return nil, price, f.tooPoor(c, balance, amount)
	}
	return it, price, nil
}

func (f *ESIMFly) tooPoor(c *call, balance, amount esim.Money) *reply {
	return f.refuse(c, "INSUFFICIENT_BALANCE",
		member{"currentBalance", encode(money.Number(balance))}, member{"requiredBalance", encode(money.Number(amount))},
		member{"needToLoad", encode(money.Number(money.Minus(amount, balance)))})
}

// buy checks what the purchase needs and commits it in one step.
func (f *ESIMFly) buy(c *call, r flyOrderRequest) (*flyOrder, *reply, bool) {
	it, price, refusal := f.choose(c, r)
	if refusal != nil {
		return nil, refusal, false
	}
	o, balance, ok := f.commit(r, it, price)
	if !ok {
		return nil, f.tooPoor(c, balance, o.amount), false
	}
	return o, f.placed(o, f.shownBalance()), true
}

// commit charges the order and makes its eSIMs.
func (f *ESIMFly) commit(r flyOrderRequest, it *item, price esim.Money) (*flyOrder, esim.Money, bool) {
	now := f.now()
	o := f.newOrder("order", it, r.quantity, price, now)
	o.key, o.callback = r.key, r.callback
	var iccids []string
	for range r.quantity {
		s := f.fleet.issue(o.reference, it, now, now)
		s.reported = "NEW"
		o.sims = append(o.sims, s)
		iccids = append(iccids, s.iccid)
	}
	balance, ok := f.ledger.Book(esimtest.Charge{
		Kind: esimtest.ChargeOrder, OrderID: o.reference, Reference: r.key, PackageID: it.id,
		Quantity: r.quantity, ICCIDs: iccids, Amount: o.amount,
	})
	if !ok {
		return o, balance, false
	}
	f.keep(o)
	for _, s := range o.sims {
		f.esims = append(f.esims, s)
		f.byICCID[s.iccid] = s
		f.fleet.expect(s, now)
	}
	if it.async && f.held {
		f.delay(o, now.Add(heldFor))
	} else if it.async {
		f.schedule(o, now, f.options.provisioning)
	}
	return o, balance, true
}

// newOrder is an order with its own reference, not kept yet.
func (f *ESIMFly) newOrder(kind string, it *item, quantity int, unit esim.Money, now time.Time) *flyOrder {
	n := len(f.orders)
	word := random.Letters(5, random.Lower, f.options.seed, random.Hash("reference"), uint64(n))
	return &flyOrder{
		id: int64(2503 + n), reference: fmt.Sprintf("%s_%d_%s%d", kind, now.UnixMilli(), word, n), kind: kind,
		item: it, quantity: quantity, unit: unit, amount: money.Times(unit, quantity), createdAt: now, readyAt: now,
	}
}

func (f *ESIMFly) keep(o *flyOrder) {
	f.orders = append(f.orders, o)
	f.byRef[o.reference] = o
}

func (f *ESIMFly) delay(o *flyOrder, until time.Time) {
	o.readyAt = until
	for _, s := range o.sims {
		s.readyAt = until
		f.fleet.expect(s, f.now())
	}
}

// schedule makes the order ready after the delay and announces it then.
func (f *ESIMFly) schedule(o *flyOrder, now time.Time, d time.Duration) {
	f.delay(o, now.Add(d))
	f.clock.after(d, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if o.failed {
			return
		}
		for _, s := range o.sims {
			f.announceReady(o, s)
		}
	})
}

// recordDeposit puts the opening balance into the order history, where wallet
// top-ups appear as rows without an eSIM.
func (f *ESIMFly) recordDeposit(now time.Time) {
	o := f.newOrder("deposit", &item{name: "Wallet top-up"}, 1, f.Balance(), now)
	o.reference = "ESF_" + random.Letters(10, random.Digits, f.options.seed, random.Hash("deposit"))
	f.keep(o)
}
