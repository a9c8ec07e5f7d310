package esimfly

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

const oddCode = "LPA:1$rsp.example.com$CANARY$not$a$code"

func soldWith(esims string) string {
	return `{"success":true,"orderReference":"order_1","status":"completed","final_price":2.72,"currency":"USD","esims":[` + esims + `]}`
}

func TestICCIDForms(t *testing.T) {
	for text, want := range map[wire.Text]esim.ICCID{
		"8932042000010078801":                   "8932042000010078801",
		" 8932042000010078801\n":                "8932042000010078801",
		"8932042000010078801F":                  "8932042000010078801",
		"893204200001007880ff":                  "893204200001007880",
		"89-3204":                               "89-3204",
		"N/A":                                   "",
		"F":                                     "",
		"89\x00\u20283204\u202e":                "893204",
		"":                                      "",
		"  ":                                    "",
		"PENDING":                               "",
		"pending_1":                             "",
		"PENDING_B25081719340002_1755459260253": "",
		wire.Text(strings.Repeat("8", 65)):      esim.ICCID(strings.Repeat("8", 64)),
		wire.Text(strings.Repeat("7", 63) + "é"): esim.ICCID(strings.Repeat("7", 63)),
	} {
		assert.Equal(t, want, iccidOf(text), "%q", text)
	}
}

// A padded ICCID is the same eSIM, wherever eSIMfly writes it.
func TestPaddedICCIDIsDelivered(t *testing.T) {
	row := `{"iccid":"8932042000010078801F","lpaString":"LPA:1$rsp.example.com$A"}`
	status := `{"success":true,"order":{"orderReference":"order_1","status":"completed","esim":` + row + `}}`
	c, _ := faked(t, inTurn(t, step{200, soldWith(row)}, step{200, status}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCompleted, o.Status)
	o, err = esim.WaitOrder(t.Context(), c, o.Ref(), esim.WaitOptions{Interval: time.Nanosecond})
	require.NoError(t, err)
	assert.Equal(t, testSold, o.ESIMs[0].ICCID)
}

// What says that there is no ICCID is none: the order is still to be completed,
// and two eSIMs without one are two.
func TestCodesWithoutAnICCIDAreKept(t *testing.T) {
	c, _ := faked(t, inTurn(t, step{200, soldWith(
		`{"iccid":"N/A","lpaString":"LPA:1$rsp.example.com$A"},{"iccid":"N/A","lpaString":"LPA:1$rsp.example.com$B"}`)}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Quantity: 2, Reference: "cart-0001"})
	require.NoError(t, err)
	assert.Equal(t, esim.OrderPending, o.Status)
	assert.Zero(t, o.Delivered())
	require.Len(t, o.ESIMs, 2)
	assert.Equal(t, "A", o.ESIMs[0].Activation.MatchingID)
	assert.Equal(t, "B", o.ESIMs[1].Activation.MatchingID)
}

const testSold = esim.ICCID("8932042000010078801")

// A code that is not understood was paid for: it is kept, and said to be odd
// once, not in each look at the order.
func TestCodeThatIsNotUnderstoodIsKept(t *testing.T) {
	row := `{"iccid":"8932042000010078801","lpaString":"` + oddCode + `","directAppleInstallUrl":"https://esimsetup.apple.com/..."}`
	list := `{"success":true,"data":{"esims":[{"iccid":"8932042000010078801F","manual_installation":{"lpa_format":"` + oddCode + `"}}],"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`
	status := `{"success":true,"order":{"orderReference":"order_1","packageCode":"p","status":"completed","esim":` + row + `}}`
	again := strings.Replace(soldWith(row), `"success":true`, `"success":true,"duplicate":true`, 1)
	c, _ := faked(t, inTurn(t, step{200, soldWith(row)}, step{200, list}, // new
		step{200, again}, step{200, status}, step{}, // replayed, and the list is down
		step{200, status}, step{}, step{200, list}), // GetOrder, GetESIM
		func(c *Config) { c.ReplaysVerified = true })
	req := esim.OrderRequest{PackageID: "p", Reference: "cart-0001"}
	_, err := c.Order(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrIncomplete)
	e := asError(t, err)
	assert.Equal(t, esim.OutcomeAccepted, e.Outcome)
	assert.Equal(t, oddCode, e.Order.ESIMs[0].RawActivation.Reveal())
	assert.True(t, e.Order.ESIMs[0].Activation.IsZero())
	assert.NotContains(t, err.Error(), "CANARY")

	o, err := c.Order(t.Context(), req)
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, oddCode, o.ESIMs[0].RawActivation.Reveal())

	o, err = esim.WaitOrder(t.Context(), c, o.Ref(), esim.WaitOptions{Interval: time.Nanosecond})
	require.NoError(t, err)
	assert.Equal(t, oddCode, o.ESIMs[0].RawActivation.Reveal())

	one, err := c.GetESIM(t.Context(), testSold)
	require.NoError(t, err)
	assert.Equal(t, oddCode, one.RawActivation.Reveal())
}

func TestCodeThatIsFoundReplacesTheOddOne(t *testing.T) {
	list := `{"success":true,"data":{"esims":[{"iccid":"8932042000010078801","manual_installation":{"lpa_format":"LPA:1$rsp.example.com$A"}}],"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`
	c, _ := faked(t, inTurn(t, step{200, soldWith(`{"iccid":"8932042000010078801","lpaString":"` + oddCode + `"}`)}, step{200, list}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	require.NoError(t, err)
	assert.Equal(t, "LPA:1$rsp.example.com$A", o.ESIMs[0].Activation.LPA())
	assert.True(t, o.ESIMs[0].RawActivation.IsZero())
}

// What installs the first eSIM may stand beside the list, in part.
func TestCodeOutsideTheRow(t *testing.T) {
	doc := strings.Replace(soldWith(`{"iccid":"8932042000010078801","directAppleInstallUrl":"https://esimsetup.apple.com/..."}`),
		`"success":true`, `"success":true,"lpaString":"LPA:1$rsp.example.com$A"`, 1)
	c, _ := faked(t, inTurn(t, step{200, doc}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	require.NoError(t, err)
	assert.Equal(t, "LPA:1$rsp.example.com$A", o.ESIMs[0].Activation.LPA())
}

// Each member of a paid answer in each type, one at a time: the eSIM comes
// through.
func TestSideFieldsDoNotSpoilAPaidOrder(t *testing.T) {
	row := `{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$A"%s}`
	odd := []string{`"$2.72"`, `"1,980,000"`, `2.72000000000000019984`, `true`, `"false"`, `0`, `[]`, `{}`, `null`}
	for _, field := range []string{"orderReference", "status", "isPending", "duplicate", "currency", "amount", "final_price", "esimId", "directAppleInstallUrl"} {
		for _, value := range odd {
			if field == "isPending" && value == "true" || field == "duplicate" && value == "true" {
				continue // which is what they are
			}
			doc := `{"success":true,"` + field + `":` + value + `,"esims":[` + strings.Replace(row, "%s", "", 1) + `]}`
			requirePaid(t, field, value, doc)
		}
	}
	for _, field := range []string{"status", "esim_status", "isPending", "expired_time", "expiredTime", "directAppleInstallUrl", "directAndroidInstallUrl"} {
		for _, value := range odd {
			if field == "isPending" && value == "true" {
				continue
			}
			requirePaid(t, "esims."+field, value, soldWith(strings.Replace(row, "%s", `,"`+field+`":`+value, 1)))
		}
	}
}

func requirePaid(t *testing.T, field, value, doc string) {
	t.Helper()
	c, _ := faked(t, inTurn(t, step{200, doc}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	if err != nil {
		e := asError(t, err)
		require.Equal(t, esim.OutcomeAccepted, e.Outcome, "%s: %s: %v", field, value, err)
		o = e.Order
	}
	require.Equal(t, testSold, o.ESIMs[0].ICCID, "%s: %s", field, value)
	require.Equal(t, "LPA:1$rsp.example.com$A", o.ESIMs[0].Activation.LPA(), "%s: %s", field, value)
}

func TestMoreESIMsThanOrderedAreKept(t *testing.T) {
	c, _ := faked(t, inTurn(t, step{200, soldWith(
		`{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$A"},{"iccid":"8932042000010078802","lpaString":"LPA:1$rsp.example.com$B"}`)}))
	o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p"})
	require.NoError(t, err)
	assert.Equal(t, 2, o.Delivered())
	assert.Equal(t, "LPA:1$rsp.example.com$B", o.ESIMs[1].Activation.LPA())
}

// After a restart a refusal says nothing about what was sent before it.
func TestResumedOrder(t *testing.T) {
	c, f := faked(t, inTurn(t, step{400, noMoney}, step{200, replayed}, step{200, first}), func(c *Config) { c.ReplaysVerified = true })
	dear := esim.OrderRequest{PackageID: "p", Reference: "cart-0001", MaxTotal: usd("-1")}
	resumed := evidence.WithSend(t.Context(), evidence.Send{Resumed: true})
	_, err := c.Order(resumed, dear)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.True(t, esim.MaybeCharged(err))
	assert.Zero(t, f.total())

	req := esim.OrderRequest{PackageID: "p", Reference: "cart-0001"}
	_, err = c.Order(resumed, req)
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	o, err := c.Order(resumed, req)
	require.NoError(t, err)
	assert.True(t, o.Replayed)
}

func TestReplayOfAnotherPackage(t *testing.T) {
	c, _ := faked(t, inTurn(t, step{200, replayed}, step{200, strings.Replace(first, `"packageCode":"p"`, `"packageCode":"q"`, 1)}))
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Quantity: 2, Reference: "cart-0001"})
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	e := asError(t, err)
	assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Equal(t, "cart-0001", e.Reference)
	assert.Equal(t, "q", e.Order.PackageID)
	assert.Equal(t, usd("2.72"), e.Order.Total)
	assert.Equal(t, testSold, e.Order.ESIMs[0].ICCID)

	untold := strings.Replace(first, `"packageCode":"p",`, "", 1)
	for _, read := range []step{{200, untold}, {}, {500, ""}, {200, strings.Replace(first, "order_1", "order_2", 1)}} {
		c, _ = faked(t, inTurn(t, step{200, replayed}, read))
		o, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "cart-0001"})
		require.NoError(t, err)
		assert.True(t, o.Replayed)
		assert.Equal(t, "p", o.PackageID)
	}
}

// A replica that did not place the order is given its size.
func TestQuantityThatIsStated(t *testing.T) {
	status := `{"success":true,"order":{"orderReference":"order_1","status":"completed","esim":{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$A"}}}`
	c, _ := faked(t, inTurn(t, step{200, status}, step{200, status}))
	ctx := evidence.WithSend(t.Context(), evidence.Send{Quantity: 3})
	o, err := c.GetOrder(ctx, esim.OrderRef{ID: "order_1"})
	require.NoError(t, err)
	assert.Equal(t, 3, o.Quantity)
	_, err = esim.WaitOrder(ctx, c, o.Ref(), esim.WaitOptions{Interval: time.Nanosecond})
	require.ErrorIs(t, err, esim.ErrIncomplete)
	assert.Contains(t, err.Error(), "1 of 3 eSIMs")
}
