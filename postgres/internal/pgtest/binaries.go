package pgtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// oldest is the oldest PostgreSQL that is supported.
const oldest = 15

// places are where packages put the binaries without adding them to PATH.
var places = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // the PostgreSQL project's own RPMs
	"/opt/homebrew/opt/postgresql@*/bin", // Homebrew
	"/usr/local/opt/postgresql@*/bin",
	"/usr/local/pgsql/bin", // built from source
}

// findBinaries returns the directory of the newest usable PostgreSQL.
func findBinaries(ctx context.Context) (string, error) {
	var dirs []string
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, place := range places {
		found, err := filepath.Glob(place)
		if err != nil {
			return "", err
		}
		dirs = append(dirs, found...)
	}
	dirs = slices.DeleteFunc(dirs, func(dir string) bool { return version(ctx, dir) < oldest })
	if len(dirs) == 0 {
		return "", fmt.Errorf("no PostgreSQL %d or newer (initdb, postgres, pg_ctl) in PATH or in %s", oldest, strings.Join(places, ", "))
	}
	return slices.MaxFunc(dirs, func(a, b string) int { return cmp.Compare(version(ctx, a), version(ctx, b)) }), nil
}

// version returns the major version of the server in dir, 0 if there is none.
func version(ctx context.Context, dir string) int {
	out, err := exec.CommandContext(ctx, filepath.Join(dir, "postgres"), "--version").Output() //nolint:gosec // a directory of this machine
	if err != nil {
		return 0
	}
	major, err := parseVersion(string(out))
	if err != nil {
		return 0
	}
	return major
}

// parseVersion reads "postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)".
func parseVersion(line string) (int, error) {
	_, rest, ok := strings.Cut(line, "(PostgreSQL) ")
	if !ok {
		return 0, errors.New("not the version line of a PostgreSQL server")
	}
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	return strconv.Atoi(rest[:end])
}
