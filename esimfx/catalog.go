package esimfx

import (
	"cmp"
	"context"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

const (
	// defaultPageSize is the largest that the documents show, maxPageSize the
	// largest seen in practice; no limit is published.
	defaultPageSize = 20
	maxPageSize     = 99
)

// ListPackages returns one page of the catalogue (eSIMfx docs: Project
// Context, flow A, POST /product/api/v2/get_products).
//
// Countries and Region do not go together: eSIMfx would ignore Countries. The
// words for regions are not published. Whether eSIMfx takes several countries
// as any or as all of them is not either, so packages that lack one of them
// are left out here; Kind is selected here too, and pages may thus be short or
// empty. PageSize is 20 if not set, and at most 99.
func (c *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	return adapter.Operate(ctx, c.api, "ListPackages", q, c.listPackages)
}

func (c *Client) listPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	start, ok := wire.CursorKey(q.Cursor)
	switch {
	case !ok:
		return nil, c.api.Invalid(ctx, "Cursor", "is not one that ListPackages returned")
	case len(q.Countries) > 0 && q.Region != "":
		return nil, c.api.Invalid(ctx, "Region", "does not go together with Countries, which eSIMfx would ignore")
	case q.Search != "":
		return nil, c.api.Unsupported(ctx, "Search", "is nothing eSIMfx offers")
	}
	data, err := fetch[productsData](ctx, c.api, adapter.Post("/product/api/v2/get_products", adapter.Read, productsRequest{
		Countries: wire.Joined(q.Countries), Region: q.Region, PageStart: start,
		PageSize: min(cmp.Or(q.PageSize, defaultPageSize), maxPageSize),
	}))
	if err != nil {
		return nil, err
	}
	next, ok := wire.Cursor(data.Next)
	if !ok { // the caller would be blamed for it
		return nil, c.api.Malformed(ctx, "the key of the next page is too long")
	}
	packages, lost, places := data.packages()
	c.api.Unplaced(ctx, places)
	return &esim.PackagePage{
		Packages: slices.DeleteFunc(packages, func(p esim.Package) bool { return !selects(&q, &p) }),
		Next:     next, Lost: lost,
	}, nil
}

// selects applies the filters that eSIMfx does not have, or may not apply as
// PackageQuery promises.
func selects(q *esim.PackageQuery, p *esim.Package) bool {
	stated := len(p.Countries) > 0 // if not, the provider's word must do
	return (q.Kind == esim.KindUnknown || q.Kind == p.Kind) &&
		(!stated || !slices.ContainsFunc(q.Countries, func(c esim.Country) bool { return !slices.Contains(p.Countries, c) }))
}

const topUpsPath = "/product/api/v1/get_available_topups"

// ListTopUps returns the products that fit the eSIM: those of the same
// imsi_profile in the same region (eSIMfx docs: Quick Start, step 4).
func (c *Client) ListTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	return adapter.Operate(ctx, c.api, "ListTopUps", iccid, about(c, esim.ErrNotFound, c.listTopUps))
}

func (c *Client) listTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	data, err := unpaged[productsData](ctx, c, topUpsPath, iccid)
	if err != nil {
		return nil, err
	}
	packages, _, places := data.packages()
	c.api.Unplaced(ctx, places)
	return packages, nil
}
