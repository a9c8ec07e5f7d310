package adapter

import (
	"context"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// memory keeps, for the life of the process, what is known about the
// purchases made under each key: one at a time, always the same content, and
// whether an earlier send is still in doubt. That doubt is why a refusal on a
// repeat says nothing: "insufficient balance" may be the trace of the first
// send having been charged.
//
// It is a second line. What must survive a restart belongs into a journal.
type memory struct {
	mu      sync.Mutex
	entries map[string]*entry
	settled []settled // accepted and refused purchases, oldest first
}

type settled struct {
	key string
	at  time.Time
}

// Purchases that were accepted or refused are remembered for a day at least,
// and beyond that until there are many: so that a reference that comes again is
// noticed, above all where the provider would not notice it. Those in doubt are never forgotten.
const (
	maxSettled = 8192
	remembered = 24 * time.Hour
	maxKept    = 1024 // of the latest, with their answers
)

type entry struct {
	state
	content string        // "" = not known, see Recall
	body    []byte        // of the latest send
	busy    chan struct{} // closed when the call under way has ended
	listed  bool          // among the settled
}

func (m *memory) enter(ctx context.Context, c *Call) (*entry, error) {
	for {
		m.mu.Lock()
		e := m.entries[c.Key]
		if e == nil {
			e = &entry{content: c.Content}
			m.entries[c.Key] = e
		}
		if e.busy == nil {
			e.busy, e.facts = make(chan struct{}), c.Repeats
			m.mu.Unlock()
			return e, nil
		}
		busy := e.busy
		m.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (m *memory) leave(key string, e *entry, s state, outcome esim.Outcome, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	close(e.busy)
	e.busy, e.state = nil, s
	switch outcome {
	case esim.OutcomeAccepted:
		e.doubt, e.done = false, true
	case esim.OutcomeUnknown:
		e.doubt = true
	case esim.OutcomeNotSent, esim.OutcomeRejected:
	}
	switch {
	case e.doubt:
	case e.done || e.sends > 0:
		m.settle(key, e, now)
	default:
		delete(m.entries, key)
	}
}

func (m *memory) settle(key string, e *entry, now time.Time) {
	if e.listed {
		return
	}
	e.listed = true
	m.settled = append(m.settled, settled{key, now})
	if n := len(m.settled) - 1 - maxKept; n >= 0 {
		if old := m.entries[m.settled[n].key]; old != nil {
			old.answer = nil
		}
	}
	for len(m.settled) > maxSettled && now.Sub(m.settled[0].at) >= remembered {
		m.forget(m.settled[0].key)
		m.settled = m.settled[1:]
	}
}

func (m *memory) forget(key string) {
	e := m.entries[key]
	if e.busy == nil && !e.doubt {
		delete(m.entries, key)
		return
	}
	e.done, e.listed = false, false // still needed; it settles again, or is deleted, when it is left
}
