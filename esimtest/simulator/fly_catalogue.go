package simulator

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim/esimtest/internal/atlas"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// topUpPrefix marks the codes of top-up packages.
const topUpPrefix = "TOPUP_"

// flySpecials are packages whose codes and prices the provider's documents
// show, and a few that behave out of the ordinary.
func flySpecials() []item {
	jp, us, tr, gb := atlas.Index("JP"), atlas.Index("US"), atlas.Index("TR"), atlas.Index("GB")
	europe := atlas.Regions()[0]
	return []item{
		{id: "PHAJHEAYP", name: "United States 1GB 7Days", region: "United States", members: []int{us}, gb: 1, days: 7, price: "1.44", rechargeable: true, network: true},
		{id: "merhaba-7days-1gb", name: "Turkey 1 GB 7 Days", region: "Turkey", members: []int{tr}, gb: 1, days: 7, price: "2.72", rechargeable: true},
		{id: "RB85_4D", name: "Japan 12 GB 4 Days", region: "Japan", members: []int{jp}, gb: 12, days: 4, price: "5.85", async: true},
		{id: "RB86_8D", name: "Japan 20 GB 8 Days", region: "Japan", members: []int{jp}, gb: 20, days: 8, price: "9.40", async: true},
		{id: "japan-unlimited-7days", name: "Japan Unlimited 7 Days", region: "Japan", members: []int{jp}, days: 7, price: "13.90", unlimited: true, rechargeable: true, network: true},
		{id: "o2-uk-25gb-30days", name: "O2 United Kingdom 25 GB 30 Days", region: "United Kingdom", members: []int{gb}, gb: 25, days: 30, price: "10.50", carrier: "O2", voice: 1000, sms: 1000},
		{id: "OT-50000MB-9999T-9999V", name: "Europe 50 GB 30 Days", region: europe.Name, kind: "regional", members: europe.Members, gb: 50, days: 30, price: "31.20", voice: 9999, sms: 9999},
	}
}

// flyItems is the catalogue of eSIMfly: the special packages, then generated
// ones, of which every second is from the provider's own network.
func flyItems(o *options) func(i int) item {
	specials := flySpecials()
	s := newGenerator(max(o.packages-len(specials), 1), o.seed)
	return func(i int) item {
		if i < len(specials) {
			it := specials[i]
			if it.kind == "" {
				it.kind = "local"
			}
			it.price = flyPrice(it.price, o.currency)
			return it
		}
		it, variant := s.draft(i - len(specials))
		slug := strings.ReplaceAll(strings.ToLower(it.region), " ", "-")
		if it.kind == "local" {
			slug = atlas.Countries[it.members[0]].Slug
		}
		amount, words := strconv.FormatInt(it.gb, 10)+"gb", fmt.Sprintf("%d GB", it.gb)
		if it.unlimited {
			amount, words = "unlimited", "Unlimited"
		}
		it.id = fmt.Sprintf("%s-%ddays-%s", slug, it.days, amount)
		it.name = fmt.Sprintf("%s %s %d Days", it.region, words, it.days)
		if variant > 0 {
			it.id += fmt.Sprintf("-v%d", variant+1)
			it.name += fmt.Sprintf(" v%d", variant+1)
		}
		it.network = i%2 == 0
		it.rechargeable = i%5 != 4
		it.price = flyPrice(s.cost(it, variant), o.currency)
		return it
	}
}

// flyPrice turns a price in dollars into one in the account's currency.
func flyPrice(price, currency string) string {
	if currency != "IQD" {
		return price
	}
	return money.Times(money.Of(strings.Replace(price, ".", "", 1), currency), 13).Amount()
}

type flyFeatures struct {
	Voice        *int `json:"voice_minutes,omitempty"`
	SMS          *int `json:"sms_count,omitempty"`
	Rechargeable bool `json:"is_rechargeable"`
}

type flyOperator struct {
	Name string `json:"operatorName"`
	Type string `json:"networkType"`
}

type flyLocation struct {
	Name      string        `json:"locationName"`
	Logo      string        `json:"locationLogo"`
	Operators []flyOperator `json:"operatorList"`
}

type flyNetwork struct {
	ID          int    `json:"network_id"`
	Name        string `json:"network_name"`
	Type        string `json:"network_type"`
	CountryCode string `json:"country_code"`
	CountryName string `json:"country_name"`
	ISO2        string `json:"country_iso2"`
	Continent   string `json:"continent"`
	MCC         string `json:"mcc_code"`
	MNC         string `json:"mnc_code"`
}

func (f *ESIMFly) packageRow(it item) []byte {
	row := []member{
		{"package_code", encode(it.id)},
		{"name", encode(it.name)},
		{"region", encode(it.region)},
		{"type", encode(it.kind)},
		{"data_amount_gb", encode(it.gb)},
		{"validity_days", encode(it.days)},
		{"cost", encode(money.Number(f.catalogue.price(it)))},
		{"currency", encode(f.catalogue.currency)},
		{"features", encode(flyFeatures{&it.voice, &it.sms, it.rechargeable})},
		{"is_unlimited", encode(it.unlimited)},
		{"has_voice", encode(it.voice > 0)},
		{"has_sms", encode(it.sms > 0)},
	}
	if it.network {
		var codes []string
		for _, m := range it.members {
			codes = append(codes, atlas.Countries[m].ISO)
		}
		row = append(row, member{"countries", encode(codes)})
	}
	row = append(row, member{"locationNetworkList", encode(flyLocations(it))})
	if it.network {
		row = append(row, member{"networks", encode(flyNetworks(it))})
	}
	if it.carrier != "" {
		row = append(row, flyCarrierExtras(it)...)
	}
	return join(row)
}

func flyLocations(it item) []flyLocation {
	var list []flyLocation
	for _, m := range it.members {
		c := atlas.Countries[m]
		list = append(list, flyLocation{c.Name, "/images/flags/" + strings.ToLower(c.ISO) + ".png", []flyOperator{{c.Operator, "5G"}}})
	}
	return list
}

func flyNetworks(it item) []flyNetwork {
	var list []flyNetwork
	for _, m := range it.members {
		c := atlas.Countries[m]
		low := strings.ToLower(c.ISO)
		list = append(list, flyNetwork{300 + m, c.Operator, "5G", low, c.Name, low, c.Continent, c.MCC, c.MNC})
	}
	return list
}

func flyCarrierExtras(it item) []member {
	return []member{
		{"phone_number", []byte(`{"country":"GB","prefix":"+44"}`)},
		{"network_carrier", encode(it.carrier)},
		{"has_5g", encode(true)},
		{"has_hotspot", encode(true)},
		{"can_extend", encode(false)},
		{"is_recurring", encode(true)},
		{"activation_policy", encode("first_use")},
		{"data_breakdown", encode(map[string]int64{"uk_data_gb": it.gb, "roaming_data_gb": it.gb / 2})},
		{"voice_details", []byte(`{"uk_calls_unlimited":true,"uk_texts_unlimited":true,"sms_inbound_only":false,"eu_minutes":"unlimited","eu_texts":500,"international_minutes":null,"international_texts":null}`)},
	}
}

// getPackages serves the catalogue. Pages are kept in encoded form.
func (f *ESIMFly) getPackages(c *call) *reply {
	return f.catalogue.page(c.r.URL.RawQuery, func() *reply { return f.makePage(c) })
}

func (f *ESIMFly) makePage(c *call) *reply {
	p, refusal := f.paging(c, 50)
	kind, search := c.param("type"), strings.ToLower(c.param("search"))
	if refusal == nil && !slices.Contains([]string{"", "local", "regional", "global"}, kind) {
		refusal = f.refuseAs(c, http.StatusBadRequest, "", "type must be local, regional or global")
	}
	if refusal != nil {
		return refusal
	}
	positions := func(i int) int { return i }
	p.Total = f.catalogue.size
	if kind != "" || search != "" {
		picked := f.catalogue.pick(kind+"\n"+search, func(it item) bool {
			return (kind == "" || it.kind == kind) && it.called(search)
		})
		positions = func(i int) int { return picked[i] }
		p.Total = len(picked)
	}
	rows := [][]byte{}
	for i := range p.slice() {
		rows = append(rows, f.packageRow(f.catalogue.at(positions(i))))
	}
	return flyPage("packages", rows, p)
}

// called reports whether the words name the item's destination, in lower case.
func (i item) called(words string) bool {
	if strings.Contains(strings.ToLower(i.region), words) {
		return true
	}
	return slices.ContainsFunc(i.members, func(m int) bool { return strings.Contains(strings.ToLower(atlas.Countries[m].Name), words) })
}

// getTopUps lists what can be added to one eSIM.
func (f *ESIMFly) getTopUps(c *call) *reply {
	p, refusal := f.paging(c, 50)
	if refusal != nil {
		return refusal
	}
	iccid := c.param("iccid")
	if iccid == "" {
		f.violate(c, "no iccid")
		return f.refuse(c, "MISSING_ICCID")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.find(c, iccid)
	if s == nil {
		return f.refuse(c, "ESIM_ACCESS_DENIED")
	}
	if !f.toppable(s) {
		return f.refuse(c, "ESIM_NOT_TOPPABLE")
	}
	list := f.topUpsFor(*s.item)
	p.Total = len(list)
	rows := [][]byte{}
	for i := range p.slice() {
		it := list[i]
		rows = append(rows, join([]member{
			{"package_code", encode(topUpPrefix + it.id)},
			{"name", encode(it.name)},
			{"data_amount_gb", encode(it.gb)},
			{"validity_days", encode(it.days)},
			{"cost", encode(money.Number(f.catalogue.price(it)))},
			{"currency", encode(f.catalogue.currency)},
			{"features", encode(flyFeatures{Rechargeable: true})},
			{"is_unlimited", encode(it.unlimited)},
		}))
	}
	return flyPage("packages", rows, p)
}

// topUpsFor is the packages of the same destination that can be bought as a
// top-up, a dozen at most; none for a package that cannot be recharged.
func (f *ESIMFly) topUpsFor(base item) []item {
	if !base.rechargeable {
		return nil
	}
	var list []item
	picked := f.catalogue.pick("top-up\n"+base.kind+"\n"+base.region, func(it item) bool {
		return it.rechargeable && it.kind == base.kind && it.region == base.region
	})
	for _, i := range picked[:min(len(picked), 12)] {
		list = append(list, f.catalogue.at(i))
	}
	return list
}
