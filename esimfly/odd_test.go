package esimfly

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

func listing(name string, rows ...string) string {
	return fmt.Sprintf(`{"success":true,"data":{%q:[%s],"pagination":{"page":1,"limit":100,"total":%d,"total_pages":1}}}`,
		name, strings.Join(rows, ","), len(rows))
}

// A cell of an odd form costs the fact that it holds, or its row, and never the
// list.
func TestOddCellsOfPackages(t *testing.T) {
	const good = `{"package_code":"good","name":"Good","data_amount_gb":1,"cost":2.72,"currency":"USD","countries":["TR"]}`
	noise := "2." + strings.Repeat("0", 50) + "1"
	for cell, want := range map[string]func(*testing.T, esim.Package){
		`"is_unlimited":0`:         func(t *testing.T, p esim.Package) { assert.False(t, p.Unlimited) },
		`"is_unlimited":{}`:        func(t *testing.T, p esim.Package) { assert.False(t, p.Unlimited) },
		`"is_unlimited":"yes"`:     func(t *testing.T, p esim.Package) { assert.True(t, p.Unlimited) },
		`"validity_days":"a week"`: func(t *testing.T, p esim.Package) { assert.Zero(t, p.ValidityDays) },
		`"validity_days":7.5`:      func(t *testing.T, p esim.Package) { assert.Zero(t, p.ValidityDays) },
		`"validity_days":-7`:       func(t *testing.T, p esim.Package) { assert.Zero(t, p.ValidityDays) },
		`"cost":[]`:                func(t *testing.T, p esim.Package) { assert.Equal(t, esim.Money{}, p.Price) },
		`"cost":` + noise:          func(t *testing.T, p esim.Package) { assert.Equal(t, "2", p.Price.Amount()) },
		`"name":{"en":"x"}`:        func(t *testing.T, p esim.Package) { assert.Empty(t, p.Name) },
		`"type":7`:                 func(t *testing.T, p esim.Package) { assert.Equal(t, esim.KindUnknown, p.Kind) },
		`"features":[]`: func(t *testing.T, p esim.Package) {
			assert.True(t, p.VoiceMinutes.IsZero())
			assert.Nil(t, p.Rechargeable)
		},
		`"features":{"sms_count":"many"}`: func(t *testing.T, p esim.Package) { assert.True(t, p.SMS.IsZero()) },
		`"features":{"voice_minutes":"unlimited"}`: func(t *testing.T, p esim.Package) {
			assert.Equal(t, esim.UnlimitedAllowance(), p.VoiceMinutes)
		},
		`"voice_details":{"uk_texts_unlimited":true}`: func(t *testing.T, p esim.Package) {
			assert.Equal(t, esim.UnlimitedAllowance(), p.SMS)
		},
		`"activation_policy":"first_use"`: func(t *testing.T, p esim.Package) { assert.Equal(t, esim.ValidityFromFirstUse, p.ValidityStart) },
		`"activation_policy":"immediate"`: func(t *testing.T, p esim.Package) { assert.Zero(t, p.ValidityStart) },
		`"activation_policy":1`:           func(t *testing.T, p esim.Package) { assert.Zero(t, p.ValidityStart) },
		`"countries":"TR"`:                func(t *testing.T, p esim.Package) { assert.Empty(t, p.Countries) },
		`"countries":["TR",7,null,{}]`:    func(t *testing.T, p esim.Package) { assert.Equal(t, []esim.Country{"TR"}, p.Countries) },
		`"networks":{}`:                   func(t *testing.T, p esim.Package) { assert.Empty(t, p.Networks) },
		`"networks":[{"network_name":"A","country_iso2":"tr"},5,{"network_name":["B"],"mcc_code":286}]`: func(t *testing.T, p esim.Package) {
			assert.Equal(t, []esim.Network{{Name: "A", Country: "TR"}, {MCC: "286"}}, p.Networks)
			assert.Equal(t, []esim.Country{"TR"}, p.Countries)
		},
		`"locationNetworkList":[{"locationName":"Turkey","operatorList":[{"operatorName":"A"},7]}]`: func(t *testing.T, p esim.Package) {
			assert.Equal(t, []esim.Network{{Name: "A", Country: "TR"}}, p.Networks)
		},
		`"locationNetworkList":{"a":1}`: func(t *testing.T, p esim.Package) { assert.Empty(t, p.Networks) },
	} {
		t.Run(cell, func(t *testing.T) {
			odd := `{"package_code":"odd",` + cell + `}`
			c, _ := faked(t, func(string, string) (int, string) { return 200, listing("packages", good, odd) })
			page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
			require.NoError(t, err)
			require.Len(t, page.Packages, 2)
			assert.Equal(t, "2.72 USD", page.Packages[0].Price.String())
			assert.Equal(t, []esim.Country{"TR"}, page.Packages[0].Countries)
			assert.Equal(t, "odd", page.Packages[1].ID)
			want(t, page.Packages[1])
			assert.Zero(t, page.Lost)
		})
	}
}

// A name that no country has is left out of the coverage, and is logged once an
// answer, by its number alone.
func TestUnknownCountriesAreLogged(t *testing.T) {
	const (
		codes   = `{"package_code":"a","countries":["TR","CANARY","",null]}`
		network = `{"package_code":"b","networks":[{"network_name":"A","country_iso2":"XQ","country_name":"CANARY"},{"network_name":"B","country_iso2":"XQ","country_name":"Turkey"},{"network_name":"C"}]}`
		legacy  = `{"package_code":"c","locationNetworkList":[{"locationName":"CANARY","operatorList":[]},{"locationName":"Turkey"}]}`
		region  = `{"package_code":"d","region":"CANARY"}`
		known   = `{"package_code":"e","countries":["TR"],"region":"Europe"}`
	)
	var log bytes.Buffer
	var rows []string
	c, _ := faked(t, func(call, _ string) (int, string) {
		if strings.HasSuffix(call, "/esims") {
			return 200, listing("esims", `{"iccid":"8910300001234567890","countries":["Turkey","CANARY"]}`)
		}
		return 200, listing("packages", rows...)
	}, func(cfg *Config) { cfg.Logger = slog.New(slog.NewTextHandler(&log, nil)) })
	for names, list := range map[int][]string{0: {region, known}, 1: {codes, known}, 2: {codes, network}, 3: {codes, network, legacy, region}} {
		rows = list
		log.Reset()
		page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err)
		assert.Len(t, page.Packages, len(rows))
		assert.Zero(t, page.Lost)
		found := log.String()
		log.Reset()
		_, err = c.ListTopUps(t.Context(), topUpICCID)
		require.NoError(t, err)
		for op, found := range map[string]string{"ListPackages": found, "ListTopUps": log.String()} {
			want := fmt.Sprintf(`level=WARN msg="esim answer names unknown countries" provider=esimfly op=%s names=%d`, op, names)
			assert.Equal(t, names > 0, strings.Contains(found, want), found)
			assert.Equal(t, min(names, 1), strings.Count(found, "\n"), found)
			assert.NotContains(t, found, "CANARY")
		}
	}
	log.Reset()
	for e, err := range c.ESIMs(t.Context(), ESIMsQuery{}) {
		require.NoError(t, err)
		assert.Equal(t, []esim.Country{"TR"}, e.Countries)
	}
	assert.Contains(t, log.String(), "op=ESIMs names=1")
}

func TestOddRows(t *testing.T) {
	for _, row := range []string{`5`, `[]`, `null`, `"x"`, `{"package_code":{}}`, `{}`} {
		c, _ := faked(t, func(string, string) (int, string) {
			return 200, listing("packages", row, `{"package_code":"good"}`)
		})
		page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
		require.NoError(t, err, row)
		require.Len(t, page.Packages, 1, row)
		assert.Equal(t, 1, page.Lost, row)
		offers, err := c.ListTopUps(t.Context(), topUpICCID)
		require.NoError(t, err, row)
		assert.Len(t, offers, 1, row)
	}
	for _, row := range []string{`5`, `null`, `{"iccid":[1]}`, `{}`} {
		c, _ := faked(t, func(string, string) (int, string) {
			return 200, listing("esims", row, `{"iccid":"8910300001234567890","data":{"total_mb":[]},"validity":"none","countries":{}}`)
		})
		_, err := c.GetESIM(t.Context(), "8910300001234567890")
		require.NoError(t, err, row)
		_, err = c.GetESIM(t.Context(), testICCID)
		require.ErrorIs(t, err, esim.ErrMalformedResponse, "it may be the row that cannot be read: %s", row)
		require.NotErrorIs(t, err, esim.ErrNotFound)
	}
	for _, row := range []string{`5`, `null`, `{"order_reference":[1]}`, `{}`} {
		c, _ := faked(t, func(string, string) (int, string) {
			return 200, listing("orders", row, `{"order_reference":"o1","package_code":"P-1","amount":"much","created_at":5}`)
		})
		found, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: "P-1"})
		require.ErrorIs(t, err, esim.ErrMalformedResponse, "a list that has lost a row proves no absence: %s", row)
		require.Len(t, found, 1)
		assert.Equal(t, "o1", found[0].ID)
	}
}

// A row whose words are odd keeps the eSIM that it names.
func TestOddCellsOfOneESIM(t *testing.T) {
	c, _ := faked(t, func(string, string) (int, string) {
		return 200, `{"success":true,"data":{"esim":{"iccid":8910300001234567890,"status":["ACTIVE"]},"data":{"total_mb":1024,"used_mb":"256","remaining_mb":768,"is_unlimited":0},"validity":[]}}`
	})
	u, err := c.Usage(t.Context(), "8910300001234567890")
	require.NoError(t, err)
	assert.Equal(t, 256*esim.MiB, u.Used)
	assert.Equal(t, esim.ESIMUnknown, u.Status)
	assert.False(t, u.Unlimited)
}

// A code that stands in a link or an image alone is kept, whichever it is.
func TestActivationInLinksAndImages(t *testing.T) {
	for _, member := range []string{
		`"qrCodeUrl":"https://qr.example.com/esim-qr-code.png"`,
		`"qrCodeUrl":"data:image/png;base64,iVBORw0KGgo="`,
		`"directAppleInstallUrl":"https://esimsetup.apple.com/x"`,
		`"directAndroidInstallUrl":"https://android.esim.me?url=x"`,
		`"lpaString":"LPA:1$..."`,
	} {
		for _, doc := range []string{
			`{"success":true,"orderReference":"o1","status":"completed",` + member + `,"esims":[{"iccid":"8910300001234567890","status":"New"}]}`,
			`{"success":true,"orderReference":"o1","status":"completed","esims":[{"iccid":"8910300001234567890","status":"New",` + member + `}]}`,
		} {
			c, _ := faked(t, func(call, _ string) (int, string) {
				if call == "GET /esims" {
					return 200, listing("esims")
				}
				return 200, doc
			})
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "r1"})
			require.ErrorIs(t, err, esim.ErrIncomplete, member)
			e := asError(t, err)
			require.Equal(t, esim.OutcomeAccepted, e.Outcome)
			raw := e.Order.ESIMs[0].RawActivation.Reveal()
			assert.NotEmpty(t, raw, member)
			assert.Contains(t, member, raw)
			assert.True(t, e.Order.ESIMs[0].Unreadable())
		}
	}
}
