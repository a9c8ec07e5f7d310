package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// alone builds each module without the workspace, and asks whether its go.mod
// and go.sum are tidy, or makes them so. It works on copies of both that bind
// our other modules to this tree, so it needs no published version.
func alone(ctx context.Context, out io.Writer, t *tree, write bool) error {
	scratch, err := os.MkdirTemp("", "esim-alone-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	for i, m := range t.modules {
		if len(m.file.Replace) > 0 {
			return fmt.Errorf("%s has a replace: go get ignores it, and go install refuses it", m.path)
		}
		bound := filepath.Join(scratch, fmt.Sprintf("%d.mod", i))
		if err := t.bind(m, bound); err != nil {
			return err
		}
		dir := filepath.Join(t.dir, m.dir)
		tidy := []string{"mod", "tidy", "-modfile=" + bound}
		if !write {
			tidy = append(tidy, "-diff")
		}
		for _, args := range [][]string{tidy, {"build", "-o", os.DevNull, "-modfile=" + bound, "./..."}} {
			if _, err := command(ctx, dir, []string{"GOWORK=off"}, "go", args...); err != nil {
				return fmt.Errorf("%s: %w", m.path, err)
			}
		}
		if write {
			if err := t.unbind(m, bound); err != nil {
				return err
			}
		}
		fmt.Fprintln(out, "ok ", m.path)
	}
	return nil
}

func (t *tree) others(m mod) []mod {
	var all []mod
	for _, other := range t.modules {
		if other.path != m.path {
			all = append(all, other)
		}
	}
	return all
}

// bind writes a copy of the module's go.mod, with a replace for each of our
// others, and its go.sum, in which those have no place.
func (t *tree) bind(m mod, file string) error {
	for _, other := range t.others(m) {
		if err := m.file.AddReplace(other.path, "", filepath.Join(t.dir, other.dir), ""); err != nil {
			return err
		}
	}
	text, err := m.file.Format()
	if err != nil {
		return err
	}
	sums, err := t.readSums(filepath.Join(t.dir, m.dir, "go.sum"), false)
	return errors.Join(err, os.WriteFile(file, text, 0o600), writeSums(sumFile(file), sums))
}

// unbind writes a copy back that go mod tidy has changed.
func (t *tree) unbind(m mod, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	tidied, err := modfile.Parse(file, text, nil)
	if err != nil {
		return err
	}
	for _, other := range t.others(m) {
		if err = tidied.DropReplace(other.path, ""); err != nil {
			return err
		}
	}
	tidied.Cleanup()
	if text, err = tidied.Format(); err != nil {
		return err
	}
	dir := filepath.Join(t.dir, m.dir)
	ours, err := t.readSums(filepath.Join(dir, "go.sum"), true)
	if err != nil {
		return err
	}
	sums, err := t.readSums(sumFile(file), false)
	return errors.Join(err, os.WriteFile(filepath.Join(dir, "go.mod"), text, 0o600), writeSums(filepath.Join(dir, "go.sum"), append(sums, ours...)))
}
