package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

// tree is a checkout: the modules that its go.work names, each after those
// that it requires.
type tree struct {
	dir     string
	modules []mod
}

type mod struct {
	path string
	dir  string // below the tree, "." for the first
	file *modfile.File
}

func (m mod) published() bool { return !strings.Contains(m.path+"/", "/internal/") }

// tag names the tag that publishes the module.
func (m mod) tag(version string) string {
	if m.dir == "." {
		return version
	}
	return filepath.ToSlash(m.dir) + "/" + version
}

func read(dir string) (*tree, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	work, err := readWork(dir)
	if err != nil {
		return nil, err
	}
	t := &tree{dir: dir}
	for _, use := range work.Use {
		file := filepath.Join(dir, use.Path, "go.mod")
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		parsed, err := modfile.Parse(file, text, nil)
		if err != nil {
			return nil, err
		}
		t.modules = append(t.modules, mod{path: parsed.Module.Mod.Path, dir: filepath.Clean(use.Path), file: parsed})
	}
	return t, t.sort()
}

func readWork(dir string) (*modfile.WorkFile, error) {
	file := filepath.Join(dir, "go.work")
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return modfile.ParseWork(file, text, nil)
}

// sort puts each module after those that it requires: its go.sum holds their
// checksums.
func (t *tree) sort() error {
	var sorted []mod
	for len(t.modules) > 0 {
		i := slices.IndexFunc(t.modules, func(m mod) bool {
			return !slices.ContainsFunc(m.file.Require, func(r *modfile.Require) bool { return t.has(r.Mod.Path) })
		})
		if i < 0 {
			return errors.New("the modules require one another in a circle")
		}
		sorted = append(sorted, t.modules[i])
		t.modules = slices.Delete(t.modules, i, i+1)
	}
	t.modules = sorted
	return nil
}

func (t *tree) has(path string) bool {
	return slices.ContainsFunc(t.modules, func(m mod) bool { return m.path == path })
}

// copyTo copies the files that git knows or would add, and reads the copy. It
// only lists them, so it does not matter whose the repository is.
func (t *tree) copyTo(ctx context.Context, dir string) (*tree, error) {
	list, err := command(ctx, t.dir, nil, "git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	for name := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		text, err := os.ReadFile(filepath.Join(t.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue // deleted, and not yet committed
		}
		if err != nil {
			return nil, err
		}
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return nil, err
		}
	}
	return read(dir)
}

// stamp gives all modules one version: in the requirements that go.work binds
// to this tree, in go.work, and in each go.sum. What is to be published it
// writes to a proxy's folder on the way.
func (t *tree) stamp(version, proxy string) error {
	work, err := readWork(t.dir)
	if err != nil {
		return err
	}
	bound := map[module.Version]bool{}
	for _, r := range slices.Clone(work.Replace) {
		if !t.has(r.Old.Path) {
			continue
		}
		old, dir := r.Old, r.New.Path // which DropReplace clears
		bound[old] = true
		if err := errors.Join(work.DropReplace(old.Path, old.Version), work.AddReplace(old.Path, version, dir, "")); err != nil {
			return err
		}
	}
	work.SortBlocks()
	work.Cleanup()
	if err := os.WriteFile(filepath.Join(t.dir, "go.work"), modfile.Format(work.Syntax), 0o600); err != nil {
		return err
	}
	sums := map[string][]sum{}
	for _, m := range t.modules {
		var known []sum
		for _, r := range m.file.Require {
			if bound[r.Mod] {
				if err := m.file.AddRequire(r.Mod.Path, version); err != nil {
					return err
				}
				known = append(known, sums[r.Mod.Path]...)
			}
		}
		text, err := m.file.Format()
		if err != nil {
			return err
		}
		dir := filepath.Join(t.dir, m.dir)
		if err = os.WriteFile(filepath.Join(dir, "go.mod"), text, 0o600); err != nil {
			return err
		}
		others, err := t.readSums(filepath.Join(dir, "go.sum"), false)
		if err != nil {
			return err
		}
		if err = writeSums(filepath.Join(dir, "go.sum"), append(others, known...)); err != nil {
			return err
		}
		if !m.published() {
			continue
		}
		if sums[m.path], err = t.publish(m, version, proxy); err != nil {
			return fmt.Errorf("%s: %w", m.path, err)
		}
	}
	return nil
}

// sum is a line of a go.sum.
type sum struct {
	of   module.Version
	hash string
}

// readSums reads the lines of a go.sum that are of the tree's own modules, or
// all others.
func (t *tree) readSums(file string, own bool) ([]sum, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	var sums []sum
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && t.has(f[0]) == own {
			sums = append(sums, sum{module.Version{Path: f[0], Version: f[1]}, f[2]})
		}
	}
	return sums, nil
}

// writeSums writes a go.sum in the order that the go command gives it.
func writeSums(file string, sums []sum) error {
	if len(sums) == 0 {
		return nil
	}
	hashes := map[module.Version]string{}
	var all []module.Version
	for _, s := range sums {
		all = append(all, s.of)
		hashes[s.of] = s.hash
	}
	module.Sort(all)
	var out strings.Builder
	for _, v := range all {
		fmt.Fprintf(&out, "%s %s %s\n", v.Path, v.Version, hashes[v])
	}
	return os.WriteFile(file, []byte(out.String()), 0o600)
}

// sumFile names the go.sum that belongs to a go.mod.
func sumFile(file string) string { return strings.TrimSuffix(file, ".mod") + ".sum" }
