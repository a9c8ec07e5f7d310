package main

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func usd(t *testing.T, amount string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, "USD")
	require.NoError(t, err)
	return m
}

func TestPerGB(t *testing.T) {
	for name, c := range map[string]struct {
		data      esim.DataSize
		unlimited bool
		price     string
		want      string
	}{
		"one":           {esim.GB, false, "2.72", "2.72 USD"},
		"half":          {500 * esim.MB, false, "2", "4.00 USD"},
		"binary":        {5 * esim.GiB, false, "10", "1.86 USD"},
		"half a cent":   {8 * esim.GB, false, "1", "0.12 USD"}, // 0.125: to the even cent
		"large":         {esim.TB, false, "0.01", "not stated"},
		"unlimited":     {0, true, "20", "not stated"},
		"not stated":    {0, false, "20", "not stated"},
		"many decimals": {3 * esim.GB, false, "10", "3.33 USD"},
	} {
		t.Run(name, func(t *testing.T) {
			got := perGB(esim.Package{Data: c.data, Unlimited: c.unlimited, Price: usd(t, c.price)})
			if c.want == "not stated" {
				assert.True(t, got.IsZero(), got.String())
				return
			}
			assert.Equal(t, c.want, got.String())
		})
	}
}

func shelfOf(offers ...offer) *shelf {
	s := newShelf(nil)
	for _, o := range offers {
		s.offers[o.Provider] = append(s.offers[o.Provider], o)
	}
	return s
}

func offerOf(t *testing.T, p esim.Provider, id string, data esim.DataSize, days int, price string, countries ...esim.Country) offer {
	t.Helper()
	return offer{Package: esim.Package{
		Provider: p, ID: id, Data: data, Unlimited: data == 0, ValidityDays: days, Price: usd(t, price), Countries: countries,
	}}
}

func keys(list []offer) []string {
	names := make([]string, len(list))
	for i, o := range list {
		names[i] = o.ID
		if o.Best {
			names[i] += "*"
		}
	}
	return names
}

func TestSearch(t *testing.T) {
	s := shelfOf(
		offerOf(t, esim.ESIMFly, "small", esim.GB, 7, "2", "JP"),
		offerOf(t, esim.ESIMFly, "large", 10*esim.GB, 30, "10", "JP", "KR"),
		offerOf(t, esim.ESIMFX, "endless", 0, 3, "9", "JP"),
		offerOf(t, esim.ESIMStory, "middle", 5*esim.GB, 15, "6", "JP"),
		offerOf(t, esim.ESIMStory, "elsewhere", 5*esim.GB, 15, "1", "FR"),
	)
	for query, want := range map[string][]string{
		"":                          {"small", "middle", "endless", "large*"},
		"sort=pergb":                {"large*", "middle", "small", "endless"},
		"sort=data":                 {"endless", "large*", "middle", "small"},
		"data=5":                    {"middle", "endless", "large*"},
		"days=15":                   {"middle", "large*"},
		"data=20":                   {"endless"},
		"unlimited=1":               {"endless"},
		"data=20&days=30":           {},
		"data=-5&days=x&sort=upper": {"small", "middle", "endless", "large*"},
	} {
		t.Run(query, func(t *testing.T) {
			q, err := url.ParseQuery(query)
			require.NoError(t, err)
			assert.Equal(t, want, keys(s.search("JP", parseFilter(q))))
		})
	}
	assert.Empty(t, s.search("DE", filter{}))
	o, ok := s.offer("esimstory:middle")
	require.True(t, ok)
	assert.Equal(t, "middle", o.ID)
	_, ok = s.offer("esimstory:large")
	assert.False(t, ok)
}

func TestCountries(t *testing.T) {
	s := shelfOf(
		offerOf(t, esim.ESIMFly, "a", esim.GB, 7, "2", "JP", "FR"),
		offerOf(t, esim.ESIMFX, "b", esim.GB, 7, "1.50", "JP"),
	)
	list := s.countries()
	assert.Equal(t, []destination{{"FR", 1, usd(t, "2")}, {"JP", 2, usd(t, "1.5")}}, list)
}

func TestMatch(t *testing.T) {
	all := []destination{{Code: "GB"}, {Code: "US"}, {Code: "AE"}, {Code: "TR"}, {Code: "JP"}}
	for query, want := range map[string][]esim.Country{
		"Japan":  {"JP"},
		"jp":     {"JP"},
		"Turkey": {"TR"},
		"UNITED": {"GB", "US", "AE"},
		"states": {"US"},
		"pan":    nil,
		"France": nil,
	} {
		var got []esim.Country
		for _, d := range match(all, query) {
			got = append(got, d.Code)
		}
		assert.Equal(t, want, got, query)
	}
}

func TestOfferWords(t *testing.T) {
	o := offer{Package: esim.Package{Networks: []esim.Network{{Technology: "LTE"}, {Technology: "4G"}}}}
	assert.Equal(t, "4G", o.Technology())
	o.Networks = append(o.Networks, esim.Network{Technology: "5g"})
	assert.Equal(t, "5G", o.Technology())
	assert.False(t, o.Rechargeable(), "the reseller sells no top-ups")
	o.TopUps = true
	assert.True(t, o.Rechargeable())
	o.Package.Rechargeable = new(false)
	assert.False(t, o.Rechargeable())
	assert.Equal(t, "🇯🇵", flagOf("JP"))
	assert.Empty(t, flagOf("Japan"))
}
