package esim_test

import (
	"flag"
	"fmt"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
)

var updateReadme = flag.Bool("update", false, "rewrite the generated parts of README.md")

// TestReadme keeps the generated parts of README.md true: the sale is the code
// that the quickstart runs, the table is what Capabilities says.
func TestReadme(t *testing.T) {
	data, err := os.ReadFile("README.md")
	require.NoError(t, err)
	readme := string(data)
	want := replacePart(t, readme, "sale", "```go\n"+saleCode(t)+"```\n")
	want = replacePart(t, want, "capabilities", capabilityTable(t))
	if *updateReadme {
		require.NoError(t, os.WriteFile("README.md", []byte(want), 0o600))
		return
	}
	require.Equal(t, want, readme, "run: go test -run Readme -update .")
}

func replacePart(t *testing.T, text, name, content string) string {
	part := regexp.MustCompile(`(?s)(<!-- ` + name + `:[^\n]*-->\n).*?(<!-- /` + name + ` -->)`)
	require.True(t, part.MatchString(text), "no part %s", name)
	return part.ReplaceAllStringFunc(text, func(old string) string {
		m := part.FindStringSubmatch(old)
		return m[1] + content + m[2]
	})
}

// saleCode is the function sell of the quickstart, from its signature on.
func saleCode(t *testing.T) string {
	data, err := os.ReadFile("examples/quickstart/sell.go")
	require.NoError(t, err)
	_, code, found := strings.Cut(string(data), "\nfunc sell(")
	require.True(t, found)
	return "func sell(" + code
}

func capabilityTable(t *testing.T) string {
	price, err := esim.ParseMoney("1.50", "USD")
	require.NoError(t, err)
	fly, err := esimfly.New(esimfly.Config{AccessCode: "esf_x", SecretKey: esim.NewSecret("sk_x")})
	require.NoError(t, err)
	story, err := esimstory.New(esimstory.Config{
		AccessKey: "ak", SecretKey: esim.NewSecret("c2VjcmV0LXNlY3JldC1zZWNyZXQ="),
		Catalog: []esim.Package{{Provider: esimstory.Provider, ID: "a1b2c3d4-e5f6-7890-abcd-ef1234567890", Name: "x", Price: price}},
	})
	require.NoError(t, err)
	fx, err := esimfx.New(esimfx.Config{
		ClientID: "id", ClientKey: esim.NewSecret("key"), Settings: esim.Settings{BaseURL: esimfx.ProductionURL},
	})
	require.NoError(t, err)

	clients := []esim.Client{fly, story, fx}
	var b strings.Builder
	b.WriteString("| | eSIMfly | eSIM Story | eSIMfx |\n| --- | --- | --- | --- |\n")
	fields := reflect.TypeFor[esim.Capabilities]()
	for i := range fields.NumField() {
		fmt.Fprintf(&b, "| `%s` |", fields.Field(i).Name)
		for _, c := range clients {
			capabilities := c.Capabilities()
			value := reflect.ValueOf(capabilities).Field(i).Interface()
			fmt.Fprintf(&b, " %s |", cell(fields.Field(i).Name, value, capabilities))
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func cell(field string, value any, c esim.Capabilities) string {
	if strings.HasPrefix(field, "TopUp") && !c.TopUp && field != "TopUp" {
		return "–"
	}
	if field == "MaxRepeats" && c.OrderRepeat != esim.RepeatSafe {
		return "–"
	}
	switch v := value.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "–"
	case time.Duration:
		if v == 0 {
			return "–"
		}
		if day := 24 * time.Hour; v%day == 0 {
			return fmt.Sprintf("%dd", v/day)
		}
		return v.String()
	case int:
		if v == 0 && field == "MaxQuantity" {
			return "not stated"
		}
	}
	return fmt.Sprint(value)
}

// TestErrorsDocument: docs/errors.md names every kind.
func TestErrorsDocument(t *testing.T) {
	data, err := os.ReadFile("docs/errors.md")
	require.NoError(t, err)
	source, err := os.ReadFile("errors.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`(?m)^\t(Err\w+) Kind = `).FindAllStringSubmatch(string(source), -1)
	require.Len(t, names, len(esim.Kinds()), "Kinds lists every kind")
	for _, n := range names {
		require.Contains(t, string(data), "| `"+n[1]+"` |")
	}
}
