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
	locks   locks                  // one call at a time for each key, and for each eSIM
	open    map[esim.ICCID]*effect // purchases without a key that are in doubt
	settled []settled              // accepted and refused purchases, oldest first
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
	content string  // "" = not known, see markUnresolved
	body    []byte  // of the latest send
	busy    func()  // ends the call that is under way; nil = none is
	effect  *effect // of a purchase without a key
	listed  bool    // among the settled
}

func (m *memory) enter(ctx context.Context, c *Call) (*entry, error) {
	unlock, err := m.locks.lock(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[c.Key]
	if e == nil {
		e = &entry{content: c.content}
		m.entries[c.Key] = e
	}
	e.busy, e.facts = unlock, c.repeats
	return e, nil
}

func (m *memory) leave(key string, e *entry, s state, outcome esim.Outcome, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	defer e.busy()
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
