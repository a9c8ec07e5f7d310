package esimfly

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const (
	maxSearch   = 100     // bytes; ours
	maxListBody = 8 << 20 // a hundred worldwide packages with all their networks
)

// ListPackages returns one page of the catalogue (eSIMfly docs: api/packages),
// by default 100 packages, the largest there is. A whole catalogue is some 70
// pages, and eSIMfly wants it read a few times a day, not more.
//
// eSIMfly filters by kind and searches a text, nothing else. The region, and
// several countries, are looked for in the whole catalogue here, so that pages
// may hold few packages or none while Next names another. One country alone is
// searched under its English name: regional packages come along only if that
// search finds them. If it finds nothing, names may differ, and the pages that
// follow are the whole catalogue.
func (c *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (_ *esim.PackagePage, err error) {
	const op = "ListPackages"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.Text("Search", q.Search, maxSearch)
	check.Text("Region", q.Region, maxSearch)
	check.Range("PageSize", q.PageSize, 0, maxPageSize)
	check.Range("Kind", int(q.Kind), int(esim.KindUnknown), int(esim.KindGlobal))
	if slices.ContainsFunc(q.Countries, func(code esim.Country) bool { return !code.Valid() }) {
		check.Fail("Countries", "has one that is not an ISO 3166-1 code")
	}
	cursor, browse := strings.CutPrefix(cmp.Or(q.Cursor, page{1, cmp.Or(q.PageSize, maxPageSize)}.cursor()), browsing)
	at, ok := parseCursor(cursor)
	if !ok || q.PageSize != 0 && q.PageSize != at.size {
		check.Fail("Cursor", "is not one of this list")
	}
	if err = check.Err(); err != nil {
		return nil, err
	}

	byCountry := !browse && q.Search == "" && len(q.Countries) == 1
	filter := url.Values{}
	if q.Kind != esim.KindUnknown {
		filter.Set("type", q.Kind.String())
	}
	if byCountry {
		filter.Set("search", searchName(q.Countries[0]))
	} else if q.Search != "" {
		filter.Set("search", q.Search)
	}
	call := get(op, "/esims/packages", at.query(filter))
	call.Timeout, call.MaxBody = slow, maxListBody
	data, err := fetch[pageOf[packageRow]](ctx, c, call)
	if err != nil {
		return nil, err
	}
	last, err := at.last(data.Pagination, len(data.Packages))
	if err != nil {
		return nil, c.malformed(op, err.Error())
	}
	result := &esim.PackagePage{Packages: make([]esim.Package, 0, len(data.Packages))}
	var on arenas
	for i := range data.Packages {
		p := data.Packages[i].convert(&on)
		if p.ID == "" {
			return nil, c.malformed(op, "a package has no code")
		}
		if selects(&q, &p) {
			result.Packages = append(result.Packages, p)
		}
	}
	switch {
	case !last:
		at.number++
		result.Next = at.cursor()
		if browse {
			result.Next = browsing + result.Next
		}
	case byCountry && at.number == 1 && len(result.Packages) == 0:
		result.Next = browsing + at.cursor()
	}
	return result, nil
}

// browsing marks a cursor into the catalogue as it is, without the search for
// a country that found nothing.
const browsing = "all-"

// searchName is the country's English name as eSIMfly spells it.
func searchName(c esim.Country) string {
	if c == "TR" {
		return "Turkey" // and not Türkiye, in every sample of the documents
	}
	return c.Name()
}

// selects filters again what eSIMfly has filtered, as far as its semantics
// are known, and what it cannot filter.
func selects(q *esim.PackageQuery, p *esim.Package) bool {
	return (q.Kind == esim.KindUnknown || q.Kind == p.Kind) &&
		(q.Region == "" || strings.EqualFold(q.Region, p.Region)) &&
		!slices.ContainsFunc(q.Countries, func(code esim.Country) bool { return !slices.Contains(p.Countries, code) })
}

// ListTopUps returns all packages that can be put on this eSIM now (eSIMfly
// docs: api/topup-packages). For an eSIM whose state or network forbids it
// the error is of kind [esim.ErrNotEligible].
func (c *Client) ListTopUps(ctx context.Context, iccid esim.ICCID) (_ []esim.Package, err error) {
	const op = "ListTopUps"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return nil, err
	}
	return c.offers(ctx, get(op, "", nil), iccid)
}

// offers reads the top-up packages of an eSIM for the operation of the call.
func (c *Client) offers(ctx context.Context, call adapter.Call, iccid esim.ICCID) ([]esim.Package, error) {
	call.Path, call.Query, call.Timeout = "/topup/packages", url.Values{"iccid": {string(iccid)}}, slow
	var found []esim.Package
	var on arenas
	for row, err := range list[packageRow](ctx, c, call, maxPageSize) {
		if err != nil {
			return nil, err
		}
		p := row.convert(&on)
		if p.ID == "" {
			return nil, c.malformed(call.Op, "a package has no code")
		}
		if !slices.ContainsFunc(found, func(q esim.Package) bool { return q.ID == p.ID }) {
			found = append(found, p)
		}
	}
	return found, nil
}
