package esimfx

import (
	"errors"
	"math"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// packages returns the products in the neutral form, and how many rows were
// lost: nothing can be bought without an id.
func (d *productsData) packages() (list []esim.Package, lost int) {
	list = make([]esim.Package, 0, len(d.Products))
	for i := range d.Products {
		if d.Products[i].ID.ID() != "" {
			list = append(list, d.Products[i].convert())
		}
	}
	return list, len(d.Products) - len(list)
}

// A plan starts at the first use of a network, and by itself 60 days after the
// purchase (eSIMfx docs: FAQ).
const startsAfterDays = 60

// convert turns the product into the neutral form. What it does not state, or
// states in an unknown unit, stays not stated.
func (p *product) convert() esim.Package {
	out := esim.Package{
		Provider: Provider, ID: p.ID.ID(), Name: string(p.Name), Region: string(p.Region),
		Price:     p.price(),
		Unlimited: p.IsUnlimited.Value || isDays(p.AmountUnit), FairUse: string(p.UnlimitedSpeed),
		FullSpeedPerDay: size(p.HighSpeed.Or(p.FullSpeed), wire.First(p.HighSpeedUnit, p.FullSpeedUnit)),
		ValidityStart:   esim.ValidityFromFirstUse, InstallWithinDays: startsAfterDays,
	}
	if !out.Unlimited {
		out.Data = size(p.Amount, p.AmountUnit)
	}
	if isDays(p.DurationUnit) {
		out.ValidityDays = p.Duration.Int()
	}
	for _, code := range p.Coverage {
		if country, err := esim.ParseCountry(string(code)); err == nil {
			out.Countries = append(out.Countries, country)
		}
	}
	out.Kind = p.kind(len(out.Countries))
	if len(p.Networks) > 0 {
		out.Networks = make([]esim.Network, len(p.Networks))
	}
	for i, n := range p.Networks {
		out.Networks[i] = n.convert()
	}
	return out
}

// price is of no stated currency when the unit is absent or no ISO 4217 code.
func (p *product) price() esim.Money {
	price, err := p.Price.Money(p.PriceUnit.Upper())
	if err == nil {
		return price
	}
	price, _ = p.Price.Money("") // without a currency nothing can be wrong
	return price
}

// worldwide are words for a region that only a worldwide product has.
var worldwide = map[string]bool{"GLOBAL": true, "WORLDWIDE": true, "WORLD": true}

// kind goes by the coverage, of which so many countries are known; only a region
// says that a product is worldwide.
func (p *product) kind(countries int) esim.PackageKind {
	switch {
	case worldwide[p.Region.Upper()]:
		return esim.KindGlobal
	case countries == 0:
		return esim.KindUnknown
	case len(p.Coverage) > 1:
		return esim.KindRegional
	}
	return esim.KindLocal
}

func (n network) convert() esim.Network {
	out := esim.Network{Name: string(n.Name), Technology: string(n.Speed)}
	if country, err := esim.ParseCountry(string(n.CountryISO)); err == nil {
		out.Country = country
	}
	if code := string(n.MCCMNC); len(code) == 5 || len(code) == 6 {
		out.MCC, out.MNC = code[:3], code[3:]
	}
	return out
}

// orderStates: one word is documented, COMPLETED; any other is no failure.
var orderStates = map[string]esim.OrderStatus{
	"COMPLETED": esim.OrderCompleted,
	"PENDING":   esim.OrderPending,
}

// status goes by the subscription first, whose word for cancelled is
// TERMINATED.
func (d *orderData) status() esim.OrderStatus {
	if d.terminated() {
		return esim.OrderCancelled
	}
	return orderStates[d.Status.Value.Upper()]
}

// word is the provider's for what status says.
func (d *orderData) word() string {
	if d.terminated() {
		return string(d.Subscription.Value.Status)
	}
	return string(d.Status.Value)
}

func (d *orderData) terminated() bool {
	return planStates[d.Subscription.Value.Status.Upper()] == esim.ESIMCancelled
}

func (d *orderData) iccid() esim.ICCID { return wire.First(d.ICCID, d.ESIM.ICCID).ICCID() }

// date gives an eSIM the dates of its plan. One that has begun has no day by
// which to begin.
func (s *subscriptionData) date(unit *esim.ESIM) {
	unit.ExpiresAt = s.Expiry.Time
	if planStates[s.Status.Upper()] == esim.ESIMNew {
		unit.ActivateBy = s.ActivateBy.Time
	}
}

// addTo makes the order, which is one eSIM's, a part of sum.
func (d *orderData) addTo(sum *esim.Order, unit esim.ESIM) {
	if sum.Quantity == 0 {
		sum.CreatedAt, sum.ProviderStatus = d.CreationTime.Time, d.word()
	} else if sum.ProviderStatus != d.word() {
		sum.ProviderStatus = "" // no one word is true of all
	}
	adapter.AddUnit(sum, string(d.ID), d.status(), unit)
}

// esimStates are the states of an eSIM (eSIMfx docs: get_esim_status, and
// Project Context, section 5), which are written in mixed case. ALLOCATED has
// been seen too; nobody says what it means.
var esimStates = map[string]esim.ESIMStatus{
	"PROVISIONED": esim.ESIMNew,
	"INSTALLED":   esim.ESIMInstalled,
	"ACTIVE":      esim.ESIMActive,
	"EXPIRED":     esim.ESIMExpired,
	"BLOCKED":     esim.ESIMBlocked,
	"DEACTIVATED": esim.ESIMBlocked,
}

// convert also says what keeps the eSIM from being installed, nil for nothing.
// A code that cannot be read is kept as it came.
func (d *esimData) convert() (esim.ESIM, error) {
	out := esim.ESIM{
		ICCID: d.ICCID.ICCID(), Status: esimStates[d.Status.Value.Upper()], ProviderStatus: string(d.Status.Value),
		APN: string(d.APN.Value),
	}
	wire.PutActivation(&out, d.QR)
	switch _, err := esim.ParseICCID(string(out.ICCID)); {
	case err != nil:
		return out, errors.New("the ICCID is missing or not 18 to 22 digits")
	case out.Unreadable():
		return out, errors.New("the activation code cannot be read")
	case out.Activation.IsZero():
		return out, errors.New("the activation code is missing")
	}
	return out, nil
}

// planStates are the four states of a subscription (eSIMfx docs: Quick Start,
// step 3). EXPIRED is said of a plan whose days or whose data are used up.
var planStates = map[string]esim.ESIMStatus{
	"PENDING":    esim.ESIMNew,
	"ACTIVE":     esim.ESIMActive,
	"EXPIRED":    esim.ESIMExpired,
	"TERMINATED": esim.ESIMCancelled,
}

// live reports whether a plan's data can be used, now or later.
func live(s esim.ESIMStatus) bool { return s == esim.ESIMActive || s == esim.ESIMNew }

// convert fails for a live plan of which the data left cannot be told: no
// number would be better than a wrong one.
func (d *planData) convert() (esim.PlanUsage, error) {
	s := &d.Subscription
	plan := esim.PlanUsage{
		OrderID: string(d.ID), PackageID: string(d.Product.ID), Name: string(d.Product.Name),
		Status: planStates[s.Status.Upper()], ProviderStatus: string(s.Status),
		ActivateBy: s.ActivateBy.Time, ExpiresAt: s.Expiry.Time,
	}
	if plan.Status != esim.ESIMNew { // samples fill it in for plans that never began
		plan.ActivatedAt = s.ActivationTime.Time
	}
	limit := s.Limit.Or(s.MisspeltLimit)
	_, isData := units[singular(s.Unit)]
	switch {
	case s.Status == "":
		return plan, errors.New("a plan has no state")
	case isDays(s.Unit):
		plan.Unlimited, plan.DaysTotal, plan.DaysUsed = true, limit.Int(), s.Used.Int()
	case isData && limit.Known() && (s.Used.Known() || plan.Status != esim.ESIMActive):
		plan.Total, plan.Used = size(limit, s.Unit), size(s.Used, s.Unit)
	case live(plan.Status):
		return plan, errors.New("a plan in use has no amounts, or has them in an unknown unit")
	}
	if live(plan.Status) {
		plan.Remaining = max(plan.Total-plan.Used, 0)
	}
	if plan.Status == esim.ESIMExpired && plan.Total > 0 && plan.Used >= plan.Total {
		plan.Status = esim.ESIMDepleted
	}
	return plan, nil
}

// sum fills in the totals of the plans that are active or pending; when there
// is none any more, of those that expired.
func sum(u *esim.Usage) {
	counts := map[esim.ESIMStatus]bool{esim.ESIMExpired: true, esim.ESIMDepleted: true}
	for _, p := range u.Plans {
		if live(p.Status) {
			counts = map[esim.ESIMStatus]bool{esim.ESIMActive: true, esim.ESIMNew: true}
		}
	}
	for _, p := range u.Plans {
		u.ActivatedAt = earlier(u.ActivatedAt, p.ActivatedAt)
		if !counts[p.Status] {
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

// units: a gigabyte of eSIMfx is 2^30 bytes, for its sample of a 10 GB product
// has a limit of 10737418240 Byte.
var units = map[string]esim.DataSize{
	"B": 1, "BYTE": 1, "KB": esim.KiB, "MB": esim.MiB, "GB": esim.GiB, "TB": esim.TiB,
}

// size is 0, not stated, in a unit that is unknown.
func size(amount wire.Number, unit wire.Text) esim.DataSize {
	return amount.Size(units[singular(unit)])
}

// isDays reports whether a unit counts days, as the validity of every product
// and the amounts of unlimited plans do.
func isDays(unit wire.Text) bool { return singular(unit) == "DAY" }

func singular(unit wire.Text) string { return strings.TrimSuffix(unit.Upper(), "S") }
