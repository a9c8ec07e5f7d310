package esimfx

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

const (
	// defaultPageSize is the largest that the documents show, maxPageSize the
	// largest seen in practice; no limit is published.
	defaultPageSize = 20
	maxPageSize     = 99
	maxCursor       = 8 << 10
	maxRegion       = 100
)

type productsRequest struct {
	Countries string   `json:"countries,omitzero"` // joined by commas, not an array
	Region    string   `json:"region,omitzero"`
	PageStart wire.Raw `json:"page_start"`
	PageSize  int      `json:"page_size"`
}

type productsData struct {
	Products []product `json:"products"`
	Next     wire.Raw  `json:"last_evaluated_key"`
}

func (d productsData) complete() bool {
	if d.Products == nil || !wire.IsEmpty(d.Next) && !wire.IsObject(d.Next) {
		return false
	}
	return !slices.ContainsFunc(d.Products, func(p product) bool { return p.ID == "" })
}

// ListPackages returns one page of the catalogue (eSIMfx docs: Project
// Context, flow A, POST /product/api/v2/get_products).
//
// Countries and Region do not go together: eSIMfx would ignore Countries. The
// words for regions are not published. Whether eSIMfx takes several countries
// as any or as all of them is not either, so packages that lack one of them
// are left out here; Kind is selected here too, and pages may thus be short or
// empty. PageSize is 20 if not set, and at most 99.
func (c *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (_ *esim.PackagePage, err error) {
	ctx, end := c.api.Operation(ctx, "ListPackages")
	defer func() { end(err) }()
	start, err := c.checkQuery(ctx, q)
	if err != nil {
		return nil, err
	}
	countries := make([]string, len(q.Countries))
	for i, country := range q.Countries {
		countries[i] = string(country)
	}
	request := productsRequest{
		Countries: strings.Join(countries, ","), Region: q.Region,
		PageStart: start, PageSize: min(q.PageSize, maxPageSize),
	}
	if request.PageSize == 0 {
		request.PageSize = defaultPageSize
	}
	body, err := wire.Encode(request)
	if err != nil {
		return nil, c.api.FailIn("ListPackages", esim.ErrInvalidRequest, esim.OutcomeNotSent, err.Error())
	}
	data, err := fetch[productsData](ctx, c.api, adapter.Call{
		Op: "ListPackages", Method: http.MethodPost, Path: "/product/api/v2/get_products", Body: body, Safety: adapter.Read,
	})
	if err != nil {
		return nil, err
	}
	page := &esim.PackagePage{Packages: make([]esim.Package, 0, len(data.Products)), Next: cursorOf(data.Next)}
	if len(page.Next) > maxCursor { // pageStart would blame the caller for it
		return nil, c.malformed("ListPackages", "the key of the next page is too long")
	}
	for i := range data.Products {
		if p := data.Products[i].convert(); selects(&q, &p) {
			page.Packages = append(page.Packages, p)
		}
	}
	return page, nil
}

func (c *Client) checkQuery(ctx context.Context, q esim.PackageQuery) (start wire.Raw, err error) {
	check := c.api.Check(ctx, "ListPackages")
	for _, country := range q.Countries {
		if !country.Valid() {
			check.Fail("Countries", "has an entry that is not ISO 3166-1 alpha-2 in upper case")
		}
	}
	check.Text("Region", q.Region, maxRegion)
	if len(q.Countries) > 0 && q.Region != "" {
		check.Fail("Region", "does not go together with Countries, which eSIMfx would ignore")
	}
	if q.Search != "" {
		check.Unsupported("Search", "is nothing eSIMfx offers")
	}
	check.Range("Kind", int(q.Kind), int(esim.KindUnknown), int(esim.KindGlobal))
	if q.PageSize < 0 {
		check.Fail("PageSize", "is negative")
	}
	start, ok := pageStart(q.Cursor)
	if !ok {
		check.Fail("Cursor", "is not one that ListPackages returned")
	}
	return start, check.Err()
}

// selects applies the filters that eSIMfx does not have, or may not apply as
// PackageQuery promises.
func selects(q *esim.PackageQuery, p *esim.Package) bool {
	if q.Kind != esim.KindUnknown && q.Kind != p.Kind {
		return false
	}
	if len(p.Countries) == 0 {
		return true // not stated: the provider's word must do
	}
	return !slices.ContainsFunc(q.Countries, func(c esim.Country) bool { return !slices.Contains(p.Countries, c) })
}

// cursorOf makes a cursor of the key, an object of which nothing is known but
// that it has to be sent back as it came. An empty key ends the list.
func cursorOf(key wire.Raw) string {
	if wire.IsEmpty(key) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(key)
}

// pageStart is the key in a cursor, the empty object for the first page.
func pageStart(cursor string) (key wire.Raw, ok bool) {
	if cursor == "" {
		return wire.Raw("{}"), true
	}
	if len(cursor) > maxCursor {
		return nil, false
	}
	doc, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || !wire.IsObject(doc) || wire.IsEmpty(doc) {
		return nil, false
	}
	err = wire.Decode(doc, &key)
	return key, err == nil
}

// ListTopUps returns the products that fit the eSIM: those of the same
// imsi_profile in the same region (eSIMfx docs: Quick Start, step 4).
func (c *Client) ListTopUps(ctx context.Context, iccid esim.ICCID) (_ []esim.Package, err error) {
	ctx, end := c.api.Operation(ctx, "ListTopUps")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "ListTopUps")
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	return c.topUps(ctx, "ListTopUps", iccid)
}

func (c *Client) topUps(ctx context.Context, op string, iccid esim.ICCID) ([]esim.Package, error) {
	data, err := fetch[productsData](ctx, c.api, adapter.Call{
		Op: op, Method: http.MethodGet, Path: "/product/api/v1/get_available_topups",
		Query: url.Values{"iccid": {string(iccid)}}, Safety: adapter.Read, MaxRows: maxUnpaged,
	})
	if err != nil {
		return nil, err
	}
	if !wire.IsEmpty(data.Next) {
		return nil, c.malformed(op, truncated)
	}
	packages := make([]esim.Package, len(data.Products))
	for i := range data.Products {
		packages[i] = data.Products[i].convert()
	}
	return packages, nil
}
