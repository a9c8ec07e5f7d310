package esimfly

import (
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// packageRow is a package in the catalogue and, with fewer members, among the
// top-ups of an eSIM.
type packageRow struct {
	Code      wire.Text   `json:"package_code"`
	Name      string      `json:"name"`
	Region    string      `json:"region"`
	Type      string      `json:"type"` // also "enterprise", which says nothing of its reach
	DataGB    wire.Number `json:"data_amount_gb"`
	Days      wire.Number `json:"validity_days"`
	Cost      wire.Number `json:"cost"`
	Currency  wire.Text   `json:"currency"`
	Unlimited bool        `json:"is_unlimited"`
	Features  struct {
		Voice        wire.Number `json:"voice_minutes"`
		SMS          wire.Number `json:"sms_count"`
		Rechargeable wire.Flag   `json:"is_rechargeable"`
	} `json:"features"`

	// Where it works, in the order in which they are to be trusted.
	Countries []string              `json:"countries"`
	Networks  wire.List[networkRow] `json:"networks"`
	Locations []locationRow         `json:"locationNetworkList"`
}

type networkRow struct {
	Name       string    `json:"network_name"`
	Technology string    `json:"network_type"`
	Country    string    `json:"country_name"`
	ISO2       string    `json:"country_iso2"`
	MCC        wire.Text `json:"mcc_code"`
	MNC        wire.Text `json:"mnc_code"`
}

func (n *networkRow) country() esim.Country {
	if c := country(n.ISO2); c != "" {
		return c
	}
	return country(n.Country)
}

type locationRow struct {
	Name      string `json:"locationName"`
	Operators []struct {
		Name       string `json:"operatorName"`
		Technology string `json:"networkType"`
	} `json:"operatorList"`
}

var kinds = map[string]esim.PackageKind{
	"local": esim.KindLocal, "regional": esim.KindRegional, "global": esim.KindGlobal,
}

// shelf is where the packages of one page keep what they hold lists of.
type shelf struct {
	countries wire.Arena[esim.Country]
	networks  wire.Arena[esim.Network]
	flags     wire.Arena[bool]
}

func (r *packageRow) convert(s *shelf) esim.Package {
	p := esim.Package{
		Provider: esim.ESIMFly, ID: r.Code.String(), Name: r.Name, Kind: kinds[strings.ToLower(r.Type)],
		Countries: r.coverage(s), Region: r.Region,
		Unlimited: r.Unlimited, ValidityDays: max(r.Days.Int(), 0), Price: money(r.Cost, r.Currency),
		Rechargeable: r.Features.Rechargeable.Pointer(&s.flags),
		VoiceMinutes: stated(r.Features.Voice), SMS: stated(r.Features.SMS),
		Networks: r.networks(s),
	}
	if !r.Unlimited { // a size beside it means nothing
		p.Data = r.DataGB.Size(esim.GiB) // 1 GB is 1073741824 bytes (eSIMfly docs: api/create-order)
	}
	return p
}

// stated is -1 for a count that is not stated, or that cannot be one.
func stated(n wire.Number) int {
	if !n.Known() {
		return -1
	}
	return max(n.Int(), -1)
}

// coverage takes the first list that names countries. A package without any
// such list may still be sold under the name of one.
func (r *packageRow) coverage(s *shelf) []esim.Country {
	found := s.countries.Take(max(len(r.Countries), len(r.Networks), len(r.Locations), 1))[:0]
	add := func(c esim.Country) {
		if c != "" && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	for _, code := range r.Countries {
		add(country(code))
	}
	if len(found) == 0 {
		for i := range r.Networks {
			add(r.Networks[i].country())
		}
	}
	if len(found) == 0 {
		for i := range r.Locations {
			add(country(r.Locations[i].Name))
		}
	}
	if len(r.Countries)+len(r.Networks)+len(r.Locations) == 0 {
		add(country(r.Region))
	}
	if len(found) == 0 {
		return nil
	}
	return found
}

func (r *packageRow) networks(s *shelf) []esim.Network {
	if len(r.Networks) == 0 {
		return r.operators(s)
	}
	found := s.networks.Take(len(r.Networks))
	for i := range r.Networks {
		n := &r.Networks[i]
		found[i] = esim.Network{
			Country: n.country(), Name: n.Name, Technology: n.Technology,
			MCC: n.MCC.String(), MNC: n.MNC.String(),
		}
	}
	return found
}

// operators is what the oldest of the three lists says of networks.
func (r *packageRow) operators(s *shelf) []esim.Network {
	n := 0
	for i := range r.Locations {
		n += len(r.Locations[i].Operators)
	}
	if n == 0 {
		return nil
	}
	found := s.networks.Take(n)[:0]
	for i := range r.Locations {
		where := country(r.Locations[i].Name)
		for _, o := range r.Locations[i].Operators {
			found = append(found, esim.Network{Country: where, Name: o.Name, Technology: o.Technology})
		}
	}
	return found
}

// country returns "" for what names no country.
func country(text string) esim.Country {
	c, err := esim.ParseCountry(text)
	if err != nil {
		return ""
	}
	return c
}
