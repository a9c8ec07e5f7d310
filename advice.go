package esim

import "errors"

// Advice says in a sentence whether money was spent and what to do next.
func (e *Error) Advice() string {
	if e.Outcome == OutcomeUnknown {
		return adviceUnknown
	}
	next := ""
	for _, row := range adviceByKind {
		if errors.Is(e.Kind, row.kind) {
			next = row.next
			break
		}
	}
	if e.Outcome == OutcomeAccepted {
		return "money was spent: " + join(next, "keep the order and follow it up; do not order again")
	}
	return "nothing was charged: " + join(next, "see the message")
}

func join(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

const adviceUnknown = "money may have been spent: repeat with the same reference or look the order up; never order again under a new one"

// adviceByKind is what docs/errors.md says at length.
var adviceByKind = []struct {
	kind error
	next string
}{
	{ErrInvalidRequest, "correct the request"},
	{ErrUnauthorized, "check the credentials and the base URL"},
	{ErrClockSkew, "set this machine's clock (NTP)"},
	{ErrRateLimited, "wait, then repeat with the same reference"},
	{ErrNotFound, "check the id; a new order may take a moment to show"},
	{ErrPackageUnavailable, "refresh the catalogue"},
	{ErrPriceChanged, "list the package again and ask for the new price"},
	{ErrInsufficientBalance, "fund the account with the provider"},
	{ErrNotEligible, "show it to the customer; it is a normal state of the eSIM"},
	{ErrDuplicate, "look for the earlier purchase of this reference"},
	{ErrIncomplete, "deliver what came, then claim the rest from the provider"},
	{ErrUnavailable, "repeat later"},
	{ErrMalformedResponse, "report it; the provider answered outside its documents"},
	{ErrReferenceConflict, "use a reference of its own for each purchase"},
	{errors.ErrUnsupported, "ask Capabilities before calling"},
}
