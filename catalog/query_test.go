package catalog

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

func TestAQueryThatMakesNoSenseIsRefused(t *testing.T) {
	c := stocked(t, market(100, 1), nil)
	for name, q := range map[string]Query{
		"MinData": {MinData: -1}, "MaxData": {MaxData: -1}, "MinDays": {MinDays: -1}, "MaxDays": {MaxDays: -1},
		"Stack": {Stack: 1001}, "Limit": {Limit: 1001}, "Sort": {Sort: 3}, "Unlimited": {Unlimited: 3}, "Rechargeable": {Rechargeable: -1},
		"MinGeneration": {MinGeneration: -4}, "MaxPrice": {MaxPrice: amount("-1", "USD")}, "Currency": {Currency: "usd"},
		`"jp"`: {Countries: []esim.Country{"jp"}}, `"ZZ"`: {AnyOf: []esim.Country{"ZZ"}},
		"33 words": {Text: strings.Repeat("a ", 33)}, "Text is 1001": {Text: strings.Repeat("a", 1001)},
		"After": {After: "x"},
	} {
		page := c.Search(q)
		assert.ErrorIs(t, page.Err, ErrQuery, name)
		assert.ErrorContains(t, page.Err, name)
		assert.Empty(t, page.Offers)
		assert.EqualValues(t, 1, page.Version)
	}
	assert.Len(t, c.Search(Query{}).Offers, 20)
	assert.Len(t, c.Search(Query{Limit: 1000}).Offers, 100)
	assert.Empty(t, stocked(t, nil, nil).Search(Query{Facets: true}).Offers)
}

func TestAllWordsOfATextAreFound(t *testing.T) {
	c := stocked(t, []esim.Package{
		{Provider: "a", ID: "TR-1", Name: "Türkiye 5 GB", Region: "Europe", Countries: []esim.Country{"TR"}},
		{Provider: "a", ID: "TR-2", Name: "TÜRKIYE 10 GB", Countries: []esim.Country{"TR", "JP"}},
	}, nil)
	for text, want := range map[string][]string{
		"türkiye": {"a TR-1", "a TR-2"}, "JAPAN": {"a TR-2"}, "tr-1 eur gb": {"a TR-1"}, "tr-1 japan": nil, " \t": {"a TR-1", "a TR-2"},
	} {
		assert.Equal(t, want, ids(c.Search(Query{Text: text})), text)
	}
}
