package esimfly

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const maxListBody = 8 << 20 // a hundred worldwide packages with all their networks

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
//
// A page ends the list when it is the last by its number. Nothing says that pages
// are full: one with fewer rows than it must have says so in Lost.
func (c *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	return adapter.Operate(ctx, c.api, "ListPackages", q, c.listPackages)
}

func (c *Client) listPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	cursor, browse := strings.CutPrefix(cmp.Or(q.Cursor, page{1, pageSize(q.PageSize)}.cursor()), browsing)
	at, ok := parseCursor(cursor)
	if !ok || q.PageSize != 0 && q.PageSize != at.size {
		return nil, c.api.Invalid(ctx, "Cursor", "is not one of this list")
	}
	kind, search, byCountry := "", q.Search, !browse && q.Search == "" && len(q.Countries) == 1
	if q.Kind != esim.KindUnknown {
		kind = q.Kind.String()
	}
	if byCountry {
		search = searchName(q.Countries[0])
	}
	call := adapter.Get("/esims/packages", "type", kind, "search", search)
	call.Timeout, call.MaxBody = slow, maxListBody
	rows, last, lost, err := readPage[packageRow](ctx, c, call, at)
	if err != nil {
		return nil, err
	}
	result := &esim.PackagePage{Packages: make([]esim.Package, 0, len(rows)), Lost: lost}
	var on arenas
	for i := range rows {
		if p := rows[i].convert(&on); p.ID == "" {
			result.Lost++
		} else if selects(&q, &p) {
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
func (c *Client) ListTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	return adapter.Operate(ctx, c.api, "ListTopUps", iccid, c.listTopUps)
}

func (c *Client) listTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	found, _, err := c.offers(ctx, iccid)
	return found, err
}

// offers reads the top-ups of an eSIM, and how many rows of the list are missing.
func (c *Client) offers(ctx context.Context, iccid esim.ICCID) (found []esim.Package, lost int, err error) {
	call := adapter.Get("/topup/packages", "iccid", string(iccid))
	call.Timeout = slow
	var on arenas
	for row, err := range list[packageRow](ctx, c, call, maxPageSize, &lost) {
		if err != nil {
			return nil, 0, err
		}
		switch p := row.convert(&on); {
		case p.ID == "":
			lost++
		case !slices.ContainsFunc(found, func(q esim.Package) bool { return q.ID == p.ID }):
			found = append(found, p)
		}
	}
	return found, lost, nil
}
