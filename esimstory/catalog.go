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
// Region is compared as a whole and every word of Search must occur in the
// name, the region or the id, both in any letter case. A page has up to 1000
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
