package simulator

import (
	"errors"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// fxOrder is one purchase: a subscription on an eSIM.
type fxOrder struct {
	id        string
	key       string
	request   fxRequest
	item      *item
	amount    esim.Money
	sim       *sim
	bundle    *bundle
	createdAt time.Time
}

// fxRequest is what create_order asks for.
type fxRequest struct{ operation, product, iccid string }

const fxKeyMemory = 183 * 24 * time.Hour

func (f *ESIMFX) parseOrder(c *call) (fxRequest, error) {
	o, err := f.object(c, c.body, "operation_type", "product", "iccid")
	if err != nil {
		return fxRequest{}, err
	}
	word := o.str("operation_type")
	r := fxRequest{operation: strings.ToUpper(word), iccid: o.str("iccid")}
	if o.err != nil {
		return r, o.err
	}
	if word != r.operation {
		f.violate(c, "operation_type is not in capitals")
	}
	if !o.has("product") {
		return r, errors.New("no product")
	}
	p, err := f.object(c, o.fields["product"], "id")
	if err != nil {
		return r, err
	}
	r.product = p.str("id")
	switch {
	case p.err != nil:
		return r, p.err
	case r.product == "":
		return r, errors.New("no product id")
	case r.operation == "NEW" && o.has("iccid"):
		return r, errors.New("iccid sent with NEW")
	case r.operation == "TOPUP" && r.iccid == "":
		return r, errors.New("no iccid sent with TOPUP")
	case r.operation != "NEW" && r.operation != "TOPUP":
		return r, errors.New("unknown operation_type")
	}
	return r, nil
}

func (f *ESIMFX) postOrder(c *call) *reply {
	r, err := f.parseOrder(c)
	keys := c.r.Header.Values("X-Idempotency-Key")
	if err == nil && (len(keys) != 1 || keys[0] == "") {
		err = errors.New("not exactly one X-Idempotency-Key")
	}
	if err != nil {
		return f.malformed(c, err)
	}
	b := pipeline[*fxOrder]{
		srv: f.Server, mu: &f.mu, keys: f.keys, c: c, key: keys[0], lock: keys[0],
		check:  func() *reply { _, _, refusal := f.choose(r); return refusal },
		commit: func() (*fxOrder, *reply, bool) { return f.buy(keys[0], r) },
		known: func(inProgress bool) *reply {
			if inProgress {
				return fxRefuse(FXCodeInFlight)
			}
			return fxRefuse(FXCodeKeyUsed)
		},
		replay: func(o *fxOrder) *reply {
			if o.request != r {
				f.violate(c, "X-Idempotency-Key used before with another body")
				return fxRefuse(FXCodeKeyReused)
			}
			return f.created(o)
		},
	}
	return b.run()
}

// choose is the product of a purchase and, for a top-up, its eSIM, or the
// refusal of what it does not fit.
func (f *ESIMFX) choose(r fxRequest) (*item, *sim, *reply) {
	it, ok := f.product(r.product)
	if !ok {
		return nil, nil, fxRefuse(FXCodeProductNotFound)
	}
	var s *sim
	if r.operation == "TOPUP" {
		s = f.byICCID[f.rules.canonicalICCID(r.iccid)]
		if refusal := f.checkTopUp(s, it, f.now()); refusal != nil {
			return nil, nil, refusal
		}
	}
	if _, ok := f.ledger.Affords(f.catalogue.price(*it)); !ok {
		return nil, nil, fxTooPoor()
	}
	return it, s, nil
}

func fxTooPoor() *reply {
	return fxRefuse(FXCodeInsufficientBalance)
}

// buy checks what the purchase needs and commits it in one step.
func (f *ESIMFX) buy(key string, r fxRequest) (*fxOrder, *reply, bool) {
	it, s, refusal := f.choose(r)
	if refusal != nil {
		return nil, refusal, false
	}
	now, kind := f.now(), esimtest.ChargeTopUp
	o := &fxOrder{
		id: uuidFor(f.options.seed, uint64(len(f.orders))<<20), key: key, request: r, item: it, sim: s,
		amount: f.catalogue.price(*it), createdAt: now,
	}
	if s == nil {
		kind, o.sim = esimtest.ChargeOrder, f.fleet.issue(o.id, it, now, now)
	}
	_, paid := f.ledger.Book(esimtest.Charge{
		Kind: kind, OrderID: o.id, Reference: key, PackageID: it.id, Quantity: 1, ICCIDs: []string{o.sim.iccid}, Amount: o.amount,
	})
	if !paid {
		return nil, fxTooPoor(), false
	}
	f.keep(o, now)
	return o, f.created(o), true
}

func (f *ESIMFX) checkTopUp(s *sim, it *item, now time.Time) *reply {
	if s == nil {
		return fxRefuse(FXCodeESIMNotFound)
	}
	f.refresh(s, now)
	switch {
	case fxESIMStatus(s, now) == "BLOCKED":
		return fxRefuse(FXCodeESIMBlocked)
	case !it.fits(*s.item):
		return fxRefuse(FXCodeIncompatibleTopUp)
	}
	return nil
}

func (f *ESIMFX) keep(o *fxOrder, now time.Time) {
	if o.request.operation == "TOPUP" {
		o.bundle = o.sim.add(o.id, o.item, now)
		f.refresh(o.sim, now)
	} else {
		o.bundle = o.sim.bundles[0]
		f.esims = append(f.esims, o.sim)
		f.byICCID[o.sim.iccid] = o.sim
		f.fleet.expect(o.sim, now)
	}
	f.orders = append(f.orders, o)
	f.byID[o.id] = o
}

type fxSubscription struct {
	Limit      int64  `json:"upper_limit_amount"`
	Used       *int64 `json:"used_amount,omitempty"`
	Unit       string `json:"amount_unit"`
	Status     string `json:"status"`
	Activation string `json:"activation_time"`
	Expiry     string `json:"expiry"`
	ActivateBy string `json:"activate_by"`
}

// subscription shows the bundle of an order; how much was used is left out of
// the answer to a purchase.
func (o *fxOrder) subscription(now time.Time, usage bool) fxSubscription {
	b := o.bundle
	by := o.createdAt.Add(sixtyDays)
	from, until := by, by.AddDate(0, 0, b.days)
	if !b.activatedAt.IsZero() {
		from, until = b.activatedAt, b.expiresAt
	}
	if !b.endedAt.IsZero() {
		until = b.endedAt
	}
	s := fxSubscription{Limit: b.bytes, Unit: "Byte", Status: fxPlanStatus(b), Activation: fxTime(from), Expiry: fxTime(until), ActivateBy: fxTime(by)}
	used := b.used
	if b.unlimited {
		s.Limit, s.Unit, used = int64(b.days), "Days", 0
		if !b.activatedAt.IsZero() {
			used = min(s.Limit, int64(earlier(now, until).Sub(from)/(24*time.Hour)))
		}
	}
	if usage {
		s.Used = &used
	}
	return s
}

type fxESIM struct {
	ICCID  string  `json:"iccid"`
	QR     string  `json:"esim_qr"`
	Status string  `json:"status"`
	APN    *string `json:"apn"`
}

type fxCreated struct {
	ID           string         `json:"id"`
	Status       string         `json:"status"`
	Subscription fxSubscription `json:"subscription"`
	Created      string         `json:"creation_time"`
	ESIM         fxESIM         `json:"esim"`
}

func (f *ESIMFX) created(o *fxOrder) *reply {
	now := f.now()
	return fxAnswer(fxCreated{
		ID: o.id, Status: "COMPLETED", Subscription: o.subscription(now, false), Created: fxTime(o.createdAt),
		ESIM: fxESIM{ICCID: o.sim.iccid, QR: o.sim.lpa(), Status: fxESIMStatus(o.sim, now), APN: new("globaldata")},
	})
}

func fxTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
