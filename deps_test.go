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
// its own internal ones; "" is the package at the root. A package without a row
// may import all of these, and no package of a row may import it: a new folder
// needs no edit.
var mayImport = map[string][]string{
	"":                     {},
	"internal/hmacsign":    {},
	"adapter/wire":         {""},
	"evidence":             {""},
	"adapter":              {"", "adapter/wire", "internal/hmacsign", "evidence"},
	"esimstory/pricesheet": {"", "adapter/wire"},
	"esimfly":              {"", "adapter", "adapter/wire", "evidence"},
	"esimfx":               {"", "adapter", "adapter/wire", "evidence"},
	"esimstory":            {"", "adapter", "adapter/wire", "evidence", "esimstory/pricesheet"},
	"install":              {""},
	"qr":                   {""},
	"catalog":              {""},
	"journal":              {"", "evidence"},
	"router":               {"", "journal", "evidence"},
	"webhook":              {""},
	"esimtest":             {"", "evidence"},
	"esimtest/simulator":   {"", "evidence", "esimtest"},
	"esimtest/memory":      {"", "evidence", "esimtest"},
	"esimtest/conformance": {"", "evidence", "esimtest"},
	"esimtest/resellers": {
		"", "evidence", "esimfly", "esimstory", "esimfx",
		"esimtest", "esimtest/simulator", "esimtest/memory", "esimtest/conformance",
	},
	"internal/sqlstore": {"", "journal", "webhook", "router"},
	"sqlite":            {"", "journal", "webhook", "router", "internal/sqlstore"},
	"postgres":          {"", "journal", "webhook", "router", "internal/sqlstore"},
}

// onlyIn confines libraries to the packages named, in tests as well.
var onlyIn = []struct{ library, pkg string }{
	{"github.com/go-json-experiment/json", "adapter/wire"},
	{"rsc.io/qr", "qr"},
	{"github.com/sony/gobreaker/v2", "router"},
}

// testOnly are the libraries that users of this module must not inherit.
var testOnly = []string{
	"github.com/stretchr/testify",
	"github.com/jarcoal/httpmock",
	"pgregory.net/rapid",
	"go.uber.org/goleak",
	"github.com/makiuchi-d/gozxing",
}

func TestImportsPointDownwards(t *testing.T) {
	packages := goList(t, "{{.ImportPath}} {{join .Imports \" \"}}", everything(t))
	require.Contains(t, packages, module, "go list must have seen this package")
	for row := range mayImport {
		of := strings.TrimSuffix(module+"/"+row, "/")
		if _, ok := packages[of]; !ok && everything(t) == "work" {
			t.Errorf("%q has a row, and is no package", row)
		}
		for imported, by := range reached(packages, row, of) {
			assert.Empty(t, violation(row, imported), "imported by %s", by)
		}
	}
}

// reached is what a package imports, itself or by internal packages of its own,
// each with the one that imports it.
func reached(packages map[string][]string, row, from string) map[string]string {
	by := make(map[string]string)
	for next := []string{from}; len(next) > 0; next = next[1:] {
		for _, imported := range packages[next[0]] {
			if _, seen := by[imported]; seen {
				continue
			}
			by[imported] = next[0]
			if owns(row, inModule(imported)) {
				next = append(next, imported)
			}
		}
	}
	return by
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
	for pkg := range mayImport {
		if pkg == "sqlite" || pkg == "postgres" {
			continue // modules of their own
		}
		for path := range goList(t, "{{.ImportPath}}", "-deps", "./"+pkg) {
			for _, library := range testOnly {
				assert.False(t, within(path, library+"/..."), "%s is reached from %s", path, pkg)
			}
		}
	}
}

// everything is what to list: all modules where a workspace names them.
func everything(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOWORK").Output()
	require.NoError(t, err)
	if file := strings.TrimSpace(string(out)); file == "" || file == "off" {
		return "./..."
	}
	return "work"
}

// The rules themselves: what they must refuse, and what they must let pass.
func TestImportRules(t *testing.T) {
	const deep = module + "/"
	for _, tc := range []struct {
		row, imported string
		allowed       bool
	}{
		{"", "net/http", true},
		{"", deep + "adapter/wire", false},
		{"adapter/wire", module, true},
		{"adapter/wire", deep + "internal/hmacsign", false},
		{"adapter", deep + "adapter/wire", true},
		{"adapter", deep + "esimfx", false},
		{"adapter", deep + "novelty", false}, // a new folder
		{"esimfly", deep + "adapter", true},
		{"esimfly", deep + "esimfly/internal/page", true},
		{"esimfly", deep + "esimflyer", false},
		{"esimfly", deep + "esimstory", false},
		{"esimfly", deep + "internal/golden", false},
		{"esimtest/conformance", deep + "esimtest/memory", false},
		{"esimtest/memory", deep + "esimtest/internal/money", true},
		{"esimtest", deep + "esimfly", false},
		{"journal", deep + "esimfly", false},
		{"qr", deep + "router", false},
	} {
		assert.Equal(t, tc.allowed, violation(tc.row, tc.imported) == "", "%s imports %s", tc.row, tc.imported)
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

// violation explains why the package of a row may not import the other package,
// "" if it may.
func violation(row, imported string) string {
	to := inModule(imported)
	if !within(imported, module+"/...") || owns(row, to) || slices.Contains(mayImport[row], to) {
		return ""
	}
	return row + " must not import " + imported
}

// owns reports whether a package is internal to that of the row, or to one of
// which the row is a part.
func owns(row, pkg string) bool {
	of, _, internal := strings.Cut(pkg, "/internal/")
	return internal && within(row, of+"/...")
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
