package esimfx

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// An ICCID is the same eSIM however it is written, in every call that shows one.
func TestICCIDInEachFormAndCall(t *testing.T) {
	for _, form := range []string{
		`"89440000000000000000"`, `"89440000000000000000F"`, `"8944 0000 0000 0000 0000"`, `"8944-0000-0000-0000-0000f"`,
		`" 89440000000000000000\r\n"`, `"ICCID: 89440000000000000000"`, `89440000000000000000`,
	} {
		t.Run(form, func(t *testing.T) {
			as := func(body string) string { return strings.ReplaceAll(body, `"89440000000000000000"`, form) }
			w := newWorld(t)
			w.on(createPath, 200, as(goodOrder))
			w.on(statusPath, 200, as(goodStatus))
			w.on(topUpsPath, 200, goodTopUps)
			w.on(orderPath, 200, as(`{"code":0,"data":{"id":"o-1","status":"COMPLETED","iccid":"89440000000000000000"}}`))
			c := w.client(t)
			bought, err := order(t.Context(), c, "ref-1")
			require.NoError(t, err)
			assert.Equal(t, anICCID, bought.ESIMs[0].ICCID)
			toppedUp, err := c.TopUp(t.Context(), esim.TopUpRequest{ICCID: anICCID, PackageID: aPackage, Reference: "ref-2"})
			require.NoError(t, err)
			assert.Equal(t, anICCID, toppedUp.ESIMs[0].ICCID)
			read, err := c.GetOrder(t.Context(), esim.OrderRef{ID: "o-1"})
			require.NoError(t, err)
			assert.Equal(t, anICCID, read.ESIMs[0].ICCID)
			assert.False(t, read.ESIMs[0].Activation.IsZero())
			one, err := c.GetESIM(t.Context(), anICCID)
			require.NoError(t, err)
			assert.Equal(t, anICCID, one.ICCID)

			events, err := Webhooks(esim.NewSecret("0123456789abcdef")).Parse(nil, []byte(as(`{"event_type":"ESIM_ACTIVATION","iccid":"89440000000000000000"}`)))
			require.NoError(t, err)
			assert.Equal(t, anICCID, events[0].ICCID)
		})
	}
}

// What a request names is sent as it is, so it has to be the ICCID itself.
func TestARequestNamesTheBareICCID(t *testing.T) {
	w := newWorld(t)
	for _, form := range []esim.ICCID{"89440000000000000000F", "8944 0000 0000 0000 0000", "ICCID: 89440000000000000000"} {
		_, err := w.client(t).TopUp(t.Context(), esim.TopUpRequest{ICCID: form, PackageID: aPackage, Reference: "ref-1"})
		e := asError(t, err)
		assert.Equal(t, esim.ErrInvalidRequest, e.Kind)
		assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
	}
	assert.Zero(t, w.sent)
}

func TestCodeInEachForm(t *testing.T) {
	const plain = "LPA:1$rsp.truphone.com$" + canaryMatch
	for _, form := range []string{
		plain + "\r\n", "\t" + plain, "\u00a0" + plain + "\u200b", "\ufeff" + plain, strings.TrimPrefix(plain, "LPA:"),
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + plain,
		"https://esimsetup.android.com/esim_qrcode_provisioning?carddata=LPA%3A1%24rsp.truphone.com%24" + canaryMatch,
	} {
		text, err := json.Marshal(form)
		require.NoError(t, err)
		w := newWorld(t)
		w.on(createPath, 200, strings.Replace(goodOrder, `"`+plain+`"`, string(text), 1))
		w.on(statusPath, 200, strings.Replace(goodStatus, `"`+plain+`"`, string(text), 1))
		o, err := order(t.Context(), w.client(t), "ref-1")
		require.NoError(t, err, "%q", form)
		assert.Equal(t, plain, o.ESIMs[0].Activation.LPA())
		one, err := w.client(t).GetESIM(t.Context(), anICCID)
		require.NoError(t, err)
		assert.Equal(t, plain, one.Activation.LPA(), "%q", form)
	}
}
