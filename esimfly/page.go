package esimfly

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

const (
	maxPageSize = 100 // everywhere (eSIMfly docs: api/packages, api/esims, api/orders)
	maxPages    = 10_000
)

// pagination is what a list says of itself, in both spellings of the total.
type pagination struct {
	Page       wire.Number `json:"page"`
	Limit      wire.Number `json:"limit"`
	Total      wire.Number `json:"total"`
	Pages      wire.Number `json:"total_pages"`
	PagesCamel wire.Number `json:"totalPages"`
}

// pageOf is a page of any list; its rows have one of three names.
type pageOf[T any] struct {
	Packages   wire.Rows[T] `json:"packages"`
	ESIMs      wire.Rows[T] `json:"esims"`
	Orders     wire.Rows[T] `json:"orders"`
	Pagination *pagination  `json:"pagination"`
}

func (p *pageOf[T]) rows() []T {
	switch {
	case p.Packages != nil:
		return p.Packages
	case p.ESIMs != nil:
		return p.ESIMs
	}
	return p.Orders
}

// page is a place in a list.
type page struct{ number, size int }

func (p page) query(q url.Values) url.Values {
	q = maps.Clone(q)
	if q == nil {
		q = url.Values{}
	}
	q.Set("page", strconv.Itoa(p.number))
	q.Set("limit", strconv.Itoa(p.size))
	return q
}

// last reports whether no page follows this one. A page that has fewer rows
// than it must have is an error, for a list cut short looks like a whole one.
func (p page) last(said *pagination, rows int) (bool, error) {
	if said == nil {
		return false, errors.New("the list does not say how long it is")
	}
	size, total := p.size, said.Total.Int()
	if n := said.Limit.Int(); n > 0 {
		size = n
	}
	needed := (total + size - 1) / size
	pages := said.Pages.Or(said.PagesCamel).Int()
	if pages == 0 { // absent, or 0 beside a total that is not
		pages = needed
	}
	missing := 0
	switch {
	case !said.Total.Known() && !said.Pages.Or(said.PagesCamel).Known():
		return false, errors.New("the list does not say how long it is")
	case said.Page.Known() && said.Page.Int() != p.number:
		return false, errors.New("the list answers with another page")
	case pages < needed:
		return false, errors.New("the list has more rows than pages for them")
	case p.number < pages:
		missing = size - rows
	default:
		missing = total - (p.number-1)*size - rows
	}
	if missing > 0 {
		return false, errors.New("rows are missing from the page")
	}
	return p.number >= pages, nil
}

// cursor writes the place as text, "2x100".
func (p page) cursor() string { return strconv.Itoa(p.number) + "x" + strconv.Itoa(p.size) }

// parseCursor reads what cursor wrote, and nothing else. The page size is
// part of it: with another one the page would hold other rows.
func parseCursor(text string) (page, bool) {
	number, size, _ := strings.Cut(text, "x")
	n, err1 := strconv.Atoi(number)
	s, err2 := strconv.Atoi(size)
	p := page{n, s}
	ok := err1 == nil && err2 == nil && n >= 1 && n <= maxPages && s >= 1 && s <= maxPageSize
	return p, ok && p.cursor() == text
}

// list iterates over the rows of all pages, one request a page. Its error is
// yielded once and ends it.
func list[T any](ctx context.Context, c *Client, call adapter.Call, size int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		request := call // ranging twice starts over
		for at := (page{1, size}); ; at.number++ {
			if at.number > maxPages {
				yield(none, c.malformed(call.Op, "the list has no end"))
				return
			}
			request.Query = at.query(call.Query)
			data, err := fetch[pageOf[T]](ctx, c, request)
			if err != nil {
				yield(none, err)
				return
			}
			rows := data.rows()
			last, err := at.last(data.Pagination, len(rows))
			if err != nil {
				yield(none, c.malformed(call.Op, err.Error()))
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
