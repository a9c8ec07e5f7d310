package esimfly

import (
	"errors"
	"net/http"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

func TestRefusals(t *testing.T) {
	const (
		unknown  = esim.OutcomeUnknown
		notSent  = esim.OutcomeNotSent
		rejected = esim.OutcomeRejected
	)
	tests := []struct {
		code    string
		status  int
		kind    esim.Kind
		outcome esim.Outcome
		retry   adapter.Retry
	}{
		{"", 401, esim.ErrUnauthorized, notSent, adapter.Never},
		{"", 403, esim.ErrUnauthorized, unknown, adapter.Never},
		{"", 404, esim.ErrNotFound, unknown, adapter.Never},
		{"", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"", 429, esim.ErrRateLimited, rejected, adapter.Throttled},
		{"", 500, esim.ErrUnavailable, unknown, adapter.Transient},
		{"", 502, esim.ErrUnavailable, unknown, adapter.Transient},
		{"", 503, esim.ErrUnavailable, unknown, adapter.Transient},
		{"HMAC_REQUIRED", 401, esim.ErrUnauthorized, notSent, adapter.Never},
		{"INVALID_API_KEY", 401, esim.ErrUnauthorized, notSent, adapter.Never},
		{"INVALID_SIGNATURE", 401, esim.ErrUnauthorized, notSent, adapter.Never},
		{"INVALID_USER", 403, esim.ErrUnauthorized, notSent, adapter.Never},
		{"INVALID_TIMESTAMP", 401, esim.ErrClockSkew, notSent, adapter.AdjustClock},
		{"INVALID_TIMESTAMP", 400, esim.ErrClockSkew, notSent, adapter.AdjustClock},
		{"INVALID_REQUEST_ID", 400, esim.ErrInvalidRequest, notSent, adapter.Never},
		{"DUPLICATE_REQUEST", 400, esim.ErrDuplicate, unknown, adapter.Renonce},
		{"DUPLICATE_REQUEST", 401, esim.ErrDuplicate, unknown, adapter.Renonce},
		{"DUPLICATE_REQUEST", 409, esim.ErrDuplicate, unknown, adapter.InFlight},
		{"RATE_LIMIT_EXCEEDED", 401, esim.ErrRateLimited, rejected, adapter.Throttled},
		{"RATE_LIMIT_EXCEEDED", 403, esim.ErrRateLimited, rejected, adapter.Throttled},
		{"RATE_LIMIT_EXCEEDED", 429, esim.ErrRateLimited, rejected, adapter.Throttled},
		{"MISSING_PACKAGE_CODE", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"MISSING_FIELDS", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"MISSING_ICCID", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"MISSING_IDENTIFIER", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"MISSING_MESSAGE", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"MESSAGE_TOO_LONG", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"INVALID_ACTION", 400, esim.ErrInvalidRequest, rejected, adapter.Never},
		{"INVALID_PACKAGE", 400, esim.ErrPackageUnavailable, rejected, adapter.Never},
		{"PACKAGE_NOT_FOUND", 404, esim.ErrPackageUnavailable, rejected, adapter.Never},
		{"INVALID_TOPUP_PACKAGE", 400, esim.ErrPackageUnavailable, rejected, adapter.Never},
		{"INVALID_TOPUP_PACKAGE", 404, esim.ErrPackageUnavailable, rejected, adapter.Never},
		{"PRICE_MISMATCH", 400, esim.ErrPriceChanged, rejected, adapter.Never},
		{"INSUFFICIENT_BALANCE", 400, esim.ErrInsufficientBalance, rejected, adapter.Never},
		{"ORDER_NOT_FOUND", 404, esim.ErrNotFound, rejected, adapter.Never},
		{"ORDER_NOT_FOUND", 400, esim.ErrNotFound, rejected, adapter.Never},
		{"ESIM_NOT_FOUND", 400, esim.ErrNotFound, rejected, adapter.Never},
		{"ESIM_NOT_FOUND", 404, esim.ErrNotFound, rejected, adapter.Never},
		{"FORBIDDEN", 403, esim.ErrNotFound, rejected, adapter.Never},
		{"ESIM_ACCESS_DENIED", 403, esim.ErrNotFound, rejected, adapter.Never},
		{"ESIM_NOT_TOPPABLE", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"TOPUP_NOT_SUPPORTED", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"NOT_ELIGIBLE", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"ALREADY_CANCELLED", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"UNSUPPORTED_PROVIDER", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"NOT_SUPPORTED", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"SMS_NOT_SUPPORTED", 400, esim.ErrNotEligible, rejected, adapter.Never},
		{"SMS_FAILED", 400, esim.ErrUnavailable, rejected, adapter.Never},
		{"PROVIDER_ERROR", 502, esim.ErrUnavailable, unknown, adapter.Never},
		{"ORDER_PROCESSING_ERROR", 500, esim.ErrUnavailable, unknown, adapter.Never},
		{"AUTH_MISSING", 401, esim.ErrUnauthorized, unknown, adapter.Never},
		{"AUTH_INVALID_SIGNATURE", 401, esim.ErrUnauthorized, unknown, adapter.Never},
		{"AUTH_INVALID_ACCESS_CODE", 401, esim.ErrUnauthorized, unknown, adapter.Never},
		{"AUTH_EXPIRED_TIMESTAMP", 401, esim.ErrClockSkew, unknown, adapter.AdjustClock},
		{"AUTH_DUPLICATE_REQUEST_ID", 400, esim.ErrDuplicate, unknown, adapter.Renonce},
		{"VALIDATION_FAILED", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"INVALID_COUNTRY_CODE", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"INVALID_QUANTITY", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"INVALID_ICCID", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"INVALID_PACKAGE_CODE", 400, esim.ErrPackageUnavailable, unknown, adapter.Never},
		{"PACKAGE_NOT_AVAILABLE", 400, esim.ErrPackageUnavailable, unknown, adapter.Never},
		{"ESIM_ALREADY_ACTIVE", 400, esim.ErrNotEligible, unknown, adapter.Never},
		{"TOPUP_NOT_ALLOWED", 400, esim.ErrNotEligible, unknown, adapter.Never},
		{"ORDER_PROCESSING", 400, esim.ErrUnavailable, unknown, adapter.Never},
		{"DAILY_LIMIT_EXCEEDED", 429, esim.ErrRateLimited, unknown, adapter.Never},
		{"SYSTEM_ERROR", 500, esim.ErrUnavailable, unknown, adapter.Transient},
		{"SERVICE_UNAVAILABLE", 503, esim.ErrUnavailable, unknown, adapter.Transient},
		{"insufficient_balance", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"NEVER_HEARD_OF", 400, esim.ErrInvalidRequest, unknown, adapter.Never},
		{"NEVER_HEARD_OF", 401, esim.ErrUnauthorized, notSent, adapter.Never},
		{"NEVER_HEARD_OF", 429, esim.ErrRateLimited, rejected, adapter.Throttled},
	}
	notes := map[string]string{"ORDER_PROCESSING_ERROR": "the key is free again: look at Orders and Balance"}
	burns := func(code string, outcome esim.Outcome) bool {
		return outcome == rejected && code != "" && code != "RATE_LIMIT_EXCEEDED" && code != "NEVER_HEARD_OF"
	}
	// A failure frees the key, whatever its code; these say something else.
	frees := func(code string, outcome esim.Outcome) bool {
		return outcome == unknown && !slices.Contains([]string{"DUPLICATE_REQUEST", "AUTH_DUPLICATE_REQUEST_ID", "ORDER_PROCESSING"}, code)
	}
	tried := map[string]bool{}
	for _, tt := range tests {
		tried[tt.code] = true
		doc := `{"success":false,"message":"why","code":"` + tt.code + `"}`
		v := refuse(adapter.Answer{Status: tt.status, Body: []byte(doc), JSON: true})
		want := adapter.Rule{Kind: tt.kind, Outcome: tt.outcome, Retry: tt.retry, Note: notes[tt.code], Burns: burns(tt.code, tt.outcome)}
		if frees(tt.code, tt.outcome) {
			want.Repeat = esim.RepeatBuys
		}
		assert.Equal(t, want, v.Rule, "%s %d", tt.code, tt.status)
		assert.Equal(t, tt.code, v.Code)
		assert.Equal(t, "why", v.Message)
		assert.True(t, v.Recognised)
	}
	for _, row := range rules {
		assert.True(t, tried[row.Code], "%s is not tested", row.Code)
	}
}

func TestRefusalShapes(t *testing.T) {
	tests := []struct {
		name, doc     string
		status        int
		code, message string
		recognised    bool
		outcome       esim.Outcome
	}{
		{"error and code", `{"success":false,"error":"short","code":"INSUFFICIENT_BALANCE"}`, 400, "INSUFFICIENT_BALANCE", "short", true, esim.OutcomeRejected},
		{"message and code", `{"success":false,"message":"long","code":"INSUFFICIENT_BALANCE","needToLoad":1.7}`, 400, "INSUFFICIENT_BALANCE", "long", true, esim.OutcomeRejected},
		{"error, message and code", `{"success":false,"error":"short","message":"long","code":"INSUFFICIENT_BALANCE"}`, 400, "INSUFFICIENT_BALANCE", "long", true, esim.OutcomeRejected},
		{"error alone", `{"success":false,"error":"short"}`, 500, "", "short", true, esim.OutcomeUnknown},
		{"message alone", `{"success":false,"message":"long"}`, 500, "", "long", true, esim.OutcomeUnknown},
		{"without success", `{"error":"Bad Request","message":"long"}`, 400, "", "long", false, esim.OutcomeUnknown},
		{"with details", `{"success":false,"error":"short","code":"INVALID_PACKAGE","details":{"a":1}}`, 400, "INVALID_PACKAGE", "short", true, esim.OutcomeRejected},
		{"null texts", `{"success":false,"error":"short","message":null,"code":null}`, 400, "", "short", true, esim.OutcomeUnknown},
		{"empty message", `{"success":false,"error":"short","message":""}`, 400, "", "short", true, esim.OutcomeUnknown},
		{"not JSON", `<html>`, 502, "", "", false, esim.OutcomeUnknown},
		{"null", `null`, 400, "", "", false, esim.OutcomeUnknown},
		{"cut short", `{"success":false,"code":"INSUFFICIENT_BALANCE"`, 400, "", "", false, esim.OutcomeUnknown},
		{"code twice", `{"success":false,"code":"X","code":"INSUFFICIENT_BALANCE"}`, 400, "", "", false, esim.OutcomeUnknown},
		{"wrong letter case", `{"Success":false,"Code":"INSUFFICIENT_BALANCE"}`, 400, "", "", false, esim.OutcomeUnknown},
		{"code without success", `{"code":"INSUFFICIENT_BALANCE"}`, 400, "INSUFFICIENT_BALANCE", "", false, esim.OutcomeUnknown},
		{"code beside success", `{"success":true,"code":"INSUFFICIENT_BALANCE"}`, 400, "INSUFFICIENT_BALANCE", "", false, esim.OutcomeUnknown},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v := refuse(adapter.Answer{Status: tt.status, Body: []byte(tt.doc), JSON: true})
			assert.Equal(t, tt.code, v.Code)
			assert.Equal(t, tt.message, v.Message)
			assert.Equal(t, tt.recognised, v.Recognised)
			assert.Equal(t, tt.outcome, v.Outcome)
			assert.True(t, errors.Is(v.Kind, v.Kind) && v.Kind != "")
		})
	}
	v := refuse(adapter.Answer{Status: http.StatusBadRequest, Body: []byte(`{"success":false,"code":"INSUFFICIENT_BALANCE"}`)})
	assert.Equal(t, esim.OutcomeUnknown, v.Outcome, "the Content-Type is not JSON")
}
