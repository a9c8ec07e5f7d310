package esimstory

import (
	"fmt"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// fold is how option ids are compared: UUIDs are the same in either case, and
// the provider's supplier prints them in both.
func fold(optionID string) string { return strings.ToLower(optionID) }

func units(lines []Line) int {
	n := 0
	for _, line := range lines {
		n += line.Quantity
	}
	return n
}

// content is what two orders under one reference must have in common.
func content(lines []Line) string {
	texts := make([]string, len(lines))
	for i, line := range lines {
		texts[i] = fmt.Sprintf("%s %d", fold(line.OptionID), line.Quantity)
	}
	slices.Sort(texts)
	return strings.Join(texts, "\n")
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
