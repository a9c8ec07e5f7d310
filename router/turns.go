package router

import (
	"context"
	"sync"
)

// turns lets one call at a time work on a reference in this process.
type turns struct {
	mu   sync.Mutex
	busy map[string]*turn
}

// turn is a reference that calls work on.
type turn struct {
	token chan struct{} // holds one, who has it
	calls int           // at work or waiting
}

// take waits for the turn, or until ctx ends.
func (t *turns) take(ctx context.Context, reference string) (leave func(), err error) {
	t.mu.Lock()
	mine := t.busy[reference]
	if mine == nil {
		mine = &turn{token: make(chan struct{}, 1)}
		t.busy[reference] = mine
	}
	if mine.calls++; mine.calls == 1 {
		ctx = context.WithoutCancel(ctx) // there is nobody to wait for
	}
	t.mu.Unlock()
	drop := func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		if mine.calls--; mine.calls == 0 {
			delete(t.busy, reference)
		}
	}
	select {
	case mine.token <- struct{}{}:
		return func() { <-mine.token; drop() }, nil
	case <-ctx.Done():
		drop()
		return nil, ctx.Err()
	}
}
