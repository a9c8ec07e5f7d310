//go:build !linux

package sqlite_test

import "context"

// platformChildren: what starves a program is known for Linux alone.
var platformChildren map[string]func(context.Context, []string) int
