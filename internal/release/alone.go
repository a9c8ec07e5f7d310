package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// alone builds each module without the workspace, and asks whether its go.mod
// and go.sum are tidy. The copies of both bind our other modules to this tree,
// so that it also works between two releases.
func alone(ctx context.Context, out io.Writer, t *tree) error {
	scratch, err := os.MkdirTemp("", "esim-alone-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	for i, m := range t.modules {
		file := filepath.Join(scratch, fmt.Sprintf("%d.mod", i))
		dir := filepath.Join(t.dir, m.dir)
		for _, other := range t.modules {
			if other.path == m.path {
				continue
			}
			if err := m.file.AddReplace(other.path, "", filepath.Join(t.dir, other.dir), ""); err != nil {
				return err
			}
		}
		text, err := m.file.Format()
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
		if err := t.writeSums(filepath.Join(dir, "go.sum"), filepath.Join(scratch, fmt.Sprintf("%d.sum", i)), nil); err != nil {
			return err
		}
		for _, args := range [][]string{{"mod", "tidy", "-diff", "-modfile=" + file}, {"build", "-o", os.DevNull, "-modfile=" + file, "./..."}} {
			if _, err := command(ctx, dir, []string{"GOWORK=off"}, "go", args...); err != nil {
				return fmt.Errorf("%s: %w", m.path, err)
			}
		}
		fmt.Fprintln(out, "ok ", m.path)
	}
	return nil
}
