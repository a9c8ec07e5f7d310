package catalog

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
)

// destinations are two hundred countries, those that travellers go to first.
var destinations = func() []esim.Country {
	codes := `TR US JP TH FR ES IT GB DE GR CN KR TW HK SG MY ID VN PH AU NZ CA MX BR AR CL CO PE EG MA
		AE SA QA IL JO OM KW BH IQ PT NL BE CH AT CZ PL HU HR SI SK RO BG RS ME BA MK AL XK IE IS
		NO SE FI DK EE LV LT MT CY LU LI MC AD SM VA UA MD GE AM AZ KZ UZ KG TJ TM MN IN PK BD LK
		NP BT MV MM KH LA BN MO FJ PG WS TO VU SB NC PF GU ZA KE TZ UG RW ET GH NG SN CI ML BF NE
		TG BJ CM GA CG CD AO ZM ZW MW MZ BW NA SZ LS MG MU SC RE TN DZ LY SD SS TD CF GM GN GW LR
		SL CV MR DJ SO ER BI KM CR PA GT HN SV NI BZ CU DO JM TT BB LC GD VC AG DM KN BS KY BM TC
		VG AI AW CW PR HT GY SR EC BO PY UY VE GF GP MQ FO GI IM JE GG AX GL MS VI`
	var all []esim.Country
	for code := range strings.FieldsSeq(codes) {
		all = append(all, esim.Country(code))
	}
	return all[:200]
}()

// reseller is how one of the three in the market writes its packages down.
type reseller struct {
	provider esim.Provider
	share    int // of a hundred packages
	currency string
	gigabyte esim.DataSize
	networks bool // states them
	dearer   int  // percent
}

var resellers = []reseller{
	{esimfly.Provider, 50, "USD", esim.GB, true, 0},
	{esimfx.Provider, 30, "EUR", esim.GiB, true, 6},
	{esimstory.Provider, 20, "USD", esim.GB, false, 11},
}

// reach is where a package works, with the networks there.
type reach struct {
	kind      esim.PackageKind
	region    string
	countries []esim.Country
	networks  []esim.Network
	cents     int64 // a gigabyte
}

// market returns n packages of three resellers, as a real market mixes them:
// seven of ten are local, a quarter covers 5 to 40 countries, the rest is
// global. The same n and seed give the same market.
func market(n int, seed uint64) []esim.Package {
	chance := rand.New(rand.NewPCG(seed, 5))
	reaches := make([][]reach, len(resellers))
	for i, r := range resellers {
		reaches[i] = r.reaches(chance)
	}
	packages := make([]esim.Package, n)
	for i := range packages {
		seller := 0
		for at := chance.IntN(100) - resellers[0].share; at >= 0; at -= resellers[seller].share {
			seller++
		}
		packages[i] = resellers[seller].sell(i, chance, reaches[seller])
	}
	return packages
}

// reaches returns 200 local reaches, then 70 regional ones, then 10 global.
func (r reseller) reaches(chance *rand.Rand) []reach {
	regional := rand.New(rand.NewPCG(11, 11)) // resellers speak of the same regions
	var all []reach
	for _, c := range destinations {
		all = append(all, reach{kind: esim.KindLocal, countries: []esim.Country{c}})
	}
	for i := range 70 {
		from, size := regional.IntN(160), 5+regional.IntN(36)
		all = append(all, reach{kind: esim.KindRegional, region: "Region " + strconv.Itoa(i), countries: destinations[from : from+size]})
	}
	for i := range 10 {
		all = append(all, reach{kind: esim.KindGlobal, region: "Global", countries: destinations[:90+regional.IntN(80)+i]})
	}
	for i := range all {
		all[i].countries = slices.Sorted(slices.Values(all[i].countries))
		all[i].cents = int64(40 + chance.IntN(400) + len(all[i].countries)*3)
		if !r.networks {
			continue
		}
		for _, c := range all[i].countries {
			all[i].networks = append(all[i].networks, networksOf(c)...)
		}
	}
	return all
}

func networksOf(c esim.Country) []esim.Network {
	var all []esim.Network
	k := int(c[0])*31 + int(c[1])
	for i := range 1 + k%3 {
		all = append(all, esim.Network{
			Country: c, Name: fmt.Sprintf("%s Telecom %d", c, i+1),
			MCC: strconv.Itoa(200 + k%600), MNC: fmt.Sprintf("%02d", i), Technology: []string{"5G", "4G", "LTE"}[(k+i)%3],
		})
	}
	return all
}

func (r reseller) sell(i int, chance *rand.Rand, reaches []reach) esim.Package {
	at := chance.IntN(200)
	switch draw := chance.IntN(100); {
	case draw >= 95:
		at = 270 + chance.IntN(10)
	case draw >= 70:
		at = 200 + chance.IntN(70)
	}
	where := reaches[at]
	size := []int64{1, 2, 3, 5, 10, 15, 20, 30, 50, 100}[chance.IntN(10)]
	days := []int{1, 3, 5, 7, 10, 14, 15, 30, 60, 90}[chance.IntN(10)]
	p := esim.Package{
		Provider: r.provider, ID: fmt.Sprintf("%s-%06d", where.kind, i), Kind: where.kind,
		Countries: where.countries, Region: where.region, Networks: where.networks,
		Data: esim.DataSize(size) * r.gigabyte, ValidityDays: days,
	}
	if chance.IntN(12) == 0 {
		p.Data, p.Unlimited, size = 0, true, int64(2*days)
	}
	if rechargeable := chance.IntN(3); rechargeable > 0 {
		p.Rechargeable = new(rechargeable == 1)
	}
	cents := where.cents*size*int64(100+r.dearer)/100 + int64(days*5+chance.IntN(60))
	p.Price, _ = esim.MoneyOf(cents, 2, r.currency)
	p.Name = fmt.Sprintf("%s %s %d days", cmpName(where), p.Data, days)
	return p
}

func cmpName(r reach) string {
	if r.region != "" {
		return r.region
	}
	return r.countries[0].Name()
}

// ofProvider returns those packages of a market that one reseller lists.
func ofProvider(packages []esim.Package, p esim.Provider) []esim.Package {
	var own []esim.Package
	for _, pack := range packages {
		if pack.Provider == p {
			own = append(own, pack)
		}
	}
	return own
}

// epoch is where the clocks of these tests begin.
var epoch = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
