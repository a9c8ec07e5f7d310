package esim_test

import (
	"errors"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/esimkit/esim"

// mayImport says which packages of this module a package may import, besides
// those below itself; the first matching row counts. "" is the package at the
// root, a name ending in /... that package and everything below it. A package
// without a row fails the test: decide where it stands, then add one.
var mayImport = []struct {
	pkg     string
	imports []string
}{
	{"", nil},
	{"evidence/...", []string{""}},
	{"adapter/...", []string{"", "adapter/wire", "internal/hmacsign", "evidence"}},
	{"internal/sqlstore/...", []string{"", "journal", "webhook", "router"}},
	{"internal/killproof/...", []string{"", "webhook", "esimfly", "esimtest/..."}},
	{"internal/recorder/...", []string{"internal/suite"}},
	{"internal/hmacsign/...", nil},
	{"internal/...", []string{""}},
	{"esimfly/...", []string{"", "adapter", "adapter/wire", "internal/hmacsign", "evidence"}},
	{"esimstory/...", []string{"", "adapter", "adapter/wire", "internal/hmacsign", "evidence"}},
	{"esimfx/...", []string{"", "adapter", "adapter/wire", "internal/hmacsign", "evidence"}},
	{"esimtest/resellers/...", []string{"", "esimfly", "esimstory", "esimfx", "esimtest", "esimtest/simulator"}},
	{"esimtest/internal/...", []string{""}},
	{"esimtest/...", []string{"", "esimtest", "esimtest/internal/...", "evidence"}},
	{"journal/internal/...", []string{"", "journal", "journal/internal/...", "esimfly", "esimstory", "esimfx", "esimtest/..."}},
	{"journal/journaltest/...", []string{"", "journal", "internal/suite"}},
	{"journal/...", []string{"", "evidence"}},
	{"webhook/inboxtest/...", []string{"", "webhook", "internal/suite"}},
	{"webhook/...", []string{""}},
	{"catalog/...", []string{""}},
	{"router/claimstest/...", []string{"", "router", "internal/suite"}},
	{"router/...", []string{"", "journal", "evidence"}},
	{"qr/...", []string{""}},
	{"examples/...", []string{
		"", "esimfly/...", "esimstory/...", "esimfx/...", "esimtest/...", "evidence",
		"journal/...", "webhook/...", "catalog/...", "router/...", "qr/...",
	}},
}

// onlyIn confines libraries to the packages named, in tests as well.
var onlyIn = []struct{ library, pkg string }{
	{"github.com/go-json-experiment/json", "adapter/wire"},
	{"rsc.io/qr", "qr"},
	{"github.com/sony/gobreaker/v2", "router"},
}

// testSupport are packages that only tests import, so they may use testOnly.
var testSupport = []string{"internal/golden", "internal/killproof", "internal/recorder"}

// testOnly are the libraries that users of this module must not inherit.
var testOnly = []string{
	"github.com/stretchr/testify",
	"github.com/jarcoal/httpmock",
	"pgregory.net/rapid",
	"go.uber.org/goleak",
	"github.com/makiuchi-d/gozxing",
}

func TestImportsPointDownwards(t *testing.T) {
	packages := goList(t, "{{.ImportPath}} {{join .Imports \" \"}}", "./...")
	require.Contains(t, packages, module, "go list must have seen this package")
	for pkg, imports := range packages {
		for _, imported := range imports {
			assert.Empty(t, violation(pkg, imported))
		}
	}
}

func TestLibrariesStayWhereTheyBelong(t *testing.T) {
	packages := goList(t, "{{.ImportPath}} {{join .Imports \" \"}} {{join .TestImports \" \"}} {{join .XTestImports \" \"}}", "./...")
	seen := make(map[string]bool)
	for pkg, imports := range packages {
		for _, imported := range imports {
			assert.Empty(t, misplaced(pkg, imported))
			seen[imported] = true
		}
	}
	for _, row := range onlyIn {
		assert.True(t, seen[row.library], "%s is imported nowhere: has it been renamed?", row.library)
	}
}

func TestUsersInheritNoTestLibrary(t *testing.T) {
	args := []string{"-deps"}
	for pkg := range goList(t, "{{.ImportPath}}", "./...") {
		if !slices.Contains(testSupport, inModule(pkg)) {
			args = append(args, pkg)
		}
	}
	require.Contains(t, args, module)
	for path := range goList(t, "{{.ImportPath}}", args...) {
		for _, library := range testOnly {
			assert.False(t, within(path, library+"/..."), "%s is reached from a package that is no test", path)
		}
	}
}

// The rules themselves: what they must refuse, and what they must let pass.
func TestImportRules(t *testing.T) {
	const deep = module + "/"
	for _, tc := range []struct {
		pkg, imported string
		allowed       bool
	}{
		{module, "net/http", true},
		{module, "github.com/govalues/decimal", true},
		{module, deep + "adapter/wire", false},
		{module, deep + "esimfly", false},
		{deep + "adapter/wire", module, true},
		{deep + "adapter/wire", deep + "internal/hmacsign", false},
		{deep + "adapter", deep + "adapter/wire", true},
		{deep + "adapter", deep + "esimfx", false},
		{deep + "esimfly", module, true},
		{deep + "esimfly", deep + "adapter", true},
		{deep + "esimfly", deep + "esimfly/internal/page", true},
		{deep + "esimfly", deep + "esimstory", false},
		{deep + "esimfly", deep + "journal", false},
		{deep + "esimfly", deep + "internal/golden", false},
		{deep + "esimtest", deep + "internal/hmacsign", false},
		{deep + "esimtest", deep + "esimfly", false},
		{deep + "esimtest/simulator", deep + "esimtest/internal/money", true},
		{deep + "esimtest/simulator", deep + "esimtest/memory", false},
		{deep + "esimtest/simulator", deep + "adapter", false},
		{deep + "esimtest/conformance", deep + "esimtest", true},
		{deep + "esimtest/conformance", deep + "esimtest/simulator", false},
		{deep + "esimtest/resellers", deep + "esimfx", true},
		{deep + "journal", deep + "esimfly", false},
		{deep + "journal", deep + "evidence", true},
		{deep + "evidence", deep + "adapter/wire", false},
		{deep + "qr", module, true},
		{deep + "qr", deep + "router", false},
		{deep + "examples/quickstart", deep + "esimtest", true},
		{deep + "examples/quickstart", deep + "adapter/wire", false},
		{deep + "shelf", "fmt", false}, // no row
		{deep + "esimflyer", deep + "adapter/wire", false},
	} {
		assert.Equal(t, tc.allowed, violation(tc.pkg, tc.imported) == "", "%s imports %s", tc.pkg, tc.imported)
	}
	for _, tc := range []struct {
		pkg, imported string
		allowed       bool
	}{
		{deep + "adapter/wire", "github.com/go-json-experiment/json/jsontext", true},
		{deep + "esimfx", "github.com/go-json-experiment/json/jsontext", false},
		{deep + "esimfx", "github.com/go-json-experiment/json", false},
		{deep + "esimfx", "encoding/json", true},
		{deep + "router", "rsc.io/qr", false},
	} {
		assert.Equal(t, tc.allowed, misplaced(tc.pkg, tc.imported) == "", "%s imports %s", tc.pkg, tc.imported)
	}
}

// violation explains why pkg may not import the other package, "" if it may.
func violation(pkg, imported string) string {
	from := inModule(pkg)
	for _, row := range mayImport {
		if !within(from, row.pkg) {
			continue
		}
		if !within(imported, module+"/...") {
			return ""
		}
		to := inModule(imported)
		if slices.Contains(testSupport, to) {
			return pkg + " must not import " + imported + " outside its tests"
		}
		below := from != "" && within(to, from+"/...")
		if below || slices.ContainsFunc(row.imports, func(pattern string) bool { return within(to, pattern) }) {
			return ""
		}
		return pkg + " must not import " + imported
	}
	return pkg + " has no row in mayImport"
}

// misplaced explains which library pkg should leave to another, "" if none.
func misplaced(pkg, imported string) string {
	for _, row := range onlyIn {
		if within(imported, row.library+"/...") && inModule(pkg) != row.pkg {
			return pkg + " must leave " + imported + " to " + row.pkg
		}
	}
	return ""
}

// inModule returns a path relative to the module, "" for its root package.
func inModule(path string) string {
	return strings.TrimPrefix(strings.TrimPrefix(path, module), "/")
}

// within reports whether path is the package of pattern or, with /... at the
// end, lies below it.
func within(path, pattern string) bool {
	tree, recursive := strings.CutSuffix(pattern, "/...")
	return path == tree || recursive && strings.HasPrefix(path, tree+"/")
}

// goList runs go list and returns its lines, the first word pointing to the rest.
func goList(t *testing.T, format string, args ...string) map[string][]string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", append([]string{"list", "-f", format}, args...)...).Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %s", failed.Stderr)
	}
	require.NoError(t, err)
	lines := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		lines[words[0]] = words[1:]
	}
	return lines
}
