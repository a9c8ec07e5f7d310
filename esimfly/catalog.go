package esimfly

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const maxListBody = 8 << 20 // a hundred worldwide packages with all their networks

// ListPackages returns one page of the catalogue (eSIMfly docs: api/packages),
// by default 100 packages, the largest there is. A whole catalogue is some 70
// pages, and eSIMfly wants it read a few times a day, not more.
//
// eSIMfly filters by kind and searches a text, nothing else. For a region, and
// for several countries, this client reads the whole catalogue. So pages may
// hold few packages or none while Next names another. One country alone is
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
	c.api.Unplaced(ctx, on.Places)
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
	c.api.Unplaced(ctx, on.Places)
	return found, lost, nil
}

const (
	maxPageSize = 100 // everywhere (eSIMfly docs: api/packages, api/esims, api/orders)
	maxPages    = 10_000
)

// page is a place in a list.
type page struct{ number, size int }

// on returns the call for the page.
func (p page) on(call adapter.Call) adapter.Call {
	query := maps.Clone(call.Query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("page", strconv.Itoa(p.number))
	query.Set("limit", strconv.Itoa(p.size))
	call.Query = query
	return call
}

// last reports whether no page follows this one, and how many rows it has less
// than it must have: eSIMfly does not say that pages are full.
func (p page) last(said *pagination, rows int) (last bool, lost int, err error) {
	if said == nil {
		said = new(pagination)
	}
	size, total, pages := p.size, said.Total.Int(), said.Pages.Or(said.PagesCamel)
	if n := said.Limit.Int(); n > 0 {
		size = n
	}
	needed := (total + size - 1) / size
	ends := cmp.Or(pages.Int(), needed) // 0 pages beside a total that is not 0
	switch {
	case !said.Total.Known() && !pages.Known():
		err = errors.New("the list does not say how long it is")
	case said.Page.Known() && said.Page.Int() != p.number:
		err = errors.New("the list answers with another page")
	case ends < needed:
		err = errors.New("the list has more rows than pages for them")
	case p.number < ends:
		lost = size - rows
	case said.Total.Known():
		lost = total - (p.number-1)*size - rows
	}
	return p.number >= ends, max(lost, 0), err
}

// pageSize is the largest, unless a caller wants another.
func pageSize(n int) int { return cmp.Or(n, maxPageSize) }

// cursor writes the place as text, "2x100".
func (p page) cursor() string { return strconv.Itoa(p.number) + "x" + strconv.Itoa(p.size) }

// parseCursor reads what cursor wrote, and nothing else. The page size is
// part of it: with another one the page would hold other rows.
func parseCursor(text string) (p page, ok bool) {
	_, err := fmt.Sscanf(text, "%dx%d", &p.number, &p.size)
	return p, err == nil && p.cursor() == text && p.number >= 1 && p.number <= maxPages && p.size >= 1 && p.size <= maxPageSize
}

// list iterates over the rows of all pages, one request a page. An error is
// yielded once and ends it. Lost counts the rows that are missing: a list that
// has lost one shows what there is, and not what there is not.
func list[T any](ctx context.Context, c *Client, call adapter.Call, size int, lost *int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for at := (page{1, size}); ; at.number++ {
			if at.number > maxPages {
				yield(none, c.api.Malformed(ctx, "the list has no end"))
				return
			}
			rows, last, missing, err := readPage[T](ctx, c, call, at)
			*lost += missing
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

func readPage[T any](ctx context.Context, c *Client, call adapter.Call, at page) (rows []T, last bool, lost int, err error) {
	data, err := fetch[pageOf[T]](ctx, c, at.on(call))
	if err != nil {
		return nil, false, 0, err
	}
	rows = data.rows()
	if last, lost, err = at.last(data.Pagination, len(rows)); err == nil && rows == nil && lost > 0 {
		err = errors.New("the list is missing beside its length")
	}
	if err != nil {
		return nil, false, 0, c.api.Malformed(ctx, err.Error())
	}
	c.api.Lost(ctx, lost)
	return rows, last, lost, err
}
