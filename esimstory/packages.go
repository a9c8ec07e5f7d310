package esimstory

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

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
	if len(c.sheet.packages) == 0 {
		return nil, c.unsupported(ctx, "ListPackages", "eSIM Story has no catalogue call; configure a price sheet as Config.Catalog")
	}
	ctx, end := c.api.Operation(ctx, "ListPackages")
	defer func() { end(err) }()
	check := c.api.Check(ctx, "ListPackages")
	checkQuery(check, q)
	found := c.sheet.find(q)
	first, err := c.sheet.open(q, len(found))
	if err != nil {
		check.Fail("Cursor", err.Error())
	}
	if err := check.Err(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		stopped := c.api.FailIn("ListPackages", esim.ErrUnavailable, esim.OutcomeNotSent, "the caller has left")
		stopped.Err = ctx.Err()
		return nil, stopped
	}
	size := maxPage
	if q.PageSize > 0 {
		size = q.PageSize
	}
	last := min(first+size, len(found))
	page := &esim.PackagePage{Packages: make([]esim.Package, 0, last-first)}
	for _, p := range found[first:last] {
		page.Packages = append(page.Packages, clone(*p))
	}
	if last < len(found) {
		page.Next = c.sheet.cursor(q, last)
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

func (s sheet) find(q esim.PackageQuery) []*esim.Package {
	words := strings.Fields(strings.ToLower(q.Search))
	var found []*esim.Package
	for i := range s.packages {
		if p := &s.packages[i]; matches(p, q, words) {
			found = append(found, p)
		}
	}
	return found
}

func matches(p *esim.Package, q esim.PackageQuery, words []string) bool {
	for _, country := range q.Countries {
		if !slices.Contains(p.Countries, country) {
			return false
		}
	}
	if q.Kind != esim.KindUnknown && q.Kind != p.Kind {
		return false
	}
	if q.Region != "" && !strings.EqualFold(q.Region, p.Region) {
		return false
	}
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(p.Name + "\n" + p.Region + "\n" + p.ID)
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

var errCursor = errors.New("is not one of this list")

// cursor names the package at which the next page begins, and the list it is
// a place in: in another list the same number would skip or repeat packages.
func (s sheet) cursor(q esim.PackageQuery, at int) string {
	list := fmt.Sprintf("%q %q %q %d %s", q.Countries, q.Region, q.Search, q.Kind, s.stamp)
	sum := sha256.Sum256([]byte(list))
	return hex.EncodeToString(sum[:8]) + "." + strconv.Itoa(at)
}

// open returns the place a cursor names in a list of so many packages.
func (s sheet) open(q esim.PackageQuery, length int) (int, error) {
	if q.Cursor == "" {
		return 0, nil
	}
	_, digits, _ := strings.Cut(q.Cursor, ".")
	at, err := strconv.Atoi(digits)
	if err != nil || at <= 0 || at >= length || s.cursor(q, at) != q.Cursor {
		return 0, errCursor
	}
	return at, nil
}
