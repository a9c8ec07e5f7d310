package esimfx

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// badRepeats are repeats of ref-1 that are refused before anything is sent.
func badRepeats(t *testing.T) map[string]func(ctx context.Context, c *Client, resumed bool) error {
	buy := func(change func(*esim.OrderRequest)) func(context.Context, *Client, bool) error {
		return func(ctx context.Context, c *Client, resumed bool) error {
			r := esim.OrderRequest{PackageID: aPackage, Reference: "ref-1"}
			change(&r)
			_, err := c.Order(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), r)
			return err
		}
	}
	return map[string]func(context.Context, *Client, bool) error{
		"no package":      buy(func(r *esim.OrderRequest) { r.PackageID = "" }),
		"too many":        buy(func(r *esim.OrderRequest) { r.Quantity = maxQuantity + 1 }),
		"less than none":  buy(func(r *esim.OrderRequest) { r.Quantity = -1 << 63 }),
		"absurdly many":   buy(func(r *esim.OrderRequest) { r.Quantity = 1<<63 - 1 }),
		"a callback":      buy(func(r *esim.OrderRequest) { r.CallbackURL = "https://shop.example.com/x" }),
		"above the quote": buy(func(r *esim.OrderRequest) { r.Quote, r.MaxTotal = quote(t, "12"), money(t, "11") }),
		"an odd ceiling":  buy(func(r *esim.OrderRequest) { r.MaxTotal = money(t, "-1") }),
		"a top-up, no eSIM": func(ctx context.Context, c *Client, resumed bool) error {
			_, err := c.TopUp(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), esim.TopUpRequest{PackageID: aPackage, Reference: "ref-1"})
			return err
		},
	}
}

// TestAnInvalidRepeatTakesNothingBack: that a repeat is refused here says nothing
// about what was sent before.
func TestAnInvalidRepeatTakesNothingBack(t *testing.T) {
	for name, repeat := range badRepeats(t) {
		for _, row := range []struct {
			name    string
			ends    []string
			outcome esim.Outcome
		}{
			{"in doubt", []string{"cut"}, esim.OutcomeUnknown},
			{"in doubt at the last of three", []string{"", "", "cut"}, esim.OutcomeUnknown},
			{"sold", nil, esim.OutcomeAccepted},
			{"refused", []string{noMoney}, esim.OutcomeNotSent},
		} {
			t.Run(name+"/"+row.name, func(t *testing.T) {
				w := newWorld(t)
				s := w.till(ends(row.ends...))
				c := w.client(t)
				_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Quantity: max(len(row.ends), 1), Reference: "ref-1"})
				assert.Equal(t, row.ends == nil, err == nil)
				sent := len(s.keys)
				e := asError(t, repeat(t.Context(), c, false))
				assert.Equal(t, row.outcome, e.Outcome)
				assert.Equal(t, "ref-1", e.Reference)
				assert.Len(t, s.keys, sent, "nothing more is sent")
			})
		}
	}
}

// TestAResumedPurchaseIsInDoubt: what an earlier process may have bought is not
// taken back by a refusal, whoever it comes from.
func TestAResumedPurchaseIsInDoubt(t *testing.T) {
	for name, repeat := range badRepeats(t) {
		w := newWorld(t)
		err := repeat(t.Context(), w.client(t), true)
		assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome, name)
		assert.Zero(t, w.sent, name)
	}
	w := newWorld(t)
	s := w.till(ends(noMoney))
	w.on(productPath, 200, strings.Replace(goodProduct, "12", "13", 1))
	c := w.client(t)
	req := esim.OrderRequest{PackageID: aPackage, Reference: "ref-1", Quote: quote(t, "12")}
	resumed := evidence.WithSend(t.Context(), evidence.Send{Resumed: true})
	_, err := c.Order(resumed, req)
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrPriceChanged)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	req.Quote = nil
	_, err = c.Order(resumed, req)
	e = asError(t, err)
	require.ErrorIs(t, e, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Equal(t, esim.RepeatUnknown, e.Repeat, "that was the one repeat")
	_, err = c.Order(resumed, req)
	require.ErrorIs(t, err, esim.ErrDuplicate)
	assert.Len(t, s.keys, 1)

	_, err = c.Order(resumed, esim.OrderRequest{PackageID: aPackage, Reference: "a b"})
	assert.Equal(t, esim.OutcomeNotSent, asError(t, err).Outcome, "such a reference was never sent")
}

// TestAResumedOrderOfSeveral: another process bought some, this one the rest.
func TestAResumedOrderOfSeveral(t *testing.T) {
	w := newWorld(t)
	s := w.till(ends("", "", "cut"))
	three := esim.OrderRequest{PackageID: aPackage, Quantity: 3, Reference: "ref-1"}
	_, err := w.client(t).Order(t.Context(), three)
	require.Error(t, err)
	c := w.client(t)
	got, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), three)
	require.NoError(t, err)
	assert.Equal(t, "o-1,o-2,o-3", got.ID)
	assert.Len(t, s.sold, 3)
	again, err := c.Order(t.Context(), three)
	require.NoError(t, err, "no doubt is left")
	assert.True(t, again.Replayed)
}

// TestAResumedTopUpIsSent without looking whether the eSIM can take it, which
// says nothing about a top-up that it may have had.
func TestAResumedTopUpIsSent(t *testing.T) {
	w := newWorld(t)
	s := w.till(sell)
	got, err := w.client(t).TopUp(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-1"})
	require.NoError(t, err)
	assert.Equal(t, "o-1", got.ID)
	assert.Len(t, s.keys, 1)
}

// TestAConflictHidesNoDoubt: the first unit is another purchase for sure, and
// of the second nobody knows.
func TestAConflictHidesNoDoubt(t *testing.T) {
	w := newWorld(t)
	s := w.till(ends("", "cut"))
	c := w.client(t)
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Quantity: 2, Reference: "ref-1"})
	require.Error(t, err)
	for _, quantity := range []int{1, 2} {
		_, err = c.Order(t.Context(), esim.OrderRequest{PackageID: "esimfx_1G_7D_JP", Quantity: quantity, Reference: "ref-1"})
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrReferenceConflict)
		assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	}
	assert.Len(t, s.keys, 2)
}

// TestForbiddenProvesNothing: unlike 401 it may come after the charge.
func TestForbiddenProvesNothing(t *testing.T) {
	w := newWorld(t)
	w.on(createPath, http.StatusForbidden, `{"code":77777,"message":"restricted"}`)
	c := w.client(t)
	_, err := order(t.Context(), c, "ref-1")
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrUnauthorized)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Equal(t, esim.RepeatUnknown, e.Repeat)
	assert.Equal(t, 2, w.sent, "a login and the purchase, once")
	_, err = order(t.Context(), c, "ref-2")
	require.Error(t, err)
	assert.Equal(t, 4, w.sent, "the token is a new one for what follows")
}

// oddLPA is a code of a format that is not known.
const oddLPA = `LPA:2$rsp.truphone.com$` + canaryMatch

func odd(body string) string {
	return strings.Replace(body, `LPA:1$rsp.truphone.com$`+canaryMatch, oddLPA, 1)
}

// TestACodeInAnUnknownFormIsKept wherever it comes from.
func TestACodeInAnUnknownFormIsKept(t *testing.T) {
	w := newWorld(t)
	w.on(createPath, 200, odd(goodOrder))
	w.on(statusPath, 200, odd(goodStatus))
	w.on(orderPath, 200, `{"code":0,"data":{"id":"o-1","iccid":"89440000000000000000","status":"COMPLETED"}}`)
	w.on(topUpsPath, 200, goodTopUps)
	c := w.client(t)
	keeps := func(unit esim.ESIM) {
		t.Helper()
		assert.True(t, unit.Activation.IsZero())
		assert.Equal(t, oddLPA, unit.RawActivation.Reveal())
		noCanary(t, printed(t, unit), "the eSIM")
	}
	_, err := order(t.Context(), c, "ref-1")
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrIncomplete)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome)
	require.NotNil(t, e.Order)
	assert.Equal(t, 1, e.Order.Delivered())
	keeps(e.Order.ESIMs[0])

	profile, err := c.GetESIM(t.Context(), anICCID)
	require.NoError(t, err)
	keeps(*profile)
	got, err := c.GetOrder(t.Context(), esim.OrderRef{ID: "o-1"})
	require.NoError(t, err)
	keeps(got.ESIMs[0])

	added, err := c.TopUp(t.Context(), esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-2"})
	require.NoError(t, err, "a code nobody needs keeps nobody from buying data")
	assert.True(t, added.ESIMs[0].RawActivation.IsZero(), "nothing is to be installed")
	_, err = c.GetESIM(t.Context(), "89440000000000000017")
	require.Error(t, err, "another eSIM is still another eSIM")
	assert.NotErrorIs(t, err, esim.ErrIncomplete)
}

// TestOddSideMembersSpoilNoSale: what is not needed to install the eSIM may
// come in any form.
func TestOddSideMembersSpoilNoSale(t *testing.T) {
	for _, odd := range []string{`null`, `7`, `true`, `[1]`, `{"id":[1],"status":[2],"expiry":3}`} {
		w := newWorld(t)
		w.on(createPath, 200, `{"code":0,"data":{"id":"o-1","status":`+odd+`,"creation_time":`+odd+`,"product":`+odd+`,"subscription":`+odd+
			`,"esim":{"iccid":"89440000000000000000","esim_qr":"LPA:1$rsp.truphone.com$C","status":`+odd+`}}}`)
		got, err := order(t.Context(), w.client(t), "ref-1")
		require.NoError(t, err, odd)
		assert.Equal(t, "o-1", got.ID)
		assert.Equal(t, esim.OrderUnknown, got.Status, odd)
		assert.Equal(t, esim.ESIMUnknown, got.ESIMs[0].Status, odd)
		assert.Equal(t, "LPA:1$rsp.truphone.com$C", got.ESIMs[0].Activation.LPA())
	}
}
