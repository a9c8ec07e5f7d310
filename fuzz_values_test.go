package esim

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

// The fuzz targets hold each parser to the same: what it accepts reads back
// as the same value, and what it refuses leaves no value and no text behind.

// assertNoEcho fails if an error repeats a part of the text it is about that
// is long enough to be no coincidence.
func assertNoEcho(t *testing.T, input string, err error) {
	t.Helper()
	for line := range strings.FieldsFuncSeq(input, func(r rune) bool { return r == '$' || r == '=' }) {
		if len(line) >= 12 && strings.Contains(err.Error(), line) && !strings.Contains(knownErrorTexts, line) {
			t.Fatalf("the error repeats its input: %v", err)
		}
	}
}

// knownErrorTexts are what the parsers say by themselves: a fuzzer that finds
// these words has not found an echo.
var knownErrorTexts = errActivationForm.Error() + errActivationVersion.Error() + errActivationLength.Error() +
	errActivationHost.Error() + errActivationMatching.Error() + errActivationOID.Error() + errActivationFlag.Error() +
	errActivationMasked.Error() + errInstallURL.Error() + errICCID.Error() + errCountry.Error() + errNumeral.Error() +
	errNumeralRange.Error() + errCurrency.Error() + errMoneyJSON.Error() + errDataSize.Error() +
	errDataSizeRange.Error() + errDataSizeExact.Error()

func FuzzParseMoney(f *testing.F) {
	for _, amount := range []string{"2.72", "0", "-0.0", "1e400", "1e-21", "12345678901234567890.12", "9007199254740993", "1.5E+3", "NaN", ".5", "01"} {
		f.Add(amount, "USD")
	}
	f.Add("1", "usd")
	f.Add("1", "")
	f.Fuzz(func(t *testing.T, amount, currency string) {
		m, err := ParseMoney(amount, currency)
		if err != nil {
			assertNoEcho(t, amount, err)
			if m != (Money{}) {
				t.Fatalf("%v next to an error", m)
			}
			return
		}
		if m.Currency() != currency || currency != "" && len(currency) != 3 {
			t.Fatalf("currency %q became %q", currency, m.Currency())
		}
		if exponent := strings.IndexAny(amount, "eE"); exponent < 0 || len(amount)-exponent < 5 { // larger ones keep big.Rat busy
			want, ok := new(big.Rat).SetString(amount)
			if !ok || rat(m).Cmp(want) != 0 {
				t.Fatalf("%q reads as %v", amount, m)
			}
		}
		again, err := ParseMoney(m.Amount(), m.Currency())
		if err != nil || again != m {
			t.Fatalf("%v reads back as %v, %v", m, again, err)
		}
		shown, currencyShown, _ := strings.Cut(m.String(), " ")
		if currency == "" {
			shown, currencyShown = m.Amount(), ""
		}
		if again, err = ParseMoney(shown, currencyShown); err != nil || again != m {
			t.Fatalf("%v reads back as %v, %v", m, again, err)
		}
		if !json.Valid([]byte(amount)) {
			t.Fatalf("%q is not a number of JSON", amount)
		}
	})
}

func FuzzMoneyJSON(f *testing.F) {
	for _, text := range []string{
		`{"amount":"2.72","currency":"USD"}`, `{"amount":2.72,"currency":"USD"}`, `{"amount":"0","currency":null}`, `null`, `{}`,
		`{"amount":1e2000000000,"currency":"USD"}`, `{"amount":"1","amount":"2","currency":"USD"}`, `{"Amount":"1","currency":"USD"}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		start := Money{currency: "XTS"}
		m := start
		if err := m.UnmarshalJSON(text); err != nil {
			assertNoEcho(t, string(text), err)
			if m != start {
				t.Fatalf("%v next to an error", m)
			}
			return
		}
		if !json.Valid(text) {
			t.Fatalf("accepts %q, which is not JSON", text)
		}
		out, err := m.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		var again Money
		if err := json.Unmarshal(out, &again); err != nil || again != m {
			t.Fatalf("%s reads back as %v, %v", out, again, err)
		}
		if string(text) == "null" {
			return
		}
		// A lenient reader must agree, or one text means two amounts.
		var lenient struct {
			Amount   json.RawMessage
			Currency string
		}
		if err := json.Unmarshal(text, &lenient); err != nil || lenient.Currency != m.Currency() {
			t.Fatalf("%s reads as %v, %v", text, lenient, err)
		}
	})
}

func FuzzParseDataSize(f *testing.F) {
	for _, text := range []string{"1 GB", "1GB", "1.5 GiB", "-3 MB", "1073741825 B", "9223372036854775808 B", "1 Gb", "NaN GB", "1e3 MB", "0.1 GiB"} {
		f.Add(text, int64(len(text)))
	}
	f.Fuzz(func(t *testing.T, text string, bytes int64) {
		if back, err := ParseDataSize(DataSize(bytes).String()); err != nil || back != DataSize(bytes) {
			t.Fatalf("%d prints as %v, which reads as %d, %v", bytes, DataSize(bytes), back, err)
		}
		size, err := ParseDataSize(text)
		if err != nil {
			assertNoEcho(t, text, err)
			if size != 0 {
				t.Fatalf("%v next to an error", size)
			}
			return
		}
		if again, err := ParseDataSize(size.String()); err != nil || again != size {
			t.Fatalf("%q is %d, prints as %v, which reads as %d, %v", text, size, size, again, err)
		}
		if (size < 0) != strings.HasPrefix(text, "-") && size != 0 {
			t.Fatalf("%q reads as %d", text, size)
		}
	})
}

func FuzzParseActivationCode(f *testing.F) {
	for _, text := range []string{
		"LPA:1$rsp.truphone.com$JQ-2D51JC-XXXXXX", "1$SMDP.GSMA.COM$04386-AGYFT-A74Y8-3F815$1.3.6.1.4.1.31746$1", "lpa:$a.b$$$1",
		"LPA:1$evil host$A", "LPA:1$rsp.example.com$[redacted]", "1$a.b$A$$", "LPA:1$a.b$A\n", "1$a.b$A$$$81$MII=", "https://a.b/?x=1%24a.b%24A", "https://a.b/LPA:1$a.b$",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := ParseActivationCode(text)
		if err != nil {
			assertNoEcho(t, text, err)
			if !code.IsZero() {
				t.Fatal("a code next to an error")
			}
			return
		}
		lpa := code.LPA()
		for i := range len(lpa) {
			if lpa[i] <= ' ' || lpa[i] >= 0x7f {
				t.Fatalf("%q holds %q", lpa, lpa[i])
			}
		}
		for _, road := range []func() (ActivationCode, error){
			func() (ActivationCode, error) { return ParseActivationCode(lpa) },
			func() (ActivationCode, error) { return ParseInstallURL(code.AppleInstallURL()) },
			func() (ActivationCode, error) { return ParseInstallURL(code.AndroidInstallURL()) },
		} {
			if again, err := road(); err != nil || again != code {
				t.Fatalf("%q reads back as %q, %v", lpa, again.LPA(), err)
			}
		}
		masked := code.String()
		if again, err := ParseActivationCode(masked); code.MatchingID != "" && err == nil {
			t.Fatalf("a masked code reads as %q", again.LPA())
		}
		visible := code.SMDPAddress + "$" + code.OID + "$1LPA:[redacted]"
		if code.MatchingID != "" && strings.Contains(masked, code.MatchingID) && !strings.Contains(visible, code.MatchingID) {
			t.Fatalf("%q is not masked", masked)
		}
	})
}

func FuzzParseInstallURL(f *testing.F) {
	for _, text := range []string{
		"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$rsp.example.com$A-1",
		"https://esimsetup.android.com/esim_qrcode_provisioning?carddata=LPA%3A1%24rsp.example.com%24A-1",
		"http://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$a.b$", "https://android.esim.me?url=x", "%zz",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		code, err := ParseInstallURL(text)
		if err != nil {
			assertNoEcho(t, text, err)
			if !code.IsZero() {
				t.Fatal("a code next to an error")
			}
			return
		}
		if !strings.HasPrefix(strings.ToLower(trimBlank(text)), "https://esimsetup.") {
			t.Fatalf("accepts %q", text)
		}
		if again, err := ParseInstallURL(code.AppleInstallURL()); err != nil || again != code {
			t.Fatalf("%q reads back as %q, %v", code.LPA(), again.LPA(), err)
		}
	})
}

func FuzzParseICCID(f *testing.F) {
	for _, text := range []string{"8944500102198304826", "8944500102198304827", "123456789012345678", "８９３２０４", "8932042000010078801F", "ICCID: 8932-0420 0001\u00a00078801f\n", ""} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := ParseICCID(text)
		if err != nil {
			assertNoEcho(t, text, err)
			if id != "" || ICCID(text).Valid() {
				t.Fatalf("%q is refused, and valid", text)
			}
			return
		}
		digits := strings.Map(func(r rune) rune {
			if r < '0' || r > '9' {
				return -1
			}
			return r
		}, text)
		if id.String() != digits || len(digits) < 18 || len(digits) > 22 {
			t.Fatalf("%q reads as %q", text, id)
		}
		if again, err := ParseICCID(id.String()); err != nil || again != id {
			t.Fatalf("%q reads back as %q, %v", id, again, err)
		}
	})
}

func FuzzParseCountry(f *testing.F) {
	for _, text := range []string{"TR", "tr", "Türkiye", "Hong Kong (China)", "The Netherlands", "Trinidad & Tobago", "Europe", "xx", "(", "Georgia (USA)", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		c, err := ParseCountry(text)
		if err != nil {
			assertNoEcho(t, text, err)
			if c != "" {
				t.Fatalf("%q next to an error", c)
			}
			if Country(text).Valid() {
				t.Fatalf("%q is refused, and valid", text)
			}
			return
		}
		if !c.Valid() || c.Name() == "" {
			t.Fatalf("%q reads as %q, which is not valid", text, c)
		}
		for _, form := range []string{string(c), strings.ToLower(string(c)), c.Name(), strings.ToUpper(c.Name())} {
			if again, err := ParseCountry(form); err != nil || again != c {
				t.Fatalf("%q is %q, whose form %q is %q, %v", text, c, form, again, err)
			}
		}
	})
}
