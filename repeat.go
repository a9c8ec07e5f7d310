package esim

import "errors"

// Repeat is what a second request under the same reference would do after a
// purchase whose outcome is unknown. It is a fact about the provider, and no
// permission: ask [MayRepeat].
type Repeat int

const (
	// RepeatUnknown, the zero value: nobody has established what it would do.
	// Look the order up, wait for its webhook, or ask the provider's support.
	RepeatUnknown Repeat = iota
	// RepeatSafe: the provider returns the first purchase, or makes it if the
	// first request never arrived.
	RepeatSafe
	// RepeatBuys: a repeat is a new purchase, beside the first one if that was
	// made.
	RepeatBuys
)

var repeatNames = names[Repeat]{"unknown", "safe", "buys"}

// String returns "unknown", "safe" or "buys".
func (r Repeat) String() string { return repeatNames.text(r) }

// MarshalText writes the text of String.
func (r Repeat) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (r *Repeat) UnmarshalText(b []byte) error { return repeatNames.parse(r, b) }

// MayRepeat reports whether the purchase that returned err may be requested
// again under the same reference: nothing was charged, or a repeat is
// [RepeatSafe]. Wait for Error.RetryAfter first. It is false for nil, for a
// purchase that was accepted, and for every error it does not know.
func MayRepeat(err error) bool {
	if err == nil {
		return false
	}
	switch OutcomeOf(err) {
	case OutcomeNotSent, OutcomeRejected:
		return true
	case OutcomeUnknown:
		return repeatSafe(err)
	case OutcomeAccepted:
	}
	return false
}

// repeatSafe wants every Error of unknown outcome in the tree to be
// RepeatSafe, and one at least.
func repeatSafe(err error) bool {
	safe, found := true, false
	var walk func(error)
	walk = func(err error) {
		//nolint:errorlint // the whole tree is walked by hand
		switch e := err.(type) {
		case *Error:
			if e != nil && e.Outcome == OutcomeUnknown {
				safe, found = safe && e.Repeat == RepeatSafe, true
			}
		case interface{ Unwrap() []error }:
			for _, child := range e.Unwrap() {
				walk(child)
			}
		default:
			if child := errors.Unwrap(err); child != nil {
				walk(child)
			}
		}
	}
	walk(err)
	return safe && found
}
