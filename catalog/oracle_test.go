package catalog

import (
	"cmp"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// The oracle answers queries from their documentation alone, by looking at
// everything and computing with fractions. It shares no code with the search.

// table holds rates as text, by "from to".
type table map[string]string

func (t table) rate(from, to string) esim.Rate {
	r, _ := esim.ParseRate(t[from+" "+to], from, to) // none that is missing or wrong
	return r
}

func (t table) fraction(from, to string) *big.Rat {
	switch text, ok := t[from+" "+to]; {
	case from == "" || to == "":
		return nil
	case from == to:
		return big.NewRat(1, 1)
	case ok && fraction(text).Sign() > 0:
		return fraction(text)
	}
	return nil
}

func fraction(text string) *big.Rat {
	f, ok := new(big.Rat).SetString(text)
	if !ok {
		panic(text)
	}
	return f
}

func whole(n int64) *big.Rat { return new(big.Rat).SetInt64(n) }

// rounded rounds half to even.
func rounded(f *big.Rat, places int64) *big.Rat {
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(places), nil)
	n := new(big.Int).Mul(f.Num(), scale)
	q, rest := new(big.Int).DivMod(n, f.Denom(), new(big.Int))
	twice := new(big.Int).Lsh(rest, 1)
	if c := twice.Cmp(f.Denom()); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return new(big.Rat).SetFrac(q, scale)
}

// answer is an offer as the oracle sees it; nil = does not apply.
type answer struct {
	p               esim.Package
	units           int
	total, compared *big.Rat
	perGB, perDay   *big.Rat
}

// parts is an amount that is exact or an estimate.
type parts interface {
	Parts() (units uint64, places int, negative bool)
}

func amountOf(m parts) *big.Rat {
	units, places, negative := m.Parts()
	n := new(big.Int).SetUint64(units)
	if negative {
		n.Neg(n)
	}
	return new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil))
}

func oracle(packages []esim.Package, q Query, rates table) []answer {
	var found []answer
	for _, p := range packages {
		if units := unitsFor(p, q, max(q.Stack, 1)); units > 0 && suits(p, q) {
			a := answer{p: p, units: units, total: new(big.Rat).Mul(amountOf(p.Price), whole(int64(units)))}
			if !affordable(a, q.MaxPrice, rates) {
				continue
			}
			if r := rates.fraction(p.Price.Currency(), q.Currency); r != nil {
				a.compared = rounded(new(big.Rat).Mul(a.total, r), 8)
			}
			shown := a.compared
			if shown == nil {
				shown = a.total
			}
			if !p.Unlimited && p.Data > 0 {
				gb := big.NewRat(int64(p.Data)*int64(units), 1_000_000_000)
				a.perGB = rounded(new(big.Rat).Quo(shown, gb), 4)
			}
			if p.ValidityDays > 0 {
				a.perDay = rounded(new(big.Rat).Quo(shown, whole(int64(p.ValidityDays*units))), 4)
			}
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b answer) int { return inOrder(a, b, q.Sort) })
	return found
}

// unitsFor tries one unit after the other.
func unitsFor(p esim.Package, q Query, stack int) int {
	for n := 1; n <= stack; n++ {
		data, days := p.Data*esim.DataSize(n), p.ValidityDays*n
		hasData := q.MinData == 0 || p.Unlimited || data >= q.MinData
		if hasData && (q.MinDays == 0 || days >= q.MinDays) {
			tooMuch := q.MaxData > 0 && (p.Unlimited || data == 0 || data > q.MaxData)
			tooLong := q.MaxDays > 0 && (days == 0 || days > q.MaxDays)
			if tooMuch || tooLong {
				return 0
			}
			return n
		}
	}
	return 0
}

func suits(p esim.Package, q Query) bool {
	for _, c := range q.Countries {
		if !slices.Contains(p.Countries, c) {
			return false
		}
	}
	if len(q.AnyOf) > 0 && !slices.ContainsFunc(q.AnyOf, func(c esim.Country) bool { return slices.Contains(p.Countries, c) }) {
		return false
	}
	if len(q.Providers) > 0 && !slices.Contains(q.Providers, p.Provider) || len(q.Kinds) > 0 && !slices.Contains(q.Kinds, p.Kind) {
		return false
	}
	if q.Unlimited == Yes && !p.Unlimited || q.Unlimited == No && p.Unlimited {
		return false
	}
	if q.Rechargeable != Either && (p.Rechargeable == nil || *p.Rechargeable != (q.Rechargeable == Yes)) {
		return false
	}
	if q.MinGeneration > 0 && !slices.ContainsFunc(p.Networks, func(n esim.Network) bool {
		g := map[string]int{"5G": 5, "4G/LTE": 4, "3g": 3}[n.Technology]
		return g >= q.MinGeneration
	}) {
		return false
	}
	texts := []string{p.Name, p.ID, p.Region}
	for _, c := range p.Countries {
		texts = append(texts, c.Name())
	}
	for word := range strings.FieldsSeq(q.Text) {
		if !slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(strings.ToUpper(s), strings.ToUpper(word)) }) {
			return false
		}
	}
	return true
}

func affordable(a answer, most esim.Money, rates table) bool {
	if most == (esim.Money{}) {
		return true
	}
	r := rates.fraction(a.p.Price.Currency(), most.Currency())
	if r == nil {
		return false
	}
	cost := new(big.Rat).Mul(a.total, r)
	if a.p.Price.Currency() != most.Currency() {
		cost = rounded(cost, 8)
	}
	return cost.Cmp(amountOf(most)) <= 0
}

func inOrder(a, b answer, by Sort) int {
	if (a.compared == nil) != (b.compared == nil) {
		return map[bool]int{true: 1, false: -1}[a.compared == nil]
	}
	currencies := unstatedLast(a.p.Price.Currency(), b.p.Price.Currency())
	if a.compared == nil && currencies != 0 {
		return currencies
	}
	var x, y *big.Rat
	switch by {
	case ByPricePerGB:
		x, y = a.perGB, b.perGB
	case ByPricePerDay:
		x, y = a.perDay, b.perDay
	case ByPrice:
	}
	switch {
	case x == nil && y != nil:
		return 1
	case x != nil && y == nil:
		return -1
	case x != nil && x.Cmp(y) != 0:
		return x.Cmp(y)
	}
	if a.compared != nil && a.compared.Cmp(b.compared) != 0 {
		return a.compared.Cmp(b.compared)
	}
	return cmp.Or(currencies, a.total.Cmp(b.total), cmp.Compare(a.p.Provider, b.p.Provider), cmp.Compare(a.p.ID, b.p.ID))
}

func unstatedLast(a, b string) int {
	switch {
	case a == b:
		return 0
	case a == "":
		return 1
	case b == "":
		return -1
	}
	return cmp.Compare(a, b)
}

func countAll(found []answer) *Facets {
	f := &Facets{
		Total: len(found), Countries: map[esim.Country]int{}, Providers: map[esim.Provider]int{},
		Kinds: map[esim.PackageKind]int{}, Currencies: map[string]int{}, Sizes: []SizeFacet{},
	}
	sold := map[esim.DataSize]int{}
	for _, a := range found {
		for _, c := range a.p.Countries {
			f.Countries[c]++
		}
		f.Providers[a.p.Provider]++
		f.Kinds[a.p.Kind]++
		f.Currencies[a.p.Price.Currency()]++
		switch {
		case a.p.Unlimited:
			f.Unlimited++
		case a.p.Data > 0:
			sold[map[esim.DataSize]esim.DataSize{esim.GiB: esim.GB, esim.GiB / 2: 500 * esim.MB}[a.p.Data]+exactly(a.p.Data)]++
		}
	}
	for d, n := range sold {
		f.Sizes = append(f.Sizes, SizeFacet{d, n})
	}
	slices.SortFunc(f.Sizes, func(a, b SizeFacet) int { return cmp.Compare(a.Data, b.Data) })
	return f
}

// exactly is a size that is sold as what it is.
func exactly(d esim.DataSize) esim.DataSize {
	if d == esim.GiB || d == esim.GiB/2 {
		return 0
	}
	return d
}

// one returns one of the values.
func one[T any](r *rand.Rand, values ...T) T { return values[r.IntN(len(values))] }

// several returns some of the values, with repeats.
func several[T any](r *rand.Rand, most int, values ...T) []T {
	var list []T
	for range r.IntN(most + 1) {
		list = append(list, one(r, values...))
	}
	return list
}

// few returns a shelf on which much is alike.
func few(r *rand.Rand, most int) []esim.Package {
	packages := make([]esim.Package, r.IntN(most+1))
	for i := range packages {
		p := esim.Package{
			Provider: one(r, esim.Provider("a"), "b"), ID: "p" + string(rune('A'+i/2)), Kind: esim.PackageKind(r.IntN(4)),
			Name: one(r, "Plan", "Asia plus", "MAX"), Region: one(r, "", "Asia", "Europe"),
			Data:         one(r, 0, 500*esim.MB, esim.GiB/2, esim.GB, esim.GiB, 2*esim.GB, 3*esim.GB),
			ValidityDays: one(r, 0, 1, 3, 5, 7, 10), VoiceMinutes: one(r, esim.Allowance{}, esim.AllowanceOf(0), esim.AllowanceOf(100), esim.UnlimitedAllowance()),
			Rechargeable: one(r, nil, &yes, &no),
		}
		if i%2 == 1 { // two resellers use one ID
			p.Provider = "c"
		}
		if p.Unlimited = r.IntN(6) == 0; p.Unlimited {
			p.Data = 0
		}
		for range r.IntN(5) {
			p.Countries = append(p.Countries, one(r, esim.Country("JP"), "TW", "KR", "US", "FR"))
		}
		slices.Sort(p.Countries)
		p.Countries = slices.Compact(p.Countries)
		for range r.IntN(3) {
			p.Networks = append(p.Networks, esim.Network{Technology: one(r, "5G", "4G/LTE", "3g", "", "fast")})
		}
		price := one(r, "0", "1", "1.5", "2", "2.00", "3", "4", "6", "0.123456789012")
		p.Price, _ = esim.ParseMoney(price, one(r, "USD", "USD", "EUR", "GBP", ""))
		packages[i] = p
	}
	return packages
}

// someRates are rates of which some are missing, wrong or odd; two of them
// make amounts of different currencies equal.
func someRates(r *rand.Rand) table {
	t := table{}
	for _, from := range []string{"USD", "EUR", "GBP"} {
		for _, to := range []string{"USD", "EUR", "GBP", "JPY"} {
			if text := one(r, "", "2", "0.5", "1.5", "0", "-1", "0.33333333333333333", "0.000000012345", "1.0836", "150"); text != "" && from != to {
				t[from+" "+to] = text
			}
		}
	}
	return t
}
