package esimfly

import (
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

var kinds = map[string]esim.PackageKind{
	"local": esim.KindLocal, "regional": esim.KindRegional, "global": esim.KindGlobal,
}

// arenas hold the lists of the packages of one page, and what is found on the way.
type arenas struct {
	wire.Places

	countries wire.Arena[esim.Country]
	networks  wire.Arena[esim.Network]
	flags     wire.Arena[bool]
}

func (r *packageRow) convert(a *arenas) esim.Package {
	p := esim.Package{
		Provider: Provider, ID: r.Code.ID(), Name: r.Name, Kind: kinds[strings.ToLower(r.Type)],
		Region:    r.Region,
		Unlimited: r.Unlimited.Value, ValidityDays: r.Days.Count(), ValidityStart: starts[r.Policy.Upper()], Price: money(r.Cost, r.Currency),
		Rechargeable: r.Features.Rechargeable.Pointer(&a.flags),
		VoiceMinutes: included(r.Features.Voice, r.AtHome.Calls), SMS: included(r.Features.SMS, r.AtHome.Texts),
	}
	p.Countries, p.Networks = r.coverage(a)
	if !p.Unlimited && !r.Unlimited.Unreadable { // a size beside it means nothing
		p.Data = r.DataGB.Size(esim.GiB) // 1 GB is 1073741824 bytes (eSIMfly docs: api/create-order)
	}
	return p
}

// starts are the policies that say when the validity begins. That a package which is
// activated immediately is valid from the purchase on is not written anywhere.
var starts = map[string]esim.ValidityStart{"FIRST_USE": esim.ValidityFromFirstUse}

// included is the count that is stated, if there is any, else what is unlimited at
// home.
func included(stated wire.Allowance, unlimited wire.Flag) esim.Allowance {
	if n, _ := stated.Count(); n == 0 && unlimited.Value {
		return esim.UnlimitedAllowance()
	}
	return stated.Allowance
}

// networkLists are the lists of networks that a package may have, the most
// trusted first.
var networkLists = []func(*packageRow, *arenas) []esim.Network{(*packageRow).networks, (*packageRow).locations}

func (r *packageRow) networks(a *arenas) []esim.Network {
	list := a.networks.Take(r.Networks.Len())[:0]
	for n := range r.Networks.Rows() {
		list = append(list, esim.Network{Name: n[0], Technology: n[1], Country: a.Country(n[2], n[3]), MCC: n[4], MNC: n[5]})
	}
	return list
}

// locations reads the oldest list, as far as it can be read. A place without an
// operator is a network without a name.
func (r *packageRow) locations(a *arenas) (list []esim.Network) {
	var legacy wire.List[locationRow]
	if len(r.Locations) == 0 {
		return nil
	}
	if _, err := wire.DecodeTolerant(r.Locations, wire.DefaultRows, &legacy); err != nil {
		return nil
	}
	for _, l := range legacy {
		where := a.Country(l.Name)
		list = append(list, esim.Network{Country: where})
		for _, o := range l.Operators {
			list = append(list, esim.Network{Country: where, Name: o.Name.String(), Technology: o.Technology.String()})
		}
	}
	return list
}

// coverage takes the first list that names countries, and the first that names
// networks. A package without any list may still be sold under the name of a
// country.
func (r *packageRow) coverage(a *arenas) (countries []esim.Country, networks []esim.Network) {
	listed := len(r.Countries)
	countries = a.countries.Take(listed)[:0]
	for _, code := range r.Countries {
		countries = with(countries, a.Country(code.String()))
	}
	for _, list := range networkLists {
		if len(countries) > 0 && len(networks) > 0 {
			break
		}
		found := list(r, a)
		listed += len(found)
		if len(countries) == 0 {
			for i := range found {
				countries = with(countries, found[i].Country)
			}
		}
		if len(networks) == 0 {
			networks = slices.DeleteFunc(found, func(n esim.Network) bool { return n.Name == "" && n.MCC == "" })
		}
	}
	if listed == 0 {
		countries = with(countries, country(r.Region)) // mostly the name of a region
	}
	return countries, networks
}

// with adds a country that the list does not have.
func with(list []esim.Country, c esim.Country) []esim.Country {
	if c == "" || slices.Contains(list, c) {
		return list
	}
	return append(list, c)
}

// country is for texts that are no coverage, and may name something else.
func country(texts ...string) esim.Country { return new(wire.Places).Country(texts...) }

// money never fails: a currency that is no ISO 4217 code is not stated.
func money(n wire.Number, currency wire.Text) esim.Money {
	if m, err := n.Money(currency.Upper()); err == nil {
		return m
	}
	m, _ := n.Money("") // an amount of unstated currency is always one
	return m
}

// rows returns the eSIMs. What stands at the top level belongs to the first.
func (a *orderAnswer) rows() []soldRow {
	if len(a.ESIMs) == 0 {
		a.ESIMs = []soldRow{{}}
	}
	a.ESIMs[0].id, a.ESIMs[0].outer = a.ESIMID.Value, a.install
	return a.ESIMs
}

// total is what the answer says was charged. A quote was compared in the
// currency of the account, so its currency is that of the answer too.
func (a *orderAnswer) total(q *esim.Package) esim.Money {
	charged := a.FinalPrice.Value.Or(a.Amount.Value)
	m := money(charged, a.Currency.Value)
	if m.Currency() == "" && charged.Known() && q != nil {
		return money(charged, wire.Text(q.Price.Currency()))
	}
	return m
}

// put writes the activation code into an eSIM.
func (i install) put(e *esim.ESIM) {
	wire.PutActivation(e, i.LPA, i.Apple.Value, i.Android.Value, i.QR.Value)
}

func (r *soldRow) pending() bool {
	return r.Pending.Value || r.Status.Value.Upper() == "PENDING" || isPlaceholder(r.ICCID)
}

func (r *soldRow) convert() esim.ESIM {
	e := esim.ESIM{
		ICCID: iccidOf(r.ICCID), ItemID: r.id.String(), MSISDN: r.MSISDN.Value.String(), ExpiresAt: r.Expires.Time,
		Status: esimStatus(r.Status.Value, r.ESIMStatus.Value), ProviderStatus: r.Status.Value.String(),
	}
	if r.put(&e); e.Activation.IsZero() {
		r.outer.put(&e)
	}
	if e.ExpiresAt.IsZero() {
		e.ExpiresAt = r.ExpiresCamel.Time
	}
	return e
}

func (a *statusAnswer) convert(ref esim.OrderRef) *esim.Order {
	o := a.Order
	order := &esim.Order{
		Provider: Provider, ID: ref.ID, Reference: ref.Reference, Status: orderStatus(o.Status.Value), ProviderStatus: o.Status.Value.String(),
		PackageID: o.PackageCode.Value.String(), CreatedAt: o.Date.Time,
		Total: money(o.FinalPrice.Value.Or(o.Amount.Value), o.Currency.Value),
	}
	fulfil(order, []soldRow{o.ESIM}, false, o.Status.Value)
	return order
}

// isPlaceholder recognises what stands for an ICCID that is still to come:
// "PENDING_B25081719340002_1755459260253".
func isPlaceholder(iccid wire.Text) bool { return strings.HasPrefix(iccid.Upper(), "PENDING") }

// iccidOf returns "" for a placeholder.
func iccidOf(text wire.Text) esim.ICCID {
	if isPlaceholder(text) {
		return ""
	}
	return text.ICCID()
}

// fulfil puts the eSIMs that came into the order, and makes it pending when
// something says that one is still to come, or when none came (eSIMfly docs:
// api/create-order, in the wording of 2025 and of 2026).
func fulfil(o *esim.Order, rows []soldRow, pending bool, word wire.Text) {
	for i := range rows {
		e := rows[i].convert()
		pending = pending || rows[i].pending()
		if e.ICCID == "" && e.Activation.IsZero() && e.RawActivation.IsZero() {
			continue
		}
		if e.ICCID == "" || !slices.ContainsFunc(o.ESIMs, func(other esim.ESIM) bool { return other.ICCID == e.ICCID }) {
			o.ESIMs = append(o.ESIMs, e)
		}
	}
	switch {
	case o.Status == esim.OrderFailed, o.Status == esim.OrderCancelled, strings.HasPrefix(o.ID, topUpPrefix):
	case pending, o.Delivered() == 0:
		o.Status = esim.OrderPending
	case word == "":
		o.Status = esim.OrderCompleted
	}
}

var orderStatuses = map[string]esim.OrderStatus{
	"COMPLETED": esim.OrderCompleted,
	"PENDING":   esim.OrderPending, "PENDING_DETAILS": esim.OrderPending,
	"FAILED":    esim.OrderFailed,
	"CANCELLED": esim.OrderCancelled, "CANCELED": esim.OrderCancelled,
}

func orderStatus(word wire.Text) esim.OrderStatus { return orderStatuses[word.Upper()] }

// esimStatuses are the words of eSIMfly's lists, orders and webhooks (eSIMfly docs:
// api/esims).
var esimStatuses = map[string]esim.ESIMStatus{
	"NEW": esim.ESIMNew, "GOT_RESOURCE": esim.ESIMNew, "ONBOARD": esim.ESIMNew,
	"ACTIVE": esim.ESIMActive, "IN_USE": esim.ESIMActive,
	"DEPLETED": esim.ESIMDepleted,
	"EXPIRED":  esim.ESIMExpired, "USED_EXPIRED": esim.ESIMExpired,
	"CANCELLED": esim.ESIMCancelled, "CANCELED": esim.ESIMCancelled, "CANCEL": esim.ESIMCancelled,
}

// esimStatus reads the word of eSIMfly and, where it says more, that of the network
// (eSIMfly docs: api/suspend-esim).
func esimStatus(word, network wire.Text) esim.ESIMStatus {
	status := esimStatuses[word.Upper()]
	switch network := network.Upper(); {
	case network == "DISCONNECTED":
		return esim.ESIMBlocked
	case network == "INSTALLED" && status == esim.ESIMNew:
		return esim.ESIMInstalled
	}
	return status
}

// refunded reports whether the money is on the balance again; nil where
// eSIMfly settles it elsewhere, or does not say.
func (d *cancelData) refunded() *bool {
	switch d.Method.Upper() {
	case "BALANCE":
		return d.Credited
	case "REFUND_REQUEST":
		return new(false) // still to be confirmed
	}
	return nil
}

func (r *esimRow) put(e *esim.ESIM) {
	wire.PutActivation(e, r.Installation.LPA, r.Apple, r.Android, r.QR.Value)
}

func (r *esimRow) convert() esim.ESIM {
	e := esim.ESIM{
		ICCID: iccidOf(r.ICCID), ItemID: r.ID.String(), MSISDN: r.Phone.String(),
		Status: esimStatus(r.Status, r.ESIMStatus), ProviderStatus: r.Status.String(),
		ExpiresAt: r.Validity.ExpiresAt.Time,
	}
	r.put(&e)
	return e
}

func (u *usageData) convert(iccid esim.ICCID) *esim.Usage {
	return usage(iccid, esimStatus(u.ESIM.Status, ""), u.Data, u.Validity)
}

func usage(iccid esim.ICCID, status esim.ESIMStatus, v volume, d validity) *esim.Usage {
	u := &esim.Usage{
		ICCID: iccid, Status: status, Used: v.Used.Size(esim.MiB), Unlimited: v.Unlimited.Value,
		ActivatedAt: d.ActivatedAt.Time, ExpiresAt: d.ExpiresAt.Time,
	}
	if !u.Unlimited { // 0 otherwise, which does not mean used up
		u.Total, u.Remaining = v.Total.Size(esim.MiB), v.Remaining.Size(esim.MiB)
	}
	return u
}

func (d *cancelData) convert(orderID string) *esim.Cancellation {
	result := &esim.Cancellation{
		OrderID: orderID, Cancelled: d.Cancelled.Int(), Failed: d.Failed.Int(),
		Refund: money(d.Refund, d.Currency), Refunded: d.refunded(),
	}
	for _, r := range d.Results {
		if i := iccidOf(r.ICCID); r.Success && i != "" {
			result.ICCIDs = append(result.ICCIDs, i)
		}
	}
	return result
}
