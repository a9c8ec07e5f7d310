package bench_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
)

const (
	mib = 1 << 20
	// beyondLimit is what one answer may cost beyond the limit of its body.
	beyondLimit = 16 * mib
)

// canned answers every request with the same bytes, but for what comes before a
// purchase at eSIMfx: the login, and the reads of product and balance. It costs
// next to no memory of its own.
type canned struct {
	body   func() io.Reader
	coding string
}

func (c *canned) RoundTrip(r *http.Request) (*http.Response, error) {
	header := http.Header{"Content-Type": {"application/json"}}
	body := c.body()
	if data, ok := beforePurchase[path.Base(r.URL.Path)]; ok {
		body = strings.NewReader(`{"code":0,"message":"Success","data":` + data + `}`)
	} else if c.coding != "" {
		header.Set("Content-Encoding", c.coding)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: header, Body: io.NopCloser(body), ContentLength: -1, Request: r}, nil
}

var beforePurchase = map[string]string{
	"auth":        `{"access_token":"t","expires_in":3600}`,
	"get_product": `{"id":"a1b2c3d4-e5f6-7890-abcd-ef1234567890","price":12,"price_unit":"USD"}`,
	"get_profile": `{"name":"Shop","balance":100}`,
}

// bounded is a call, the limit of its answer, and what stands before and after
// the rows of such an answer.
type bounded struct {
	name          string
	limit         int
	before, after string
	nested        [2]string // around a list in one row, "" = there is none
	call          func(ctx context.Context, c esim.Client) error
	client        func(tb testing.TB, h http.RoundTripper) esim.Client
}

func newFly(tb testing.TB, h http.RoundTripper) esim.Client {
	tb.Helper()
	c, err := esimfly.New(esimfly.Config{AccessCode: "esf_1", SecretKey: esim.NewSecret("sk_1"), Settings: bare(h)})
	require.NoError(tb, err)
	return c
}

func newFX(tb testing.TB, h http.RoundTripper) esim.Client {
	tb.Helper()
	c, err := esimfx.New(esimfx.Config{ClientID: "client", ClientKey: esim.NewSecret("key"), Settings: bare(h)})
	require.NoError(tb, err)
	return c
}

func newStory(tb testing.TB, h http.RoundTripper) esim.Client {
	tb.Helper()
	c, err := esimstory.New(esimstory.Config{AccessKey: "ak_1", SecretKey: esim.NewSecret("c2VjcmV0LXNlY3JldC1zZWNyZXQ="), Settings: bare(h)})
	require.NoError(tb, err)
	return c
}

func bare(h http.RoundTripper) esim.Settings {
	return esim.Settings{BaseURL: "https://api.example.test", Transport: h, Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1}
}

func listed(ctx context.Context, c esim.Client) error {
	_, err := c.ListPackages(ctx, esim.PackageQuery{})
	return err
}

func ordered(ctx context.Context, c esim.Client) error {
	_, err := c.Order(ctx, esim.OrderRequest{PackageID: "a1b2c3d4-e5f6-7890-abcd-ef1234567890", Reference: "cart-0001"})
	return err
}

func used(ctx context.Context, c esim.Client) error {
	_, err := c.Usage(ctx, "8944500102198304826")
	return err
}

func topUps(ctx context.Context, c esim.Client) error {
	_, err := c.ListTopUps(ctx, "8944500102198304826")
	return err
}

const flyPages = `,"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`

var boundedCalls = []bounded{
	{
		"eSIMfly ListPackages", 8 * mib, `{"success":true,"data":{"packages":[`, `]` + flyPages,
		[2]string{`{"package_code":"p","networks":[`, `]}`},
		listed, newFly,
	},
	{
		"eSIMfly ListTopUps", 4 * mib, `{"success":true,"data":{"packages":[`, `]` + flyPages,
		[2]string{`{"package_code":"p","locationNetworkList":[{"operatorList":[`, `]}]}`},
		topUps, newFly,
	},
	{"eSIMfly Order", 4 * mib, `{"success":true,"orderReference":"order_1","esims":[`, `]}`, [2]string{}, ordered, newFly},
	{
		"eSIMfx ListPackages", 4 * mib, `{"code":0,"data":{"products":[`, `]}}`,
		[2]string{`{"id":"p","networks":[`, `]}`},
		listed, newFX,
	},
	{
		"eSIMfx ListTopUps", 4 * mib, `{"code":0,"data":{"products":[`, `]}}`,
		[2]string{`{"id":"p","coverage":[`, `]}`},
		topUps, newFX,
	},
	{"eSIMfx Usage", 4 * mib, `{"code":0,"data":{"orders":[`, `]}}`, [2]string{}, used, newFX},
	{"eSIMfx Usage without a name", 4 * mib, `{"code":0,"data":[`, `]}`, [2]string{}, used, newFX},
	{"eSIMfx Order", 4 * mib, `{"code":0,"data":{"id":"o","list":[`, `]}}`, [2]string{}, ordered, newFX},
	{"eSIM Story Order", 4 * mib, `{"products":[`, `]}`, [2]string{}, ordered, newStory},
}

// bombs are the answers of one call: small or without end on the wire, large in
// memory unless something bounds them.
func (b *bounded) bombs(zipped []byte) map[string]*canned {
	fixed := func(parts ...string) *canned {
		doc := []byte(strings.Join(parts, ""))
		return &canned{body: func() io.Reader { return bytes.NewReader(doc) }}
	}
	filled := func(row string, size int) string { return strings.TrimSuffix(strings.Repeat(row, size/len(row)), ",") }
	most := b.limit - 2<<10
	var members strings.Builder
	for i := range 330_000 {
		fmt.Fprintf(&members, `"m%d":0,`, i)
	}
	all := map[string]*canned{
		"{} rows":            fixed(b.before, filled("{},", most), b.after),
		"15 MiB of {} rows":  fixed(b.before, filled("{},", 15*mib), b.after),
		"null rows":          fixed(b.before, filled("null,", most), b.after),
		"rows of rows":       fixed(b.before, filled("[[],[]],", most), b.after),
		"one long text":      fixed(b.before, `{"name":"`, strings.Repeat("x", most), `"}`, b.after),
		"members of the top": fixed("{", members.String(), b.before[1:], b.after),
		"members of a row":   fixed(b.before, "{", strings.TrimSuffix(members.String(), ","), "}", b.after),
		"members of a row, each an object": fixed(b.before, "{", strings.ReplaceAll(strings.TrimSuffix(members.String(), ","), ":0", ":{}"), "}",
			b.after),
		"no end": {body: func() io.Reader { return endless{} }},
		"gzip of 1 GiB": {coding: "gzip", body: func() io.Reader {
			return io.MultiReader(repeat(bytes.NewReader(zipped), 1024)...)
		}},
	}
	if b.nested[0] != "" {
		all["one row with all networks"] = fixed(b.before, b.nested[0], filled("{},", most), b.nested[1], b.after)
		row := b.nested[0] + filled("{},", 3*900) + b.nested[1] + ","
		all["many rows with many networks"] = fixed(b.before, filled(row, most), b.after)
	}
	return all
}

func repeat(r *bytes.Reader, n int) []io.Reader {
	data, _ := io.ReadAll(r)
	all := make([]io.Reader, n)
	for i := range all {
		all[i] = bytes.NewReader(data)
	}
	return all
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// gzipMiB is a gzip member of 1 MiB of white space; members may follow one
// another.
func gzipMiB(tb testing.TB) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	_, err := z.Write(bytes.Repeat([]byte(" "), mib))
	require.NoError(tb, err)
	require.NoError(tb, z.Close())
	return out.Bytes()
}

// allocated returns how many bytes f allocates in all, which no peak exceeds.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// No answer costs more than 16 MiB beyond the limit of its body, whatever it
// holds, and a purchase that is answered so stays in doubt.
func TestAnswersAreBounded(t *testing.T) {
	if raceEnabled {
		t.Skip("no memory is measured under the race detector")
	}
	zipped := gzipMiB(t)
	for _, b := range boundedCalls {
		for name, answer := range b.bombs(zipped) {
			t.Run(b.name+"/"+name, func(t *testing.T) {
				client := b.client(t, answer)
				var err error
				cost := allocated(func() { err = b.call(t.Context(), client) })
				t.Logf("%.1f MiB", float64(cost)/mib)
				assert.LessOrEqual(t, cost, uint64(b.limit+beyondLimit))
				if e, ok := errors.AsType[*esim.Error](err); ok && strings.HasSuffix(b.name, "Order") {
					assert.True(t, esim.MaybeCharged(e), err)
				}
				if strings.Contains(name, "rows") || strings.Contains(name, "members") {
					require.ErrorIs(t, err, esim.ErrMalformedResponse)
				}
			})
		}
	}
}

// The largest page that is honest is read, and costs no more than that either.
func TestWorldwidePagesFit(t *testing.T) {
	const packages, networks = 99, 400
	flyNetwork := `{"network_name":"Some Network Mobile","network_type":"4G / 5G","country_name":"Bosnia and Herzegovina","country_iso2":"BA","mcc_code":"218","mnc_code":"90"},`
	fxNetwork := `{"mccmnc":"21890","name":"Some Network","speed":"5G","country_iso":"BA"},`
	for _, c := range []struct{ call, row, network, after string }{
		{"eSIMfly ListPackages", `{"package_code":"p","name":"World","networks":[`, flyNetwork, `],"pagination":{"page":1,"limit":100,"total":99,"total_pages":1}}}`},
		{"eSIMfx ListPackages", `{"id":"p","name":"World","networks":[`, fxNetwork, `]}}`},
	} {
		t.Run(c.call, func(t *testing.T) {
			for _, b := range boundedCalls {
				if b.name != c.call {
					continue
				}
				row := c.row + strings.TrimSuffix(strings.Repeat(c.network, networks), ",") + "]},"
				doc := b.before + strings.TrimSuffix(strings.Repeat(row, packages), ",") + c.after
				client := b.client(t, &canned{body: func() io.Reader { return strings.NewReader(doc) }})
				var page *esim.PackagePage
				var err error
				cost := allocated(func() { page, err = client.ListPackages(t.Context(), esim.PackageQuery{}) })
				require.NoError(t, err)
				require.Len(t, page.Packages, packages)
				assert.Len(t, page.Packages[0].Networks, networks)
				t.Logf("%.1f MiB of %.1f MiB", float64(cost)/mib, float64(len(doc))/mib)
				assert.LessOrEqual(t, cost, uint64(b.limit+beyondLimit))
			}
		})
	}
}
