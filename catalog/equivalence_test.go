package catalog

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestTheRuleIsSaid(t *testing.T) {
	asia := []esim.Country{"JP", "TW"}
	for _, tt := range []struct {
		rule       Equivalence
		p          esim.Package
		generation int
		want       string
	}{
		{Equivalence{}, esim.Package{Countries: asia, Data: 5 * esim.GiB, ValidityDays: 30}, 5, "covers JP, TW; sold as 5 GB; 30 days; 5G"},
		{Equivalence{}, esim.Package{Countries: asia, Data: 5 * esim.GB, ValidityDays: 30}, 5, "covers JP, TW; sold as 5 GB; 30 days; 5G"},
		{Equivalence{}, esim.Package{Countries: []esim.Country{"TW", "JP", "TW"}, Unlimited: true, ValidityDays: 1}, 0, "covers JP, TW; unlimited data; 1 day; network not stated"},
		{Equivalence{}, esim.Package{Countries: asia, Unlimited: true, FullSpeedPerDay: 2 * esim.GiB, ValidityDays: 1, SMS: esim.UnlimitedAllowance()}, 5, "covers JP, TW; unlimited data, of it 2 GB a day at full speed; 1 day; 5G; unlimited SMS"},
		{Equivalence{}, esim.Package{Countries: asia, Data: esim.GB, ValidityDays: 7, VoiceMinutes: esim.AllowanceOf(0)}, 4, "covers JP, TW; sold as 1 GB; 7 days; 4G"},
		{Equivalence{AnyNetwork: true}, esim.Package{Countries: asia, Data: esim.GB, ValidityDays: 7, VoiceMinutes: esim.AllowanceOf(60), SMS: esim.AllowanceOf(10)}, 4, "covers JP, TW; sold as 1 GB; 7 days; 60 voice minutes; 10 SMS"},
		{Equivalence{ExactBytes: true}, esim.Package{Countries: asia, Data: 5 * esim.GiB, ValidityDays: 30}, 4, "covers JP, TW; exactly 5 GiB; 30 days; 4G"},
		{Equivalence{}, esim.Package{Provider: "a", ID: "x", Data: esim.GB, ValidityDays: 7}, 4, `coverage not stated; sold as 1 GB; 7 days; 4G; alike to no other, as package "x" of a states too little`},
		{Equivalence{}, esim.Package{Provider: "a", ID: "x", Countries: asia}, 4, `covers JP, TW; size not stated; days not stated; 4G; alike to no other, as package "x" of a states too little`},
	} {
		assert.Equal(t, tt.want, tt.rule.product(&tt.p, tt.generation))
	}
}

func TestSoldAs(t *testing.T) {
	for size, want := range map[esim.DataSize]esim.DataSize{
		5 * esim.GiB: 5 * esim.GB, 5 * esim.GB: 5 * esim.GB, esim.GiB / 2: 500 * esim.MB, 500 * esim.MiB: 500 * esim.MB,
		107374182: 100 * esim.MB, 322122547: 300 * esim.MB, // a tenth and three tenths of a GiB
		1500 * esim.MB: 1500 * esim.MB, esim.GiB * 3 / 2: 1500 * esim.MB, esim.TiB: 1024 * esim.GB,
		1: 1, 1<<62 + 1: 1<<62 + 1,
	} {
		assert.Equal(t, want, soldAs(size), size.String())
	}
}

func TestGeneration(t *testing.T) {
	for technology, want := range map[string]int{
		"5G": 5, "5g": 5, "4G - LTE": 4, "LTE": 4, "3G/4G/5G": 5, "4G LTE, 5G SA": 5, "HSPA+": 3, "GSM": 2,
		"": 0, "fast": 0, "2GB/day": 0, "15G": 0, "512kbps": 0,
	} {
		assert.Equal(t, want, generation([]esim.Network{{}, {Technology: technology}}), technology)
	}
	assert.Equal(t, 5, generation([]esim.Network{{Technology: "5G"}, {Technology: "3G"}}))
	assert.Zero(t, generation(nil))
}

func TestSameTellsEveryOfferOfAProduct(t *testing.T) {
	asia := []esim.Country{"JP", "TW"}
	lte := []esim.Network{{Technology: "LTE"}}
	pack := func(provider esim.Provider, id string, data esim.DataSize, price, currency string) esim.Package {
		p := esim.Package{Provider: provider, ID: id, Countries: asia, Data: data, ValidityDays: 10, Networks: lte}
		if currency != "" {
			p.Price = amount(price, currency)
		}
		return p
	}
	packages := []esim.Package{
		pack("a", "1", esim.GB, "9", "USD"), pack("a", "2", esim.GiB, "8", "USD"), pack("b", "1", esim.GiB, "10", "EUR"),
		pack("b", "2", esim.GB, "8", "USD"), pack("c", "1", esim.GB, "", ""), pack("c", "2", 2*esim.GB, "1", "EUR"),
	}
	c := stocked(t, packages, nil)
	g := c.Same("a", "1")
	assert.Equal(t, "covers JP, TW; sold as 1 GB; 10 days; 4G", g.Rule)
	assert.Equal(t, []string{"b 1", "a 2", "b 2", "a 1", "c 1"}, ids(Page{Offers: g.Offers}))
	assert.Equal(t, g, c.Same("c", "1"))
	for i, o := range g.Offers {
		assert.Equal(t, g.Key, o.Group)
		assert.Equal(t, o.Package, c.Equivalents("b", "2")[i])
		assert.Equal(t, o.Price, o.Total)
		assert.Equal(t, esim.Estimate{}, o.Compared)
	}
	assert.Equal(t, amount("0.8", "USD").Estimate(), g.Offers[2].PerDay)

	other := c.Same("c", "2")
	assert.NotEqual(t, g.Key, other.Key)
	assert.Len(t, other.Offers, 1)
	assert.Equal(t, Group{}, c.Same("c", "3"))
	assert.Empty(t, c.Equivalents("d", "1"))
}

// The key of a product is what shops may keep: it must not change.
func TestAKeyStaysTheSame(t *testing.T) {
	c := stocked(t, []esim.Package{{Provider: "a", ID: "1", Countries: []esim.Country{"JP"}, Data: esim.GB, ValidityDays: 7}}, nil)
	require.Equal(t, uint64(0x886d1a4e735f35d7), c.Same("a", "1").Key)
}
