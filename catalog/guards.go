package catalog

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/esimkit/esim"
)

// Guard names a check that a list has to pass before it is published.
type Guard string

// The guards. The last compares packages that are new with those that are the
// same product; the others compare a list with the one before it.
const (
	GuardEmpty    Guard = "empty"    // nothing is listed where something was
	GuardShrink   Guard = "shrink"   // too many packages are missing at once
	GuardPrice    Guard = "price"    // too many prices moved too far
	GuardCurrency Guard = "currency" // too many packages changed their currency
	GuardCoverage Guard = "coverage" // too many packages lost countries
	GuardOutlier  Guard = "outlier"  // most new packages cost far more or less than the same product does
)

// Guards says how far a provider's list may move from one sync to the next.
// Zero is a guard's default, a negative number switches it off. Shares are
// percents of the packages that were known before.
type Guards struct {
	// Empty has no measure: any number that is not negative is on.
	Empty int
	// Shrink is the share that may be missing at once; 0 = 30.
	Shrink int
	// Price is the share whose price may move by PriceFactor or more; 0 = 2.
	// Up to it, those packages alone are left out of the shelf.
	Price int
	// PriceFactor is how far is too far, up or down; less than 2 = 5.
	PriceFactor int
	// Currency is the share whose currency may change; 0 = 2. Up to it, those
	// packages alone are left out of the shelf.
	Currency int
	// Coverage is the share that may lose countries; 0 = 10.
	Coverage int
	// Outlier is the factor between the price of a new package and the median
	// of what the shelf has for the same product, of whichever provider; 0 =
	// 20. A list is held back if most of those that can be compared are off by
	// that much, and at least three. Currencies are compared through
	// Config.Rates.
	Outlier int
}

const (
	maxSuspects     = 20
	minOutliers     = 3
	defaultFactor   = 5
	smallestFactor  = 2
	defaultShrink   = 30
	defaultPrice    = 2
	defaultCurrency = 2
	defaultCoverage = 10
	defaultOutlier  = 20
)

func (g Guards) withDefaults() Guards {
	if g.PriceFactor < smallestFactor {
		g.PriceFactor = defaultFactor
	}
	g.Shrink = cmp.Or(g.Shrink, defaultShrink)
	g.Price = cmp.Or(g.Price, defaultPrice)
	g.Currency = cmp.Or(g.Currency, defaultCurrency)
	g.Coverage = cmp.Or(g.Coverage, defaultCoverage)
	g.Outlier = cmp.Or(g.Outlier, defaultOutlier)
	return g
}

// verdict is what the guards say of a list.
type verdict struct {
	findings []Finding
	withheld map[string]esim.Package // what to leave out: as it was last trusted
}

// holds returns the finding that holds the list back.
func (v *verdict) holds() (Finding, bool) {
	for _, f := range v.findings {
		if f.Holds {
			return f, true
		}
	}
	return Finding{}, false
}

// judge looks at a list in the light of the one before it and, where that does
// not know a package, of what was asked for the same product.
func (g Guards) judge(before *reference, listed []esim.Package, others *asked) verdict {
	g = g.withDefaults()
	moved := before.compare(listed, g.PriceFactor)
	v := verdict{withheld: make(map[string]esim.Package)}

	if g.Empty >= 0 && moved.known > 0 && len(listed) == 0 {
		v.findings = append(v.findings, Finding{
			Guard: GuardEmpty, Holds: true, Count: moved.known,
			Text: fmt.Sprintf("nothing is listed where %d packages were", moved.known),
		})
	}
	for _, check := range []struct {
		guard    Guard
		limit    int // percent
		found    suspects
		what     string
		withhold bool // single ones are left out
	}{
		{GuardShrink, g.Shrink, moved.missing, "are missing", false},
		{GuardPrice, g.Price, moved.prices, fmt.Sprintf("changed their price by a factor of %d or more", g.PriceFactor), true},
		{GuardCurrency, g.Currency, moved.currencies, "changed their currency", true},
		{GuardCoverage, g.Coverage, moved.narrowed, "lost countries", false},
	} {
		held := len(check.found)*100 > min(check.limit, 100)*moved.known
		if check.limit < 0 || len(check.found) == 0 || !held && !check.withhold {
			continue
		}
		v.findings = append(v.findings, Finding{
			Guard: check.guard, Holds: held, Count: len(check.found), Suspects: check.found.first(),
			Text: fmt.Sprintf("%d of %d packages %s; %d %% may", len(check.found), moved.known, check.what, check.limit),
		})
		for _, s := range check.found {
			if check.withhold {
				v.withheld[s.After.ID] = lone(s.Before)
			}
		}
	}
	if g.Outlier > 0 && len(moved.fresh) >= minOutliers {
		v.findings = append(v.findings, others.outliers(moved.fresh, g.Outlier)...)
	}
	return v
}

// lone returns a package whose ID and name are apart from the list they were in,
// which it may outlive by months.
func lone(p esim.Package) esim.Package {
	p.ID, p.Name = strings.Clone(p.ID), strings.Clone(p.Name)
	return p
}

// apart reports whether one price is so many times the other, or more.
func apart(a, b esim.Estimate, factor int) bool {
	if a.Sign() <= 0 || b.Sign() <= 0 {
		return a != b // free, or worse, is beyond any factor
	}
	if a.Compare(b) > 0 {
		a, b = b, a
	}
	bound, err := a.MulInt(factor)
	return err == nil && bound.Compare(b) <= 0 // one that has too many digits is larger than any price
}
