package esimfly

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// A repeat carries the request id of the send in doubt; once that is known, one
// replay goes out under a new id.
func TestARepeatCarriesTheRequestIDInDoubt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, f := faked(t, inTurn(t, step{}, step{400, seenID}, step{200, replayed}, step{200, first}), func(c *Config) {
			c.ReplaysVerified, c.MaxRetries, c.Now = true, 2, time.Now
		})
		o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
		require.NoError(t, err)
		assert.True(t, o.Replayed)
		ids := make([]string, len(f.sent))
		for i, r := range f.sent {
			ids[i] = r.Header.Get(requestIDHeader)
		}
		require.Len(t, ids, 4)
		assert.Equal(t, ids[0], ids[1])
		assert.NotEqual(t, ids[1], ids[2])
		assert.NotEqual(t, f.sent[0].Header.Get("RT-Timestamp"), f.sent[1].Header.Get("RT-Timestamp"))
		assert.NotEqual(t, f.sent[0].Header.Get("RT-Signature"), f.sent[1].Header.Get("RT-Signature"))
	})
}

// The journal's probe: what of it settles the send before is a fact of the code.
// Where it does, the reference may be ordered again, by whichever process.
func TestWhichRefusalsOfAProbeUseUpTheRequestID(t *testing.T) {
	for code, want := range map[string]evidence.Request{
		`{"success":false,"code":"INSUFFICIENT_BALANCE"}`:   {Outcome: esim.OutcomeRejected, BurnsRequestID: true},
		`{"success":false,"code":"PRICE_MISMATCH"}`:         {Outcome: esim.OutcomeRejected, BurnsRequestID: true},
		`{"success":false,"code":"PACKAGE_NOT_FOUND"}`:      {Outcome: esim.OutcomeRejected, BurnsRequestID: true},
		`{"success":false,"code":"RATE_LIMIT_EXCEEDED"}`:    {Outcome: esim.OutcomeRejected},
		`{"success":false,"code":"INVALID_TIMESTAMP"}`:      {Outcome: esim.OutcomeNotSent},
		`{"success":false,"code":"INVALID_REQUEST_ID"}`:     {Outcome: esim.OutcomeNotSent},
		`{"success":false,"code":"INVALID_API_KEY"}`:        {Outcome: esim.OutcomeNotSent},
		`{"success":false,"code":"DUPLICATE_REQUEST"}`:      {},
		`{"success":false,"code":"NEVER_HEARD_OF"}`:         {},
		`{"success":false,"code":"ORDER_PROCESSING_ERROR"}`: {},
	} {
		for _, restarted := range []bool{false, true} {
			steps := []step{{}, {400, code}, {200, sold}}
			if restarted {
				steps = steps[1:] // the first send was another process's
			}
			c, f := faked(t, inTurn(t, steps...))
			req := esim.OrderRequest{PackageID: "p", Reference: "cart-0001"}
			send := evidence.Send{RequestID: someRequestID, OneSend: true}
			if !restarted {
				_, err := c.Order(evidence.WithSend(t.Context(), send), req)
				require.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
			}
			send.Resumed = true
			_, err := c.Order(evidence.WithSend(t.Context(), send), req)
			assert.Equal(t, want.BurnsRequestID, asError(t, err).Outcome == esim.OutcomeRejected, "%s: of the reference", code)
			assert.Equal(t, !want.BurnsRequestID, esim.MaybeCharged(err), code)
			got, ok := evidence.OfRequest(err)
			require.True(t, ok)
			assert.Equal(t, want, got, code)

			send.Resumed, send.RequestID = false, "f1d4a0b2-0b43-4c5e-8f0e-3f0f2e7c9a11"
			_, err = c.Order(evidence.WithSend(t.Context(), send), req)
			if want.BurnsRequestID {
				require.NoError(t, err, "%s: funded, and ordered again", code)
				assert.Equal(t, len(steps), f.total(), code)
				continue
			}
			require.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome, code)
			assert.Equal(t, len(steps)-1, f.total(), code)
		}
	}
}

// Where replays are verified a resumed order may carry a new request id. What it
// is refused with is then no proof about the id of another process.
func TestARefusalSettlesNoSendUnderAnotherRequestID(t *testing.T) {
	c, f := faked(t, inTurn(t, step{400, noMoney}), func(c *Config) { c.ReplaysVerified = true })
	_, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: true, RequestID: someRequestID, OneSend: true}),
		esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	require.True(t, esim.MaybeCharged(err))
	assert.Equal(t, 1, f.total())
}

func TestCapabilitiesSayWhatARepeatWouldDo(t *testing.T) {
	c, _ := silent(t)
	caps := c.Capabilities()
	assert.Equal(t, esim.RepeatUnknown, caps.OrderRepeat)
	assert.Equal(t, esim.RepeatBuys, caps.TopUpRepeat)
	assert.Zero(t, caps.MaxRepeats)
	assert.Zero(t, caps.ListProvesAfter)
	c, _ = faked(t, inTurn(t), func(c *Config) { c.ReplaysVerified, c.ListProvesAfter = true, 15*time.Minute })
	caps = c.Capabilities()
	assert.Equal(t, esim.RepeatSafe, caps.OrderRepeat)
	assert.Equal(t, esim.RepeatBuys, caps.TopUpRepeat)
	assert.Equal(t, 15*time.Minute, caps.ListProvesAfter)
	_, err := New(Config{AccessCode: "esf_x", SecretKey: esim.NewSecret("sk_x"), ListProvesAfter: -1})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
}

// A pending order states an amount and no currency; Order knew it by the quote.
func TestGetOrderKeepsTheCurrency(t *testing.T) {
	pending := `{"success":true,"orderReference":"order_1","status":"pending","isPending":true,"final_price":2.72}`
	status := `{"success":true,"order":{"orderReference":"order_1","packageCode":"p","status":"pending","finalPrice":2.72}}`
	c, _ := faked(t, inTurn(t, step{200, pending}, step{200, status}))
	quote := turkeyQuote()
	quote.ID = "p"
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "cart-0001", Quote: quote})
	require.NoError(t, err)
	require.Equal(t, usd("2.72"), o.Total)
	o, err = c.GetOrder(t.Context(), esim.OrderRef{ID: "order_1"})
	require.NoError(t, err)
	assert.Equal(t, usd("2.72"), o.Total)
}
