package esimtest

import (
	"errors"
	"net/http"
	"time"

	"github.com/esimkit/esim"
)

// fxOrder is one purchase: a subscription on an eSIM.
type fxOrder struct {
	id        string
	key       string
	item      *item
	amount    esim.Money
	sim       *sim
	bundle    *bundle
	createdAt time.Time
}

// fxRequest is what create_order asks for.
type fxRequest struct{ operation, product, iccid string }

// fxRecord is what an idempotency key was used for.
type fxRecord struct {
	request fxRequest
	order   *fxOrder
	at      time.Time
}

const fxKeyMemory = 183 * 24 * time.Hour

func parseFXOrder(body []byte) (fxRequest, error) {
	o, err := parseObject(body, "operation_type", "product", "iccid")
	if err != nil {
		return fxRequest{}, err
	}
	r := fxRequest{operation: o.str("operation_type"), iccid: o.str("iccid")}
	if o.err != nil {
		return r, o.err
	}
	if !o.has("product") {
		return r, errors.New("no product")
	}
	p, err := parseObject(o.fields["product"], "id")
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
	r, err := parseFXOrder(c.body)
	keys := c.r.Header.Values("X-Idempotency-Key")
	if err == nil && (len(keys) != 1 || keys[0] == "") {
		err = errors.New("not exactly one X-Idempotency-Key")
	}
	if err != nil {
		return f.malformed(c, err)
	}
	key := keys[0]
	if answer := f.begin(c, key, r); answer != nil {
		return answer
	}
	defer f.end(key)
	c.process(f.options.processing)
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.buy(key, r)
}

// begin marks the key as in flight, unless it was used before or is still.
func (f *ESIMFX) begin(c *call, key string, r fxRequest) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	if old, ok := f.byKey[key]; ok && c.now.Sub(old.at) < fxKeyMemory {
		if old.request != r {
			f.violate(c, "X-Idempotency-Key used before with another body")
			return fxRefuse(http.StatusOK, FXCodeKeyReused, "Idempotency key was used with another request")
		}
		return f.created(old.order)
	}
	if f.flying[key] {
		return fxRefuse(http.StatusOK, FXCodeInFlight, "A request with this idempotency key is being processed")
	}
	f.flying[key] = true
	return nil
}

func (f *ESIMFX) end(key string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.flying, key)
}

// buy checks what the purchase needs and commits it in one step.
func (f *ESIMFX) buy(key string, r fxRequest) *reply {
	now := f.clock.now()
	it, ok := f.catalogue.find(r.product)
	if !ok {
		return fxRefuse(http.StatusOK, FXCodeProductNotFound, "Product not found")
	}
	o := &fxOrder{
		id: uuidFor(f.options.seed, uint64(len(f.orders))<<20), key: key, item: it, amount: f.catalogue.price(*it), createdAt: now,
	}
	kind := ChargeOrder
	if r.operation == "TOPUP" {
		kind = ChargeTopUp
		o.sim = f.byICCID[r.iccid]
		if refusal := f.checkTopUp(o.sim, it, now); refusal != nil {
			return refusal
		}
	} else {
		o.sim = f.world.issue(o.id, it, now, now)
	}
	_, paid := f.ledger.book(Charge{
		Kind: kind, OrderID: o.id, Reference: key, PackageID: it.id, Quantity: 1, ICCIDs: []string{o.sim.iccid}, Amount: o.amount,
	})
	if !paid {
		return fxRefuse(http.StatusOK, FXCodeInsufficientBalance, "Insufficient balance")
	}
	f.keep(o, r, now)
	return f.created(o)
}

func (f *ESIMFX) checkTopUp(s *sim, it *item, now time.Time) *reply {
	if s == nil {
		return fxRefuse(http.StatusOK, FXCodeESIMNotFound, "eSIM not found")
	}
	f.refresh(s, now)
	switch {
	case fxESIMStatus(s, now) == "BLOCKED":
		return fxRefuse(http.StatusOK, FXCodeESIMBlocked, "eSIM is blocked")
	case !it.fits(*s.item):
		return fxRefuse(http.StatusOK, FXCodeIncompatibleTopUp, "Product does not fit this eSIM")
	}
	return nil
}

func (f *ESIMFX) keep(o *fxOrder, r fxRequest, now time.Time) {
	if r.operation == "TOPUP" {
		o.bundle = o.sim.add(o.id, o.item, now)
		f.refresh(o.sim, now)
	} else {
		o.bundle = o.sim.bundles[0]
		f.esims = append(f.esims, o.sim)
		f.byICCID[o.sim.iccid] = o.sim
		f.world.expect(o.sim, now)
	}
	f.orders = append(f.orders, o)
	f.byID[o.id] = o
	f.byKey[o.key] = fxRecord{r, o, now}
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
	now := f.clock.now()
	return fxAnswer(fxCreated{
		ID: o.id, Status: "COMPLETED", Subscription: o.subscription(now, false), Created: fxTime(o.createdAt),
		ESIM: fxESIM{ICCID: o.sim.iccid, QR: o.sim.lpa(), Status: fxESIMStatus(o.sim, now), APN: new("globaldata")},
	})
}

func fxTime(t time.Time) string { return t.UTC().Format(time.RFC3339) }
