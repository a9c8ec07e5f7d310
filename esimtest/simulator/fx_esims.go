package simulator

import (
	"errors"
	"net/http"
	"time"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// fxPlanStatus is the state of a subscription.
func fxPlanStatus(b *bundle) string {
	switch {
	case b.terminated:
		return "TERMINATED"
	case !b.endedAt.IsZero():
		return "EXPIRED"
	case !b.activatedAt.IsZero():
		return "ACTIVE"
	}
	return "PENDING"
}

// fxESIMStatus is the state of an eSIM, in the documented letter case.
func fxESIMStatus(s *sim, now time.Time) string {
	var ended time.Time
	live, active := 0, false
	for _, b := range s.bundles {
		if b.endedAt.IsZero() {
			live++
			active = active || b.active()
		}
		ended = later(ended, b.endedAt)
	}
	switch {
	case live == 0 && now.Sub(ended) >= sixtyDays:
		return "BLOCKED"
	case live == 0:
		return "EXPIRED"
	case active && s.installed():
		return "ACTIVE"
	case s.onDevice || s.installed():
		return "Installed"
	}
	return "PROVISIONED"
}

// Install puts the eSIM on a device without using it. It panics when there is
// no such eSIM.
func (f *ESIMFX) Install(iccid string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.byICCID[iccid]
	if s == nil {
		panic("simulator: no eSIM " + iccid)
	}
	s.onDevice = true
}

type fxPlan struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Duration int    `json:"duration"`
	Unit     string `json:"duration_unit"`
	Profile  string `json:"imsi_profile"`
}

type fxOrderView struct {
	ID           string         `json:"id"`
	ICCID        string         `json:"iccid"`
	Product      fxPlan         `json:"product"`
	Subscription fxSubscription `json:"subscription"`
	Status       string         `json:"status"`
	Created      string         `json:"creation_time"`
}

func (o *fxOrder) view(now time.Time) fxOrderView {
	return fxOrderView{
		ID: o.id, ICCID: o.sim.iccid, Product: fxPlan{o.request.product, o.item.name, o.item.days, "DAY", o.item.profile},
		Subscription: o.subscription(now, true), Status: "COMPLETED", Created: fxTime(o.createdAt),
	}
}

func (f *ESIMFX) getOrder(c *call) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.byID[c.param("order_id")]
	if o == nil {
		return fxRefuse(FXCodeOrderNotFound)
	}
	now := f.now()
	f.refresh(o.sim, now)
	return fxAnswer(o.view(now))
}

func (f *ESIMFX) getESIMStatus(c *call) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.byICCID[f.rules.canonicalICCID(c.param("iccid"))]
	if s == nil {
		return fxRefuse(FXCodeESIMNotFound)
	}
	now := f.now()
	f.refresh(s, now)
	return fxAnswer(map[string]string{"iccid": s.iccid, "esim_qr": s.lpa(), "status": fxESIMStatus(s, now)})
}

func (f *ESIMFX) getESIMOrders(c *call) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.byICCID[f.rules.canonicalICCID(c.param("iccid"))]
	if s == nil {
		return fxRefuse(FXCodeESIMNotFound)
	}
	now := f.now()
	f.refresh(s, now)
	views := []fxOrderView{}
	for _, b := range s.bundles {
		views = append(views, f.byID[b.order].view(now))
	}
	if f.options.bareOrders {
		return fxAnswer(views)
	}
	return fxAnswer(map[string]any{"orders": views})
}

// bodyOrder is the order a life-cycle call names. The caller holds the lock.
func (f *ESIMFX) bodyOrder(c *call) (*fxOrder, *reply) {
	o, err := f.object(c, c.body, "order_id")
	if err != nil {
		return nil, f.malformed(c, err)
	}
	id := o.str("order_id")
	if o.err == nil && id == "" {
		o.err = errors.New("no order_id")
	}
	if o.err != nil {
		return nil, f.malformed(c, o.err)
	}
	order := f.byID[id]
	if order == nil {
		return nil, fxRefuse(FXCodeOrderNotFound)
	}
	f.refresh(order.sim, f.now())
	return order, nil
}

func (f *ESIMFX) postActivate(c *call) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, refusal := f.bodyOrder(c)
	if refusal != nil {
		return refusal
	}
	if fxPlanStatus(o.bundle) != "PENDING" {
		return fxRefuse(FXCodeNotActivatable)
	}
	now := f.now()
	o.bundle.activate(now)
	f.refresh(o.sim, now)
	return fxAnswer(struct{}{})
}

// postTerminate ends a subscription. One that was never active and is younger
// than 60 days is refunded.
func (f *ESIMFX) postTerminate(c *call) *reply {
	f.mu.Lock()
	defer f.mu.Unlock()
	o, refusal := f.bodyOrder(c)
	if refusal != nil {
		return refusal
	}
	now, b := f.now(), o.bundle
	if !b.endedAt.IsZero() {
		return fxRefuse(FXCodeNotTerminable)
	}
	refund := b.activatedAt.IsZero() && now.Sub(o.createdAt) < sixtyDays
	b.terminated, b.endedAt = true, now
	f.fleet.expect(o.sim, now) // a plan that waits may begin
	if refund {
		f.ledger.Book(esimtest.Charge{
			Kind: esimtest.ChargeRefund, OrderID: o.id, Reference: o.key, PackageID: o.item.id, Quantity: 1,
			ICCIDs: []string{o.sim.iccid}, Amount: money.Minus(money.Of("0", "USD"), o.amount),
		})
	}
	return fxAnswer(map[string]any{"refund": map[string]bool{"need_refund": refund}})
}

// fxEvent is the body of a webhook. The provider publishes none, so the names
// are invented.
type fxEvent struct {
	Type      string `json:"event_type"`
	ICCID     string `json:"iccid"`
	OrderID   string `json:"order_id"`
	Threshold int    `json:"threshold,omitempty"`
	Time      string `json:"time"`
}

// refresh brings an eSIM up to date and announces activations, usage and
// expiries.
func (f *ESIMFX) refresh(s *sim, now time.Time) {
	f.fleet.settle(s, now)
	for _, b := range s.bundles {
		if !b.activatedAt.IsZero() && !b.reportedActive {
			b.reportedActive = true
			f.emit(fxEvent{Type: "ACTIVATION", ICCID: s.iccid, OrderID: b.order, Time: fxTime(b.activatedAt)})
		}
		for _, percent := range []int{50, 80, 90} {
			if !b.unlimited && percent > b.reportedUsage && b.used >= b.bytes/100*int64(percent) {
				b.reportedUsage = percent
				f.emit(fxEvent{Type: "DATA_USAGE", ICCID: s.iccid, OrderID: b.order, Threshold: percent, Time: fxTime(now)})
			}
		}
		if !b.endedAt.IsZero() && !b.terminated && !b.reportedEnd {
			b.reportedEnd = true
			f.emit(fxEvent{Type: "EXPIRATION", ICCID: s.iccid, OrderID: b.order, Time: fxTime(b.endedAt)})
		}
	}
	f.fleet.expect(s, now)
}

// emit sends a webhook with the configured secret in its token header, once.
func (f *ESIMFX) emit(e fxEvent) {
	url := f.outbox.target()
	if url == "" {
		return
	}
	f.outbox.post(0, parcel{
		id: e.Type + "-" + e.OrderID + "-" + e.Time, event: e.Type, url: url, reference: e.OrderID, body: encode(e),
		header: func([]byte) http.Header {
			h := http.Header{}
			h.Set("Content-Type", "application/json")
			h.Set("Token", f.WebhookToken)
			return h
		},
	})
}
