package adapter

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// badIDs are ids that no provider has.
var badIDs = map[string]string{
	"empty": "", "tab": "a\tb", "CR": "a\rb", "LF": "a\nb", "NUL": "a\x00b", "DEL": "a\x7fb", "escape": "a\x1b[31mb", "C1": "a\u0085b",
	"invalid UTF-8": "a\xffb", "too long": strings.Repeat("a", 129), "10 kB": strings.Repeat("a", 10_000),
}

func TestCheckID(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for name, id := range badIDs {
		assertBad(t, name, "PackageID", id, func() error {
			c := tr.check(t.Context(), "Order")
			c.ID("PackageID", id)
			return c.Err()
		})
	}
	for _, id := range []string{
		"1", "PHAJHEAYP", "merhaba-7days-1gb", "TOPUP_PXOO225PI", "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "2025.1",
		"a:b~c+d=e@f", "Asia 5GB", "EU/5GB/30", "a,b", "5GB(30d)", "ümlaut", "a#b", "a|b", "a..b", "..", "a?b&c", "{a}", `"`, "order_1692123456_ab7cd", strings.Repeat("a", 128), "-", "_",
	} {
		c := tr.check(t.Context(), "Order")
		c.ID("PackageID", id)
		require.NoError(t, c.Err(), id)
	}
}

// assertBad checks an error of a check: what every bad input gets.
func assertBad(t *testing.T, name, field, value string, check func() error) {
	t.Helper()
	err := check()
	e := assertOutcome(t, esim.OutcomeNotSent, err)
	require.ErrorIs(t, err, esim.ErrInvalidRequest, name)
	assert.True(t, strings.HasPrefix(e.Message, field+" "), "%s: the field is named: %s", name, e.Message)
	if len(value) > 3 {
		assert.NotContains(t, err.Error(), value, "%s: the value is not repeated", name)
	}
	assert.Zero(t, e.HTTPStatus)
	assert.False(t, esim.MaybeCharged(err))
}

func TestCheckICCID(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for name, iccid := range map[string]string{
		"empty": "", "short": "89852341234567890", "long": "89852341234567890123456", "letters": "8985234123456789012A",
		"spaces": "8985 2341 2345 6789 012", "full-width": strings.Repeat("８", 19), "Arabic": strings.Repeat("٨", 19),
		"dots": "8985234123456789..", "slash": "8985234123/456789012", "line break": "8985234123456789012\n",
		"NUL": "8985234123456789012\x00", "sign": "+8985234123456789012", "pending": "PENDING_B25081719340002_17",
	} {
		assertBad(t, name, "ICCID", iccid, func() error {
			c := tr.check(t.Context(), "Usage")
			c.ICCID("ICCID", esim.ICCID(iccid))
			return c.Err()
		})
	}
	for _, iccid := range []esim.ICCID{"898523412345678901", "8948010010036785060", "8932042000010078801", "8985234123456789012345"} {
		c := tr.check(t.Context(), "Usage")
		c.ICCID("ICCID", iccid)
		require.NoError(t, c.Err())
	}
}

func TestCheckText(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for name, text := range map[string]string{
		"long": strings.Repeat("x", 101), "long in bytes": strings.Repeat("ü", 51), "NUL": "abcd\x00", "line break": "abcd\nX: 1",
		"CR": "abcd\r", "DEL": "abcd\x7f", "tab": "ab\tcd", "invalid UTF-8": "abcd\xff", "half a rune": "abcd\xc3",
	} {
		assertBad(t, name, "Search", text, func() error {
			c := tr.check(t.Context(), "ListPackages")
			c.Text("Search", text, 100)
			return c.Err()
		})
	}
	for _, text := range []string{"", "Türkiye & more", "日本", "a?b=c#d/../e", strings.Repeat("x", 100)} {
		c := tr.check(t.Context(), "ListPackages")
		c.Text("Search", text, 100)
		require.NoError(t, c.Err())
	}
}

func TestCheckRange(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for v, ok := range map[int]bool{1: true, 10: true, 0: false, -1: false, 11: false, 1 << 40: false} {
		c := tr.check(t.Context(), "Order")
		c.Range("Quantity", v, 1, 10)
		if ok {
			require.NoError(t, c.Err())
			continue
		}
		assertBad(t, "range", "Quantity", "", c.Err)
		assert.Contains(t, c.Err().Error(), "1 to 10")
	}
}

func TestCheckURL(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for name, raw := range map[string]string{
		"empty": "", "relative": "/hooks", "plain http": "http://hooks.example.test/", "user info": "https://user:pw-CANARY@hooks.example.test/",
		"user": "https://CANARY@hooks.example.test/", "fragment": "https://hooks.example.test/#CANARY", "other scheme": "ftp://hooks.example.test/",
		"script": "javascript:alert(1)", "control": "https://hooks.example.test/\nX: 1", "no host": "https:///CANARY", "port": "https://h:99999/",
	} {
		assertBad(t, name, "CallbackURL", raw, func() error {
			c := tr.check(t.Context(), "Order")
			c.URL("CallbackURL", raw)
			return c.Err()
		})
	}
	for _, raw := range []string{"https://hooks.example.test/esimfly?t=a&u=b", "http://127.0.0.1:8080/hook", "http://localhost/hook"} {
		c := tr.check(t.Context(), "Order")
		c.URL("CallbackURL", raw)
		require.NoError(t, c.Err())
	}
}

func TestCheckReference(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for name, ref := range map[string]string{
		"long": strings.Repeat("r", 65), "space": "cart 8841", "slash": "cart/8841", "line break": "cart-8841\nX: 1", "NUL": "cart\x00",
		"umlaut": "bestellung-ä", "full-width": "ｃａｒｔ", "plus": "cart+8841", "at": "me@example", "equals": "cart=8841", "tilde": "cart~1",
	} {
		assertBad(t, name, "Reference", ref, func() error {
			c := tr.check(t.Context(), "Order")
			c.Reference(ref)
			err := c.Err()
			assert.Empty(t, c.Named())
			assert.Empty(t, asError(t, err).Reference, "what is not fit to be one is not repeated as one")
			return err
		})
	}
	for _, ref := range []string{"cart-8841", "A", strings.Repeat("r", 64), "a.b_c:d-e", "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"} {
		c := tr.check(t.Context(), "Order")
		c.Reference(ref)
		require.NoError(t, c.Err())
		assert.Equal(t, ref, c.Named())
		c.Fail("Quantity", "is odd")
		assert.Equal(t, ref, asError(t, c.Err()).Reference, "later findings carry it")
	}
}

func TestCheckKeepsTheFirstFinding(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	c := tr.check(t.Context(), "Order")
	require.NoError(t, c.Err())
	c.Unsupported("CallbackURL", "is not known here")
	c.Fail("Quantity", "is odd")
	e := assertOutcome(t, esim.OutcomeNotSent, c.Err())
	require.ErrorIs(t, e, esim.ErrUnsupported)
	assert.Equal(t, "CallbackURL is not known here", e.Message)
	assert.Equal(t, esim.Provider("test"), e.Provider)
	assert.Equal(t, "Order", e.Op)
}

func TestCheckNilContext(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	var none context.Context
	assertBad(t, "nil context", "context", "", tr.check(none, "Order").Err)
}

func TestHeader(t *testing.T) {
	for name, credential := range map[string]string{
		"empty": "", "LF": "key\nX: 1", "CR": "key\r", "NUL": "key\x00", "space": "my key", "tab": "my\tkey", "umlaut": "schlüssel",
		"DEL": "key\x7f", "space around": " key ", "invalid UTF-8": "key\xff", "full-width": "ｋｅｙ",
	} {
		err := Header(credential)
		require.Error(t, err, name)
		if credential != "" {
			assert.NotContains(t, err.Error(), "key", name)
		}
	}
	require.NoError(t, Header("sk_live-51F0/+=~!"))
}
