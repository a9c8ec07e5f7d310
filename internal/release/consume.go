package main

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/module"
)

// consume does with a version of the tree what a stranger does: gets each
// module into an empty one, builds a program with its packages, and installs
// its commands.
func consume(ctx context.Context, out io.Writer, t *tree, try string) error {
	scratch, err := os.MkdirTemp("", "esim-consumer-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	proxy := filepath.Join(scratch, "proxy")
	t, err = t.copyTo(ctx, filepath.Join(scratch, "tree"))
	if err != nil {
		return err
	}
	// The module cache believes that a version never changes, so each run has its own.
	version := fmt.Sprintf("v0.0.1-test.%d.%d", time.Now().Unix(), os.Getpid())
	if err = t.stamp(version, proxy); err != nil {
		return err
	}
	s := stranger{scratch: scratch, version: version, out: out}
	if s.env, err = environment(ctx, t, proxy); err != nil {
		return err
	}
	s.env = append(s.env, "GOBIN="+filepath.Join(scratch, "bin"))
	defer forget(ctx, t, version)
	for _, m := range t.modules {
		if !m.published() {
			continue
		}
		if err = s.uses(ctx, m.path, zipSize(proxy, m.path, version)); err != nil {
			return err
		}
	}
	if try == "" {
		return nil
	}
	_, err = s.goes(ctx, "anywhere", "run", t.modules[0].path+"/"+try+"@"+version)
	return err
}

// environment is what a stranger has, and the proxy in front of the usual ones.
func environment(ctx context.Context, t *tree, proxy string) ([]string, error) {
	text, err := command(ctx, t.dir, nil, "go", "env", "GOPROXY", "GOFLAGS", "GONOSUMDB")
	if err != nil {
		return nil, err
	}
	usual := strings.Split(text, "\n")
	return []string{
		"GOWORK=off",
		"GOPROXY=file://" + filepath.ToSlash(proxy) + "," + usual[0],
		"GOFLAGS=" + strings.TrimSpace(usual[1]+" -mod=mod"),
		"GONOSUMDB=" + strings.TrimPrefix(usual[2]+","+t.modules[0].path, ","),
	}, nil
}

func zipSize(proxy, path, version string) int64 {
	if escaped, err := module.EscapePath(path); err == nil {
		if info, err := os.Stat(filepath.Join(proxy, filepath.FromSlash(escaped), "@v", version+".zip")); err == nil {
			return info.Size()
		}
	}
	return 0
}

type stranger struct {
	scratch, version string
	env              []string
	out              io.Writer
}

func (s stranger) uses(ctx context.Context, path string, size int64) error {
	started := time.Now()
	place := strings.ReplaceAll(path, "/", "_")
	if _, err := s.goes(ctx, place, "mod", "init", "example.com/shop"); err != nil {
		return err
	}
	if _, err := s.goes(ctx, place, "get", path+"@"+s.version); err != nil {
		return err
	}
	list, err := s.goes(ctx, place, "list", "-f", "{{.Name}} {{.ImportPath}}", path+"/...")
	if err != nil {
		return err
	}
	libraries, commands := 0, 0
	var imports strings.Builder
	for line := range strings.Lines(list) {
		name, imported, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case name == "main":
			commands++
		case !strings.Contains(imported+"/", "/internal/"):
			libraries++
			fmt.Fprintf(&imports, "import _ %q\n", imported)
		}
	}
	if libraries+commands == 0 {
		return fmt.Errorf("%s has nothing that a stranger can use", path)
	}
	if libraries > 0 {
		program := "package main\n\n" + imports.String() + "\nfunc main() {}\n"
		if err = os.WriteFile(filepath.Join(s.scratch, place, "main.go"), []byte(program), 0o600); err != nil {
			return err
		}
		if _, err = s.goes(ctx, place, "run", "."); err != nil {
			return err
		}
	}
	if commands > 0 {
		if _, err = s.goes(ctx, "anywhere", "install", path+"/...@"+s.version); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.out, "ok  %-45s %4d kB, %2d packages, %d commands, %.1f s\n",
		path, (size+999)/1000, libraries, commands, time.Since(started).Seconds())
	return nil
}

// goes runs the go command in a folder of its own.
func (s stranger) goes(ctx context.Context, place string, args ...string) (string, error) {
	dir := filepath.Join(s.scratch, place)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", err
	}
	return command(ctx, dir, s.env, "go", args...)
}

// forget takes the version out of the module cache: nobody will ask for it again.
func forget(ctx context.Context, t *tree, version string) {
	text, err := command(ctx, t.dir, nil, "go", "env", "GOMODCACHE")
	if err != nil {
		return
	}
	cache := strings.TrimSpace(text)
	for _, m := range t.modules {
		escaped, err := module.EscapePath(m.path)
		if err != nil {
			continue
		}
		sources := filepath.Join(cache, filepath.FromSlash(escaped)+"@"+version)
		_ = filepath.WalkDir(sources, func(name string, _ fs.DirEntry, err error) error {
			if err == nil {
				err = os.Chmod(name, 0o700) // the cache is read-only
			}
			return err
		})
		_ = os.RemoveAll(sources)
		served, _ := filepath.Glob(filepath.Join(cache, "cache", "download", filepath.FromSlash(escaped), "@v", version+".*"))
		for _, name := range served {
			_ = os.Remove(name)
		}
	}
}
