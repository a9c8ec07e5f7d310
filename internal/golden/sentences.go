package golden

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Sentences checks the table "Sentences" in the README of a provider's recorded
// exchanges: each row has a sentence of a document, the code that rests on it
// and the tests that hold it. Code and tests must exist in the adapter's folder,
// so that a changed document finds them.
func Sentences(t *testing.T, provider string) {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join(Recorded(t, provider), "README.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(doc), "\n## Sentences\n")
	require.True(t, found, "the README has no table of sentences")
	section, _, _ = strings.Cut(section, "\n## ")
	names := declared(t, ".")
	rows := 0
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 || cells[0] == "| sentence" {
			continue
		}
		rows++
		for i, cell := range cells[1:] {
			quoted := regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(cell, -1)
			require.NotEmpty(t, quoted, line)
			for _, name := range quoted {
				isTest := strings.HasPrefix(name[1], "Test") || strings.HasPrefix(name[1], "Fuzz")
				require.Equal(t, i == 1, isTest, "%s stands in the wrong column of: %s", name[1], line)
				require.True(t, names[name[1]], "%s is not in the adapter; see: %s", name[1], line)
			}
		}
	}
	require.NotZero(t, rows)
}

// declared returns the names of a folder's declarations: of methods as Type.Name,
// of fields as Type.Field.
func declared(t *testing.T, dir string) map[string]bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		for _, d := range file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				names[receiver(d)+d.Name.Name] = true
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					declare(names, spec)
				}
			}
		}
	}
	return names
}

func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return ""
	}
	kind := d.Recv.List[0].Type
	if star, ok := kind.(*ast.StarExpr); ok {
		kind = star.X
	}
	if name, ok := kind.(*ast.Ident); ok {
		return name.Name + "."
	}
	return ""
}

func declare(names map[string]bool, spec ast.Spec) {
	switch s := spec.(type) {
	case *ast.ValueSpec:
		for _, name := range s.Names {
			names[name.Name] = true
		}
	case *ast.TypeSpec:
		names[s.Name.Name] = true
		fields, ok := s.Type.(*ast.StructType)
		if !ok {
			return
		}
		for _, field := range fields.Fields.List {
			for _, name := range field.Names {
				names[s.Name.Name+"."+name.Name] = true
			}
		}
	}
}
