package pricesheet

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
)

// provider is that of every package here. Package esimstory, which has the
// public constant, imports this one.
const provider esim.Provider = "esimstory"

// maxPage is the largest page of a list.
const maxPage = 1000

// Sheet is a price sheet to list and look up packages in. It is safe for
// concurrent use and is not changed after [New].
type Sheet struct {
	packages []esim.Package
	index    map[string]int // by option id in lower case
	stamp    string         // tells this sheet from another one, for cursors
}

// New copies and checks the packages, which need not come from a file: each has
// an id of its own, a Provider that is empty or esimstory, and no negative
// number. The error names the first package that is not so, as "[3].ID is empty".
func New(packages []esim.Package) (*Sheet, error) {
	s := &Sheet{index: make(map[string]int, len(packages))}
	ids := sha256.New()
	for i, p := range packages {
		if p.Provider == "" {
			p.Provider = provider
		}
		if field, problem := s.check(&p); problem != "" {
			return nil, fmt.Errorf("[%d].%s %s", i, field, problem)
		}
		s.index[fold(p.ID)] = i
		s.packages = append(s.packages, clone(&p))
		_, _ = ids.Write([]byte(p.ID + "\n")) // a hash takes everything
	}
	s.stamp = hex.EncodeToString(ids.Sum(nil))
	return s, nil
}

func (s *Sheet) check(p *esim.Package) (field, problem string) {
	_, twice := s.index[fold(p.ID)]
	err := checkID(p.ID)
	switch {
	case err != nil:
		return "ID", strings.TrimPrefix(err.Error(), "it ")
	case twice:
		return "ID", "is that of an earlier package"
	case p.Provider != provider:
		return "Provider", "is another provider"
	case slices.ContainsFunc(p.Countries, func(c esim.Country) bool { return !c.Valid() }):
		return "Countries", "has one that is not an ISO 3166-1 code"
	case p.Data < 0:
		return "Data", "is negative"
	case p.ValidityDays < 0:
		return "ValidityDays", "is negative"
	case p.InstallWithinDays < 0:
		return "InstallWithinDays", "is negative"
	case p.FullSpeedPerDay < 0:
		return "FullSpeedPerDay", "is negative"
	}
	for field, price := range map[string]esim.Money{"Price": p.Price, "MinPrice": p.MinPrice} {
		switch {
		case price.Sign() < 0:
			return field, "is negative"
		case !price.IsZero() && price.Currency() == "":
			return field, "has no currency"
		}
	}
	return "", ""
}

// fold is how option ids are compared: UUIDs are the same in either case, and
// the supplier of eSIM Story prints them in both.
func fold(optionID string) string { return strings.ToLower(optionID) }

// Len returns the number of packages.
func (s *Sheet) Len() int { return len(s.packages) }

// Price returns the price of one unit, in any letter case of the id. It is not
// ok if the sheet has no such option or does not price it.
func (s *Sheet) Price(optionID string) (_ esim.Money, ok bool) {
	i, ok := s.index[fold(optionID)]
	if !ok {
		return esim.Money{}, false
	}
	price := s.packages[i].Price
	return price, price.Currency() != ""
}

// ErrCursor is the error of a cursor that is of another sheet or another query,
// or was made up.
var ErrCursor = errors.New("pricesheet: the cursor is not one of this list")

// Page returns a page of the packages that a query selects, in the order of the
// sheet; a page has up to 1000. Region is compared as a whole. Every word of
// Search must occur in the name, the region or the id. Letter case does not
// matter. The only error is [ErrCursor].
func (s *Sheet) Page(q esim.PackageQuery) (*esim.PackagePage, error) {
	words := strings.Fields(strings.ToLower(q.Search))
	var found []*esim.Package
	for i := range s.packages {
		if p := &s.packages[i]; selects(&q, words, p) {
			found = append(found, p)
		}
	}
	first, err := s.open(q, len(found))
	if err != nil {
		return nil, err
	}
	last := min(first+maxPage, len(found))
	if q.PageSize > 0 && q.PageSize < maxPage {
		last = min(first+q.PageSize, len(found))
	}
	page := &esim.PackagePage{Packages: make([]esim.Package, 0, last-first)}
	for _, p := range found[first:last] {
		page.Packages = append(page.Packages, clone(p))
	}
	if last < len(found) {
		page.Next = s.cursor(q, last)
	}
	return page, nil
}

func selects(q *esim.PackageQuery, words []string, p *esim.Package) bool {
	if slices.ContainsFunc(q.Countries, func(c esim.Country) bool { return !slices.Contains(p.Countries, c) }) {
		return false
	}
	if q.Kind != esim.KindUnknown && q.Kind != p.Kind || q.Region != "" && !strings.EqualFold(q.Region, p.Region) {
		return false
	}
	if len(words) == 0 {
		return true
	}
	text := strings.ToLower(p.Name + "\n" + p.Region + "\n" + p.ID)
	return !slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(text, word) })
}

// cursor names the package at which the next page begins, and the list it is
// a place in: in another list the same number would skip or repeat packages.
func (s *Sheet) cursor(q esim.PackageQuery, at int) string {
	list := fmt.Sprintf("%q %q %q %d %s", q.Countries, q.Region, q.Search, q.Kind, s.stamp)
	sum := sha256.Sum256([]byte(list))
	return hex.EncodeToString(sum[:8]) + "." + strconv.Itoa(at)
}

// open returns the place a cursor names in a list of so many packages.
func (s *Sheet) open(q esim.PackageQuery, length int) (int, error) {
	if q.Cursor == "" {
		return 0, nil
	}
	_, digits, _ := strings.Cut(q.Cursor, ".")
	at, err := strconv.Atoi(digits)
	if err != nil || at <= 0 || at >= length || s.cursor(q, at) != q.Cursor {
		return 0, ErrCursor
	}
	return at, nil
}

// clone copies a package with all it points to.
func clone(from *esim.Package) esim.Package {
	p := *from
	p.Countries = slices.Clone(p.Countries)
	p.Networks = slices.Clone(p.Networks)
	if p.Rechargeable != nil {
		p.Rechargeable = new(*p.Rechargeable)
	}
	return p
}

// equal compares all that two packages say.
func equal(a, b esim.Package) bool { return reflect.DeepEqual(a, b) }
