package adapter

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// bare builds a Transport outside of a test, for the fuzzer.
func bare(f *testing.F, secrets ...esim.Secret) *API {
	f.Helper()
	spec := testSpec()
	spec.BaseURL, spec.Pace, spec.Secrets = "https://api.example.test", rate.Inf, secrets
	tr, err := New(spec, esim.Settings{})
	if err != nil {
		f.Fatal(err)
	}
	return tr
}

func FuzzWaitHint(f *testing.F) {
	now := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	for _, seed := range [][3]string{
		{"7", "", ""},
		{"-1", "", ""},
		{"9223372036854775807", "", ""},
		{"99999999999999999999", "", ""},
		{"1.5", "", ""},
		{now.Add(time.Minute).Format(http.TimeFormat), "", ""},
		{"Fri, 31 Dec 9999 23:59:59 GMT", "", ""},
		{"", "1788264000", "0"},
		{"", "1788264000123", ""},
		{"", "2026-09-01T12:00:30Z", "0"},
		{"", "30", "3"},
		{"Tue, 01 Sep 2026 12:01:00 GMT", " 999", ""},
		{"", "-9223372036854775808", ""},
		{"", "31622399", ""},
		{"", "31622400", ""},
		{"0", "99999999999", ""},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, after, reset, remaining string) {
		h := http.Header{}
		h.Set("Retry-After", after)
		h.Set("X-RateLimit-Reset", reset)
		h.Set("X-RateLimit-Remaining", remaining)
		got := waitHint(h, now)
		if got < 0 || got > maxHint {
			t.Fatalf("%q %q %q: %s", after, reset, remaining, got)
		}
		// By either header alone, the wait does not grow as time goes by.
		for _, name := range []string{"Retry-After", "X-RateLimit-Reset"} {
			alone := http.Header{name: h[name]}
			if first, later := waitHint(alone, now), waitHint(alone, now.Add(time.Hour)); later > first {
				t.Fatalf("%s %q: %s, then %s", name, h[name], first, later)
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	const secret, code = "sk_live_51F0-x", "esf_9A"
	tr := bare(f, esim.NewSecret(code), esim.NewSecret(secret), esim.NewSecret(code+secret))
	for _, seed := range []string{
		"", secret, "key " + secret + "!", code + secret, "sk_live_\u200b51F0-x", "sk_live_\n51F0-x", strings.Repeat("A", 40) + secret,
		"LPA:1$smdp.example.test$K2", "\x1b[31m", "\u202e", "\xff\xfe", "http://u:p@h/", "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b",
		"sk_livesk_live_51F0-x_51F0-x",
	} {
		f.Add(seed, 0)
		f.Add(seed, len(seed)/2)
	}
	f.Fuzz(func(t *testing.T, text string, at int) {
		if at < 0 || at > len(text) {
			at = 0
		}
		for _, in := range []string{text, text[:at] + secret + text[at:], text[:at] + code + text[at:]} {
			got := tr.clean(in)
			if strings.Contains(got, secret) || strings.Contains(got, code) {
				t.Fatalf("%q shows a secret: %q", in, got)
			}
			if !utf8.ValidString(got) || utf8.RuneCountInString(got) > maxText+1 {
				t.Fatalf("%q is not a short text: %q", in, got)
			}
			assertPrintable(t, got)
		}
	})
}

func FuzzBaseURL(f *testing.F) {
	for raw := range goodBaseURLs {
		f.Add(raw)
	}
	for _, raw := range badBaseURLs {
		f.Add(raw)
	}
	tr := bare(f)
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := parseBaseURL(raw)
		if err != nil {
			if len(raw) > 20 && strings.Contains(err.Error(), raw) {
				t.Fatalf("the error repeats the URL: %v", err)
			}
			return
		}
		if u.User != nil || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" || u.Hostname() == "" {
			t.Fatalf("%q: %#v", raw, u)
		}
		if u.Scheme != "https" && !isLoopback(u.Hostname()) {
			t.Fatalf("%q: %s to %s", raw, u.Scheme, u.Host)
		}
		// What is sent goes to that host and below that path.
		tr.base = u
		req, err := tr.request(t.Context(), &Call{Method: http.MethodGet, Path: "/orders", Query: url.Values{"a": {"b"}}})
		if err != nil {
			return // a host that cannot be, such as one with a % in it
		}
		if req.URL.Host != strings.TrimSuffix(u.Host, ":") || req.URL.Path != u.Path+"/orders" || req.URL.RawQuery != "a=b" || req.URL.User != nil {
			t.Fatalf("%q: %s", raw, req.URL)
		}
	})
}

func FuzzID(f *testing.F) {
	for _, id := range badIDs {
		f.Add(id)
	}
	f.Add("merhaba-7days-1gb")
	f.Add("a:b~c+d=e@f")
	tr := bare(f)
	f.Fuzz(func(t *testing.T, id string) {
		check := tr.check(t.Context(), "GetOrder")
		check.ID("OrderRef.ID", id)
		if err := check.Err(); err != nil {
			if len(id) > 30 && strings.Contains(err.Error(), id) {
				t.Fatalf("the error repeats the id: %v", err)
			}
			return
		}
		if id == "" || len(id) > wire.MaxID {
			t.Fatalf("%q is no id", id)
		}
		// In a path it stays one segment, and is the same id there.
		call := Get("/orders/{id}/items", "id", id)
		plain, escaped, err := call.expand()
		if id == "." || id == ".." {
			if err == nil {
				t.Fatalf("%q is another path", id)
			}
			return
		}
		u, broken := url.Parse("https://h" + escaped)
		if err != nil || broken != nil || u.EscapedPath() != escaped || u.RawQuery != "" || u.Fragment != "" {
			t.Fatalf("%q: %v, %v, %v", id, err, broken, u)
		}
		parts := strings.Split(escaped, "/")
		if again, bad := url.PathUnescape(parts[2]); len(parts) != 4 || bad != nil || again != id || plain != "/orders/"+id+"/items" {
			t.Fatalf("%q is read as %q", id, again)
		}
	})
}
