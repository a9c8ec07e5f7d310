package wire

import "github.com/esimkit/esim"

// Countries returns those of the texts that name a country, in their order.
func Countries(texts []Text) []esim.Country {
	if len(texts) == 0 {
		return nil
	}
	countries := make([]esim.Country, 0, len(texts))
	for _, text := range texts {
		if country := text.Country(); country != "" {
			countries = append(countries, country)
		}
	}
	return countries
}

// Country returns the country that a text names, "" where it names none.
func (t Text) Country() esim.Country {
	country, err := esim.ParseCountry(string(t))
	if err != nil {
		return ""
	}
	return country
}

// MCCMNC takes apart the number of a mobile network, as in 44020. Both are ""
// for a text that is not five or six characters.
func (t Text) MCCMNC() (mcc, mnc string) {
	if len(t) != 5 && len(t) != 6 {
		return "", ""
	}
	return string(t[:3]), string(t[3:])
}

// Price returns the number as a price, of no stated currency where the unit is
// absent or no ISO 4217 code.
func (n Number) Price(unit Text) esim.Money {
	if price, err := n.Money(unit.Upper()); err == nil {
		return price
	}
	price, _ := n.Money("") // without a currency nothing can be wrong
	return price
}
