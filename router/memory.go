package router

import (
	"sync"

	"github.com/esimkit/esim"
)

// generationSize is how many names a memory holds at least before it forgets
// the oldest.
const generationSize = 1 << 15

// memory knows which reseller a name belongs to, for the latest ones. Its zero
// value is empty. It keeps two generations: when the young one is full the old
// one is dropped.
type memory[K comparable] struct {
	mu         sync.Mutex
	young, old map[K]esim.Provider
}

func (m *memory[K]) owner(name K) (esim.Provider, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.young[name]; ok {
		return p, true
	}
	p, ok := m.old[name]
	return p, ok
}

func (m *memory[K]) note(name K, p esim.Provider) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.young) >= generationSize || m.young == nil {
		m.young, m.old = make(map[K]esim.Provider), m.young
	}
	m.young[name] = p
}
