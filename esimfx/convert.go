package esimfx

import (
	"errors"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// packages returns the products in the neutral form, and how many rows were
// lost: nothing can be bought without an id.
func (d *productsData) packages() (list []esim.Package, lost int, places wire.Places) {
	list = make([]esim.Package, 0, len(d.Products))
	var on arenas
	for i := range d.Products {
		places.Count(d.Products[i].Coverage)
		if d.Products[i].ID.ID() != "" {
			list = append(list, d.Products[i].convert(&on))
		}
	}
	return list, len(d.Products) - len(list), places
}

// arenas hold the lists of the packages of one page.
type arenas struct {
	countries wire.Arena[esim.Country]
	networks  wire.Arena[esim.Network]
}

// A plan starts at the first use of a network, and by itself 60 days after the
// purchase (eSIMfx docs: FAQ).
const startsAfterDays = 60

// convert turns the product into the neutral form. What it does not state, or
// states in an unknown unit, stays not stated.
func (p *product) convert(on *arenas) esim.Package {
	out := esim.Package{
		Provider: Provider, ID: p.ID.ID(), Name: string(p.Name), Region: string(p.Region),
		Price: p.Price.Price(p.PriceUnit), Countries: wire.Countries(p.Coverage, &on.countries),
		Unlimited: p.IsUnlimited.Value || isDays(p.AmountUnit), FairUse: string(p.UnlimitedSpeed),
		FullSpeedPerDay: size(p.HighSpeed.Or(p.FullSpeed), wire.First(p.HighSpeedUnit, p.FullSpeedUnit)),
		ValidityStart:   esim.ValidityFromFirstUse, InstallWithinDays: startsAfterDays,
	}
	if !out.Unlimited {
		out.Data = size(p.Amount, p.AmountUnit)
	}
	if isDays(p.DurationUnit) {
		out.ValidityDays = p.Duration.Count()
	}
	out.Kind = p.kind(len(out.Countries))
	out.Networks = on.networks.Take(p.Networks.Len())[:0]
	for n := range p.Networks.Rows() {
		mcc, mnc := wire.Text(n[3]).MCCMNC()
		out.Networks = append(out.Networks, esim.Network{Name: n[0], Technology: n[1], Country: wire.Text(n[2]).Country(), MCC: mcc, MNC: mnc})
	}
	return out
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

// plan fails for a live plan of which the data left is not known: no number
// would be better than a wrong one.
func (d *orderData) plan() (esim.PlanUsage, error) {
	s := &d.Subscription.Value
	plan := esim.PlanUsage{
		OrderID: string(d.ID), PackageID: string(d.Product.Value.ID), Name: string(d.Product.Value.Name.Value),
		Status: planStates[s.Status.Upper()], ProviderStatus: string(s.Status),
		ActivateBy: s.ActivateBy.Time, ExpiresAt: s.Expiry.Time,
	}
	live := plan.Status == esim.ESIMActive || plan.Status == esim.ESIMNew
	if plan.Status != esim.ESIMNew { // samples fill it in for plans that never began
		plan.ActivatedAt = s.ActivationTime.Time
	}
	limit, used, unit := s.Limit.Value.Or(s.MisspeltLimit.Value), s.Used.Value, s.Unit.Value
	_, isData := units[singular(unit)]
	switch {
	case s.Status == "":
		return plan, errors.New("a plan has no state")
	case isDays(unit):
		plan.Unlimited, plan.DaysTotal, plan.DaysUsed = true, limit.Int(), used.Int()
	case isData && limit.Known() && (used.Known() || plan.Status != esim.ESIMActive):
		plan.Total, plan.Used = size(limit, unit), size(used, unit)
	case live:
		return plan, errors.New("a plan in use has no amounts, or has them in an unknown unit")
	}
	if live {
		plan.Remaining = max(plan.Total-plan.Used, 0)
	}
	if plan.Status == esim.ESIMExpired && plan.Total > 0 && plan.Used >= plan.Total {
		plan.Status = esim.ESIMDepleted
	}
	return plan, nil
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
