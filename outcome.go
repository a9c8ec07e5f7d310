package esim

import "errors"

// Outcome is what is known about the effect of a call that may spend money.
// There are four, never two: an error alone does not say that nothing was
// charged.
type Outcome int

const (
	// OutcomeUnknown, the zero value: the money may be spent. Never order
	// again under another reference; find out first.
	OutcomeUnknown Outcome = iota
	// OutcomeNotSent: nothing the provider could have acted on left this
	// process, or its door turned the request away unread (401).
	OutcomeNotSent
	// OutcomeRejected: a complete answer with a documented refusal, and no
	// earlier send of the same purchase in doubt. Nothing was charged.
	OutcomeRejected
	// OutcomeAccepted: the provider took the order and the money. An error
	// with this outcome means that something else is missing.
	OutcomeAccepted
)

var outcomeNames = names[Outcome]{"unknown", "not sent", "rejected", "accepted"}

// String returns "unknown", "not sent", "rejected" or "accepted".
func (o Outcome) String() string { return outcomeNames.text(o) }

// MarshalText writes the text of String.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (o *Outcome) UnmarshalText(b []byte) error { return outcomeNames.parse(o, b) }

// MaybeCharged reports whether the call that returned err may have spent
// money. Ask it before you refund your own customer or order elsewhere. It is
// false for nil and for an [Error] that was NotSent or Rejected, and true for
// everything else: above all for every error it does not know.
func MaybeCharged(err error) bool {
	if err == nil {
		return false
	}
	found, maybe := outcomesIn(err)
	return maybe || !found
}

// outcomesIn looks at every Error in the tree of err: one that is in doubt
// outweighs any number that are not.
func outcomesIn(err error) (found, maybe bool) {
	//nolint:errorlint // the whole tree is walked by hand below
	switch e := err.(type) {
	case *Error:
		if e == nil {
			return false, false
		}
		return true, e.Outcome != OutcomeNotSent && e.Outcome != OutcomeRejected
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			f, m := outcomesIn(child)
			found, maybe = found || f, maybe || m
		}
		return found, maybe
	}
	if child := errors.Unwrap(err); child != nil {
		return outcomesIn(child)
	}
	return false, false
}
