package esimstory

import (
	"errors"
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// Why [Apply] refuses a delivery, or reports one it has put in.
var (
	// ErrForeignDelivery: the delivery is of another order, or of another
	// package than was ordered. Nothing was changed.
	ErrForeignDelivery = errors.New("esimstory: the delivery does not belong to this order")
	// ErrChangedDelivery: another eSIM is on record for this unit, or this
	// eSIM for another unit. Nothing was changed. Since nothing in a delivery
	// is signed, take it as a security event.
	ErrChangedDelivery = errors.New("esimstory: the delivery contradicts an earlier one")
	// ErrSurplusDelivery: more units came than were ordered. The unit was put
	// in, and somebody should look.
	ErrSurplusDelivery = errors.New("esimstory: more units were delivered than ordered")
)

// Apply puts a delivery into the order it belongs to, and reports whether the
// order has changed: if so, store it.
//
// The unit is the one whose ItemID is the delivery's TopupID. If there is none
// and the delivery has the order's Reference, the unit is added: a webhook may
// overtake the answer to the order, and after a lost answer it is the only
// proof there is. So an order made of nothing but Provider, Reference,
// PackageID and Quantity collects its units.
//
// What is on record for a unit is never replaced: an equal delivery changes
// nothing, another one is [ErrChangedDelivery]. An order that is not final
// becomes completed when as many units as its Quantity are issued; with a
// Quantity of 0 nobody knows when that is.
//
// A delivery with a Problem is refused with that error: nobody knows what it
// is about.
//
// Apply is no transaction: calls for the same order must not overlap.
func Apply(order *esim.Order, d *Delivery) (changed bool, err error) {
	if d != nil && d.Problem != nil {
		return false, d.Problem
	}
	if order == nil || d == nil || d.TopupID == "" {
		return false, ErrForeignDelivery
	}
	if conflicts(string(order.Provider), string(Provider)) || conflicts(d.Reference, order.Reference) ||
		conflicts(strings.ToLower(d.OptionID), strings.ToLower(order.PackageID)) {
		return false, ErrForeignDelivery
	}
	i := slices.IndexFunc(order.ESIMs, func(e esim.ESIM) bool { return e.ItemID == d.TopupID })
	if i < 0 && (d.Reference == "" || d.Reference != order.Reference) {
		return false, ErrForeignDelivery
	}
	if contradicts(order.ESIMs, i, d) {
		return false, ErrChangedDelivery
	}
	if i < 0 {
		order.ESIMs = append(order.ESIMs, esim.ESIM{ItemID: d.TopupID})
		i = len(order.ESIMs) - 1
		changed = true
		if order.Quantity > 0 && len(order.ESIMs) > order.Quantity {
			err = ErrSurplusDelivery
		}
	}
	changed = fill(&order.ESIMs[i], d) || changed
	changed = complete(order) || changed
	return changed, err
}

// conflicts reports whether both are stated and differ.
func conflicts(a, b string) bool { return a != "" && b != "" && a != b }

// contradicts compares a delivery with what is on record, for the unit at i, if
// there is one, and for the others.
func contradicts(units []esim.ESIM, i int, d *Delivery) bool {
	for k := range units {
		same := units[k].ICCID == d.ESIM.ICCID
		switch {
		case k == i && d.hasCode() && otherCode(&units[k], &d.ESIM):
			return true
		case !d.Issued:
		case k != i && same, k == i && units[k].ICCID != "" && !same:
			return true
		}
	}
	return false
}

// otherCode compares codes. One that could not be read before may come in a
// form that can.
func otherCode(kept, came *esim.ESIM) bool {
	switch {
	case !kept.Activation.IsZero():
		return kept.Activation != came.Activation
	case !kept.RawActivation.IsZero() && came.Activation.IsZero():
		return !kept.RawActivation.Equal(came.RawActivation)
	}
	return false
}

func (d *Delivery) hasCode() bool {
	return !d.ESIM.Activation.IsZero() || !d.ESIM.RawActivation.IsZero()
}

// fill puts in what is not on record yet. Of a delivery that is not issued a
// code alone is kept, and the ICCID follows later. An ICCID alone is not: it
// installs nothing, and would count as delivered.
func fill(unit *esim.ESIM, d *Delivery) bool {
	known := !unit.Activation.IsZero() || !unit.RawActivation.IsZero() && d.ESIM.Activation.IsZero()
	if known && (unit.ICCID != "" || !d.Issued) || !d.hasCode() {
		return false
	}
	if d.Issued {
		unit.ICCID = d.ESIM.ICCID
	}
	unit.Activation, unit.RawActivation = d.ESIM.Activation, d.ESIM.RawActivation
	return true
}

func complete(order *esim.Order) bool {
	if order.Status.Final() || order.Quantity < 1 || order.Delivered() < max(order.Quantity, len(order.ESIMs)) {
		return false
	}
	order.Status = esim.OrderCompleted
	return true
}
