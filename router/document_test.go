package router_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/router"
)

var update = flag.Bool("update", false, "rewrite the generated parts of docs/router.md")

const page = "../docs/router.md"

// The tables of the documentation are those that the code goes by, and the
// decision shown there is a real one.
func TestDocument(t *testing.T) {
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	got := string(text)
	for name, want := range map[string]string{
		"courses":    table("after a", "goes to", "because", router.Courses()),
		"exclusions": table("reason", "kind of the error", "then it is", router.Exclusions()),
		"explain":    "```\n" + explained(t) + "```\n",
	} {
		part := regexp.MustCompile(`(?s)(<!-- ` + name + `: [^\n]*-->\n).*(<!-- /` + name + ` -->)`)
		require.Regexp(t, part, got)
		got = part.ReplaceAllStringFunc(got, func(was string) string {
			m := part.FindStringSubmatch(was)
			return m[1] + want + m[2]
		})
	}
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(got), 0o600))
	}
	assert.Equal(t, string(text), got, "run: go test ./router -run Document -update")
}

func table(a, b, c string, rows []router.Row) string {
	var out strings.Builder
	out.WriteString("| " + a + " | " + b + " | " + c + " |\n| --- | --- | --- |\n")
	for _, r := range rows {
		out.WriteString("| " + r[0] + " | " + r[1] + " | " + r[2] + " |\n")
	}
	return out.String()
}

// explained is a sale that the cheapest reseller refuses and the next one makes.
func explained(t *testing.T) string {
	t.Helper()
	w := newWorld(true)
	w.shelf[2].Rechargeable = new(false)
	w.resellers[esimfly.Provider].Refuse("Order", esim.ErrPackageUnavailable)
	config := w.config(router.Cheapest)
	config.Shadow = router.Preferred(esimfx.Provider)
	r := router.New(config)
	o := mustOrder(t, r.With(router.Needs{TopUp: true}), esim.OrderRequest{PackageID: asked, Reference: "cart-8841"})
	d, err := r.Explain(t.Context(), o)
	require.NoError(t, err)
	return d.String()
}

// Every kind of error has a course of its own.
func TestEveryKindHasACourse(t *testing.T) {
	rows := router.Courses()
	for _, kind := range esim.Kinds() {
		assert.Len(t, filter(rows, kind.Error()), 1, kind.Error())
	}
	assert.Len(t, rows, len(esim.Kinds()))
}

func filter(rows []router.Row, first string) (found []router.Row) {
	for _, r := range rows {
		if r[0] == first {
			found = append(found, r)
		}
	}
	return found
}

// A configuration that makes no sense is refused before anything is sold.
func TestValidate(t *testing.T) {
	fine := newWorld(false).config(nil)
	require.NoError(t, fine.Validate())
	for name, spoil := range map[string]func(c *router.Config){
		"Clients is empty":     func(c *router.Config) { c.Clients = nil },
		"Clients has a nil":    func(c *router.Config) { c.Clients = []esim.Client{nil} },
		"Clients has two":      func(c *router.Config) { c.Clients = append(c.Clients, c.Clients[0]) },
		"Clients has a client": func(c *router.Config) { c.Clients = []esim.Client{esim.UnimplementedClient{}} },
		"MinBalance has":       func(c *router.Config) { c.MinBalance = map[esim.Provider]esim.Money{"nobody": money("1", "USD")} },
		"MinBalance of":        func(c *router.Config) { c.MinBalance = map[esim.Provider]esim.Money{esimfly.Provider: {}} },
		"BalanceAge":           func(c *router.Config) { c.BalanceAge = -2 },
		"Breaker":              func(c *router.Config) { c.Breaker.Failures = -2 },
		"MaxDearer":            func(c *router.Config) { c.MaxDearer = -2 },
		"Currency":             func(c *router.Config) { c.Currency = "dollars" },
		"Needs.MinMargin has":  func(c *router.Config) { c.Needs.MinMargin = 1 },
		"Needs.MinMargin is":   func(c *router.Config) { c.Needs.MinMargin = 1001 },
		"Needs.MaxPrice":       func(c *router.Config) { c.Needs.MaxPrice = money("-1", "USD") },
		"Needs.SellingPrice":   func(c *router.Config) { c.Needs.SellingPrice = money("-1", "USD") },
		"Needs.Providers":      func(c *router.Config) { c.Needs.Providers = []esim.Provider{""} },
	} {
		c := fine
		spoil(&c)
		err := c.Validate()
		require.ErrorIs(t, err, esim.ErrInvalidRequest, name)
		require.ErrorContains(t, err, name)
		assert.Panics(t, func() { router.New(c) }, name)
	}
	assert.Panics(t, func() { router.New(fine).With(router.Needs{MinMargin: 1}) })
}
