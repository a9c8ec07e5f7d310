package esimfly

import (
	"sync"
	"time"
)

// recent is a map that forgets the oldest entries, once they are many and a
// day old.
type recent[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]V
	order   []dated[K] // oldest first
}

type dated[K any] struct {
	key K
	at  time.Time
}

const (
	maxRecent  = 8192
	remembered = 24 * time.Hour
)

func (r *recent[K, V]) put(key K, value V, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries == nil {
		r.entries = make(map[K]V)
	}
	if _, known := r.entries[key]; !known {
		r.order = append(r.order, dated[K]{key, now})
	}
	r.entries[key] = value
	for len(r.order) > maxRecent && now.Sub(r.order[0].at) >= remembered {
		delete(r.entries, r.order[0].key)
		r.order = r.order[1:]
	}
}

func (r *recent[K, V]) get(key K) (value V, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, known = r.entries[key]
	return value, known
}
