package esimstory

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// maxPage is the largest page of a price sheet.
const maxPage = 1000

// ListPackages returns a page of the price sheet in [Config].Catalog, in the
// order of the sheet. It sends nothing, and without a sheet it is unsupported.
// Region is compared as a whole. Every word of Search must occur in the name,
// the region or the id. Letter case does not matter. A page has up to 1000
// packages.
func (c *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	return adapter.Operate(ctx, c.api, "ListPackages", q, c.listPackages)
}

func (c *Client) listPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	if c.sheet.Len() == 0 {
		return nil, c.api.Unsupported(ctx, "ListPackages", "needs a price sheet as Config.Catalog; eSIM Story has no catalogue call")
	}
	page, err := c.sheet.Page(q)
	if err != nil {
		return nil, c.api.Invalid(ctx, "Cursor", "is not one of this list")
	}
	if ctx.Err() != nil {
		stopped := c.api.Fail(ctx, esim.ErrUnavailable, esim.OutcomeNotSent, "the caller has left")
		stopped.Err = ctx.Err()
		return nil, stopped
	}
	return page, nil
}

// checkPrice compares the quote and the ceiling of a purchase with the prices of
// its lines. What the sheet does not price cannot be compared, and is not
// bought on a guess.
func (c *Client) checkPrice(check *adapter.Check, lines []Line, terms adapter.Terms) {
	const source = "the price in the sheet"
	var total esim.Money
	for i, line := range lines {
		price, ok := c.sheet.Price(line.OptionID)
		if !ok {
			check.Unsupported("Quote or MaxTotal", "cannot be checked: Config.Catalog has no price for this option")
			return
		}
		check.Price(adapter.Terms{Quote: terms.Quote}, price, source)
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
	check.Price(adapter.Terms{Quantity: 1, MaxTotal: terms.MaxTotal}, total, source)
}
