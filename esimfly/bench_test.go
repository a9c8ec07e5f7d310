package esimfly

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

// canned answers every request with one document, without a network.
type canned string

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(string(c))), ContentLength: int64(len(c)), Request: r,
	}, nil
}

func cannedClient(tb testing.TB, doc string) *Client {
	tb.Helper()
	cfg := testConfig()
	cfg.Transport, cfg.Limiter = canned(doc), rate.NewLimiter(rate.Inf, 1)
	c, err := New(cfg)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// richPage is a page of a hundred packages with the coverage of real ones: 60 in one
// country, 25 in two to twelve, 15 in thirteen to forty, with two networks in each.
func richPage() string {
	codes := strings.Fields("US TR DE FR IT ES GB NL BE AT CH SE NO DK FI PL CZ HU RO BG GR PT IE HR SI SK LT LV EE LU MT CY IS JP KR TH VN SG MY ID")
	var rows []string
	for i := range 100 {
		n := 1
		switch {
		case i >= 85:
			n = 13 + (i-85)*27/14
		case i >= 60:
			n = 2 + (i-60)*10/24
		}
		var countries, networks, locations []string
		for j := range n {
			code := codes[(i+j)%len(codes)]
			name := esim.Country(code).Name()
			countries = append(countries, fmt.Sprintf("%q", code))
			var operators []string
			for k := range 2 {
				networks = append(networks, fmt.Sprintf(`{"network_id":%d,"network_name":"Operator %s %d","network_type":"5G","country_code":%q,"country_name":%q,"country_iso2":%q,"continent":"Europe","mcc_code":"2%02d","mnc_code":"0%d"}`,
					310+j, code, k, strings.ToLower(code), name, strings.ToLower(code), j, k))
				operators = append(operators, fmt.Sprintf(`{"operatorName":"Operator %s %d","networkType":"5G"}`, code, k))
			}
			locations = append(locations, fmt.Sprintf(`{"locationName":%q,"locationLogo":"/images/flags/%s.png","operatorList":[%s]}`,
				name, strings.ToLower(code), strings.Join(operators, ",")))
		}
		rows = append(rows, fmt.Sprintf(`{"package_code":"P%04d","name":"Package %d 1GB 7Days","region":"Region %d","type":"local","data_amount_gb":1,"validity_days":7,"cost":1.44,"currency":"USD","features":{"voice_minutes":0,"sms_count":0,"is_rechargeable":true},"is_unlimited":false,"has_voice":false,"has_sms":false,"countries":[%s],"locationNetworkList":[%s],"networks":[%s]}`,
			i, i, i, strings.Join(countries, ","), strings.Join(locations, ","), strings.Join(networks, ",")))
	}
	return `{"success":true,"data":{"packages":[` + strings.Join(rows, ",") + `],"pagination":{"page":1,"limit":100,"total":245,"total_pages":3}}}`
}

func BenchmarkListPackages(b *testing.B) {
	c := cannedClient(b, richPage())
	b.ReportAllocs()
	for b.Loop() {
		page, err := c.ListPackages(b.Context(), esim.PackageQuery{})
		if err != nil || len(page.Packages) != 100 {
			b.Fatal(err)
		}
	}
}

func BenchmarkOrder(b *testing.B) {
	const doc = `{"success":true,"message":"Order processed successfully","orderReference":"order_1692123456_ab7cd","esimId":2503,"packageName":"Turkey 1 GB 7 Days","newBalance":47.28,"currency":"USD","lpaString":"LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S","qrCodeUrl":"data:image/png;base64,iVBORw0KGgo","directAppleInstallUrl":"https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S","paymentMethod":"balance","status":"completed","amount":2.72,"profit":0.20,"final_price":2.72,"processing_time_ms":3245,"esims":[{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S","qrCodeUrl":"data:image/png;base64,iVBORw0KGgo","directAppleInstallUrl":"https://esimsetup.apple.com/x","status":"New","imsi":"260010185757766","msisdn":"48267753430","sim_status":"AFFECTED","esim_status":"Assigned (Not Installed)","profile_status":null,"unlimited":false,"total_volume":1073741824,"total_duration":7,"expired_time":"2026-08-24T17:00:31.884Z","isPending":false}]}`
	c := cannedClient(b, doc)
	n := 0
	b.ReportAllocs()
	for b.Loop() {
		n++
		order, err := c.Order(b.Context(), esim.OrderRequest{Reference: fmt.Sprint("cart-", n), PackageID: "merhaba-7days-1gb"})
		if err != nil || order.Delivered() != 1 {
			b.Fatal(err)
		}
	}
}

// A page with the coverage of real packages costs few allocations a package, most of
// them its own texts.
func TestAllocationsOfARichPage(t *testing.T) {
	c := cannedClient(t, richPage())
	allocs := testing.AllocsPerRun(5, func() {
		if _, err := c.ListPackages(t.Context(), esim.PackageQuery{}); err != nil {
			t.Error(err)
		}
	})
	if allocs > 15*100 {
		t.Errorf("%v allocations for 100 packages", allocs)
	}
}
