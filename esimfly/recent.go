package esimfly

import "sync"

// recent is a map that forgets the oldest entries.
type recent[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]V
	order   []K // oldest first
}

// maxRecent is more than a client settles while one of them is still of
// interest.
const maxRecent = 8192

func (r *recent[K, V]) put(key K, value V) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries == nil {
		r.entries = make(map[K]V)
	}
	if _, known := r.entries[key]; !known {
		r.order = append(r.order, key)
	}
	r.entries[key] = value
	if len(r.order) > maxRecent {
		delete(r.entries, r.order[0])
		r.order = r.order[1:]
	}
}

func (r *recent[K, V]) get(key K) (value V, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, known = r.entries[key]
	return value, known
}
