package wire

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// What the fields of the three resellers may hold, each in the place of the
// plain value.
func TestICCIDInEachForm(t *testing.T) {
	for doc, want := range map[string]esim.ICCID{
		`"8944476500008878576"`:             "8944476500008878576",
		`"8944476500008878576F"`:            "8944476500008878576",
		`"8944476500008878576f\r\n"`:        "8944476500008878576",
		`" 8944 4765 0000 8878 576"`:        "8944476500008878576",
		`"8944-4765-0000-8878-576F"`:        "8944476500008878576",
		`"ICCID: 8944476500008878576"`:      "8944476500008878576",
		`8944476500008878576`:               "8944476500008878576",
		`89852341234567890123`:              "89852341234567890123",
		`null`:                              "",
		`""`:                                "",
		`"  "`:                              "",
		`"F"`:                               "",
		`"N/A"`:                             "",
		`"-"`:                               "",
		`"89-3204"`:                         "89-3204",
		`"89\u2028-3204\u202e"`:             "89-3204",
		`8.944476500008878576e18`:           "8.944476500008878576e18", // digits may be lost
		`"` + strings.Repeat("8", 65) + `"`: esim.ICCID(strings.Repeat("8", 64)),
	} {
		var text Text
		require.NoError(t, Decode([]byte(doc), &text), doc)
		assert.Equal(t, want, text.ICCID(), doc)
	}
}

func TestActivationInEachForm(t *testing.T) {
	const code = "LPA:1$rsp.example.com$K2-7QX0-B9ZTR"
	const link = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
	for _, c := range []struct {
		texts     []Text
		code, raw string
	}{
		{[]Text{code}, code, ""},
		{[]Text{"\ufeff" + code + "\r\n"}, code, ""},
		{[]Text{"", link + code}, code, ""},
		{[]Text{link + code}, code, ""},
		{[]Text{"not a code", "", link + code}, code, ""},
		{[]Text{"LPA:1$rsp.example.com$K2$$$81370F"}, "LPA:1$rsp.example.com$K2$$$81370F", ""},
		{[]Text{"LPA:1$rsp.example.com$K2 7"}, "", "LPA:1$rsp.example.com$K2 7"},
		{[]Text{"", "", "https://example.com/qr/1.png"}, "", "https://example.com/qr/1.png"},
		{[]Text{"odd", "https://example.com/qr/1.png"}, "", "odd"},
		{nil, "", ""},
		{[]Text{"", ""}, "", ""},
	} {
		var e esim.ESIM
		PutActivation(&e, c.texts...)
		assert.Equal(t, c.code, e.Activation.LPA(), c.texts)
		assert.Equal(t, c.raw, e.RawActivation.Reveal(), c.texts)
		assert.Equal(t, c.raw != "", e.Unreadable())
	}
}

func TestActivationOnlyGetsBetter(t *testing.T) {
	e := esim.ESIM{ICCID: "8944476500008878576"}
	PutActivation(&e, "odd")
	PutActivation(&e, "other")
	assert.Equal(t, "odd", e.RawActivation.Reveal())
	PutActivation(&e, "LPA:1$rsp.example.com$A")
	assert.True(t, e.RawActivation.IsZero())
	PutActivation(&e, "odd")
	PutActivation(&e)
	assert.Equal(t, "LPA:1$rsp.example.com$A", e.Activation.LPA())
	assert.True(t, e.RawActivation.IsZero())
}
