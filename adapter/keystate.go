package adapter

import (
	"errors"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// keyState returns what this process knows about the purchases made under a key:
// whether one was accepted, and whether one is in doubt or under way. With
// either, a check that fails before a repeat says nothing about money.
func (t *API) keyState(key string) (made, doubt bool) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	e := t.memory.entries[key]
	if e == nil {
		return false, false
	}
	return e.done, e.doubt || e.busy != nil
}

// forgetAnswer forgets the answer that a call under the key has kept, since something is
// missing in it: the provider is asked again.
func (t *API) forgetAnswer(key string) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	if e := t.memory.entries[key]; e != nil && e.busy == nil {
		e.answer = nil
	}
}

// repeatOf is what a repeat would do under those of the keys that are in doubt;
// the one that asks for most care counts.
func (t *API) repeatOf(keys ...string) esim.Repeat {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	worst, found := esim.RepeatUnknown, false
	for _, key := range keys {
		e := t.memory.entries[key]
		if e == nil || !e.doubt && e.busy == nil {
			continue
		}
		next := e.facts.Lost // under way
		if e.doubt {
			next = e.next()
		}
		if !found || care[next] > care[worst] {
			worst, found = next, true
		}
	}
	return worst
}

// markUnresolved puts keys in doubt under which another process may have sent a
// purchase: once, and without an answer, for all that is known. A result that
// is already known is not overwritten. RequestID is what the send had, "" if
// nobody can say.
func (t *API) markUnresolved(facts Repeats, requestID string, keys ...string) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	for _, key := range keys {
		e := t.memory.entries[key]
		switch {
		case e == nil:
			e = new(entry)
			t.memory.entries[key] = e
		case e.busy != nil, e.done, e.doubt:
			continue
		}
		e.content, e.body = "", nil
		e.doubt, e.facts, e.repeat, e.sends = true, facts, facts.Lost, e.sends+1
		e.inDoubt, e.mixed = requestID, requestID == ""
	}
}

// outcomeOnRecord sets the outcome of err, the reason why a purchase was not
// sent, to that of the recorded purchase. A repeat that is not sent takes
// nothing back.
func (t *API) outcomeOnRecord(err error, reference string, keys ...string) error {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return err
	}
	e.Reference, e.Outcome, e.Repeat = reference, esim.OutcomeNotSent, esim.RepeatUnknown
	evidence.Attach(e, evidence.Request{Outcome: esim.OutcomeNotSent})
	for _, key := range keys {
		switch made, doubt := t.keyState(key); {
		case doubt:
			e.Outcome = esim.OutcomeUnknown
		case made && e.Outcome != esim.OutcomeUnknown:
			e.Outcome = esim.OutcomeAccepted
		}
	}
	if e.Outcome != esim.OutcomeUnknown {
		return e
	}
	e.Repeat = t.repeatOf(keys...)
	e.Message = withNote(e.Message, "an earlier send under this reference is in doubt")
	if e.Repeat == esim.RepeatSafe && (errors.Is(e, esim.ErrPriceChanged) || errors.Is(e, esim.ErrPackageUnavailable)) {
		e.Message = withNote(e.Message, "repeat without Quote and MaxTotal to have it replayed")
	}
	return e
}
