package router

import (
	"slices"
	"sync"
	"time"
)

// windowSize is how many purchases [Health] looks back on.
const windowSize = 100

// window is a ring of the latest results.
type window struct {
	mu      sync.Mutex
	results [windowSize]result
	next, n int
	known   Health
	stale   bool
}

type result struct {
	failed bool
	took   time.Duration
}

func (w *window) add(failed bool, took time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.results[w.next] = result{failed, took}
	w.next = (w.next + 1) % windowSize
	w.n = min(w.n+1, windowSize)
	w.stale = true
}

// health is everything but the breaker.
func (w *window) health() Health {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stale {
		return w.known
	}
	h := Health{Total: w.n}
	var ring [windowSize]time.Duration
	took := ring[:w.n]
	for i, r := range w.results[:w.n] {
		took[i] = r.took
		if r.failed {
			h.Failures++
		}
	}
	slices.Sort(took)
	h.P50, h.P95 = took[w.n/2], took[w.n*95/100]
	w.known, w.stale = h, false
	return h
}
