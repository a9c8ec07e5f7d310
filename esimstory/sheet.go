package esimstory

import (
	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const sheetName = "the price in the sheet"

// checkPrice compares the quote and the ceiling of a purchase with the prices of
// its lines. What the sheet does not price cannot be compared, and is not
// bought on a guess.
func (c *Client) checkPrice(check *adapter.Check, lines []Line, guard adapter.Terms) {
	if !guard.Guarded() {
		return
	}
	var total esim.Money
	for i, line := range lines {
		price, ok := c.sheet.Price(line.OptionID)
		if !ok {
			check.Unsupported("Quote or MaxTotal", "cannot be checked: Config.Catalog has no price for this option")
			return
		}
		check.Price(adapter.Terms{Quote: guard.Quote}, price, sheetName)
		sum, err := price.MulInt(line.Quantity)
		if err == nil && i > 0 {
			sum, err = total.Add(sum)
		}
		if err != nil {
			check.Unsupported("Quote or MaxTotal", "cannot be checked: the prices of the lines do not add up in one currency")
			return
		}
		total = sum
	}
	check.Price(adapter.Terms{Quantity: 1, MaxTotal: guard.MaxTotal}, total, sheetName)
}
