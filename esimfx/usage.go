package esimfx

import (
	"context"
	"errors"
	"math"
	"net/http"
	"net/url"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// planData is an order with its amounts (eSIMfx docs: get_order).
type planData struct {
	ID      wire.Text `json:"id"`
	Product struct {
		ID   wire.Text `json:"id"`
		Name wire.Text `json:"name"`
	} `json:"product"`
	Subscription struct {
		Limit          wire.Number `json:"upper_limit_amount"`
		MisspeltLimit  wire.Number `json:"uper_limit_amount"` // seen by a public integration
		Used           wire.Number `json:"used_amount"`
		Unit           wire.Text   `json:"amount_unit"`
		Status         wire.Text   `json:"status"`
		ActivationTime wire.Time   `json:"activation_time"`
		Expiry         wire.Time   `json:"expiry"`
		ActivateBy     wire.Time   `json:"activate_by"`
	} `json:"subscription"`
}

func (d planData) complete() bool { return d.ID != "" }

func (d planData) id() string { return string(d.ID) }

// maxUnpaged is how many rows a list has at most that is documented without
// pages: the orders and the top-ups of one eSIM.
const maxUnpaged = 5_000

// plansData is the answer of get_esim_orders: the documents have an array in
// data.orders, a public integration has it in data itself.
type plansData struct {
	Orders []planData `json:"orders"`
	Next   wire.Raw   `json:"last_evaluated_key"`
}

func (d plansData) complete() bool { return d.Orders != nil }

// UnmarshalJSON reads both forms.
func (d *plansData) UnmarshalJSON(doc []byte) error {
	if !wire.IsObject(doc) {
		return wire.DecodeRows(doc, maxUnpaged, &d.Orders)
	}
	type plain plansData
	return wire.DecodeRows(doc, maxUnpaged, (*plain)(d))
}

// A subscription is live while its data can be used, now or later.
func (d *planData) live() bool {
	s := d.Subscription.Status.Upper()
	return s == "ACTIVE" || s == "PENDING"
}

// convert fails for a live plan of which the data left cannot be told: no
// number would be better than a wrong one.
func (d *planData) convert() (esim.PlanUsage, error) {
	s := &d.Subscription
	status := s.Status.Upper()
	plan := esim.PlanUsage{
		OrderID: string(d.ID), PackageID: string(d.Product.ID), Name: string(d.Product.Name),
		ProviderStatus: string(s.Status), ActivateBy: s.ActivateBy.Time, ExpiresAt: s.Expiry.Time,
	}
	if status != "PENDING" { // samples fill it in for plans that never began
		plan.ActivatedAt = s.ActivationTime.Time
	}
	limit := s.Limit.Or(s.MisspeltLimit)
	unit, isData := unitOf(s.Unit)
	switch {
	case isDays(s.Unit):
		plan.Unlimited, plan.DaysTotal, plan.DaysUsed = true, limit.Int(), s.Used.Int()
	case isData && limit.Known() && (s.Used.Known() || status != "ACTIVE"):
		plan.Total, plan.Used = limit.Size(unit), s.Used.Size(unit)
		plan.Remaining = max(plan.Total-plan.Used, 0)
	case d.live():
		return plan, errors.New("a plan in use has no amounts, or has them in an unknown unit")
	}
	plan.Status = planStatus(status, &plan)
	if !d.live() {
		plan.Remaining = 0
	}
	return plan, nil
}

// planStatus maps the four states of a subscription (eSIMfx docs: Quick Start,
// step 3). EXPIRED is said of a plan whose days or whose data are used up.
func planStatus(word string, plan *esim.PlanUsage) esim.ESIMStatus {
	switch word {
	case "PENDING":
		return esim.ESIMNew
	case "ACTIVE":
		return esim.ESIMActive
	case "TERMINATED":
		return esim.ESIMCancelled
	case "EXPIRED":
		if plan.Total > 0 && plan.Used >= plan.Total {
			return esim.ESIMDepleted
		}
		return esim.ESIMExpired
	}
	return esim.ESIMUnknown
}

// Usage reads the plans of an eSIM and its state, with two requests (eSIMfx
// docs: Project Context, flow E, and get_esim_status). The sums are of the
// plans that are active or pending; when there is none any more, of those that
// expired. Plans counted in days have no data to sum: they make the whole
// Unlimited.
func (c *Client) Usage(ctx context.Context, iccid esim.ICCID) (_ *esim.Usage, err error) {
	ctx, end := c.api.Operation(ctx, "Usage")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "Usage")
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	data, err := fetch[plansData](ctx, c.api, adapter.Call{
		Op: "Usage", Method: http.MethodGet, Path: "/order/api/v1/get_esim_orders",
		Query: url.Values{"iccid": {string(iccid)}}, Safety: adapter.Read, MaxRows: maxUnpaged,
	})
	if err != nil {
		return nil, err
	}
	if !wire.IsEmpty(data.Next) {
		return nil, c.malformed("Usage", truncated)
	}
	profile, err := c.profile(ctx, "Usage", iccid)
	if err != nil {
		return nil, err
	}
	usage := &esim.Usage{ICCID: iccid, Status: profile.Status}
	for i := range data.Orders {
		plan, err := data.Orders[i].convert()
		if err != nil {
			return nil, c.malformed("Usage", err.Error())
		}
		usage.Plans = append(usage.Plans, plan)
	}
	sum(usage)
	return usage, nil
}

// sum fills in the totals from the plans.
func sum(u *esim.Usage) {
	live := false
	for _, p := range u.Plans {
		live = live || p.Status == esim.ESIMActive || p.Status == esim.ESIMNew
	}
	for _, p := range u.Plans {
		u.ActivatedAt = earlier(u.ActivatedAt, p.ActivatedAt)
		switch p.Status {
		case esim.ESIMActive, esim.ESIMNew:
		case esim.ESIMExpired, esim.ESIMDepleted:
			if live {
				continue
			}
		default:
			continue
		}
		u.Total = plus(u.Total, p.Total)
		u.Used = plus(u.Used, p.Used)
		u.Remaining = plus(u.Remaining, p.Remaining)
		u.Unlimited = u.Unlimited || p.Unlimited
		if p.ExpiresAt.After(u.ExpiresAt) {
			u.ExpiresAt = p.ExpiresAt
		}
	}
}

// plus does not overflow.
func plus(a, b esim.DataSize) esim.DataSize {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
