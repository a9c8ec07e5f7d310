package proof_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
)

// unpaced makes a client of a simulated provider without sockets and pauses. Its
// answers are respelled, if at all.
func unpaced(t *testing.T, sim *simulator.Simulator, p esim.Provider, respell func([]byte) []byte) esim.Client {
	t.Helper()
	return unpacedBy(t, sim, p, respelled{sim.Server(p).Transport(), respell})
}

func unpacedBy(t *testing.T, sim *simulator.Simulator, p esim.Provider, way http.RoundTripper) esim.Client {
	t.Helper()
	settings := esim.Settings{
		BaseURL: sim.Server(p).URL(), Now: sim.Now, Limiter: rate.NewLimiter(rate.Inf, 1), Transport: way,
	}
	switch p {
	case esimfly.Provider:
		return newFly(sim, false)(t, settings)
	case esimfx.Provider:
		return newFX(sim, learned)(t, settings)
	}
	return newStory(sim, sim.ESIMStory.Catalog())(t, settings)
}

// respelled writes the answers of a provider in another of the ways that programs
// have to write the same things.
type respelled struct {
	http.RoundTripper
	how func([]byte) []byte
}

func (r respelled) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := r.RoundTripper.RoundTrip(req)
	if err != nil || r.how == nil {
		return resp, err
	}
	defer resp.Body.Close() //nolint:errcheck // nothing is written
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, err
	}
	body = r.how(body)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return resp, nil
}

// each rewrites what the first group of an expression finds.
func each(expression string, rewrite func(string) string) func([]byte) []byte {
	re := regexp.MustCompile(expression)
	return func(body []byte) []byte {
		return re.ReplaceAllFunc(body, func(found []byte) []byte {
			part := re.FindSubmatch(found)[1]
			return bytes.Replace(found, part, []byte(rewrite(string(part))), 1)
		})
	}
}

func inGroups(apart string) func(string) string {
	return func(digits string) string {
		var groups []string
		for ; len(digits) > 4; digits = digits[4:] {
			groups = append(groups, digits[:4])
		}
		return strings.Join(append(groups, digits), apart)
	}
}

const (
	decimals = `:(-?[0-9]+\.[0-9]+)[,}\]]`
	instants = `"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z)"`
	iccids   = `"(89[0-9]{16,20})"`
	codes    = `"(LPA:1\$[^"]+)"`
)

func atTime(layout string) func(string) string {
	return func(text string) string {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return text
		}
		return at.UTC().Format(layout)
	}
}

// spellings are ways to write the same answer.
var spellings = map[string]func([]byte) []byte{
	"a byte order mark": func(body []byte) []byte { return append([]byte("\ufeff"), body...) },
	"white space":       func(body []byte) []byte { return append(append([]byte("\r\n \t"), body...), '\n') },
	"52 digits": each(decimals, func(number string) string {
		double, _ := strconv.ParseFloat(number, 64)
		return strconv.FormatFloat(double, 'f', 52, 64)
	}),
	"17 digits": each(decimals, func(number string) string {
		double, _ := strconv.ParseFloat(number, 64)
		return strconv.FormatFloat(double, 'e', 16, 64)
	}),
	"numbers in quotes":   each(decimals, strconv.Quote),
	"basic offsets":       each(instants, atTime("2006-01-02T15:04:05.999999999+0000")),
	"offsets of a place":  each(instants, func(text string) string { return atTime("2006-01-02 15:04:05.999999999-07:00")(text) }),
	"dates of mail":       each(instants, atTime(http.TimeFormat)),
	"ICCIDs in groups":    each(iccids, inGroups(" ")),
	"ICCIDs with hyphens": each(iccids, inGroups("-")),
	"ICCIDs with padding": each(iccids, func(text string) string { return text + "F" }),
	"codes in links": each(codes, func(code string) string {
		return "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=" + code
	}),
	"codes in QR images": each(codes, func(code string) string {
		return "https://qr.example.com/png?size=300&data=" + strings.ReplaceAll(code, "$", "%24")
	}),
	"codes with space":     each(codes, func(code string) string { return `\r\n ` + code + `\n` }),
	"codes without scheme": each(codes, func(code string) string { return strings.TrimPrefix(code, "LPA:") }),
}

// TestSpellings: however an answer is written, a sale is the same sale, at the same
// price, charged once.
func TestSpellings(t *testing.T) {
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider, esimstory.Provider} {
		plain := saleIn(t, p, nil)
		for name, how := range spellings {
			t.Run(string(p)+"/"+name, func(t *testing.T) {
				changed := 0
				assert.Equal(t, plain, saleIn(t, p, func(body []byte) []byte {
					again := how(body)
					if !bytes.Equal(body, again) {
						changed++
					}
					return again
				}))
				if p != esimstory.Provider { // its answers hold little
					assert.Positive(t, changed)
				}
			})
		}
	}
}

// sale is what a shop sees of one.
type sale struct {
	Listed  []esim.Package
	Order   *esim.Order
	LPA     string
	Again   *esim.Order
	ESIM    *esim.ESIM
	Usage   *esim.Usage
	Balance esim.Money
	Charges int
}

func saleIn(t *testing.T, p esim.Provider, how func([]byte) []byte) (s sale) {
	t.Helper()
	sim := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithClock(time.Date(2026, 9, 27, 19, 29, 36, 0, time.UTC)))
	c := unpaced(t, sim, p, how)
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{PageSize: 20})
	require.NoError(t, err)
	require.Zero(t, page.Lost)
	s.Listed = page.Packages
	quote := page.Packages[0]
	s.Order, err = c.Order(t.Context(), esim.OrderRequest{PackageID: quote.ID, Reference: "cart-1", Quote: &quote, MaxTotal: quote.Price})
	require.NoError(t, err)
	s.Charges = sim.Server(p).Ledger().Count()
	require.Equal(t, 1, s.Charges)
	if p == esimstory.Provider { // tells the rest by webhook
		return s
	}
	require.Len(t, s.Order.ESIMs, 1)
	s.LPA = s.Order.ESIMs[0].Activation.LPA()
	require.NotEmpty(t, s.LPA)
	iccid := s.Order.ESIMs[0].ICCID
	s.Again, err = c.GetOrder(t.Context(), esim.OrderRef{ID: s.Order.ID, Reference: "cart-1"})
	require.NoError(t, err)
	s.ESIM, err = c.GetESIM(t.Context(), iccid)
	require.NoError(t, err)
	s.Usage, err = c.Usage(t.Context(), iccid)
	require.NoError(t, err)
	s.Balance, err = c.Balance(t.Context())
	require.NoError(t, err)
	return s
}

// TestSpellingsOfWebhooks: a signature is of the bytes that came, and the event is
// the same.
func TestSpellingsOfWebhooks(t *testing.T) {
	secret := esim.NewSecret("whsec_0123456789abcdef0123456789abcdef")
	now := time.Date(2026, 9, 13, 15, 30, 0, 0, time.UTC)
	type source interface {
		Verify(header http.Header, path string, body []byte, now time.Time) error
		Parse(header http.Header, body []byte) ([]esim.Event, error)
	}
	for _, c := range []struct {
		source source
		path   string
		header func(body []byte) http.Header
		body   string
	}{
		{esimfly.Webhooks(secret), "", func(body []byte) http.Header {
			mac := hmac.New(sha256.New, []byte(secret.Reveal()))
			_, _ = mac.Write(body)
			return http.Header{"X-Webhook-Signature": {"sha256=" + hex.EncodeToString(mac.Sum(nil))}}
		}, `{"event":"esim.usage.threshold","timestamp":"2026-09-13T15:30:00Z","data":{"iccid":"8932042000010078801","used_gb":4.5,"total_gb":5.25,"reported_at":"2026-09-13T15:29:00Z"}}`},
		{esimfx.Webhooks(secret), "", func([]byte) http.Header {
			return http.Header{"Token": {secret.Reveal()}}
		}, `{"event_type":"DATA_USAGE","iccid":"89440000000000000000","order_id":"o-1","used_amount":4.5,"upper_limit_amount":5.25,"amount_unit":"GB","timestamp":"2026-09-13T15:29:00Z"}`},
		{
			esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: secret}), secret.Reveal(), func([]byte) http.Header { return http.Header{} },
			`{"topup_id":"25082817193400021755459260","option_id":"o","iccid":"89852340000000000017","download_link":"LPA:1$rsp1.cmlink.com$8F2A","expired_date":"2026-07-28","external_order_id":"cart-1"}`,
		},
	} {
		read := func(body []byte) esim.Event {
			require.NoError(t, c.source.Verify(c.header(body), c.path, body, now), "%s", body)
			events, err := c.source.Parse(c.header(body), body)
			require.NoError(t, err, "%s", body)
			require.Len(t, events, 1)
			events[0].Key, events[0].Raw = "", esim.Secret{} // of the text itself
			return events[0]
		}
		plain := read([]byte(c.body))
		require.NotEmpty(t, plain.ICCID)
		for name, how := range spellings {
			assert.Equal(t, plain, read(how([]byte(c.body))), "%s: %s", plain.Provider, name)
		}
	}
}
