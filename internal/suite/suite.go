// Package suite holds what the conformance suites of this module share. They
// are imported by the tests of users, so it needs the standard library alone.
package suite

import (
	"context"
	"io"
	"sync"
	"testing"
)

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
