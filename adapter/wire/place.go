package wire

import (
	"errors"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/esimkit/esim"
)

// Country is a text that names a country, in any form that [esim.ParseCountry]
// reads, and "" for one that names none. The text itself is not kept.
type Country esim.Country

// UnmarshalJSONFrom reads a string, a number or null.
func (c *Country) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	text, ok := textIn(value)
	if !ok && value.Kind() != 'n' {
		return errors.New("not a text")
	}
	*c = ""
	if country, err := esim.ParseCountry(string(text)); err == nil {
		*c = Country(country)
	}
	return nil
}

// Countries returns those of a list that are known, in their order.
func Countries(list []Country, arena *Arena[esim.Country]) []esim.Country {
	countries := arena.Take(len(list))[:0]
	for _, country := range list {
		if country != "" {
			countries = append(countries, esim.Country(country))
		}
	}
	return countries
}

// Places reads the countries of an answer, and counts the names that no country
// has: what is left out of a coverage is a finding. The zero value is ready.
type Places struct{ Unknown int }

// Country returns the country that the first of the texts names which names one, ""
// if none does.
func (p *Places) Country(texts ...string) esim.Country {
	named := false
	for _, text := range texts {
		if country, err := esim.ParseCountry(text); err == nil {
			return country
		}
		named = named || text != ""
	}
	if named {
		p.Unknown++
	}
	return ""
}

// Count counts the elements of a coverage that name no country.
func (p *Places) Count(coverage []Country) {
	for _, country := range coverage {
		if country == "" {
			p.Unknown++
		}
	}
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
