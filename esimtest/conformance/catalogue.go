package conformance

import (
	"context"
	"errors"
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// smallPage makes most catalogues several pages long.
const smallPage = 40

func catalogueChecks(caps esim.Capabilities) []check {
	if !caps.ListPackages {
		return nil
	}
	list := []check{
		{"every package once", (*trial).wholeCatalogue},
		{"stopping early", (*trial).stopsEarly},
		{"one country", (*trial).oneCountry},
		{"one kind", (*trial).oneKind},
		{"other filters", (*trial).otherFilters},
		{"a passing fault", (*trial).passingFault},
	}
	for _, kind := range []esimtest.FaultKind{
		esimtest.FaultTruncatedPage, esimtest.FaultEmptyPage, esimtest.FaultRepeatedCursor, esimtest.FaultTruncatedJSON, esimtest.FaultHalfBody, esimtest.FaultEmpty200,
		esimtest.FaultNull, esimtest.FaultEmptyObject, esimtest.FaultHTML200, esimtest.FaultDuplicateKeys, esimtest.FaultWrongCase, esimtest.FaultTrailingData,
		esimtest.FaultWrongContentType, esimtest.FaultGzipBomb, esimtest.FaultHugeBody, esimtest.FaultDeepJSON, esimtest.FaultRedirectBefore, esimtest.Fault502HTMLBefore,
	} {
		list = append(list, check{"a page under " + kind.String(), func(t *trial) { t.spoiledPage(kind) }})
	}
	return list
}

// collect lists all packages that the query finds, which must succeed.
func (t *trial) collect(c esim.Client, q esim.PackageQuery) []esim.Package {
	t.Helper()
	var list []esim.Package
	for p, err := range esim.Packages(t.ctx(), c, q) {
		if err != nil {
			t.Fatalf("listing packages: %v", err)
		}
		list = append(list, p)
	}
	return list
}

func (t *trial) wholeCatalogue() {
	c := t.patient()
	list := t.collect(c, esim.PackageQuery{PageSize: smallPage})
	seen := make(map[string]bool)
	for _, p := range list {
		if p.ID == "" || p.Provider != c.Provider() {
			t.Errorf("package %q (%s) is said to be of provider %q", p.ID, p.Name, p.Provider)
		}
		if seen[p.ID] {
			t.Errorf("package %s is listed twice", p.ID)
		}
		seen[p.ID] = true
		if p.Unlimited && p.Data != 0 {
			t.Errorf("package %s is unlimited and has %v", p.ID, p.Data)
		}
		if i := slices.IndexFunc(p.Countries, func(c esim.Country) bool { return !c.Valid() }); i >= 0 {
			t.Errorf("package %s works in %q, which is no country", p.ID, p.Countries[i])
		}
	}
	if len(list) == 0 || (t.h.Listed > 0 && len(list) != t.h.Listed) {
		t.Errorf("%d packages are listed, want %d", len(list), t.h.Listed)
	}
	if again := t.collect(c, esim.PackageQuery{}); len(again) != len(list) {
		t.Errorf("%d packages with the default page size, %d with %d a page", len(again), len(list), smallPage)
	}
	sequence := esim.Packages(t.ctx(), c, esim.PackageQuery{PageSize: smallPage})
	for pass := range 2 {
		n := 0
		for _, err := range sequence {
			if err != nil {
				t.Errorf("listing packages again: %v", err)
			}
			n++
		}
		if n != len(list) {
			t.Errorf("%d packages when ranged over for the %d. time, want %d", n, pass+1, len(list))
		}
	}
	t.wantBought(0)
}

func (t *trial) stopsEarly() {
	c := t.patient()
	for _, err := range esim.Packages(t.ctx(), c, esim.PackageQuery{PageSize: smallPage}) {
		if err != nil {
			t.Errorf("listing packages: %v", err)
		}
		break
	}
	const loginAndPage = 2
	if n := t.sentRequests(); n > loginAndPage {
		t.Errorf("%d requests were sent for the first package", n)
	}
}

func (t *trial) oneCountry() {
	c := t.patient()
	all := t.collect(c, esim.PackageQuery{})
	i := slices.IndexFunc(all, func(p esim.Package) bool { return len(p.Countries) == 1 })
	if i < 0 {
		t.Skipf("not checked: no package for one country")
	}
	country := all[i].Countries[0]
	t.filtered(c, esim.PackageQuery{Countries: []esim.Country{country}}, all[i].ID, func(p esim.Package) bool {
		return slices.Contains(p.Countries, country)
	})
}

func (t *trial) oneKind() {
	c := t.patient()
	all := t.collect(c, esim.PackageQuery{})
	for _, kind := range []esim.PackageKind{esim.KindLocal, esim.KindRegional, esim.KindGlobal} {
		i := slices.IndexFunc(all, func(p esim.Package) bool { return p.Kind == kind })
		if i < 0 {
			continue
		}
		t.filtered(c, esim.PackageQuery{Kind: kind}, all[i].ID, func(p esim.Package) bool { return p.Kind == kind })
	}
}

// filtered checks that a filter holds and hides nothing, or is unsupported.
func (t *trial) filtered(c esim.Client, q esim.PackageQuery, want string, fits func(esim.Package) bool) {
	t.Helper()
	found := false
	for p, err := range esim.Packages(t.ctx(), c, q) {
		if errors.Is(err, errors.ErrUnsupported) {
			return
		}
		if err != nil {
			t.Fatalf("listing packages by %+v: %v", q, err)
		}
		found = found || p.ID == want
		if !fits(p) {
			t.Errorf("the filter %+v lets package %s pass", q, p.ID)
			return
		}
	}
	if !found {
		t.Errorf("the filter %+v hides package %s", q, want)
	}
}

// otherFilters may be unsupported or find little; they may not be ignored.
func (t *trial) otherFilters() {
	c := t.patient()
	all := len(t.collect(c, esim.PackageQuery{}))
	for _, q := range []esim.PackageQuery{{Region: "Nowhere-at-all"}, {Search: "nothing is called so"}} {
		n := 0
		for _, err := range esim.Packages(t.ctx(), c, q) {
			if err != nil {
				break
			}
			n++
		}
		if n == all && all > 0 {
			t.Errorf("the filter %+v is ignored in silence", q)
		}
	}
}

// onSecondPage is how many requests a fault has to skip to meet a later page
// where there is one.
func (t *trial) onSecondPage(c esim.Client, q esim.PackageQuery) int {
	t.Helper()
	page, err := c.ListPackages(t.ctx(), q)
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	if page.Next == "" {
		return 0
	}
	return 1
}

func (t *trial) spoiledPage(kind esimtest.FaultKind) {
	t.needs(t.h.Inject != nil, "Inject")
	c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	q := esim.PackageQuery{PageSize: smallPage}
	t.inject(esimtest.Fault{Kind: kind, Op: "ListPackages", Skip: t.onSecondPage(c, q)})
	failures, counted := 0, &countingLost{Client: c}
	for p, err := range esim.Packages(t.ctx(), counted, q) {
		if failures > 0 {
			t.Errorf("the iteration goes on after an error")
		}
		if err == nil {
			continue
		}
		failures++
		if p.ID != "" {
			t.Errorf("package %s is yielded with an error", p.ID)
		}
	}
	if failures+min(counted.lost, 1) != 1 {
		t.Errorf("a list that was cut short ended with %d errors and %d rows reported as lost, want one of them", failures, counted.lost)
	}
}

// countingLost counts the rows that a client reports as lost.
type countingLost struct {
	esim.Client
	lost int
}

// ListPackages implements [esim.Client].
func (c *countingLost) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	page, err := c.Client.ListPackages(ctx, q)
	if err == nil {
		c.lost += page.Lost
	}
	return page, err
}

func (t *trial) passingFault() {
	t.needs(t.h.Inject != nil, "Inject")
	c := t.patient()
	q := esim.PackageQuery{PageSize: smallPage}
	want := len(t.collect(c, q))
	t.inject(esimtest.Fault{Kind: esimtest.Fault503Before, Op: "ListPackages", Skip: t.onSecondPage(c, q)})
	n, failed := 0, false
	for _, err := range esim.Packages(t.ctx(), c, q) {
		failed = failed || err != nil
		n++
	}
	if !failed && n != want {
		t.Errorf("%d packages and no error under a passing fault, want %d", n, want)
	}
}
