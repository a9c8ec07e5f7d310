package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const house = "github.com/example/kit"

// files is a house with a library, a module that needs it, a command that
// needs both, and a test of its own.
var files = map[string]string{
	"go.work": `go 1.26.0

use (
	./shop
	./internal/proof
	./store
	.
)

replace (
	github.com/example/kit v0.0.0 => ./
	github.com/example/kit/store v0.0.0 => ./store
)
`,
	"go.mod":                    "module github.com/example/kit\n\ngo 1.26.0\n",
	"kit.go":                    "package kit\n\n// Name is exported.\nconst Name = \"kit\"\n",
	"internal/secret/secret.go": "package secret\n",
	"LICENSE":                   "free\n",
	"CHANGELOG.md":              "# Changelog\n\n## Unreleased\n\n- a kit\n",
	"store/go.mod":              "module github.com/example/kit/store\n\ngo 1.26.0\n\nrequire github.com/example/kit v0.0.0\n",
	"store/store.go":            "package store\n\nimport \"github.com/example/kit\"\n\n// Name is exported.\nconst Name = kit.Name + \"store\"\n",
	"shop/go.mod": "module github.com/example/kit/shop\n\ngo 1.26.0\n\n" +
		"require (\n\tgithub.com/example/kit v0.0.0\n\tgithub.com/example/kit/store v0.0.0\n)\n",
	"shop/main.go": "package main\n\nimport (\n\t\"github.com/example/kit\"\n\t\"github.com/example/kit/store\"\n)\n\n" +
		"func main() { println(kit.Name, store.Name) }\n",
	"internal/proof/go.mod":   "module github.com/example/kit/internal/proof\n\ngo 1.26.0\n\nrequire github.com/example/kit/store v0.0.0\n\nrequire github.com/example/kit v0.0.0 // indirect\n",
	"internal/proof/proof.go": "package proof\n\nimport _ \"github.com/example/kit/store\"\n",
	"pictures/go.mod":         "module github.com/example/kit/pictures\n",
	"pictures/large.png":      "large",
}

// build writes the house, with some files changed, and commits it.
func build(t *testing.T, changed map[string]string) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("SKIPPED: git is not installed, and what it tracks is what gets published")
	}
	t.Setenv("GOWORK", "")
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "-modcacherw")
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	dir := t.TempDir()
	for _, set := range []map[string]string{files, changed} {
		for name, text := range set {
			file := filepath.Join(dir, name)
			if text == "" {
				require.NoError(t, os.Remove(file))
				continue
			}
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o750))
			require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		}
	}
	git(t, dir, "init", "-q", "-b", "main")
	commit(t, dir)
	return dir
}

func git(t *testing.T, dir string, args ...string) {
	t.Helper()
	_, err := command(t.Context(), dir, nil, "git", args...)
	require.NoError(t, err)
}

func commit(t *testing.T, dir string) {
	t.Helper()
	git(t, dir, "add", "-A")
	git(t, dir, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qm", "all")
}

func contents(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(text)
}

func TestConsumer(t *testing.T) {
	dir := build(t, nil)
	var out strings.Builder
	require.NoError(t, do(t.Context(), &out, dir, "shop", false, []string{"consumer"}))
	assert.Regexp(t, `(?m)^ok  github.com/example/kit +\d kB,  1 packages, 0 commands`, out.String())
	assert.Regexp(t, `(?m)^ok  github.com/example/kit/store +\d kB,  1 packages, 0 commands`, out.String())
	assert.Regexp(t, `(?m)^ok  github.com/example/kit/shop +\d kB,  0 packages, 1 commands`, out.String())
	assert.Equal(t, 3, strings.Count(out.String(), "ok "), "the proof is for nobody else")
	left, err := filepath.Glob(filepath.Join(os.Getenv("GOMODCACHE"), "github.com/example/*@*"))
	require.NoError(t, err)
	assert.Empty(t, left, "the version stays in the module cache")
	assert.Contains(t, contents(t, dir, "store/go.mod"), "kit v0.0.0", "the tree itself is as it was")
}

func TestConsumerIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name, because string
		changed       map[string]string
	}{
		{"a requirement that nobody serves", "v0.0.0", map[string]string{"go.work": "go 1.26.0\n\nuse (\n\t.\n\t./store\n\t./shop\n)\n"}},
		{"a command with a replace", "replace directives", map[string]string{
			"shop/go.mod": files["shop/go.mod"] + "\nreplace github.com/example/kit => ../\n",
		}},
		{"a package that needs a file outside the zip", "no matching files", map[string]string{
			"kit.go": "package kit\n\nimport _ \"embed\"\n\n//go:embed pictures/large.png\nvar Name string\n",
		}},
		{"nothing but what is internal", "nothing that a stranger can use", map[string]string{
			"store/store.go":             "",
			"store/internal/in/store.go": "package in\n",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := do(t.Context(), io.Discard, build(t, tc.changed), "", false, []string{"consumer"})
			require.ErrorContains(t, err, tc.because)
		})
	}
}

func TestAlone(t *testing.T) {
	require.NoError(t, do(t.Context(), io.Discard, build(t, nil), "", false, []string{"alone"}))
	for _, tc := range []struct {
		name, because string
		changed       map[string]string
	}{
		{"a module that is not tidy", "diff current/go.mod", map[string]string{
			"internal/proof/go.mod": "module github.com/example/kit/internal/proof\n\ngo 1.26.0\n\nrequire github.com/example/kit/store v0.0.0\n",
		}},
		{"a library with a replace", "has a replace", map[string]string{"store/go.mod": files["store/go.mod"] + "\nreplace github.com/example/kit => ../\n"}},
		{"a package that does not build", "build", map[string]string{"store/store.go": "package store\n\nvar Name int = \"\"\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := do(t.Context(), io.Discard, build(t, tc.changed), "", false, []string{"alone"})
			require.ErrorContains(t, err, tc.because)
		})
	}
	dir := build(t, map[string]string{"internal/proof/go.mod": "module github.com/example/kit/internal/proof\n\ngo 1.26.0\n\nrequire github.com/example/kit/store v0.0.0\n"})
	const own = house + " v0.0.0 h1:aaaa=\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "internal/proof/go.sum"), []byte(own), 0o600))
	require.NoError(t, do(t.Context(), io.Discard, dir, "", true, []string{"alone"}))
	assert.Equal(t, files["internal/proof/go.mod"], contents(t, dir, "internal/proof/go.mod"))
	assert.Equal(t, own, contents(t, dir, "internal/proof/go.sum"), "a checksum of our own is a release's business")
}

// The checksums that a release writes are those that the go command finds when
// it fetches the tags.
func TestNext(t *testing.T) {
	dir := build(t, nil)
	release := func(write bool, version string) string {
		var out strings.Builder
		require.NoError(t, do(t.Context(), &out, dir, "", write, []string{"next", version}))
		return out.String()
	}
	dry := release(false, "v0.1.0")
	assert.Contains(t, dry, "changes "+filepath.Join("shop", "go.sum"))
	assert.Contains(t, dry, "nothing has been written")
	assert.Contains(t, contents(t, dir, "go.work"), "kit v0.0.0 => ./")

	release(true, "v0.1.0")
	assert.Contains(t, contents(t, dir, "go.work"), "kit v0.1.0 => ./\n")
	assert.Contains(t, contents(t, dir, "shop/go.mod"), "kit/store v0.1.0\n")
	assert.Contains(t, contents(t, dir, "internal/proof/go.mod"), "kit v0.1.0 // indirect")
	assert.Regexp(t, `## Unreleased\n\n## v0\.1\.0, 20\d\d-\d\d-\d\d\n\n- a kit\n`, contents(t, dir, "CHANGELOG.md"))
	require.ErrorContains(t, do(t.Context(), io.Discard, dir, "", true, []string{"next", "v0.1.1"}), "commit first")
	commit(t, dir)
	again := release(false, "v0.1.0")
	assert.Contains(t, again, "this tree is v0.1.0\n")
	require.NoError(t, do(t.Context(), io.Discard, dir, "", false, []string{"alone"}), "after a release too")

	_, tags, found := strings.Cut(again, "one commit:\n")
	require.True(t, found)
	for line := range strings.Lines(tags) {
		git(t, dir, strings.Fields(line)[1:]...)
	}
	fetched := []string{
		"GOPROXY=direct", "GONOSUMDB=*", "GOFLAGS=-mod=readonly -modcacherw", "GOWORK=off",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=url." + dir + ".insteadOf", "GIT_CONFIG_VALUE_0=https://" + house,
	}
	_, err := command(t.Context(), filepath.Join(dir, "shop"), fetched, "go", "build", "-o", os.DevNull, ".")
	require.NoError(t, err, "the go command compares what it fetches with go.sum")
	sums := contents(t, dir, "shop/go.sum")
	require.Equal(t, 4, strings.Count(sums, "\n"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "shop/go.sum"), []byte(strings.ReplaceAll(sums, "h1:", "h1:x")), 0o600))
	_, err = command(t.Context(), filepath.Join(dir, "shop"), fetched, "go", "build", "-o", os.DevNull, ".")
	require.ErrorContains(t, err, "go.sum", "or nothing has been compared")
}

func TestNextRefuses(t *testing.T) {
	for _, tc := range []struct {
		name, version, because string
		changed                map[string]string
	}{
		{"no version", "0.1.0", "is no version", nil},
		{"half a version", "v0.1", "is no version", nil},
		{"nothing new", "v0.1.0", "nothing under its heading", map[string]string{"CHANGELOG.md": "# Changelog\n\n## Unreleased\n\n## v0.0.9, 2026-01-01\n\n- a kit\n"}},
		{"a circle", "v0.1.0", "circle", map[string]string{"go.mod": files["go.mod"] + "\nrequire github.com/example/kit/store v0.0.0\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := do(context.WithoutCancel(t.Context()), io.Discard, build(t, tc.changed), "", false, []string{"next", tc.version})
			require.ErrorContains(t, err, tc.because)
		})
	}
}
