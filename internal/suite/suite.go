// Package suite holds what the conformance suites of this module share. They
// are imported by the tests of users, so it needs the standard library alone.
package suite

import (
	"context"
	"io"
	"sync"
	"testing"
)

// Check is one promise put to the test, in a trial T of its own.
type Check[T any] = struct {
	Name string
	Run  func(t T)
}

// Group is a part of a suite.
type Group[T any] = struct {
	Name   string
	Checks []Check[T]
}

// Run runs each check of a suite in a trial that begin makes for it.
func Run[T any](t *testing.T, groups []Group[T], begin func(t testing.TB) T) {
	t.Helper()
	for _, g := range groups {
		t.Run(g.Name, func(t *testing.T) {
			for _, c := range g.Checks {
				t.Run(c.Name, func(t *testing.T) { c.Run(begin(t)) })
			}
		})
	}
}

// Together runs f in n goroutines that begin at one moment.
func Together(n int, f func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			f(i)
		})
	}
	close(start)
	all.Wait()
}

// CloseAtEnd closes a further handle at the end of the test, if it can be closed.
func CloseAtEnd(t testing.TB, handle any) {
	c, ok := handle.(io.Closer)
	if !ok {
		return
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing a further handle: %v", err)
		}
	})
}

// Ended returns a context that has ended.
func Ended(t testing.TB) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
