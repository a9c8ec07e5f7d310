package adapter

import "sync"

// facts are what a client has learnt of ids: a bounded map that forgets the oldest
// entries, once they are many and a day old.
type facts struct {
	mu    sync.Mutex
	known map[string]any
	order []settled // oldest first
}

// Learn remembers a fact about an id that does not change, such as the order
// that an eSIM belongs to. It is kept for a day at least, and for the life of
// the client at most.
func (t *API) Learn(id string, fact any) {
	f, now := &t.facts, t.Now()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.known == nil {
		f.known = make(map[string]any)
	}
	if _, known := f.known[id]; !known {
		f.order = append(f.order, settled{id, now})
	}
	f.known[id] = fact
	for len(f.order) > maxSettled && now.Sub(f.order[0].at) >= remembered {
		delete(f.known, f.order[0].key)
		f.order = f.order[1:]
	}
}

// Learned returns what [API.Learn] was given for the id. It is false if that is
// nothing, or forgotten.
func Learned[T any](t *API, id string) (fact T, known bool) {
	t.facts.mu.Lock()
	defer t.facts.mu.Unlock()
	fact, known = t.facts.known[id].(T)
	return fact, known
}
