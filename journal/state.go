package journal

import (
	"errors"
	"slices"
)

// State is where a purchase stands. Which state follows which is one table,
// see docs/journal.md.
type State int

const (
	// Ready: the intent is on record and nothing of it is in doubt. It will be
	// sent.
	Ready State = iota
	// Sending: a request is on its way, or was when its process died.
	Sending
	// Unknown: a request was sent and nobody knows yet whether it was charged.
	Unknown
	// Provisioning: paid, and something of it is still to come.
	Provisioning
	// Delivered: paid, and all of it is on record.
	Delivered
	// Rejected: the provider refused, nothing was charged.
	Rejected
	// NotExecuted: nothing was ever sent, or an operator has established that
	// nothing was charged.
	NotExecuted
	// Refunded: an operator has recorded that the money is back.
	Refunded
	// Review: the journal has done what it can; a person must look.
	Review
)

var stateNames = [...]string{
	Ready: "ready", Sending: "sending", Unknown: "unknown", Provisioning: "provisioning", Delivered: "delivered",
	Rejected: "rejected", NotExecuted: "not executed", Refunded: "refunded", Review: "review",
}

// States returns all states in the order of a purchase's life.
func States() []State {
	all := make([]State, len(stateNames))
	for i := range all {
		all[i] = State(i)
	}
	return all
}

// String returns the state as stores write it: "ready", "not executed", ….
func (s State) String() string {
	if s < 0 || int(s) >= len(stateNames) {
		return "invalid state"
	}
	return stateNames[s]
}

// ParseState reads what String has written.
func ParseState(text string) (State, error) {
	if i := slices.Index(stateNames[:], text); i >= 0 {
		return State(i), nil
	}
	return 0, errors.New("journal: no state has this name")
}

// MarshalText writes the text of String.
func (s State) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the text of String.
func (s *State) UnmarshalText(text []byte) error {
	state, err := ParseState(string(text))
	if err == nil {
		*s = state
	}
	return err
}

// Open reports whether the journal still works on a purchase in this state.
func (s State) Open() bool {
	return s == Ready || s == Sending || s == Unknown || s == Provisioning
}

// Uncharged reports whether it is established that nothing was charged.
func (s State) Uncharged() bool { return s == Rejected || s == NotExecuted }
