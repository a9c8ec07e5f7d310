package catalog

import (
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
)

// Equivalence is the rule by which offers of different resellers are the same
// product for a traveller. The zero value is the default rule: the same
// countries, the same size as it is sold, unlimited or not, the same days, the
// same best generation of network, and the same voice minutes and SMS.
//
// Shops write "5 GB" for 5 GiB and for 5 GB, so these are one size. A reseller
// that says nothing of voice and SMS promises none, so that is the same as
// stating none. But an offer whose countries, size or days are not stated is
// alike to no other. Of an unlimited offer the data a day at full speed counts
// where it is stated. Prices, kinds and names do not count, and neither do words
// about fair use.
type Equivalence struct {
	// ExactBytes keeps 5 GiB and 5 GB apart.
	ExactBytes bool
	// AnyNetwork makes 4G, 5G and a network not stated the same.
	AnyNetwork bool
}

// product says in words, the same ones for the same product, what an offer is
// to a traveller: "covers JP, TW; sold as 5 GB; 30 days; 5G".
func (e Equivalence) product(p *esim.Package, generation int) string {
	var b strings.Builder
	covered := e.writeCoverage(&b, p.Countries)
	sized := e.writeSize(&b, p)
	dated := writeDays(&b, p.ValidityDays)
	if !e.AnyNetwork {
		writeGeneration(&b, generation)
	}
	writeAllowance(&b, p.VoiceMinutes, " voice minutes")
	writeAllowance(&b, p.SMS, " SMS")
	if covered && sized && dated {
		return b.String()
	}
	return b.String() + "; alike to no other, as package " + strconv.Quote(p.ID) + " of " + string(p.Provider) + " states too little"
}

func (e Equivalence) writeCoverage(b *strings.Builder, countries []esim.Country) (stated bool) {
	if len(countries) == 0 {
		b.WriteString("coverage not stated")
		return false
	}
	if !slices.IsSorted(countries) {
		countries = slices.Sorted(slices.Values(countries))
	}
	separator := "covers "
	for i, c := range countries {
		if i > 0 && c == countries[i-1] {
			continue
		}
		b.WriteString(separator)
		b.WriteString(string(c))
		separator = ", "
	}
	return true
}

func (e Equivalence) writeSize(b *strings.Builder, p *esim.Package) (stated bool) {
	switch {
	case p.Unlimited && p.FullSpeedPerDay > 0:
		b.WriteString("; unlimited data, of it " + soldAs(p.FullSpeedPerDay).String() + " a day at full speed")
	case p.Unlimited:
		b.WriteString("; unlimited data")
	case p.Data <= 0:
		b.WriteString("; size not stated")
	case e.ExactBytes:
		b.WriteString("; exactly " + p.Data.String())
	default:
		b.WriteString("; sold as " + soldAs(p.Data).String())
	}
	return p.Unlimited || p.Data > 0
}

func writeDays(b *strings.Builder, days int) (stated bool) {
	switch {
	case days <= 0:
		b.WriteString("; days not stated")
	case days == 1:
		b.WriteString("; 1 day")
	default:
		b.WriteString("; " + strconv.Itoa(days) + " days")
	}
	return days > 0
}

func writeGeneration(b *strings.Builder, generation int) {
	if generation == 0 {
		b.WriteString("; network not stated")
		return
	}
	b.WriteString("; " + strconv.Itoa(generation) + "G")
}

func writeAllowance(b *strings.Builder, a esim.Allowance, what string) {
	if n, _ := a.Count(); n > 0 || a.IsUnlimited() {
		b.WriteString("; " + a.String() + what)
	}
}

// soldAs returns the round decimal size by which a shop calls a size: 5 GB for
// 5 GiB, 100 MB for a tenth of a GiB, 500 MB for 500 MiB. A size that is round
// in no unit stays as it is.
func soldAs(d esim.DataSize) esim.DataSize {
	const hundredth, most = 10 * esim.MB, 1000 * esim.TiB
	switch n := (d%most*100 + esim.GiB - 1) / esim.GiB; { // in hundredths of a GiB
	case d%esim.MB == 0:
		return d
	case d < most && n*esim.GiB/100 == d: // a fraction of a byte was dropped
		return n * hundredth
	case d%esim.MiB == 0:
		return d / esim.MiB * esim.MB
	}
	return d
}
