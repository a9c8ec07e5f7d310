package esimstory

import (
	"context"
	"fmt"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// LinesRequest asks for several kinds of eSIM in one order.
type LinesRequest struct {
	// Reference means what it means in [esim.OrderRequest].
	Reference string
	// Lines are sent in this order. Lines of one option, whatever its letter
	// case, become one.
	Lines []Line
	// MaxTotal refuses the order, with nothing sent, if by the price sheet it
	// would cost more in total. Zero means no ceiling.
	MaxTotal esim.Money
}

// OrderLines buys units of several options in one order, as [Client.Order]
// does for one. It is one purchase: the units of all lines come in ESIMs, in
// the provider's order. PackageID is empty unless there is one option only;
// the [Delivery] of a unit names its option.
//
// Reach it through wrapped clients with [esim.As].
func (c *Client) OrderLines(ctx context.Context, req LinesRequest) (*esim.Order, error) {
	lines := mergeLines(req.Lines)
	terms := adapter.Terms{Quantity: 1, MaxTotal: req.MaxTotal}
	if len(lines) > 0 {
		terms.PackageID = lines[0].OptionID
	}
	return c.api.Buy(ctx, "OrderLines", &adapter.Attempt{
		Terms: terms, Reference: req.Reference,
		Input: func(check *adapter.Check) { c.checkLines(check, req.Lines); check.Terms(terms) },
	}, c.purchase(func(*adapter.Attempt) []Line { return lines }))
}

// mergeLines adds up the lines of each option. The option keeps the letter
// case of its first line, since ids go out as they were given.
func mergeLines(lines []Line) []Line {
	var merged []Line
	for _, line := range lines {
		i := slices.IndexFunc(merged, func(l Line) bool { return fold(l.OptionID) == fold(line.OptionID) })
		if i < 0 {
			merged = append(merged, line)
			continue
		}
		merged[i].Quantity += line.Quantity
	}
	return merged
}

// checkLines checks the lines as the caller gave them.
func (c *Client) checkLines(check *adapter.Check, lines []Line) {
	if len(lines) == 0 {
		check.Fail("Lines", "is empty")
	}
	left := c.maxUnits
	for i, line := range lines {
		check.ID(fmt.Sprintf("Lines[%d].OptionID", i), line.OptionID)
		if line.Quantity < 1 {
			check.Fail(fmt.Sprintf("Lines[%d].Quantity", i), "is less than 1")
			return
		}
		if line.Quantity > left {
			check.Fail("Lines", fmt.Sprintf("have more than %d units in total", c.maxUnits))
			return
		}
		left -= line.Quantity
	}
}
