package transport

import (
	"context"
	"sync"
)

// PreCheck makes the reads that decide whether a purchase is sent, side by
// side, and returns when all have ended. Each keeps its own result. This is the
// one place where such reads are begun.
func (t *Transport) PreCheck(ctx context.Context, reads ...func(context.Context)) {
	var all sync.WaitGroup
	failures := make(chan any, len(reads))
	for _, read := range reads {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					failures <- p
				}
			}()
			read(ctx)
		})
	}
	all.Wait()
	select {
	case p := <-failures:
		panic(p) // to the caller, who may recover it, as from a call without goroutines
	default:
	}
}
