package esimfx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarcoal/httpmock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// till is a create_order that honours keys, and can be told how to end.
type till struct {
	mu    sync.Mutex
	keys  []string          // of each request
	sold  map[string]string // answer by key
	fault func(n int) string
}

// register makes fault, called with the number of the request from 1, decide:
// "" is a sale, "cut" a sale of which the answer is lost, "lost" a request
// that never arrives, and else the body of a refusal.
func (w *world) till(fault func(n int) string) *till {
	s := &till{sold: map[string]string{}, fault: fault}
	w.mock.RegisterResponder(http.MethodPost, "=~"+createPath, s.respond)
	return s
}

func (s *till) respond(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key := r.Header.Get("X-Idempotency-Key")
	s.keys = append(s.keys, key)
	what := s.fault(len(s.keys))
	if what == "lost" {
		return nil, io.ErrUnexpectedEOF
	}
	if what == "" || what == "cut" {
		if s.sold[key] == "" {
			s.sold[key] = s.sale(string(body))
		}
		if what == "cut" {
			return nil, io.ErrUnexpectedEOF
		}
		what = s.sold[key]
	}
	resp := httpmock.NewStringResponse(200, what)
	resp.Header.Set("Content-Type", "application/json")
	return resp, nil
}

func (s *till) sale(body string) string {
	n := len(s.sold) + 1
	iccid := fmt.Sprintf("894400000000000000%02d", n)
	if strings.Contains(body, "TOPUP") {
		iccid = string(anICCID)
	}
	return fmt.Sprintf(`{"code":0,"data":{"id":"o-%d","status":"COMPLETED","esim":{"iccid":%q,"esim_qr":"LPA:1$h.example.com$M%d"}}}`, n, iccid, n)
}

func sell(int) string { return "" }

// ends lets the requests end as listed, and all others well.
func ends(what ...string) func(int) string {
	return func(n int) string {
		if n <= len(what) {
			return what[n-1]
		}
		return ""
	}
}

const (
	noMoney = `{"code":40201,"message":"Insufficient balance"}`
	strange = `{"code":49999,"message":"Something else"}`
)

func TestKeysAreForLife(t *testing.T) {
	w := newWorld(t)
	s := w.till(sell)
	three := esim.OrderRequest{PackageID: aPackage, Quantity: 3, Reference: "ref-1"}
	first, err := w.client(t).Order(t.Context(), three)
	require.NoError(t, err)
	again, err := w.client(t).Order(t.Context(), three) // another process
	require.NoError(t, err)
	assert.Equal(t, s.keys[:3], s.keys[3:])
	assert.Equal(t, first, again)
	assert.Len(t, s.sold, 3)

	other := w.config()
	other.ClientID = "another-account"
	_, err = newTestClient(t, other).Order(t.Context(), three)
	require.NoError(t, err)
	_, err = order(t.Context(), w.client(t), "ref-2")
	require.NoError(t, err)
	assert.Len(t, s.sold, 7)
	for key := range s.sold {
		assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, key)
	}
}

// TestTheKeyOfAReference pins the derivation: another one would buy again what
// an earlier version of this package has in doubt.
func TestTheKeyOfAReference(t *testing.T) {
	c := newWorld(t).client(t)
	assert.Equal(t, "679b27b8-d3ff-5ec2-a2f5-6027ef1fcd31", c.order.Key("cart-8841", 0))
	assert.Equal(t, "88debaf2-1260-5460-ab9f-3841573ce83c", c.order.Key("cart-8841", 1))
	assert.Equal(t, c.order.Key("cart-8841", 0), c.topUp.Key("cart-8841", 0), "one reference is one purchase")
}

func TestARepeatIsReplayed(t *testing.T) {
	w := newWorld(t)
	s := w.till(sell)
	c := w.client(t)
	two := esim.OrderRequest{PackageID: aPackage, Quantity: 2, Reference: "ref-1"}
	first, err := c.Order(t.Context(), two)
	require.NoError(t, err)
	assert.False(t, first.Replayed)
	second, err := c.Order(t.Context(), two)
	require.NoError(t, err)
	assert.True(t, second.Replayed)
	second.Replayed = false
	assert.Equal(t, first, second)
	assert.Len(t, s.sold, 2)
}

func TestAnotherPurchaseUnderAReference(t *testing.T) {
	w := newWorld(t)
	s := w.till(sell)
	w.on(statusPath, 200, goodStatus)
	w.on(topUpsPath, 200, goodTopUps)
	c := w.client(t)
	_, err := order(t.Context(), c, "ref-1")
	require.NoError(t, err)
	for name, call := range map[string]func() (*esim.Order, error){
		"another package": func() (*esim.Order, error) {
			return c.Order(t.Context(), esim.OrderRequest{PackageID: "esimfx_1G_7D_JP", Reference: "ref-1"})
		},
		"another quantity": func() (*esim.Order, error) {
			return c.Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Quantity: 2, Reference: "ref-1"})
		},
		"a top-up": func() (*esim.Order, error) {
			return c.TopUp(t.Context(), esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-1"})
		},
	} {
		got, err := call()
		assert.Nil(t, got, name)
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrReferenceConflict, name)
		assert.Equal(t, esim.OutcomeAccepted, e.Outcome, "of the purchase that has the reference: %s", name)
		assert.Equal(t, "ref-1", e.Reference, name)
	}
	assert.Len(t, s.keys, 1, "nothing more is sent")
}

// TestPartsOfAnOrder: what came is never dropped, and the outcome is that of
// the worst unit.
func TestPartsOfAnOrder(t *testing.T) {
	for _, row := range []struct {
		name    string
		ends    []string
		outcome esim.Outcome
		kind    esim.Kind
		also    error
		bought  int
	}{
		{"refused at once", []string{noMoney}, esim.OutcomeRejected, esim.ErrInsufficientBalance, nil, 0},
		{"refused after one", []string{"", noMoney}, esim.OutcomeAccepted, esim.ErrIncomplete, esim.ErrInsufficientBalance, 1},
		{"refused after two", []string{"", "", noMoney}, esim.OutcomeAccepted, esim.ErrIncomplete, esim.ErrInsufficientBalance, 2},
		{"in doubt at once", []string{"cut"}, esim.OutcomeUnknown, esim.ErrUnavailable, nil, 0},
		{"in doubt after one", []string{"", "lost"}, esim.OutcomeUnknown, esim.ErrUnavailable, nil, 1},
		{"unlisted code after two", []string{"", "", strange}, esim.OutcomeUnknown, esim.ErrUnavailable, nil, 2},
		{"incomplete at once", []string{`{"code":0,"data":{"id":"o-x"}}`}, esim.OutcomeAccepted, esim.ErrIncomplete, nil, 1},
		{"incomplete after one", []string{"", `{"code":0,"data":{"id":"o-x"}}`}, esim.OutcomeAccepted, esim.ErrIncomplete, nil, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			s := w.till(ends(row.ends...))
			got, err := w.client(t).Order(t.Context(), esim.OrderRequest{PackageID: aPackage, Quantity: 3, Reference: "ref-1"})
			assert.Nil(t, got)
			e := asError(t, err)
			assert.Equal(t, row.outcome, e.Outcome)
			require.ErrorIs(t, e, row.kind)
			if row.also != nil {
				require.ErrorIs(t, e, row.also)
				assert.Equal(t, "40201", e.Code)
				assert.NotContains(t, e.Error(), "nothing was charged")
			}
			assert.Equal(t, row.outcome != esim.OutcomeRejected, esim.MaybeCharged(e))
			assert.Len(t, s.keys, len(row.ends), "it stops at the first failure")
			if row.bought == 0 {
				assert.Nil(t, e.Order)
				return
			}
			require.NotNil(t, e.Order)
			assert.Equal(t, row.bought, e.Order.Quantity)
			assert.Equal(t, "ref-1", e.Order.Reference)
			assert.Len(t, strings.Split(e.Order.ID, ","), row.bought)
		})
	}
}

func TestARepeatBuysTheRest(t *testing.T) {
	w := newWorld(t)
	s := w.till(ends("", noMoney))
	c := w.client(t)
	three := esim.OrderRequest{PackageID: aPackage, Quantity: 3, Reference: "ref-1"}
	_, err := c.Order(t.Context(), three)
	require.ErrorIs(t, err, esim.ErrIncomplete)
	got, err := c.Order(t.Context(), three)
	require.NoError(t, err)
	assert.Equal(t, "o-1,o-2,o-3", got.ID)
	assert.Equal(t, 3, got.Delivered())
	assert.False(t, got.Replayed)
	assert.Len(t, s.sold, 3)
}

// TestWhatIsKnownOutlastsAFailure: a later failure under the same reference
// takes nothing back of an earlier doubt, or of an earlier sale.
func TestWhatIsKnownOutlastsAFailure(t *testing.T) {
	w := newWorld(t)
	s := w.till(ends("", "cut", noMoney, noMoney))
	c := w.client(t)
	two := esim.OrderRequest{PackageID: aPackage, Quantity: 2, Reference: "ref-1"}
	_, err := c.Order(t.Context(), two) // o-1, then a lost answer
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	_, err = c.Order(t.Context(), two) // refused at the first unit, the second is in doubt
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Order(cancelled, two) // not sent at all
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)

	_, err = order(t.Context(), c, "ref-2")
	assert.Equal(t, esim.OutcomeRejected, asError(t, err).Outcome, "another reference is another matter")
	_, err = order(t.Context(), c, "ref-2")
	require.NoError(t, err)
	_, err = order(cancelled, c, "ref-2")
	e := asError(t, err)
	require.ErrorIs(t, e, context.Canceled)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome)
	assert.True(t, esim.MaybeCharged(e))
	assert.Len(t, s.sold, 3)
}

func TestThePriceIsReadBeforeThePurchase(t *testing.T) {
	w := newWorld(t)
	s := w.till(sell)
	dear := strings.Replace(goodProduct, "12", "12.01", 1)
	w.on(productPath, 200, dear, goodProduct, goodProduct, dear)
	c := w.client(t)
	guarded := esim.OrderRequest{PackageID: aPackage, Quantity: 2, Reference: "ref-1", Quote: quote(t, "12.00"), MaxTotal: money(t, "24")}
	_, err := c.Order(t.Context(), guarded)
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrPriceChanged)
	assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
	assert.Equal(t, "ref-1", e.Reference)
	assert.Empty(t, s.keys)

	got, err := c.Order(t.Context(), guarded)
	require.NoError(t, err)
	assert.Equal(t, esim.Money{}, got.Total, "what was charged is not stated")

	guarded.Reference, guarded.MaxTotal = "ref-2", money(t, "23.99")
	_, err = c.Order(t.Context(), guarded)
	require.ErrorIs(t, err, esim.ErrPriceChanged)

	guarded.Reference, guarded.MaxTotal = "ref-1", money(t, "24")
	_, err = c.Order(t.Context(), guarded)
	require.NoError(t, err, "a replay costs nothing, whatever the price is now")
	assert.Len(t, s.sold, 2)
}

// TestAPriceChangeProvesNothingInDoubt: the repeat is not sent, for it may buy
// at the new price; but the first send may have bought at the old.
func TestAPriceChangeProvesNothingInDoubt(t *testing.T) {
	w := newWorld(t)
	s := w.till(ends("cut"))
	w.on(productPath, 200, goodProduct, strings.Replace(goodProduct, "12", "13", 1))
	c := w.client(t)
	guarded := esim.OrderRequest{PackageID: aPackage, Reference: "ref-1", Quote: quote(t, "12")}
	_, err := c.Order(t.Context(), guarded)
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	_, err = c.Order(t.Context(), guarded)
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrPriceChanged)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Len(t, s.keys, 1)
	guarded.Quote = nil
	_, err = c.Order(t.Context(), guarded)
	require.NoError(t, err)
	assert.Len(t, s.sold, 1)
}

func TestAPriceChangeAfterAPart(t *testing.T) {
	w := newWorld(t)
	w.till(ends("", noMoney))
	w.on(productPath, 200, goodProduct, strings.Replace(goodProduct, "12", "13", 1))
	c := w.client(t)
	guarded := esim.OrderRequest{PackageID: aPackage, Quantity: 2, Reference: "ref-1", Quote: quote(t, "12")}
	_, err := c.Order(t.Context(), guarded)
	require.ErrorIs(t, err, esim.ErrIncomplete)
	_, err = c.Order(t.Context(), guarded)
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrPriceChanged)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome, "one unit was bought by the first call")
}

func TestATopUpInDoubtIsSettledByItsKey(t *testing.T) {
	w := newWorld(t)
	s := w.till(ends("cut"))
	const gone = `{"code":0,"data":{"products":[]}}`
	w.on(statusPath, 200, goodStatus)
	w.on(topUpsPath, 200, goodTopUps, gone)
	c := w.client(t)
	req := esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-1", Quote: quote(t, "12")}
	_, err := c.TopUp(t.Context(), req)
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)

	_, err = c.TopUp(t.Context(), req)
	e := asError(t, err)
	require.ErrorIs(t, e, esim.ErrPackageUnavailable)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome, "the price cannot be checked, and the first send may have bought")

	req.Quote = nil
	got, err := c.TopUp(t.Context(), req)
	require.NoError(t, err, "without a price to check nothing needs to be read")
	assert.Equal(t, "o-1", got.ID)
	assert.True(t, got.ESIMs[0].Activation.IsZero(), "nothing is to be installed")
	assert.Equal(t, 1, got.Delivered())

	got, err = c.TopUp(t.Context(), req)
	require.NoError(t, err)
	assert.True(t, got.Replayed)
	assert.Len(t, s.sold, 1)
	assert.Len(t, s.keys, 2)
}

func TestAMintedReferenceIsReturned(t *testing.T) {
	w := newWorld(t)
	w.till(ends("cut"))
	c := w.client(t)
	_, err := order(t.Context(), c, "")
	e := asError(t, err)
	require.NotEmpty(t, e.Reference)
	got, err := order(t.Context(), c, e.Reference)
	require.NoError(t, err)
	assert.Equal(t, e.Reference, got.Reference)
	assert.Equal(t, "o-1", got.ID)
}

// TestWhatATravellerMustKnow comes with the order: the access point to type in,
// and until when to begin, where the plan has not begun.
func TestWhatATravellerMustKnow(t *testing.T) {
	for name, tc := range map[string]struct {
		apn, state string
		want       esim.ESIM
	}{
		"stated":      {`"plus.example"`, `"PENDING"`, esim.ESIM{APN: "plus.example", ActivateBy: time.Date(2025, 9, 30, 3, 7, 11, 0, time.UTC)}},
		"no APN":      {`null`, `"pending"`, esim.ESIM{ActivateBy: time.Date(2025, 9, 30, 3, 7, 11, 0, time.UTC)}},
		"an odd APN":  {`{"auto":true}`, `"Active"`, esim.ESIM{}},
		"begun":       {`"plus.example"`, `"ACTIVE"`, esim.ESIM{APN: "plus.example"}},
		"odd in both": {`7`, `[]`, esim.ESIM{APN: "7"}},
	} {
		w := newWorld(t)
		w.on(createPath, 200, strings.NewReplacer(
			`"status":"PROVISIONED"`, `"status":"PROVISIONED","apn":`+tc.apn,
			`"status":"COMPLETED"`, `"status":"COMPLETED","subscription":{"status":`+tc.state+`,"activate_by":"2025-09-30T03:07:11Z"}`,
		).Replace(goodOrder))
		got, err := order(t.Context(), w.client(t), "ref-1")
		require.NoError(t, err, name)
		assert.Equal(t, tc.want.APN, got.ESIMs[0].APN, name)
		assert.Equal(t, tc.want.ActivateBy, got.ESIMs[0].ActivateBy, name)
		assert.Equal(t, "COMPLETED", got.ProviderStatus, name)
	}
}
