package esim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseActivationCode(t *testing.T) {
	tests := []struct {
		in   string
		want ActivationCode
		lpa  string // if not the input
	}{
		// The examples of SGP.22, section 4.1.
		{"1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815", ActivationCode{SMDPAddress: "SMDP.GSMA.COM", MatchingID: "04386-AGYFT-A74Y8-3F815"}, "LPA:1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815"},
		{"LPA:1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$$1", ActivationCode{SMDPAddress: "SMDP.GSMA.COM", MatchingID: "04386-AGYFT-A74Y8-3F815", ConfirmationCodeRequired: true}, ""},
		{"LPA:1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746", ActivationCode{SMDPAddress: "SMDP.GSMA.COM", MatchingID: "04386-AGYFT-A74Y8-3F815", OID: "1.3.6.1.4.1.31746"}, ""},
		{"LPA:1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1", ActivationCode{SMDPAddress: "SMDP.GSMA.COM", MatchingID: "04386-AGYFT-A74Y8-3F815", OID: "1.3.6.1.4.1.31746", ConfirmationCodeRequired: true}, ""},
		{"LPA:1$SMDP.GSMA.COM$$1.3.6.1.4.1.31746", ActivationCode{SMDPAddress: "SMDP.GSMA.COM", OID: "1.3.6.1.4.1.31746"}, ""},
		{"LPA:1$smdp.example.com$", ActivationCode{SMDPAddress: "smdp.example.com"}, ""},
		// As resellers print them.
		{"LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S", ActivationCode{SMDPAddress: "rsp-3104.idemia.io", MatchingID: "DOAZJ-HYDO5-HGMLN-S9B8S"}, ""},
		{"LPA:1$rsp-eu.simlessly.com$2D7F456148C640359B6A83E0E5AE34D3", ActivationCode{SMDPAddress: "rsp-eu.simlessly.com", MatchingID: "2D7F456148C640359B6A83E0E5AE34D3"}, ""},
		{"LPA:1$rsp.truphone.com$JQ-2D51JC-XXXXXX", ActivationCode{SMDPAddress: "rsp.truphone.com", MatchingID: "JQ-2D51JC-XXXXXX"}, ""},
		{"LPA:1$rsp.example.com$ACTIVATION-CODE", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "ACTIVATION-CODE"}, ""},
		// Tolerated.
		{"lpa:1$rsp.example.com$abc-DEF", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "abc-DEF"}, "LPA:1$rsp.example.com$abc-DEF"},
		{"LPA:$rsp1.cmlink.com$A1B2", ActivationCode{SMDPAddress: "rsp1.cmlink.com", MatchingID: "A1B2"}, "LPA:1$rsp1.cmlink.com$A1B2"},
		{"1$rsp.example.com$A$", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "A"}, "LPA:1$rsp.example.com$A"},
		{"1$rsp.example.com$A$$", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "A"}, "LPA:1$rsp.example.com$A"},
		// Version 3 of SGP.22.
		{"LPA:1$rsp.example.com$K2-7QX0-B9ZTR$$$81370F", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2-7QX0-B9ZTR", RootKeyIndicator: "81370F"}, ""},
		{"LPA:1$rsp.example.com$K2$1.3.6.1$1$81370f$MIIB+/==", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2", OID: "1.3.6.1", ConfirmationCodeRequired: true, RootKeyIndicator: "81370f", DeleteNotification: "MIIB+/=="}, ""},
		{"LPA:1$rsp.example.com$K2$$$$MI-_", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2", DeleteNotification: "MI-_"}, ""},
		{"1$rsp.example.com$A$1.2$1$", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "A", OID: "1.2", ConfirmationCodeRequired: true}, "LPA:1$rsp.example.com$A$1.2$1"},
		{"1$rsp.example.com$A$$$$", ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "A"}, "LPA:1$rsp.example.com$A"},
	}
	for _, tt := range tests {
		got, err := ParseActivationCode(tt.in)
		require.NoError(t, err, tt.in)
		assert.True(t, tt.want == got, "%s: got host %q, OID %q", tt.in, got.SMDPAddress, got.OID)
		if tt.lpa == "" {
			tt.lpa = tt.in
		}
		assert.Equal(t, tt.lpa, got.LPA())
	}
}

func TestParseActivationCodeRefuses(t *testing.T) {
	host63 := strings.Repeat("a", 63)
	tests := map[string]error{
		"":                             errActivationForm,
		"LPA:":                         errActivationForm,
		"LPA:1":                        errActivationForm,
		"LPA:1$...":                    errActivationForm,
		"LPA:1$rsp.example.com":        errActivationForm,
		"rsp.example.com$ABC":          errActivationForm,
		"1$rsp.example.com$A$$$81$AB$": errActivationForm, // an eighth part
		"2$rsp.example.com$A":          errActivationVersion,
		"01$rsp.example.com$A":         errActivationVersion,
		"$rsp.example.com$A":           errActivationVersion,
		"LPA: 1$rsp.example.com$A":     errActivationVersion,
		"LPA:LPA:1$rsp.example.com$A":  errActivationVersion,
		"LPA:rsp.example.com$A$B":      errActivationVersion,

		"1$$A":                        errActivationHost,
		"1$localhost$A":               errActivationHost,
		"1$evil host.com$A":           errActivationHost,
		"1$rsp.example.com:443$A":     errActivationHost,
		"1$https://rsp.example.com$A": errActivationHost,
		"1$rsp.example.com/x$A":       errActivationHost,
		"1$user@rsp.example.com$A":    errActivationHost,
		"1$rsp_x.example.com$A":       errActivationHost,
		"1$.example.com$A":            errActivationHost,
		"1$example.com.$A":            errActivationHost,
		"1$rsp..com$A":                errActivationHost,
		"1$-rsp.example.com$A":        errActivationHost,
		"1$rsp-.example.com$A":        errActivationHost,
		"1$10.0.0.1$A":                errActivationHost,
		"1$[::1]$A":                   errActivationHost,
		"1$rsp.exämple.com$A":         errActivationHost,
		"1$rsp.example.com\n$A":       errActivationHost,
		"1$" + host63 + "a.com$A":     errActivationHost,

		"1$rsp.example.com$A B":        errActivationMatching,
		"1$rsp.example.com$A\nB":       errActivationMatching,
		"1$rsp.example.com$A\u00a0B":   errActivationMatching,
		"1$rsp.example.com$A\u200bB":   errActivationMatching,
		"1$rsp.example.com$A\n$":       errActivationMatching,
		"1$rsp.example.com$A\x00":      errActivationMatching,
		"1$rsp.example.com$...":        errActivationMatching,
		"1$rsp.example.com$A%24B":      errActivationMatching,
		"1$rsp.example.com$<script>":   errActivationMatching,
		"1$rsp.example.com$Ａ":          errActivationMatching,
		"1$rsp.example.com$A_B":        errActivationMatching,
		"1$rsp.example.com$[redacted]": errActivationMasked,

		"1$rsp.example.com$A$1":       errActivationOID,
		"1$rsp.example.com$A$1.":      errActivationOID,
		"1$rsp.example.com$A$.1":      errActivationOID,
		"1$rsp.example.com$A$1..2":    errActivationOID,
		"1$rsp.example.com$A$1.x":     errActivationOID,
		"1$rsp.example.com$A$1.2 $1":  errActivationOID,
		"1$rsp.example.com$A$$0":      errActivationFlag,
		"1$rsp.example.com$A$$11":     errActivationFlag,
		"1$rsp.example.com$A$1.2$yes": errActivationFlag,

		"1$rsp.example.com$" + strings.Repeat("A", 238):           errActivationLength,
		"1$rsp.example.com$" + strings.Repeat("A", 238) + "$$$81": errActivationLength,
		"1$rsp.example.com$A$$$81$" + strings.Repeat("A", 16<<10): errActivationLength,
		strings.Repeat("$", 1<<20):                                errActivationLength,
	}
	for in, want := range tests {
		got, err := ParseActivationCode(in)
		require.ErrorIs(t, err, want, in)
		assert.True(t, got.IsZero(), in)
	}
}

func TestParseActivationCodeInBlanks(t *testing.T) {
	const plain = "LPA:1$rsp.example.com$K2-7QX0-B9ZTR"
	for _, blank := range []string{" ", "\n", "\r\n", "\t", "\v\f", "\u00a0", "\u0085", "\u2003", "\u2028", "\u3000", "\u200b", "\u200e", "\u2060", "\ufeff", " \u200b \n"} {
		for _, in := range []string{blank + plain, plain + blank, blank + plain + blank} {
			code, err := ParseActivationCode(in)
			require.NoError(t, err, "%q", in)
			assert.Equal(t, plain, code.LPA())
			link, err := ParseInstallURL(blank + code.AppleInstallURL() + blank)
			require.NoError(t, err, "%q", in)
			assert.True(t, link == code)
		}
	}
}

func TestParseActivationCodeInLinks(t *testing.T) {
	const (
		plain   = "LPA:1$rsp.example.com$K2-7QX0-B9ZTR"
		encoded = "LPA%3A1%24rsp.example.com%24K2-7QX0-B9ZTR"
	)
	for _, link := range []string{
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + plain,
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + encoded,
		"https://esimsetup.android.com/esim_qrcode_provisioning?carddata=" + encoded + "&x=1",
		" esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + encoded + "\n",
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + url.QueryEscape(encoded), // encoded twice
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=1$rsp.example.com$K2-7QX0-B9ZTR",
		"http://qr.example.com/v1/create?size=300x300&data=" + encoded,
		"https://qr.example.com/v1/create?data=" + encoded + "&copy=" + plain,
		"https://example.com/i?" + plain,
		"https://example.com/i#" + plain,
		"https://example.com/i#code=" + encoded,
		"https://example.com/install/" + plain,
		"https://example.com/install/" + encoded,
		"https://example.com/qrcode/LPA:1%24rsp.example.com%24K2-7QX0-B9ZTR/120", // as eSIM Story writes it
		"https://example.com/qr/" + encoded + ".png",
		"https://example.com/#/install/" + plain,
		"https://example.com/install/lpa:1$rsp.example.com$K2-7QX0-B9ZTR",
		"https://l.example.com/?u=" + url.QueryEscape("https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="+encoded),
		encoded,
	} {
		code, err := ParseActivationCode(link)
		require.NoError(t, err, link)
		assert.Equal(t, plain, code.LPA(), link)
	}
	for _, link := range []string{
		"https://example.com/qr/8944476500008878576.png",
		"https://example.com/LPA:1/" + plain,
		"https://example.com/" + plain + ".7QX",
		"https://example.com/?data=" + plain + "&other=LPA:1$rsp.example.com$OTHER",
		"https://example.com/?data=LPA:1$rsp.example.com$" + url.QueryEscape("K2 7QX0"),
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=",
		"https://%zz/" + plain,
		"https://example.com/?a=" + strings.Repeat("https://b.example.com/?a=", 100) + plain,
	} {
		code, err := ParseActivationCode(link)
		require.ErrorIs(t, err, errActivationLink, link)
		assert.True(t, code.IsZero(), link)
	}
}

func TestParseActivationCodeLimits(t *testing.T) {
	longest := "1$rsp.example.com$" + strings.Repeat("A", 237)
	require.Len(t, longest, 255)
	for _, prefix := range []string{"", "LPA:"} {
		got, err := ParseActivationCode(prefix + longest)
		require.NoError(t, err, "the scheme does not count")
		assert.Equal(t, "LPA:"+longest, got.LPA())
	}
	long := "1$rsp.example.com$A$$$81370F$" + strings.Repeat("MIIB", 1000) // with the seventh part the limit is no more
	got, err := ParseActivationCode("LPA:" + long)
	require.NoError(t, err)
	assert.Equal(t, "LPA:"+long, got.LPA())
	back, err := ParseInstallURL(got.AppleInstallURL())
	require.NoError(t, err)
	assert.True(t, back == got)
	for _, host := range []string{strings.Repeat("a", 63) + ".com", "a.b", "1.2.3.4a", strings.Repeat("a.", 124) + "abc"} {
		_, err := ParseActivationCode("1$" + host + "$")
		assert.NoError(t, err, host)
	}
}

func TestDomainNameLength(t *testing.T) {
	assert.True(t, isDomainName(strings.Repeat("a.", 126)+"b"))
	assert.False(t, isDomainName(strings.Repeat("a.", 126)+"bc"), "254 characters")
}

func secretCode() ActivationCode {
	return ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: canary, OID: "1.3.6.1", ConfirmationCodeRequired: true}
}

const maskedCode = "LPA:1$rsp.example.com$[redacted]$1.3.6.1$1"

func TestActivationCodeString(t *testing.T) {
	tests := []struct {
		code ActivationCode
		want string
	}{
		{ActivationCode{}, ""},
		{ActivationCode{SMDPAddress: "rsp.truphone.com", MatchingID: canary}, "LPA:1$rsp.truphone.com$[redacted]"},
		{ActivationCode{SMDPAddress: "rsp.truphone.com"}, "LPA:1$rsp.truphone.com$"},
		{ActivationCode{SMDPAddress: "rsp.truphone.com", MatchingID: "A", RootKeyIndicator: "81370F", DeleteNotification: canary}, "LPA:1$rsp.truphone.com$[redacted]$$$[redacted]$[redacted]"},
		{secretCode(), maskedCode},
		// The secret in the wrong field.
		{ActivationCode{SMDPAddress: "LPA:1$rsp.truphone.com$" + canary}, "[redacted]"},
		{ActivationCode{SMDPAddress: "rsp.truphone.com", OID: canary}, "[redacted]"},
		{ActivationCode{MatchingID: canary}, "[redacted]"},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, tt.code.String())
	}
}

func TestActivationCodePrintsMaskedWithEveryVerb(t *testing.T) {
	code := secretCode()
	order := &Order{ID: "1", ESIMs: []ESIM{{ICCID: "8932042000010078801", Activation: code}}}
	for _, verb := range allVerbs() {
		if verb == "%p" || verb == "%w" { // fmt asks no method for these
			continue
		}
		for _, value := range []any{code, &code, order, *order, order.ESIMs[0], []ActivationCode{code}, map[ActivationCode]int{code: 1}} {
			assertHidden(t, canary, fmt.Sprintf(verb, value), "%s of %T", verb, value)
		}
	}
	assert.Equal(t, maskedCode, fmt.Sprint(code))
	assert.Equal(t, maskedCode, fmt.Sprintf("%+v", code))
	assert.Equal(t, `"`+maskedCode+`"`, fmt.Sprintf("%q", code))
	assert.Equal(t, `esim.ActivationCode("`+maskedCode+`")`, fmt.Sprintf("%#v", code))
}

func TestActivationCodeHidesFromLogs(t *testing.T) {
	code := secretCode()
	order := &Order{ESIMs: []ESIM{{Activation: code}}}
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		out.Reset()
		slog.New(h).Info("m", "code", code, "pointer", &code, "order", order, "esim", order.ESIMs[0])
		assert.Contains(t, out.String(), maskedCode)
		assertHidden(t, canary, out.String())
	}
}

func TestActivationCodeJSON(t *testing.T) {
	text, err := json.Marshal(ESIM{Activation: secretCode()})
	require.NoError(t, err)
	assert.Contains(t, string(text), maskedCode)
	assertHidden(t, canary, string(text))

	var back ESIM
	require.ErrorIs(t, json.Unmarshal(text, &back), errActivationMasked, "a masked code is not taken for a code")

	stored, err := json.Marshal(secretCode().LPA())
	require.NoError(t, err)
	var code ActivationCode
	require.NoError(t, json.Unmarshal(stored, &code))
	assert.True(t, code == secretCode())

	require.NoError(t, json.Unmarshal([]byte("null"), &code))
	assert.True(t, code == secretCode(), "null changes nothing")
	require.NoError(t, json.Unmarshal([]byte(`""`), &code))
	assert.True(t, code.IsZero())

	text, err = json.Marshal(ESIM{})
	require.NoError(t, err)
	assert.NotContains(t, string(text), "activation")
}

func TestActivationCodeUnmarshalRefuses(t *testing.T) {
	for _, in := range []string{`"[redacted]"`, `"` + maskedCode + `"`, `"` + canary + `"`, `{"MatchingID":"A"}`, `1`, `[]`} {
		code := secretCode()
		err := json.Unmarshal([]byte(in), &code)
		require.Error(t, err, in)
		assertHidden(t, canary, err.Error())
		assert.True(t, code == secretCode(), "an error changes nothing")
	}
}

func TestActivationCodeInstallURLs(t *testing.T) {
	code := ActivationCode{SMDPAddress: "rsp.truphone.com", MatchingID: "JQ-2D51JC-XXXXXX", ConfirmationCodeRequired: true}
	const carddata = "LPA%3A1%24rsp.truphone.com%24JQ-2D51JC-XXXXXX%24%241"
	assert.Equal(t, "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="+carddata, code.AppleInstallURL())
	assert.Equal(t, "https://esimsetup.android.com/esim_qrcode_provisioning?carddata="+carddata, code.AndroidInstallURL())

	assert.Empty(t, ActivationCode{}.LPA())
	assert.Empty(t, ActivationCode{}.AppleInstallURL())
	assert.Empty(t, ActivationCode{}.AndroidInstallURL())
}

func TestParseInstallURL(t *testing.T) {
	const apple = "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata="
	for _, raw := range []string{
		apple + "LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S",
		apple + "LPA%3A1%24rsp-3104.idemia.io%24DOAZJ-HYDO5-HGMLN-S9B8S",
		apple + "lpa%3a1%24rsp-3104.idemia.io%24DOAZJ-HYDO5-HGMLN-S9B8S&x=y",
		apple + "1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S#top",
		"HTTPS://ESIMSETUP.APPLE.COM/esim_qrcode_provisioning?carddata=LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S",
		"https://esimsetup.android.com/esim_qrcode_provisioning?carddata=LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S",
	} {
		code, err := ParseInstallURL(raw)
		require.NoError(t, err, raw)
		assert.Equal(t, "LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S", code.LPA())
	}
}

func TestParseInstallURLRefuses(t *testing.T) {
	const path = "/esim_qrcode_provisioning?carddata=LPA:1$rsp.example.com$" + canary
	for _, raw := range []string{
		"",
		canary,
		"http://esimsetup.apple.com" + path,
		"//esimsetup.apple.com" + path,
		"https://esimsetup.apple.com:8443" + path,
		"https://user@esimsetup.apple.com" + path,
		"https://esimsetup.apple.com.evil.com" + path,
		"https://evil.com" + path,
		"https://android.esim.me?url=LPA:1$rsp.example.com$" + canary,
		"https://esimsetup.apple.com/other?carddata=LPA:1$rsp.example.com$" + canary,
		"https://esimsetup.apple.com/esim_qrcode_provisioning",
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=",
		"https://esimsetup.apple.com/esim_qrcode_provisioning?Carddata=LPA:1$rsp.example.com$" + canary,
		"https://esimsetup.apple.com" + path + "&carddata=LPA:1$rsp.example.com$B",
		"https://esimsetup.apple.com" + path + "%zz",
		"https://esimsetup.apple.com" + path + ";x",
		"https://esimsetup.apple.com" + path + "+A",
		"https://esimsetup.apple.com/%zz" + canary,
		"https://esimsetup.apple.com" + path + "\nA",
		"https://esimsetup.apple.com" + path + "&" + strings.Repeat("x", maxActivationText),
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + url.QueryEscape(maskedCode),
	} {
		code, err := ParseInstallURL(raw)
		require.Error(t, err, raw)
		assertHidden(t, canary, err.Error())
		assert.True(t, code.IsZero())
	}
}

func TestActivationCodeReadsBack(t *testing.T) {
	label := rapid.StringMatching(`[a-zA-Z0-9]([a-zA-Z0-9-]{0,10}[a-zA-Z0-9])?`)
	rapid.Check(t, func(t *rapid.T) {
		code := ActivationCode{
			SMDPAddress:              label.Draw(t, "host") + "." + label.Draw(t, "domain") + ".com",
			MatchingID:               rapid.StringMatching(`[a-zA-Z0-9-]{0,40}`).Draw(t, "matching id"),
			OID:                      rapid.StringMatching(`([0-2](\.[0-9]{1,5}){1,8})?`).Draw(t, "OID"),
			ConfirmationCodeRequired: rapid.Bool().Draw(t, "confirmation"),
			RootKeyIndicator:         rapid.StringMatching(`([0-9A-Fa-f]{2,8})?`).Draw(t, "root key"),
			DeleteNotification:       rapid.StringMatching(`([A-Za-z0-9+/]{1,600}={0,2})?`).Draw(t, "delete notification"),
		}
		roads := map[string]func() (ActivationCode, error){
			"LPA":     func() (ActivationCode, error) { return ParseActivationCode(code.LPA()) },
			"bare":    func() (ActivationCode, error) { return ParseActivationCode(strings.TrimPrefix(code.LPA(), "LPA:")) },
			"Apple":   func() (ActivationCode, error) { return ParseInstallURL(code.AppleInstallURL()) },
			"Android": func() (ActivationCode, error) { return ParseInstallURL(code.AndroidInstallURL()) },
			"link":    func() (ActivationCode, error) { return ParseActivationCode(code.AppleInstallURL()) },
			"blank":   func() (ActivationCode, error) { return ParseActivationCode("\ufeff\t" + code.LPA() + "\r\n") },
		}
		for name, road := range roads {
			if back, err := road(); err != nil || back != code {
				t.Fatalf("%s: %v, %v", name, code.LPA(), err)
			}
		}
		if id := code.MatchingID; len(id) > 20 && strings.Contains(code.String(), id) {
			t.Fatal("not masked")
		}
	})
}
