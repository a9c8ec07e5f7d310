package esimfly

import (
	"net/http"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// refusal is what the shapes of an error have in common. The text stands in
// message, in error, or in both; code may be missing, and so may success.
type refusal struct {
	Success *bool     `json:"success"`
	Code    wire.Text `json:"code"`
	Message wire.Text `json:"message"`
	Error   wire.Text `json:"error"`
}

// refuse classifies by code first and by HTTP status second, never by text
// (eSIMfly docs: llm texts). A code counts only in a document that says
// success:false.
func refuse(a adapter.Answer) adapter.Verdict {
	var doc refusal
	if !a.JSON || wire.Decode(a.Body, &doc) != nil {
		return adapter.Verdict{Rule: adapter.ByStatus(a.Status)}
	}
	v := adapter.Verdict{
		Rule:       adapter.ByStatus(a.Status),
		Code:       doc.Code.String(),
		Message:    wire.First(doc.Message, doc.Error).String(),
		Recognised: doc.Success != nil && !*doc.Success,
	}
	row, listed := rules[v.Code]
	switch {
	case !v.Recognised:
		v.Recognised = doc.Success != nil && a.Status >= http.StatusInternalServerError // its own, and contradicts itself
		return v
	case !listed && v.Outcome == esim.OutcomeUnknown:
		v.Repeat = esim.RepeatBuys // a failure of the provider's own, with any code or none
		return v
	case !listed:
		return v
	}
	if v.Code == duplicateRequest && a.Status == http.StatusConflict {
		row.Retry = adapter.InFlight
	}
	v.Rule = row
	return v
}

const (
	// duplicateRequest means two things. With 409 an order with the same key
	// is being processed. With any other status the request id was seen
	// before, which says that an earlier send arrived, and not what became of
	// it (eSIMfly docs: api/create-order).
	duplicateRequest = "DUPLICATE_REQUEST"
	alreadyCancelled = "ALREADY_CANCELLED"
)

var (
	turnedAway  = adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}
	invalid     = refused(esim.ErrInvalidRequest)
	notFound    = refused(esim.ErrNotFound)
	notSold     = refused(esim.ErrPackageUnavailable)
	notEligible = refused(esim.ErrNotEligible)
)

// refused is a row of a code that comes after the check of the request id, and
// before the charge.
func refused(kind error) adapter.Rule {
	return adapter.Rule{Kind: kind, Outcome: esim.OutcomeRejected, Burns: true}
}

// freed is a row of a code that may come after the charge. A failure code frees
// the idempotency key (eSIMfly docs: api/create-order), so a repeat is no replay.
func freed(kind error) adapter.Rule {
	return adapter.Rule{Kind: kind, Repeat: esim.RepeatBuys}
}

// rules is the error table. A code that is not in it counts by its status; its
// effect on the key is that of every failure code.
var rules = map[string]adapter.Rule{
	// Before anything is processed (eSIMfly docs: api-authentication).
	"HMAC_REQUIRED":       turnedAway,
	"INVALID_API_KEY":     turnedAway,
	"INVALID_SIGNATURE":   turnedAway,
	"INVALID_USER":        turnedAway,
	"INVALID_TIMESTAMP":   {Kind: esim.ErrClockSkew, Outcome: esim.OutcomeNotSent, Retry: adapter.Reclock},
	"INVALID_REQUEST_ID":  {Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeNotSent},
	"RATE_LIMIT_EXCEEDED": {Kind: esim.ErrRateLimited, Outcome: esim.OutcomeRejected, Retry: adapter.Throttled},
	duplicateRequest:      {Kind: esim.ErrDuplicate, Retry: adapter.Renonce},

	// Before the charge (eSIMfly docs: the page of each endpoint).
	"MISSING_PACKAGE_CODE":  invalid,
	"MISSING_FIELDS":        invalid,
	"MISSING_ICCID":         invalid,
	"MISSING_IDENTIFIER":    invalid,
	"MISSING_MESSAGE":       invalid,
	"MESSAGE_TOO_LONG":      invalid,
	"INVALID_ACTION":        invalid,
	"INVALID_PACKAGE":       notSold,
	"PACKAGE_NOT_FOUND":     notSold,
	"INVALID_TOPUP_PACKAGE": notSold,
	"PRICE_MISMATCH":        refused(esim.ErrPriceChanged),
	"INSUFFICIENT_BALANCE":  refused(esim.ErrInsufficientBalance),
	"ORDER_NOT_FOUND":       notFound,
	"ESIM_NOT_FOUND":        notFound,
	"FORBIDDEN":             notFound, // another account's eSIM
	"ESIM_ACCESS_DENIED":    notFound,
	"ESIM_NOT_TOPPABLE":     notEligible,
	"TOPUP_NOT_SUPPORTED":   notEligible,
	"NOT_ELIGIBLE":          notEligible,
	alreadyCancelled:        notEligible,
	"UNSUPPORTED_PROVIDER":  notEligible, // not an eSIM of eSIMfly's own network
	"NOT_SUPPORTED":         notEligible,
	"SMS_NOT_SUPPORTED":     notEligible,
	"SMS_FAILED":            refused(esim.ErrUnavailable),
	"PROVIDER_ERROR":        freed(esim.ErrUnavailable),

	// It may come after the charge.
	"ORDER_PROCESSING_ERROR": {Kind: esim.ErrUnavailable, Repeat: esim.RepeatBuys, Note: "the key is free again: look at Orders and Balance"},

	// On a page that eSIMfly took back the day it appeared. Good enough to
	// name what went wrong, not to prove that nothing was charged.
	"AUTH_MISSING":              freed(esim.ErrUnauthorized),
	"AUTH_INVALID_SIGNATURE":    freed(esim.ErrUnauthorized),
	"AUTH_INVALID_ACCESS_CODE":  freed(esim.ErrUnauthorized),
	"AUTH_EXPIRED_TIMESTAMP":    {Kind: esim.ErrClockSkew, Retry: adapter.Reclock, Repeat: esim.RepeatBuys},
	"AUTH_DUPLICATE_REQUEST_ID": {Kind: esim.ErrDuplicate, Retry: adapter.Renonce},
	"VALIDATION_FAILED":         freed(esim.ErrInvalidRequest),
	"INVALID_COUNTRY_CODE":      freed(esim.ErrInvalidRequest),
	"INVALID_QUANTITY":          freed(esim.ErrInvalidRequest),
	"INVALID_ICCID":             freed(esim.ErrInvalidRequest),
	"INVALID_PACKAGE_CODE":      freed(esim.ErrPackageUnavailable),
	"PACKAGE_NOT_AVAILABLE":     freed(esim.ErrPackageUnavailable),
	"ESIM_ALREADY_ACTIVE":       freed(esim.ErrNotEligible),
	"TOPUP_NOT_ALLOWED":         freed(esim.ErrNotEligible),
	"ORDER_PROCESSING":          {Kind: esim.ErrUnavailable},
	"DAILY_LIMIT_EXCEEDED":      freed(esim.ErrRateLimited),
	"SYSTEM_ERROR":              {Kind: esim.ErrUnavailable, Retry: adapter.Transient, Repeat: esim.RepeatBuys},
	"SERVICE_UNAVAILABLE":       {Kind: esim.ErrUnavailable, Retry: adapter.Transient, Repeat: esim.RepeatBuys},
}
