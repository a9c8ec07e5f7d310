package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

const unreleased = "## Unreleased\n"

// next turns the tree into a release, or only says what that would change, and
// names the tags that publish it. On a tree that is that release it changes
// nothing.
func next(ctx context.Context, out io.Writer, t *tree, version string, write bool) error {
	if semver.Canonical(version) != version || version == "" {
		return fmt.Errorf("%q is no version: v0.1.0 is one", version)
	}
	if write {
		status, err := command(ctx, t.dir, nil, "git", "status", "--porcelain")
		if err != nil {
			return err
		}
		if status != "" {
			return errors.New("commit first: the checksums are of what the tags will hold\n" + status)
		}
	}
	scratch, err := os.MkdirTemp("", "esim-release-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	released, err := t.copyTo(ctx, filepath.Join(scratch, "tree"))
	if err != nil {
		return err
	}
	if err := released.log(version); err != nil {
		return err
	}
	if err := released.stamp(version, filepath.Join(scratch, "proxy")); err != nil {
		return err
	}
	names := []string{"CHANGELOG.md", "go.work"}
	for _, m := range released.modules {
		names = append(names, filepath.Join(m.dir, "go.mod"), filepath.Join(m.dir, "go.sum"))
	}
	changed := 0
	for _, name := range names {
		was, before := os.ReadFile(filepath.Join(t.dir, name))
		is, after := os.ReadFile(filepath.Join(released.dir, name))
		if errors.Is(after, fs.ErrNotExist) || before == nil && bytes.Equal(was, is) {
			continue
		}
		changed++
		fmt.Fprintln(out, "changes", name)
		if write {
			if err := os.WriteFile(filepath.Join(t.dir, name), is, 0o600); err != nil {
				return err
			}
		}
	}
	switch {
	case changed == 0:
		fmt.Fprintln(out, "this tree is", version)
	case !write:
		fmt.Fprintln(out, "nothing has been written; add -write")
	default:
		fmt.Fprintf(out, "commit this, and nothing with it:\n  git commit -am 'release %s'\n", version)
	}
	fmt.Fprintln(out, "tags, all on that one commit:")
	for _, m := range released.modules {
		if m.published() {
			fmt.Fprintln(out, "  git tag", m.tag(version))
		}
	}
	return nil
}

// log gives what is unreleased in CHANGELOG.md the version as its heading.
func (t *tree) log(version string) error {
	file := filepath.Join(t.dir, "CHANGELOG.md")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.Contains(string(text), "\n## "+version+",") {
		return nil
	}
	before, after, found := strings.Cut(string(text), unreleased)
	changes, _, _ := strings.Cut(after, "\n## ")
	if !found || strings.TrimSpace(changes) == "" {
		return errors.New("CHANGELOG.md has nothing under its heading Unreleased")
	}
	heading := fmt.Sprintf("%s\n## %s, %s\n", unreleased, version, time.Now().UTC().Format(time.DateOnly))
	return os.WriteFile(file, []byte(before+heading+after), 0o600)
}
