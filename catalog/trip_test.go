package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func sold(id string, price string, days int, countries ...esim.Country) esim.Package {
	p := esim.Package{Provider: "a", ID: id, Kind: esim.KindLocal, Countries: countries, Data: 3 * esim.GB, ValidityDays: days, Price: amount(price, "USD")}
	if len(countries) > 1 {
		p.Kind = esim.KindRegional
	}
	return p
}

func TestATripSaysWhy(t *testing.T) {
	week := []Leg{{"JP", 5, esim.GB}, {"TW", 5, esim.GB}}
	three := append(week[:2:2], Leg{"KR", 4, esim.GB})
	jp, tw, kr := sold("jp", "6", 7, "JP"), sold("tw", "8.5", 7, "TW"), sold("kr", "5", 7, "KR")
	for _, tt := range []struct {
		legs     []Leg
		packages []esim.Package
		want     string
	}{
		{week[:1], []esim.Package{jp}, "one local plan for JP at 6.00 USD is the cheapest"},
		{week, []esim.Package{jp, tw, sold("asia", "12", 10, "JP", "TW")}, "one regional plan for JP and TW at 12.00 USD beats two local plans at 14.50 USD together"},
		{week, []esim.Package{jp, tw, sold("asia", "14.5", 10, "JP", "TW")}, "one regional plan for JP and TW at 14.50 USD needs fewer plans for the same money than two local plans at 14.50 USD together"},
		{week, []esim.Package{jp, tw, sold("asia", "15", 10, "JP", "TW")}, "two local plans at 14.50 USD together beat one regional plan for JP and TW at 15.00 USD"},
		{week, []esim.Package{jp, tw, sold("asia", "12", 9, "JP", "TW")}, "two local plans at 14.50 USD together, as no one plan serves the whole trip"},
		{week, []esim.Package{jp}, "no offer in USD serves TW for 5 days with 1 GB"},
		{three, []esim.Package{jp, tw, kr, sold("asia", "12", 10, "JP", "TW")}, "two plans at 17.00 USD together beat three local plans at 19.50 USD together, and no one plan serves the whole trip"},
		{three, []esim.Package{jp, tw, kr, sold("asia", "12", 10, "JP", "TW"), sold("all", "30", 30, "JP", "KR", "TW")}, "two plans at 17.00 USD together beat three local plans at 19.50 USD together, and one regional plan for JP, TW and KR at 30.00 USD"},
	} {
		result := stocked(t, tt.packages, nil).Trip(TripQuery{Legs: tt.legs})
		require.NoError(t, result.Err)
		require.Len(t, result.Trips, 1)
		assert.Equal(t, tt.want, result.Trips[0].Why)
	}
}

func TestATripTellsWhatItLeftOut(t *testing.T) {
	dear := sold("eur", "1", 9, "JP")
	dear.Price = amount("1", "EUR")
	unpriced := sold("none", "1", 9, "JP")
	unpriced.Price = esim.Money{}
	c := stocked(t, []esim.Package{sold("usd", "6", 9, "JP"), dear, unpriced}, nil)
	q := TripQuery{Legs: []Leg{{"JP", 5, 0}}}
	result := c.Trip(q)
	assert.Len(t, result.Trips, 2)
	assert.Equal(t, []string{""}, result.Unrated)
	q.Currency = "USD"
	result = c.Trip(q)
	require.Len(t, result.Trips, 1)
	assert.Equal(t, "usd", result.Trips[0].Plans[0].ID)
	assert.Equal(t, []string{"", "EUR"}, result.Unrated)
	q.Currency = "JPY"
	assert.Equal(t, []int{0}, c.Trip(q).Trips[0].Unserved)
}

func TestATripThatMakesNoSenseIsRefused(t *testing.T) {
	c := stocked(t, nil, nil)
	for name, q := range map[string]TripQuery{
		"1 to 12 legs, not 13": travels(13), "1 to 12 legs, not 0": {},
		"leg 0: 0 days": {Legs: []Leg{{"JP", 0, 0}}}, "-1 bytes": {Legs: []Leg{{"JP", 1, -1}}},
		`"jp"`: {Legs: []Leg{{"jp", 1, 0}}}, "Stack": {Legs: []Leg{{"JP", 1, 0}}, Stack: -1},
		"Currency": {Legs: []Leg{{"JP", 1, 0}}, Currency: "$"},
	} {
		result := c.Trip(q)
		assert.ErrorIs(t, result.Err, ErrQuery)
		assert.ErrorContains(t, result.Err, name)
	}
	assert.NoError(t, c.Trip(travels(12)).Err)
}
