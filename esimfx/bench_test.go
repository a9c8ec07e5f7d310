package esimfx

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const packagesOfARichPage = maxPageSize

// richPage is the largest page there is, with the coverage of real packages: each
// works in ten countries, among all there are, with one of two networks in each.
func richPage() string {
	var codes []esim.Country
	for i := range 26 * 26 {
		if c := esim.Country([]byte{'A' + byte(i/26), 'A' + byte(i%26)}); c.Valid() {
			codes = append(codes, c)
		}
	}
	rows := make([]string, packagesOfARichPage)
	for i := range rows {
		var countries, networks []string
		for j := range 10 {
			at := (i*7 + j) % len(codes)
			countries = append(countries, fmt.Sprintf("%q", codes[at]))
			networks = append(networks, fmt.Sprintf(`{"mccmnc":"%03d0%d","name":"Operator %[3]s %[2]d","speed":"5G","country_iso":%[3]q}`, 200+at, i%2, codes[at]))
		}
		rows[i] = fmt.Sprintf(`{"id":"esimfx_%d","meta_product_id":"meta_%[1]d","name":"Package %[1]d","duration":7,"duration_unit":"Day",`+
			`"amount":10,"amount_unit":"GB","coverage":[%s],"networks":[%s],"imsi_profile":"profile_%d","price":"12.50","price_unit":"USD",`+
			`"is_unlimited":false,"region":"Region %[1]d"}`, i, strings.Join(countries, ","), strings.Join(networks, ","), i%3)
	}
	return `{"code":0,"message":"Success","data":{"products":[` + strings.Join(rows, ",") + `],"last_evaluated_key":null}}`
}

// canned answers every request but the login with one document, without a network.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	doc := string(c)
	if strings.HasSuffix(r.URL.Path, "/auth") {
		doc = `{"code":0,"data":{"access_token":"` + canaryToken + `"}}`
	}
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(doc)), ContentLength: int64(len(doc)), Request: r,
	}, nil
}

func readRichPage(tb testing.TB) func() {
	tb.Helper()
	c, err := New(testConfig(canned(richPage())))
	require.NoError(tb, err)
	return func() {
		page, err := c.ListPackages(tb.Context(), esim.PackageQuery{PageSize: maxPageSize})
		require.NoError(tb, err)
		assert.Len(tb, page.Packages, packagesOfARichPage)
	}
}

func BenchmarkListPackages(b *testing.B) {
	read := readRichPage(b)
	b.ReportAllocs()
	for b.Loop() {
		read()
	}
}

// A page with the coverage of real packages costs few allocations a package, most of
// them its own texts.
func TestAllocationsOfARichPage(t *testing.T) {
	assert.LessOrEqual(t, testing.AllocsPerRun(5, readRichPage(t)), 15.0*packagesOfARichPage)
}
