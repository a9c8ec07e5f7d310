package esim

import "errors"

// Advice says in a sentence whether money was spent and what to do next.
func (e *Error) Advice() string {
	next, afterwards := "see the message", false
	for _, row := range adviceByKind {
		if errors.Is(e.Kind, row.kind) {
			next, afterwards = row.next, row.afterwards
			break
		}
	}
	switch {
	case e.Outcome == OutcomeNotSent || e.Outcome == OutcomeRejected:
		return "nothing was charged: " + next
	case e.Outcome == OutcomeAccepted && afterwards:
		return "money was spent: " + next
	case e.Outcome == OutcomeAccepted:
		return adviceAccepted
	}
	return adviceUnknown
}

const adviceAccepted = "money was spent: keep the order and follow it up; do not order again"

const adviceUnknown = "money may have been spent: look the order up, or repeat with the same reference where the provider replays; never order again under a new one"

// adviceByKind is what docs/errors.md says at length. Most of it is for those
// who may try again; afterwards marks what also helps when money was spent.
var adviceByKind = []struct {
	kind       error
	next       string
	afterwards bool
}{
	{kind: ErrInvalidRequest, next: "correct the request"},
	{kind: ErrUnauthorized, next: "check the credentials and the base URL"},
	{kind: ErrClockSkew, next: "set this machine's clock (NTP)"},
	{kind: ErrRateLimited, next: "wait, then repeat with the same reference"},
	{kind: ErrNotFound, next: "check the id; a new order may take a moment to show"},
	{kind: ErrPackageUnavailable, next: "refresh the catalogue"},
	{kind: ErrPriceChanged, next: "list the package again and ask for the new price"},
	{kind: ErrInsufficientBalance, next: "fund the account with the provider"},
	{kind: ErrNotEligible, next: "show it to the customer; it is a normal state of the eSIM"},
	{kind: ErrDuplicate, next: "look for the earlier purchase of this reference", afterwards: true},
	{kind: ErrIncomplete, next: "deliver what came; repeat with the same reference for what is missing, or claim it from the provider", afterwards: true},
	{kind: ErrUnavailable, next: "repeat later"},
	{kind: ErrMalformedResponse, next: "report it; the provider answered outside its documents"},
	{kind: ErrReferenceConflict, next: "use a reference of its own for each purchase"},
	{kind: errors.ErrUnsupported, next: "ask Capabilities before calling"},
}
