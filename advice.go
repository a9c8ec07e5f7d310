package esim

import "errors"

// Advice says in a sentence what to do next, and, of a call that can spend
// money, whether it was spent.
func (e *Error) Advice() string {
	next, afterwards := "see the message", false
	for _, row := range adviceByKind {
		if errors.Is(e.Kind, row.kind) {
			next, afterwards = row.next, row.afterwards
			break
		}
	}
	switch {
	case !e.spends():
		return e.adviceWithoutMoney(next)
	case e.Outcome == OutcomeNotSent || e.Outcome == OutcomeRejected:
		return "nothing was charged: " + next
	case e.Outcome == OutcomeAccepted && afterwards:
		return "money was spent: " + next
	case e.Outcome == OutcomeAccepted:
		return adviceAccepted
	}
	if text, ok := adviceUnknown[e.Repeat]; ok {
		return text
	}
	return adviceUnknown[RepeatUnknown]
}

// spends is true unless the operation is one that never charges.
func (e *Error) spends() bool {
	switch e.Op {
	case "Order", "OrderLines", "TopUp", "":
		return true
	}
	return e.Reference != "" || e.Order != nil
}

func (e *Error) adviceWithoutMoney(next string) string {
	switch e.Outcome {
	case OutcomeNotSent, OutcomeRejected:
		return next
	case OutcomeAccepted:
		return "it was done: look at the result before you repeat it"
	case OutcomeUnknown:
	}
	return "it may have been done: look before you repeat it"
}

const adviceAccepted = "money was spent: keep the order and follow it up; do not order again"

// adviceUnknown, by what a repeat would do.
var adviceUnknown = map[Repeat]string{
	RepeatUnknown: "money may have been spent: look the order up, wait for its webhook or ask the provider; do not order again",
	RepeatSafe:    "money may have been spent: repeat with the same reference, never with a new one",
	RepeatBuys:    "money may have been spent, and a repeat would buy again: look the order up",
}

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
	{kind: ErrReferenceConflict, next: "use a reference of its own for each purchase", afterwards: true},
	{kind: errors.ErrUnsupported, next: "ask Capabilities before calling"},
}
