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
	// process, or the provider refused the credentials before it processed the
	// request (401).
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

// OutcomeOf returns what is known about money after a call that returned err:
// [OutcomeAccepted] for nil, and [OutcomeUnknown] for every error that holds no
// [Error]. Of several the one that asks for most care counts.
//
// A purchase of unknown outcome may be repeated only if [MayRepeat] says so, with
// the same reference. After an accepted one Error.Order holds what was bought.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeAccepted
	}
	worst, found := worstOutcome(err)
	if !found {
		return OutcomeUnknown
	}
	return worst
}

// MaybeCharged reports whether the call that returned err may have spent
// money. Ask it before you refund your own customer or order elsewhere. It is
// false for nil and for an [Error] that was NotSent or Rejected, and true for
// everything else: above all for every error it does not know.
func MaybeCharged(err error) bool {
	if err == nil {
		return false
	}
	o := OutcomeOf(err)
	return o != OutcomeNotSent && o != OutcomeRejected
}

// worstOutcome looks at every Error in the tree of err.
func worstOutcome(err error) (worst Outcome, found bool) {
	//nolint:errorlint // the whole tree is walked by hand below
	switch e := err.(type) {
	case *Error:
		if e == nil {
			return OutcomeUnknown, false
		}
		return e.Outcome, true
	case interface{ Unwrap() []error }:
		for _, child := range e.Unwrap() {
			if o, ok := worstOutcome(child); ok && (!found || o.care() > worst.care()) {
				worst, found = o, true
			}
		}
		return worst, found
	}
	if child := errors.Unwrap(err); child != nil {
		return worstOutcome(child)
	}
	return OutcomeUnknown, false
}

// care orders outcomes by how much they ask for it.
func (o Outcome) care() int {
	switch o {
	case OutcomeNotSent:
		return 0
	case OutcomeRejected:
		return 1
	case OutcomeAccepted:
		return 2
	case OutcomeUnknown:
	}
	return 3
}
