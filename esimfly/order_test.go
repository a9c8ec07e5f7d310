package esimfly

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

const (
	sold     = `{"success":true,"orderReference":"order_1","status":"completed","final_price":2.72,"currency":"USD","esims":[{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$CANARY-CODE"}]}`
	replayed = `{"success":true,"duplicate":true,"orderReference":"order_1","status":"completed","esims":[{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$CANARY-CODE"}]}`
	first    = `{"success":true,"order":{"orderReference":"order_1","packageCode":"p","status":"completed","finalPrice":2.72,"currency":"USD","orderDate":"2026-10-01T11:00:00Z"}}`
	inFlight = `{"success":false,"message":"being processed","code":"DUPLICATE_REQUEST"}`
	seenID   = `{"success":false,"error":"Request ID has already been used","code":"DUPLICATE_REQUEST"}`
	tooOften = `{"success":false,"error":"Rate limit exceeded","code":"RATE_LIMIT_EXCEEDED"}`
	noMoney  = `{"success":false,"message":"Insufficient balance","code":"INSUFFICIENT_BALANCE"}`
	noOrder  = `{"success":false,"message":"Failed to process order","code":"ORDER_PROCESSING_ERROR"}`
)

const getStatus = "GET /esims/order"

type step struct {
	status int // 0 = the connection is cut
	doc    string
}

// inTurn answers with the steps, and fails the test when they run out.
func inTurn(t *testing.T, steps ...step) func(call, body string) (int, string) {
	n := 0
	return func(call, _ string) (int, string) {
		if n >= len(steps) {
			t.Errorf("request %d, %s, was not to be sent", n+1, call)
			return 500, ""
		}
		n++
		return steps[n-1].status, steps[n-1].doc
	}
}

// What is sent again by itself, and what is not, with and without proof that
// eSIMfly honours keys.
func TestOrderIsRepeatedOnlyWhereThatIsSafe(t *testing.T) {
	verified := func(c *Config) { c.MaxRetries, c.ReplaysVerified = 2, true }
	documented := func(c *Config) { c.MaxRetries = 2 }
	tests := []struct {
		name     string
		config   func(*Config)
		steps    []step
		outcome  esim.Outcome // of the error; OutcomeAccepted = no error
		replayed bool
	}{
		{"lost, documented", documented, []step{{}}, esim.OutcomeUnknown, false},
		{"lost, verified", verified, []step{{}, {200, replayed}}, esim.OutcomeAccepted, true},
		{"lost for good, verified", verified, []step{{}, {}, {}}, esim.OutcomeUnknown, false},
		{"500 without code, documented", documented, []step{{500, `{"success":false}`}}, esim.OutcomeUnknown, false},
		{"500 without code, verified", verified, []step{{500, `{"success":false}`}}, esim.OutcomeUnknown, false},
		{"503 without code, verified", verified, []step{{503, `{"success":false,"error":"Order processing failed"}`}}, esim.OutcomeUnknown, false},
		{"a gateway's 503 in JSON, verified", verified, []step{{503, `{"message":"Service Unavailable"}`}, {200, replayed}}, esim.OutcomeAccepted, true},
		{"a gateway's 502, documented", documented, []step{{502, `<html>`}}, esim.OutcomeUnknown, false},
		{"a gateway's 502, verified", verified, []step{{502, `<html>`}, {200, replayed}}, esim.OutcomeAccepted, true},
		{"lost, known, replayed, verified", verified, []step{{}, {400, seenID}, {200, replayed}}, esim.OutcomeAccepted, true},
		{"lost, then 500 that frees the key, verified", verified, []step{{}, {500, noOrder}}, esim.OutcomeUnknown, false},
		{"500 that frees the key, verified", verified, []step{{500, noOrder}}, esim.OutcomeUnknown, false},
		{"unreadable, documented", documented, []step{{200, `{"success":true`}}, esim.OutcomeUnknown, false},
		{"unreadable, verified", verified, []step{{200, `{"success":true`}}, esim.OutcomeUnknown, false},
		{"in flight, documented", documented, []step{{409, inFlight}}, esim.OutcomeUnknown, false},
		{"in flight, verified", verified, []step{{409, inFlight}, {409, inFlight}, {200, replayed}}, esim.OutcomeAccepted, true},
		{"request id seen, documented", documented, []step{{400, seenID}}, esim.OutcomeUnknown, false},
		{"request id seen, verified", verified, []step{{400, seenID}, {200, replayed}}, esim.OutcomeAccepted, true},
		{"throttled, documented", documented, []step{{429, tooOften}, {200, sold}}, esim.OutcomeAccepted, false},
		{"throttled with 401, documented", documented, []step{{401, tooOften}, {200, sold}}, esim.OutcomeAccepted, false},
		{"refused, verified", verified, []step{{400, noMoney}}, esim.OutcomeRejected, false},
		{"lost and then refused under its request id, verified", verified, []step{{}, {400, noMoney}}, esim.OutcomeRejected, false},
		{"lost, known and then refused, verified", verified, []step{{}, {400, seenID}, {400, noMoney}}, esim.OutcomeUnknown, false},
		{"unlisted code, verified", verified, []step{{400, `{"success":false,"code":"NEW"}`}}, esim.OutcomeUnknown, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var bodies []string
				next := inTurn(t, tt.steps...)
				c, f := faked(t, func(call, body string) (int, string) {
					if call == getStatus {
						return 200, first
					}
					bodies = append(bodies, body)
					return next(call, body)
				}, tt.config)
				o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
				require.Equal(t, len(tt.steps), f.count("POST /esims/order"))
				for _, body := range bodies {
					require.Equal(t, bodies[0], body, "every send is the same, byte for byte")
				}
				if tt.outcome == esim.OutcomeAccepted {
					require.NoError(t, err)
					assert.Equal(t, "order_1", o.ID)
					assert.Equal(t, tt.replayed, o.Replayed)
					return
				}
				e := asError(t, err)
				assert.Equal(t, tt.outcome, e.Outcome)
				assert.Equal(t, "cart-0001", e.Reference)
			})
		})
	}
}

func TestOrderAgainAfterDoubt(t *testing.T) {
	c, f := faked(t, inTurn(t, step{}, step{400, seenID}, step{400, noMoney}, step{200, replayed}, step{200, first}), func(c *Config) {
		c.ReplaysVerified, c.MaxRetries = true, -1
	})
	req := esim.OrderRequest{PackageID: "p", Reference: "cart-0001"}
	_, err := c.Order(t.Context(), req)
	require.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	_, err = c.Order(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrDuplicate)

	_, err = c.Order(t.Context(), req)
	require.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome, "the first send may be why there is no money left")

	other := req
	other.Quantity = 2
	_, err = c.Order(t.Context(), other)
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	require.True(t, esim.MaybeCharged(err), "what was sent under it may be charged")

	dearer := req
	dearer.Quote, dearer.MaxTotal = turkeyQuote(), usd("1")
	dearer.Quote.ID = "p"
	_, err = c.Order(t.Context(), dearer)
	require.ErrorIs(t, err, esim.ErrPriceChanged)
	require.True(t, esim.MaybeCharged(err), "that this call sent nothing takes nothing back")

	o, err := c.Order(t.Context(), req)
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, usd("2.72"), o.Total, "read, for a replay does not tell it")
	assert.Equal(t, goldenNow.Add(-time.Hour), o.CreatedAt)
	assert.Equal(t, 5, f.total())

	_, err = c.Order(t.Context(), dearer)
	assert.Equal(t, esim.OutcomeAccepted, asError(t, err).Outcome)
}

// TestOneRequestAfterAFailureCode: the key is free again, so nobody repeats, nor
// probes, verified or not. Of an unverified client no other doubt is repeated.
func TestOneRequestAfterAFailureCode(t *testing.T) {
	for _, verified := range []bool{false, true} {
		for name, one := range map[string]step{"a failure code": {500, noOrder}, "no answer": {}, "a gateway's 502": {502, `<html>`}} {
			if verified && name != "a failure code" {
				continue
			}
			c, f := faked(t, inTurn(t, one), func(c *Config) { c.ReplaysVerified, c.MaxRetries = verified, 5 })
			want := map[bool]esim.Repeat{true: esim.RepeatBuys, false: esim.RepeatUnknown}[name == "a failure code"]
			for n := range 4 {
				send := evidence.Send{OneSend: n%2 == 1}
				if n == 3 && want == esim.RepeatBuys {
					send.RequestID = "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"
				}
				_, err := c.Order(evidence.WithSend(t.Context(), send), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
				e := asError(t, err)
				assert.Equal(t, esim.OutcomeUnknown, e.Outcome, name)
				assert.Equal(t, want, e.Repeat, name)
				assert.False(t, esim.MayRepeat(err))
			}
			assert.Equal(t, 1, f.count("POST /esims/order"), name)
		}
	}
}

func TestMintedReference(t *testing.T) {
	c, _ := faked(t, inTurn(t, step{200, sold}, step{}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	require.NoError(t, err)
	assert.Len(t, o.Reference, 36)
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	assert.Len(t, asError(t, err).Reference, 36)
	assert.NotEqual(t, o.Reference, asError(t, err).Reference)
}

// A pending order of several eSIMs shows one of them later on. That is not
// the whole order.
func TestPendingOrderOfSeveral(t *testing.T) {
	pending := `{"success":true,"orderReference":"order_1","status":"pending_details","isPending":true,"esims":[]}`
	ready := `{"success":true,"order":{"orderReference":"order_1","status":"completed","esim":{"iccid":"8932042000010078801","isPending":false,"lpaString":"LPA:1$rsp.example.com$A"}}}`
	c, _ := faked(t, inTurn(t, step{200, pending}, step{200, ready}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Quantity: 2})
	require.NoError(t, err)
	require.Equal(t, esim.OrderPending, o.Status)
	_, err = esim.WaitOrder(t.Context(), c, o.Ref(), esim.WaitOptions{Interval: time.Nanosecond})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	assert.Contains(t, err.Error(), "1 of 2 eSIMs")
	assert.Equal(t, esim.ICCID("8932042000010078801"), asError(t, err).Order.ESIMs[0].ICCID)
}

func TestOrderObeysItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	c, f := faked(t, func(string, string) (int, string) { cancel(); return 0, "" }, func(cfg *Config) { cfg.MaxRetries, cfg.ReplaysVerified = 2, true })
	_, err := c.Order(ctx, esim.OrderRequest{PackageID: "p"})
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	assert.Equal(t, 1, f.total())

	_, err = c.Order(ctx, esim.OrderRequest{PackageID: "p"})
	assert.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, esim.OutcomeNotSent, asError(t, err).Outcome)
	assert.Equal(t, 1, f.total())
}

func TestRecoveredCodes(t *testing.T) {
	list := `{"success":true,"data":{"esims":[%s],"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`
	row := `{"iccid":"%s","manual_installation":{"lpa_format":"%s"}}`
	two := `{"success":true,"orderReference":"order_1","status":"completed","esims":[{"iccid":"8932042000010078801"},{"iccid":"8932042000010078802"}]}`
	found := func(iccid, lpa string) step { return step{200, fmt.Sprintf(list, fmt.Sprintf(row, iccid, lpa))} }

	c, _ := faked(t, inTurn(t, step{200, two}, found("8932042000010078801", "LPA:1$rsp.example.com$A"), found("8932042000010078802", "LPA:1$rsp.example.com$B")))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Quantity: 2})
	require.NoError(t, err)
	assert.Equal(t, "LPA:1$rsp.example.com$A", o.ESIMs[0].Activation.LPA())
	assert.Equal(t, "LPA:1$rsp.example.com$B", o.ESIMs[1].Activation.LPA())

	c, _ = faked(t, inTurn(t, step{200, two}, found("8932042000010078801", "LPA:1$rsp.example.com$A"), found("8932042000010078802", "nonsense")))
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Quantity: 2})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	e := asError(t, err)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome)
	assert.Contains(t, e.Message, "1 of 2")
	assert.Equal(t, "LPA:1$rsp.example.com$A", e.Order.ESIMs[0].Activation.LPA())
	assert.Equal(t, esim.ICCID("8932042000010078802"), e.Order.ESIMs[1].ICCID)

	c, _ = faked(t, inTurn(t, step{200, two}, step{}, step{}))
	_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Quantity: 2})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	assert.ErrorIs(t, err, errCut, "why they are missing")
	assert.NotContains(t, err.Error(), "nothing was charged")
}

func TestStatusWords(t *testing.T) {
	for word, want := range map[string]esim.OrderStatus{
		"completed": esim.OrderCompleted, "COMPLETED": esim.OrderCompleted, " completed ": esim.OrderCompleted,
		"pending": esim.OrderPending, "pending_details": esim.OrderPending, "PENDING": esim.OrderPending,
		"failed": esim.OrderFailed, "cancelled": esim.OrderCancelled, "canceled": esim.OrderCancelled,
		"": esim.OrderUnknown, "refunded": esim.OrderUnknown, "complete": esim.OrderUnknown,
	} {
		assert.Equal(t, want, orderStatus(wire.Text(word)), "%q", word)
	}
	for _, tt := range []struct {
		word, network wire.Text
		want          esim.ESIMStatus
	}{
		{"New", "", esim.ESIMNew},
		{"NEW", "Assigned (Not Installed)", esim.ESIMNew},
		{"NEW", "Installed", esim.ESIMInstalled},
		{"got_resource", "", esim.ESIMNew},
		{"onboard", "", esim.ESIMNew},
		{"ACTIVE", "Active", esim.ESIMActive},
		{"ACTIVE", "Installed", esim.ESIMActive},
		{"ACTIVE", "Disconnected", esim.ESIMBlocked},
		{"in_use", "", esim.ESIMActive},
		{"DEPLETED", "Not Active", esim.ESIMDepleted},
		{"EXPIRED", "", esim.ESIMExpired},
		{"USED_EXPIRED", "", esim.ESIMExpired},
		{"cancel", "", esim.ESIMCancelled},
		{"canceled", "", esim.ESIMCancelled},
		{"CANCELLED", "", esim.ESIMCancelled},
		{"DELETED", "", esim.ESIMUnknown},
		{"not_active", "", esim.ESIMUnknown},
		{"", "", esim.ESIMUnknown},
	} {
		assert.Equal(t, tt.want, esimStatus(tt.word, tt.network), "%s %s", tt.word, tt.network)
	}
}
