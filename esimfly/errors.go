package esimfly

import (
	"net/http"
	"slices"

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
	row, listed := rules.Find(a.Status, v.Code)
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

var turnedAway = adapter.Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent}

// refused is a row of a code that comes after the check of the request id, and
// before the charge.
func refused(kind esim.Kind) adapter.Rule {
	return adapter.Rule{Kind: kind, Outcome: esim.OutcomeRejected, Burns: true}
}

// freed is a row of a code that may come after the charge. A failure code frees
// the idempotency key (eSIMfly docs: api/create-order), so a repeat is no replay.
func freed(kind esim.Kind) adapter.Rule {
	return adapter.Rule{Kind: kind, Repeat: esim.RepeatBuys}
}

// rules is the error table. A code that is not in it counts by its status; its
// effect on the key is that of every failure code.
var rules = slices.Concat(
	// Before anything is processed (eSIMfly docs: api-authentication).
	adapter.Codes(turnedAway, "HMAC_REQUIRED", "INVALID_API_KEY", "INVALID_SIGNATURE", "INVALID_USER"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrClockSkew, Outcome: esim.OutcomeNotSent, Retry: adapter.AdjustClock}, "INVALID_TIMESTAMP"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeNotSent}, "INVALID_REQUEST_ID"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrRateLimited, Outcome: esim.OutcomeRejected, Retry: adapter.Throttled}, "RATE_LIMIT_EXCEEDED"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrDuplicate, Retry: adapter.Renonce}, duplicateRequest),
	adapter.Table{{Status: http.StatusConflict, Code: duplicateRequest, Rule: adapter.Rule{Kind: esim.ErrDuplicate, Retry: adapter.InFlight}}},

	// Before the charge (eSIMfly docs: the page of each endpoint). FORBIDDEN is
	// about another account's eSIM, UNSUPPORTED_PROVIDER about one that is not of
	// eSIMfly's own network.
	adapter.Codes(refused(esim.ErrInvalidRequest), "MISSING_PACKAGE_CODE", "MISSING_FIELDS", "MISSING_ICCID", "MISSING_IDENTIFIER",
		"MISSING_MESSAGE", "MESSAGE_TOO_LONG", "INVALID_ACTION"),
	adapter.Codes(refused(esim.ErrPackageUnavailable), "INVALID_PACKAGE", "PACKAGE_NOT_FOUND", "INVALID_TOPUP_PACKAGE"),
	adapter.Codes(refused(esim.ErrPriceChanged), "PRICE_MISMATCH"),
	adapter.Codes(refused(esim.ErrInsufficientBalance), "INSUFFICIENT_BALANCE"),
	adapter.Codes(refused(esim.ErrNotFound), "ORDER_NOT_FOUND", "ESIM_NOT_FOUND", "FORBIDDEN", "ESIM_ACCESS_DENIED"),
	adapter.Codes(refused(esim.ErrNotEligible), "ESIM_NOT_TOPPABLE", "TOPUP_NOT_SUPPORTED", "NOT_ELIGIBLE", alreadyCancelled,
		"UNSUPPORTED_PROVIDER", "NOT_SUPPORTED", "SMS_NOT_SUPPORTED"),
	adapter.Codes(refused(esim.ErrUnavailable), "SMS_FAILED"),
	adapter.Codes(freed(esim.ErrUnavailable), "PROVIDER_ERROR"),

	// It may come after the charge.
	adapter.Codes(adapter.Rule{
		Kind: esim.ErrUnavailable, Repeat: esim.RepeatBuys, Note: "the key is free again: look at Orders and Balance",
	}, "ORDER_PROCESSING_ERROR"),

	// On a page that eSIMfly took back the day it appeared. Good enough to
	// name what went wrong, not to prove that nothing was charged.
	adapter.Codes(freed(esim.ErrUnauthorized), "AUTH_MISSING", "AUTH_INVALID_SIGNATURE", "AUTH_INVALID_ACCESS_CODE"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrClockSkew, Retry: adapter.AdjustClock, Repeat: esim.RepeatBuys}, "AUTH_EXPIRED_TIMESTAMP"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrDuplicate, Retry: adapter.Renonce}, "AUTH_DUPLICATE_REQUEST_ID"),
	adapter.Codes(freed(esim.ErrInvalidRequest), "VALIDATION_FAILED", "INVALID_COUNTRY_CODE", "INVALID_QUANTITY", "INVALID_ICCID"),
	adapter.Codes(freed(esim.ErrPackageUnavailable), "INVALID_PACKAGE_CODE", "PACKAGE_NOT_AVAILABLE"),
	adapter.Codes(freed(esim.ErrNotEligible), "ESIM_ALREADY_ACTIVE", "TOPUP_NOT_ALLOWED"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrUnavailable}, "ORDER_PROCESSING"),
	adapter.Codes(freed(esim.ErrRateLimited), "DAILY_LIMIT_EXCEEDED"),
	adapter.Codes(adapter.Rule{Kind: esim.ErrUnavailable, Retry: adapter.Transient, Repeat: esim.RepeatBuys}, "SYSTEM_ERROR", "SERVICE_UNAVAILABLE"),
)
