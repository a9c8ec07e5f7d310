package esimstory

import (
	"context"
	"fmt"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const (
	maxPage   = 1000
	maxFilter = 200 // bytes of Region and Search
)

// ListPackages returns a page of the price sheet in [Config].Catalog, in the
// order of the sheet. It sends nothing, and without a sheet it is unsupported.
// Region is compared as a whole and every word of Search must occur in the
// name, the region or the id, both in any letter case. A page has up to 1000
// packages.
func (c *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (_ *esim.PackagePage, err error) {
	if c.sheet.Len() == 0 {
		return nil, c.unsupported(ctx, "ListPackages", "eSIM Story has no catalogue call; configure a price sheet as Config.Catalog")
	}
	ctx, end := c.api.Operation(ctx, "ListPackages")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "ListPackages")
	checkQuery(check, q)
	page, err := c.sheet.Page(q)
	if err != nil {
		check.Fail("Cursor", "is not one of this list")
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		stopped := c.api.FailIn("ListPackages", esim.ErrUnavailable, esim.OutcomeNotSent, "the caller has left")
		stopped.Err = ctx.Err()
		return nil, stopped
	}
	return page, nil
}

func checkQuery(check *adapter.Check, q esim.PackageQuery) {
	for i, country := range q.Countries {
		if !country.Valid() {
			check.Fail(fmt.Sprintf("Countries[%d]", i), "is not an ISO 3166-1 code in upper case")
		}
	}
	check.Text("Region", q.Region, maxFilter)
	check.Text("Search", q.Search, maxFilter)
	check.Range("Kind", int(q.Kind), int(esim.KindUnknown), int(esim.KindGlobal))
	check.Range("PageSize", q.PageSize, 0, maxPage)
}
