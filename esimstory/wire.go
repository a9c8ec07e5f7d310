package esimstory

import (
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// orderBody is the request of create-order, by its field table; the sample
// request on that page is the response printed in the wrong place.
type orderBody struct {
	ExternalOrderID string `json:"external_order_id"`
	Products        []Line `json:"products"`
}

// orderAnswer is the response of create-order: one product a unit.
type orderAnswer struct {
	Products []soldUnit `json:"products"`
}

type soldUnit struct {
	TopupID  wire.Text `json:"topup_id"` // 26 digits: too long for any integer
	OptionID wire.Text `json:"option_id"`
}

// Accepted wants at least one product. An answer without any is no proof that
// something was bought, nor that nothing was.
func (a *orderAnswer) Accepted() (ok, valid bool) {
	return len(a.Products) > 0, len(a.Products) > 0
}

// units returns the units that have an id, each once.
func (a *orderAnswer) units() []esim.ESIM {
	var list []esim.ESIM
	seen := make(map[wire.Text]bool, len(a.Products))
	for _, p := range a.Products {
		if p.TopupID == "" || seen[p.TopupID] {
			continue
		}
		seen[p.TopupID] = true
		list = append(list, esim.ESIM{ItemID: p.TopupID.String()})
	}
	return list
}

// compare says how the units that came differ from those ordered, or "".
func (a *orderAnswer) compare(lines []Line) string {
	open := make(map[string]int, len(lines))
	for _, line := range lines {
		open[fold(line.OptionID)] += line.Quantity
	}
	foreign := 0
	for _, p := range a.Products {
		option := fold(p.OptionID.String())
		if _, ordered := open[option]; !ordered {
			foreign++
			continue
		}
		open[option]--
	}
	ordered, named := units(lines), len(a.units())
	switch {
	case len(a.Products) != ordered:
		return fmt.Sprintf("units ordered: %d, in the answer: %d", ordered, len(a.Products))
	case foreign > 0:
		return fmt.Sprintf("units of an option that was not ordered: %d of %d", foreign, ordered)
	case named < len(a.Products):
		return fmt.Sprintf("units with an id of their own: %d of %d", named, ordered)
	}
	for _, line := range lines {
		if n := open[fold(line.OptionID)]; n != 0 {
			return fmt.Sprintf("units ordered of one option: %d, in the answer: %d", line.Quantity, line.Quantity-n)
		}
	}
	return ""
}
