package esimstory

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// sheet is the partner's price sheet: the catalogue that the provider has no
// call for.
type sheet struct {
	packages []esim.Package
	index    map[string]int // by folded option id
	stamp    string         // tells this sheet from another one, for cursors
}

// newSheet copies and checks the packages.
func newSheet(packages []esim.Package, check *adapter.Check) sheet {
	s := sheet{index: make(map[string]int, len(packages))}
	var ids strings.Builder
	for i, p := range packages {
		p = clone(p)
		if p.Provider == "" {
			p.Provider = esim.ESIMStory
		}
		s.admit(check, fmt.Sprintf("Catalog[%d].", i), p)
		s.index[fold(p.ID)] = i
		s.packages = append(s.packages, p)
		ids.WriteString(p.ID + "\n")
	}
	sum := sha256.Sum256([]byte(ids.String()))
	s.stamp = hex.EncodeToString(sum[:])
	return s
}

// admit checks one package; at is the path of its fields.
func (s sheet) admit(check *adapter.Check, at string, p esim.Package) {
	check.ID(at+"ID", p.ID)
	if _, twice := s.index[fold(p.ID)]; twice {
		check.Fail(at+"ID", "is that of an earlier package")
	}
	if p.Provider != esim.ESIMStory {
		check.Fail(at+"Provider", "is another provider")
	}
	for _, country := range p.Countries {
		if !country.Valid() {
			check.Fail(at+"Countries", "has one that is not an ISO 3166-1 code")
		}
	}
	if p.Data < 0 {
		check.Fail(at+"Data", "is negative")
	}
	if p.ValidityDays < 0 {
		check.Fail(at+"ValidityDays", "is negative")
	}
	if p.Price.IsNegative() {
		check.Fail(at+"Price", "is negative")
	}
	if !p.Price.IsZero() && p.Price.Currency() == "" {
		check.Fail(at+"Price", "has no currency")
	}
}

func (s sheet) price(optionID string) (esim.Money, bool) {
	i, ok := s.index[fold(optionID)]
	if !ok {
		return esim.Money{}, false
	}
	price := s.packages[i].Price
	return price, price.Currency() != ""
}

const sheetName = "the price in the sheet"

// check compares the quote and the ceiling of a purchase with the prices of
// its lines. What the sheet does not price cannot be compared, and is not
// bought on a guess.
func (s sheet) check(check *adapter.Check, lines []Line, guard adapter.Purchase) {
	if !guard.Guarded() {
		return
	}
	var total esim.Money
	for i, line := range lines {
		price, ok := s.price(line.OptionID)
		if !ok {
			check.Unsupported("Quote or MaxTotal", "cannot be checked: Config.Catalog has no price for this option")
			return
		}
		check.Price(adapter.Purchase{Quote: guard.Quote}, price, sheetName)
		sum, err := price.MulInt(line.Quantity)
		if err == nil && i > 0 {
			sum, err = total.Add(sum)
		}
		if err != nil {
			check.Unsupported("Quote or MaxTotal", "cannot be checked: the prices of the lines do not add up in one currency")
			return
		}
		total = sum
	}
	check.Price(adapter.Purchase{Quantity: 1, MaxTotal: guard.MaxTotal}, total, sheetName)
}

// clone copies a package with all it points to.
func clone(p esim.Package) esim.Package {
	p.Countries = slices.Clone(p.Countries)
	p.Networks = slices.Clone(p.Networks)
	if p.Rechargeable != nil {
		p.Rechargeable = new(*p.Rechargeable)
	}
	return p
}
