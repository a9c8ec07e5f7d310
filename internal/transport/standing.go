package transport

import (
	"errors"

	"github.com/esimkit/esim"
)

// Standing tells what this process knows about the purchases made under a key:
// whether one was accepted, and whether one is in doubt or under way. With
// either, a check that fails before a repeat says nothing about money.
func (t *Transport) Standing(key string) (made, doubt bool) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	e := t.memory.entries[key]
	if e == nil {
		return false, false
	}
	return e.done, e.doubt || e.busy != nil
}

// Recall puts keys in doubt under which another process may have sent a
// purchase. What is known better stays.
func (t *Transport) Recall(keys ...string) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	for _, key := range keys {
		if t.memory.entries[key] == nil {
			t.memory.entries[key] = &entry{doubt: true}
		}
	}
}

// Withheld is err, the reason why a purchase was not sent, with the outcome
// that the purchase has by what was sent before under its keys: holding a
// repeat back takes nothing back.
func (t *Transport) Withheld(err error, reference string, keys ...string) error {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return err
	}
	e.Reference, e.Outcome = reference, esim.OutcomeNotSent
	for _, key := range keys {
		switch made, doubt := t.Standing(key); {
		case doubt:
			e.Outcome = esim.OutcomeUnknown
			e.Message = withNote(e.Message, "an earlier send under this reference is in doubt")
			if errors.Is(e, esim.ErrPriceChanged) || errors.Is(e, esim.ErrPackageUnavailable) {
				e.Message = withNote(e.Message, "repeat without Quote and MaxTotal to have it replayed")
			}
			return e
		case made:
			e.Outcome = esim.OutcomeAccepted
		}
	}
	return e
}
