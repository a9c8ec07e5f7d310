package adapter

import (
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestClean(t *testing.T) {
	tr := newTransport(t, esim.Settings{}, func(s *Spec) {
		s.Secrets = []esim.Secret{
			esim.NewSecret("abc"), esim.NewSecret("sk_1111"), esim.NewSecret("sk_1111_and_more"), {}, esim.NewSecret("two words"),
		}
	})
	hex64 := strings.Repeat("82C84EDE", 8)
	for _, c := range []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", "Insufficient balance", "Insufficient balance"},
		{"other scripts", "Недостаточно средств 余额不足 Yetersiz bakiye", "Недостаточно средств 余额不足 Yetersiz bakiye"},
		{"space around", " \r\n refused \t", "refused"},

		{"secret", "key sk_1111 is unknown", "key [redacted] is unknown"},
		{"secret within a word", "key=sk_1111;", "key=[redacted];"},
		{"secret twice", "sk_1111sk_1111", "[redacted][redacted]"},
		{"the longer secret first", "key sk_1111_and_more", "key [redacted]"},
		{"secret of two words", "two words", "[redacted]"},
		{"secret with something invisible within", "sk_\u200b1111 two\nwords", "[redacted] [redacted]"},
		{"too short to be looked for", "abc", "abc"},

		{"LPA", "code LPA:1$smdp.example.test$K2-1QXZ8Y-AB is used", "code [redacted] is used"},
		{"LPA in small letters", "lpa:1$smdp.example.test$K2", "[redacted]"},
		{"activation code", "1$smdp.example.test$K2-1QXZ8Y-AB", "[redacted]"},
		{"with OID and flag", `"1$smdp.example.test$K2$1.3.6.1$1"`, `"[redacted]"`},
		{"Apple link", "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$smdp.example.test$K2", "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=[redacted]"},
		{"encoded", "?carddata=LPA%3A1%24smdp.example.test%24K2-1QXZ", "?carddata=[redacted]"},
		{"half encoded", "/qrcode/LPA:1%24rsp1.example.test%24A1B2/120", "/qrcode/[redacted]"},
		{"code encoded", "code=1%24smdp.example.test%24K2", "code=[redacted]"},
		{"without the format", "smdp.example.test$K2-1QXZ8Y-AB", "[redacted]"},
		{"webhook secret", "signed with whsec_5WbX0+/=; no", "signed with [redacted]; no"},
		{"price", "costs 21$ today", "costs 21$ today"},

		{"hex signature", "signature " + hex64 + " is wrong", "signature [redacted] is wrong"},
		{"base64", "got " + strings.Repeat("aB3+/", 8) + "==, sorry", "got [redacted], sorry"},
		{"32 characters", strings.Repeat("a", 32), "[redacted]"},
		{"31 characters", strings.Repeat("a", 31), strings.Repeat("a", 31)},
		{"password in a URL", "parse http://user:pw@proxy.test:80: no", "parse http://[redacted]@proxy.test:80: no"},
		{"password with a slash", "http://user:p/w@proxy.test", "http://[redacted]@proxy.test"},

		{"UUID", "order 0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b", "order 0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"},
		{"UUID in capitals", "0D9E6A18-53C7-4B2F-A9D4-6E81C07F2A5B", "0D9E6A18-53C7-4B2F-A9D4-6E81C07F2A5B"},
		{"UUID with a name", "request_id=0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b", "request_id=0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"},
		{"order id", "order_1692123456_ab7cd", "order_1692123456_ab7cd"},
		{"ICCID", "ICCID 8948010010036785060 is used", "ICCID 8948010010036785060 is used"},

		{"ANSI", "\x1b[31mred\x1b[0m", "[31mred [0m"},
		{"lines", "a\nb\r\nc\u2028d\u2029e\u0085f", "a b  c d e f"},
		{"NUL", "a\x00b", "a b"},
		{"bidi", "a\u202eb\u2066c\u200fd\u061ce", "abcde"},
		{"BOM", "\ufeffa", "a"},
		{"invalid UTF-8", "a\xffb\xc3", "a?b?"},
	} {
		assert.Equal(t, c.want, tr.clean(c.in), c.name)
	}
}

func TestCleanIsShort(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	for _, text := range []string{
		strings.Repeat("a b ", 1<<20), strings.Repeat("ü ", 1<<18), strings.Repeat("\xff", 1<<18), strings.Repeat("日本 ", 1000),
		strings.Repeat(secretKey+" ", 1<<16), strings.Repeat("\u202e", 1<<16) + "end",
	} {
		got := tr.clean(text)
		assert.LessOrEqual(t, utf8.RuneCountInString(got), maxText+1)
		assert.True(t, utf8.ValidString(got))
		assertSilent(t, got)
	}
	assert.Empty(t, tr.clean(strings.Repeat("a", 1<<20)), "one token without an end")
}

// TestCleanLeavesNoHalf: a secret that is cut in two by the limit, after text
// before it has shrunk, is not shown by half.
func TestCleanLeavesNoHalf(t *testing.T) {
	const odd = "pa$$ w(rd)-CANARY"
	tr := newTransport(t, esim.Settings{}, func(s *Spec) { s.Secrets = append(s.Secrets, esim.NewSecret(odd)) })
	token := strings.Repeat("C0FFEE", 20)
	for cut := range 60 {
		for _, secret := range []string{secretKey, accessCode, odd, token, "LPA:1$smdp.example.test$C0FFEE-MATCHING-ID"} {
			text := strings.Repeat("A", readText-cut-2) + "  " + secret
			got := tr.clean(text)
			assertSilent(t, got)
			for part := 4; part <= len(secret); part++ {
				assert.NotContains(t, got, secret[:part], "cut %d", cut)
			}
		}
	}
}

func TestCauseKeepsItsTree(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	err := tr.cause(fmt.Errorf("Get https://u:%s@h/: %w", secretKey, io.ErrUnexpectedEOF))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	for _, verb := range []string{"%v", "%+v", "%s", "%q"} {
		assertSilent(t, fmt.Sprintf(verb, err))
	}
	assert.NotErrorIs(t, err, io.EOF)
}

// assertPrintable fails for a rune that changes a terminal or a log.
func assertPrintable(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' || r == utf8.RuneError {
			t.Fatalf("%q shows %U", text, r)
		}
	}
}
