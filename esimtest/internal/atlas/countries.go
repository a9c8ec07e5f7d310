// Package atlas holds the countries and regions of the invented catalogues.
package atlas

// Country is one destination of the invented catalogues, with one network.
// Names are written the way resellers write them.
type Country struct {
	ISO, Name, Slug string
	Continent       string
	MCC, MNC        string
	Operator        string
}

// Countries are real places, real network codes and real operators, so that
// what clients do with them (ISO names, filters, coverage) is tried in earnest.
var Countries = [...]Country{
	{"JP", "Japan", "japan", "Asia", "440", "20", "SOFTBANK"},
	{"US", "United States", "usa", "North America", "311", "480", "Verizon"},
	{"TR", "Turkey", "turkey", "Europe", "286", "01", "Turkcell"},
	{"GB", "United Kingdom", "united-kingdom", "Europe", "234", "15", "Vodafone"},
	{"FR", "France", "france", "Europe", "208", "20", "Bouygues"},
	{"DE", "Germany", "germany", "Europe", "262", "01", "Telekom"},
	{"IT", "Italy", "italy", "Europe", "222", "10", "Vodafone"},
	{"ES", "Spain", "spain", "Europe", "214", "07", "Movistar"},
	{"KR", "South Korea", "south-korea", "Asia", "450", "05", "SK Telecom"},
	{"TH", "Thailand", "thailand", "Asia", "520", "03", "AIS"},
	{"HK", "Hong Kong (China)", "hong-kong", "Asia", "454", "00", "CSL"},
	{"AE", "UAE", "uae", "Asia", "424", "02", "Etisalat"},
	{"SG", "Singapore", "singapore", "Asia", "525", "01", "Singtel"},
	{"SE", "Sweden", "sweden", "Europe", "240", "01", "Telia"},
	{"AU", "Australia", "australia", "Oceania", "505", "02", "Optus"},
	{"CN", "China", "china", "Asia", "460", "01", "China Unicom"},
	{"TW", "Taiwan", "taiwan", "Asia", "466", "92", "Chunghwa Telecom"},
	{"VN", "Vietnam", "vietnam", "Asia", "452", "04", "Viettel"},
	{"ID", "Indonesia", "indonesia", "Asia", "510", "10", "Telkomsel"},
	{"MY", "Malaysia", "malaysia", "Asia", "502", "12", "Maxis"},
	{"PH", "Philippines", "philippines", "Asia", "515", "02", "Globe"},
	{"IN", "India", "india", "Asia", "404", "10", "Airtel"},
	{"IQ", "Iraq", "iraq", "Asia", "418", "20", "Zain"},
	{"SA", "Saudi Arabia", "saudi-arabia", "Asia", "420", "01", "stc"},
	{"QA", "Qatar", "qatar", "Asia", "427", "01", "Ooredoo"},
	{"KW", "Kuwait", "kuwait", "Asia", "419", "02", "Zain"},
	{"IL", "Israel", "israel", "Asia", "425", "02", "Cellcom"},
	{"EG", "Egypt", "egypt", "Africa", "602", "02", "Vodafone"},
	{"MA", "Morocco", "morocco", "Africa", "604", "01", "IAM"},
	{"ZA", "South Africa", "south-africa", "Africa", "655", "01", "Vodacom"},
	{"KE", "Kenya", "kenya", "Africa", "639", "02", "Safaricom"},
	{"NG", "Nigeria", "nigeria", "Africa", "621", "30", "MTN"},
	{"TZ", "Tanzania", "tanzania", "Africa", "640", "04", "Vodacom"},
	{"CI", "Côte d'Ivoire", "cote-divoire", "Africa", "612", "03", "Orange"},
	{"CA", "Canada", "canada", "North America", "302", "720", "Rogers"},
	{"MX", "Mexico", "mexico", "North America", "334", "020", "Telcel"},
	{"BR", "Brazil", "brazil", "South America", "724", "05", "Claro"},
	{"AR", "Argentina", "argentina", "South America", "722", "310", "Claro"},
	{"CL", "Chile", "chile", "South America", "730", "01", "Entel"},
	{"CO", "Colombia", "colombia", "South America", "732", "101", "Claro"},
	{"PE", "Peru", "peru", "South America", "716", "10", "Claro"},
	{"CR", "Costa Rica", "costa-rica", "North America", "712", "01", "Kolbi"},
	{"DO", "Dominican Republic", "dominican-republic", "North America", "370", "02", "Claro"},
	{"NZ", "New Zealand", "new-zealand", "Oceania", "530", "01", "One NZ"},
	{"PT", "Portugal", "portugal", "Europe", "268", "01", "Vodafone"},
	{"NL", "Netherlands", "netherlands", "Europe", "204", "08", "KPN"},
	{"BE", "Belgium", "belgium", "Europe", "206", "01", "Proximus"},
	{"CH", "Switzerland", "switzerland", "Europe", "228", "01", "Swisscom"},
	{"AT", "Austria", "austria", "Europe", "232", "01", "A1"},
	{"NO", "Norway", "norway", "Europe", "242", "01", "Telenor"},
	{"DK", "Denmark", "denmark", "Europe", "238", "01", "TDC"},
	{"FI", "Finland", "finland", "Europe", "244", "91", "Telia"},
	{"IE", "Ireland", "ireland", "Europe", "272", "01", "Vodafone"},
	{"PL", "Poland", "poland", "Europe", "260", "01", "Plus"},
	{"CZ", "Czech Republic", "czech-republic", "Europe", "230", "01", "T-Mobile"},
	{"HU", "Hungary", "hungary", "Europe", "216", "30", "Telekom"},
	{"RO", "Romania", "romania", "Europe", "226", "01", "Vodafone"},
	{"GR", "Greece", "greece", "Europe", "202", "05", "Vodafone"},
	{"HR", "Croatia", "croatia", "Europe", "219", "01", "Hrvatski Telekom"},
	{"IS", "Iceland", "iceland", "Europe", "274", "01", "Síminn"},
}

// Region is a group of countries sold as one package, by their places in
// [countries].
type Region struct {
	Name, Slug string
	Members    []int
	Global     bool
}

// Regions groups the countries by continent, with two worldwide groups at the end.
func Regions() []Region {
	var list []Region
	for _, r := range []Region{{Name: "Europe", Slug: "europe"}, {Name: "Asia", Slug: "asia"}, {Name: "North America", Slug: "north-america"}, {Name: "Africa", Slug: "africa"}} {
		for i, c := range Countries {
			if c.Continent == r.Name {
				r.Members = append(r.Members, i)
			}
		}
		list = append(list, r)
	}
	world := Region{Name: "Global", Slug: "global", Global: true}
	for i := range Countries {
		world.Members = append(world.Members, i)
	}
	most := world
	most.Name, most.Slug, most.Members = "Global Light", "global-light", world.Members[:20]
	return append(list, world, most)
}

// Index is the position of an ISO code in [countries].
func Index(iso string) int {
	for i, c := range Countries {
		if c.ISO == iso {
			return i
		}
	}
	panic("atlas: no country " + iso)
}
