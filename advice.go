package esim

import (
	"errors"
	"net/http"
)

// Advice says in a sentence what to do next. It does not say whether money was
// spent: that is in Error, and in [MaybeCharged].
func (e *Error) Advice() string {
	row := adviceByKind[e.Kind]
	switch {
	case e.Outcome == OutcomeNotSent || e.Outcome == OutcomeRejected:
		return row.next(e)
	case e.spends() && e.Outcome == OutcomeAccepted && row.afterwards:
		return row.next(e)
	case e.spends() && e.Outcome == OutcomeAccepted:
		return "keep the order and follow it up; do not order again"
	case e.Outcome == OutcomeAccepted:
		return "look at the result before you repeat it"
	case !e.spends():
		return "look whether it was done before you repeat it"
	}
	if text, ok := adviceUnknown[e.Repeat]; ok {
		return text
	}
	return adviceUnknown[RepeatUnknown]
}

// money says whether money was spent, "" of a call that cannot spend any.
func (e *Error) money() string {
	if !e.spends() {
		return ""
	}
	switch e.Outcome {
	case OutcomeNotSent, OutcomeRejected:
		return "nothing was charged"
	case OutcomeAccepted:
		return "money was spent"
	case OutcomeUnknown:
	}
	return "money may have been spent"
}

// spends is true unless the operation is one that never charges.
func (e *Error) spends() bool {
	switch e.Op {
	case "Order", "OrderLines", "TopUp", "":
		return true
	}
	return e.Reference != "" || e.Order != nil
}

// adviceUnknown, by what a repeat would do.
var adviceUnknown = map[Repeat]string{
	RepeatUnknown: "look the order up, wait for its webhook or ask the provider; do not order again",
	RepeatSafe:    "repeat with the same reference, never with a new one",
	RepeatBuys:    "look the order up: a repeat would buy again",
}

// advice is what docs/errors.md says at length.
type advice struct {
	text       string
	spending   string // what follows the text where the call can spend money
	afterwards bool   // it helps when money was spent, too
	status     int    // see HTTPStatus
}

func (a advice) next(e *Error) string {
	switch {
	case a.text == "":
		return "see the message"
	case e.spends():
		return a.text + a.spending
	}
	return a.text
}

var adviceByKind = map[Kind]advice{
	ErrInvalidRequest:      {text: "correct the request", status: http.StatusBadRequest},
	ErrUnauthorized:        {text: "check the credentials and the base URL", status: http.StatusInternalServerError},
	ErrClockSkew:           {text: "set this machine's clock (NTP)", status: http.StatusInternalServerError},
	ErrRateLimited:         {text: "wait, then repeat", spending: " with the same reference", status: http.StatusServiceUnavailable},
	ErrNotFound:            {text: "check the id; a new order may take a moment to show", status: http.StatusNotFound},
	ErrPackageUnavailable:  {text: "refresh the catalogue", status: http.StatusGone},
	ErrPriceChanged:        {text: "list the package again and ask for the new price", status: http.StatusConflict},
	ErrInsufficientBalance: {text: "fund the account with the provider", status: http.StatusServiceUnavailable},
	ErrNotEligible:         {text: "show it to the customer; it is a normal state of the eSIM", status: http.StatusConflict},
	ErrDuplicate:           {text: "look for the earlier purchase of this reference", afterwards: true, status: http.StatusConflict},
	ErrIncomplete: {
		text:       "deliver what came; repeat with the same reference for what is missing, or claim it from the provider",
		afterwards: true, status: http.StatusBadGateway,
	},
	ErrUnavailable:       {text: "repeat later", status: http.StatusServiceUnavailable},
	ErrMalformedResponse: {text: "report it; the provider answered outside its documents", status: http.StatusBadGateway},
	ErrReferenceConflict: {text: "use a reference of its own for each purchase", afterwards: true, status: http.StatusConflict},
	ErrUnsupported:       {text: "ask Capabilities before calling", status: http.StatusNotImplemented},
}

// HTTPStatus is the status with which a backend answers its own customer after
// a call that returned err:
//
//	200  nil
//	202  money was or may have been spent: RFC 9110 calls this answer noncommittal.
//	     A 5xx would have gateways repeat the request, and front ends show a failure
//	     for which the customer wants a refund.
//	400  ErrInvalidRequest
//	404  ErrNotFound
//	409  ErrReferenceConflict, whatever became of the purchase that has the
//	     reference: nothing was sent for this one. Also, with nothing charged,
//	     ErrPriceChanged, ErrNotEligible, ErrDuplicate
//	410  ErrPackageUnavailable
//	501  ErrUnsupported
//	502  ErrMalformedResponse, ErrIncomplete
//	503  ErrUnavailable, and ErrRateLimited and ErrInsufficientBalance: it is the
//	     shop that the provider slows down or has no money of, not its customer
//	500  everything else, ErrUnauthorized and ErrClockSkew too: the shop is set up wrongly
func HTTPStatus(err error) int {
	e, ok := errors.AsType[*Error](err)
	switch outcome := OutcomeOf(err); {
	case err == nil:
		return http.StatusOK
	case !ok || e == nil:
		return http.StatusInternalServerError
	case errors.Is(err, ErrReferenceConflict):
		return http.StatusConflict
	case outcome == OutcomeUnknown || outcome == OutcomeAccepted:
		return http.StatusAccepted
	}
	if status := adviceByKind[e.Kind].status; status != 0 {
		return status
	}
	return http.StatusInternalServerError
}
