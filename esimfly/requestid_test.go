package esimfly

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

const someRequestID = "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"

// An order under a request id of the caller's is sent once, whatever comes of
// it and whatever else the client may repeat.
func TestOrderUnderARequestIDIsSentOnce(t *testing.T) {
	for _, tt := range []struct {
		name    string
		step    step
		outcome esim.Outcome
		kind    esim.Kind
	}{
		{"accepted", step{200, sold}, esim.OutcomeAccepted, ""},
		{"lost", step{}, esim.OutcomeUnknown, esim.ErrUnavailable},
		{"request id seen", step{400, seenID}, esim.OutcomeUnknown, esim.ErrDuplicate},
		{"in flight", step{409, inFlight}, esim.OutcomeUnknown, esim.ErrDuplicate},
		{"throttled", step{429, tooOften}, esim.OutcomeRejected, esim.ErrRateLimited},
		{"throttled with 401", step{401, tooOften}, esim.OutcomeRejected, esim.ErrRateLimited},
		{"wrong clock", step{401, `{"success":false,"error":"old","code":"INVALID_TIMESTAMP"}`}, esim.OutcomeNotSent, esim.ErrClockSkew},
		{"wrong key", step{401, `{"success":false,"error":"no","code":"INVALID_API_KEY"}`}, esim.OutcomeNotSent, esim.ErrUnauthorized},
		{"bare 401", step{401, ``}, esim.OutcomeNotSent, esim.ErrUnauthorized},
		{"refused", step{400, noMoney}, esim.OutcomeRejected, esim.ErrInsufficientBalance},
		{"500", step{500, noOrder}, esim.OutcomeUnknown, esim.ErrUnavailable},
		{"503", step{503, ``}, esim.OutcomeUnknown, esim.ErrUnavailable},
		{"unreadable", step{200, `{"success":true`}, esim.OutcomeUnknown, esim.ErrMalformedResponse},
	} {
		for _, verified := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				var body string
				next := inTurn(t, tt.step)
				c, f := faked(t, func(call, b string) (int, string) { body = b; return next(call, b) }, func(cfg *Config) {
					cfg.MaxRetries, cfg.ReplaysVerified = 5, verified
				})
				o, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{RequestID: someRequestID}), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
				require.Equal(t, 1, f.total(), tt.name)
				require.Equal(t, []string{someRequestID}, f.sent[0].Header["Rt-Requestid"], tt.name)
				require.Equal(t, `{"packageCode":"p","quantity":1,"idempotency_key":"cart-0001"}`, body)
				if tt.kind == "" {
					require.NoError(t, err)
					require.Equal(t, "order_1", o.ID)
					return
				}
				e := asError(t, err)
				require.ErrorIs(t, e, tt.kind, tt.name)
				require.Equal(t, tt.outcome, e.Outcome, tt.name)
			})
		}
	}
}

// The reads that follow an order have ids of their own.
func TestARequestIDIsOfTheOrderAlone(t *testing.T) {
	c, f := faked(t, inTurn(t, step{200, replayed}, step{200, first}))
	o, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: true, RequestID: someRequestID}), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	require.Equal(t, 2, f.total())
	assert.Equal(t, someRequestID, f.sent[0].Header.Get(requestIDHeader))
	assert.NotEqual(t, someRequestID, f.sent[1].Header.Get(requestIDHeader))
}

// A resumed order under its old id is sent: that is how to find out. What it is
// refused with proves nothing of the send before.
func TestResumedOrderUnderARequestID(t *testing.T) {
	c, f := faked(t, inTurn(t, step{400, seenID}, step{400, noMoney}, step{200, sold}))
	ctx := evidence.WithSend(t.Context(), evidence.Send{Resumed: true, RequestID: someRequestID})
	req := esim.OrderRequest{PackageID: "p", Reference: "cart-0001"}
	_, err := c.Order(ctx, req)
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrDuplicate)
	assert.Equal(t, 400, e.HTTPStatus)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Equal(t, someRequestID, e.RequestID)

	_, err = c.Order(ctx, req)
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)

	other := req
	other.PackageID = "q"
	_, err = c.Order(ctx, other)
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	assert.Equal(t, 2, f.total(), "another purchase under this reference is not sent")

	_, err = c.Order(ctx, req)
	require.NoError(t, err)
	for _, r := range f.sent {
		assert.Equal(t, someRequestID, r.Header.Get(requestIDHeader))
	}
}

func TestInvalidRequestIDs(t *testing.T) {
	c, _ := silent(t)
	for _, id := range []string{
		"x", "0D9E6A18-53C7-4B2F-A9D4-6E81C07F2A5B", "0d9e6a1853c74b2fa9d46e81c07f2a5b", "{" + someRequestID + "}", "urn:uuid:" + someRequestID,
		"0d9e6a18-53c7-1b2f-a9d4-6e81c07f2a5b", "0d9e6a18-53c7-4b2f-c9d4-6e81c07f2a5b", "00000000-0000-0000-0000-000000000000",
		someRequestID + "\n", " " + someRequestID, someRequestID + "\r\nX-Evil: 1",
	} {
		_, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{RequestID: id}), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrInvalidRequest, "%q", id)
		require.Equal(t, esim.OutcomeNotSent, e.Outcome)
		require.Contains(t, e.Message, "RequestID")
		require.NotContains(t, e.Error(), "Evil")
	}
}
