package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/atlas"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// fxItems is the catalogue of eSIMfx. The two ids of the documentation come
// first.
func fxItems(o *options) func(i int) item {
	jp, br := atlas.Index("JP"), atlas.Index("BR")
	specials := []item{
		{id: "esimfx_10G_7D_JP", name: "Japan_10GB_7Day", region: "Japan", members: []int{jp}, gb: 10, days: 7, price: "12"},
		{id: "esimfx_10G_7D_BR", name: "Brazil_10GB_7Day", region: "Brazil", members: []int{br}, gb: 10, days: 7, price: "15.5"},
	}
	s := newGenerator(max(o.packages-len(specials), 1), o.seed+2)
	return func(i int) item {
		if i < len(specials) {
			it := specials[i]
			it.kind = "local"
			return it.asFX()
		}
		it, variant := s.draft(i - len(specials))
		it.price = s.cost(it, variant)
		place := strings.ReplaceAll(it.region, " ", "")
		if it.kind == "local" {
			place = atlas.Countries[it.members[0]].ISO
		}
		amount, words := fmt.Sprintf("%dG", it.gb), fmt.Sprintf("%dGB", it.gb)
		if it.unlimited {
			amount, words = "UL", "Unlimited"
		}
		it.id = fmt.Sprintf("esimfx_%s_%dD_%s", amount, it.days, place)
		it.name = fmt.Sprintf("%s_%s_%dDay", strings.ReplaceAll(it.region, " ", ""), words, it.days)
		if variant > 0 {
			it.id += fmt.Sprintf("_V%d", variant+1)
			it.name += fmt.Sprintf("_V%d", variant+1)
		}
		return it.asFX()
	}
}

func (i item) asFX() item {
	i.rechargeable = true
	i.profile = [...]string{"Green", "Blue", "Orange"}[(i.members[0]+len(i.members)-1)%3]
	return i
}

// fits reports whether the item can be added to an eSIM bought as base.
func (i item) fits(base item) bool {
	return i.profile == base.profile && slices.Equal(i.members, base.members)
}

type fxNetwork struct {
	MCCMNC string `json:"mccmnc"`
	Name   string `json:"name"`
	Speed  string `json:"speed"`
	ISO    string `json:"country_iso"`
}

// productRow is a product as v2 or v1 of the API shows it.
func (f *ESIMFX) productRow(it item, legacy bool) []byte {
	list := f.productCells(it)
	if !legacy {
		return join(list)
	}
	list[0].value = encode(f.legacyID(it.id))
	return join(slices.DeleteFunc(list, func(m member) bool { return m.name == "meta_product_id" || m.name == "is_unlimited" }))
}

// legacyID is the id of a product in v1.
func (f *ESIMFX) legacyID(id string) string { return uuidFor(f.options.seed, random.Hash(id)) }

func (f *ESIMFX) legacyIDs() map[string]string {
	m := make(map[string]string, f.catalogue.size)
	for i := range f.catalogue.size {
		id := f.catalogue.make(i).id
		m[f.legacyID(id)] = id
	}
	return m
}

// product finds a product by its id of v2 or v1.
func (f *ESIMFX) product(id string) (*item, bool) {
	if _, ok := parseUUID(id); ok {
		id = f.legacy()[strings.ToLower(id)]
	}
	return f.catalogue.find(id)
}

func (f *ESIMFX) productCells(it item) []member {
	var coverage []string
	var networks []fxNetwork
	for _, m := range it.members {
		c := atlas.Countries[m]
		coverage = append(coverage, c.ISO)
		networks = append(networks, fxNetwork{c.MCC + c.MNC, c.Operator, "5G", c.ISO})
	}
	list := []member{
		{"id", encode(it.id)},
		{"meta_product_id", encode("m-" + strconv.FormatUint(random.Hash(it.id)%1_000_000, 10))},
		{"name", encode(it.name)},
		{"duration", encode(it.days)},
		{"duration_unit", encode("DAY")},
	}
	if it.unlimited {
		list = append(list, member{"amount", []byte("null")}, member{"amount_unit", []byte("null")})
	} else {
		list = append(list, member{"amount", encode(it.gb)}, member{"amount_unit", encode("GB")})
	}
	list = append(list,
		member{"coverage", encode(coverage)}, member{"networks", encode(networks)}, member{"imsi_profile", encode(it.profile)},
		member{"price", encode(money.Number(f.catalogue.price(it)))}, member{"price_unit", encode("USD")},
		member{"is_unlimited", encode(it.unlimited)}, member{"region", encode(it.region)})
	if it.unlimited {
		list = append(list, member{"unlimited_speed", encode("2GB/day at 4G/5G. 512kbps after")},
			member{"high_speed_amount", encode(2)}, member{"high_speed_amount_unit", encode("GB")})
	}
	return list
}

// fxCursor marks a place in the list under one filter. Clients must not look
// into it.
type fxCursor struct {
	ID    string `json:"id"`
	Token string `json:"sk"`
}

func (f *ESIMFX) cursor(filter string, position int, lastID string) fxCursor {
	sum := random.Draw(f.options.seed, random.Hash(filter), uint64(position)) //nolint:gosec // not negative
	return fxCursor{lastID, fmt.Sprintf("%x.%d", sum, position)}
}

// follow is the position a cursor marks. It refuses one that was not made
// here, or for another filter.
func (f *ESIMFX) follow(filter string, raw json.RawMessage) (int, error) {
	o, err := parseObject(raw)
	if err != nil {
		return 0, errors.New("page_start is not a last_evaluated_key")
	}
	if len(o.fields) == 0 {
		return 0, nil
	}
	_, text, _ := strings.Cut(o.str("sk"), ".")
	position, err := strconv.Atoi(text)
	if err != nil || f.cursor(filter, position, o.str("id")) != (fxCursor{o.str("id"), o.str("sk")}) {
		return 0, errors.New("page_start is not the last_evaluated_key of this list")
	}
	return position, nil
}

// firstVersion reports whether the call goes to v1 of the product list, which
// has UUIDs for ids, and whose documented request is a GET with a body.
func firstVersion(c *call) bool { return strings.HasPrefix(c.r.URL.Path, "/product/api/v1/") }

func (f *ESIMFX) getProducts(c *call) *reply {
	if c.fault.Kind == esimtest.FaultRepeatedCursor {
		return f.makePage(c)
	}
	return f.catalogue.page(c.r.URL.Path+"\n"+string(c.body), func() *reply { return f.makePage(c) })
}

func (f *ESIMFX) makePage(c *call) *reply {
	body := c.body
	if firstVersion(c) && len(body) == 0 {
		body = []byte("{}")
	}
	o, err := f.object(c, body, "countries", "region", "page_start", "page_size")
	if err != nil {
		return f.malformed(c, err)
	}
	places, group, size := o.str("countries"), strings.ToLower(o.str("region")), o.integer("page_size", 20)
	filter := group
	if group == "" {
		filter = strings.ToUpper(places)
	}
	first := 0
	if o.err == nil && o.has("page_start") {
		first, o.err = f.follow(filter, o.fields["page_start"])
	}
	if o.err == nil && (size < 1 || size > 100) {
		o.err = errors.New("page_size out of range")
	}
	if o.err != nil {
		return f.malformed(c, o.err)
	}
	positions := f.positions(group, filter)
	last := min(first+int(size), len(positions))
	rows := []json.RawMessage{}
	var lastID string
	for _, i := range positions[first:last] {
		it := f.catalogue.at(i)
		lastID = it.id
		rows = append(rows, f.productRow(it, firstVersion(c)))
	}
	key := []byte("{}")
	if last < len(positions) {
		key = encode(f.cursor(filter, last, lastID))
	}
	if start := o.fields["page_start"]; c.fault.Kind == esimtest.FaultRepeatedCursor && len(start) > len("{}") {
		key = start
	}
	return fxAnswer(json.RawMessage(join([]member{{"products", encode(rows)}, {"last_evaluated_key", key}})))
}

// positions is what a filter leaves: a region's packages, or those that work
// in any of the countries.
func (f *ESIMFX) positions(group, filter string) []int {
	codes := strings.Split(filter, ",")
	return f.catalogue.pick("list\n"+filter, func(it item) bool {
		switch {
		case group != "":
			return strings.ToLower(it.region) == group
		case filter == "":
			return true
		}
		return slices.ContainsFunc(codes, it.sells)
	})
}

func (f *ESIMFX) getProduct(c *call) *reply {
	id := c.param("id")
	it, ok := f.product(id)
	if !ok {
		return fxRefuse(FXCodeProductNotFound)
	}
	return fxAnswer(json.RawMessage(f.productRow(*it, id != it.id)))
}

func (f *ESIMFX) getTopUps(c *call) *reply {
	iccid, id := f.rules.canonicalICCID(c.param("iccid")), c.param("product_id")
	var base item
	switch {
	case iccid != "":
		f.mu.Lock()
		s := f.byICCID[iccid]
		f.mu.Unlock()
		if s == nil {
			return fxRefuse(FXCodeESIMNotFound)
		}
		base = *s.item
	case id != "":
		it, ok := f.product(id)
		if !ok {
			return fxRefuse(FXCodeProductNotFound)
		}
		base = *it
	default:
		return f.malformed(c, errors.New("neither iccid nor product_id"))
	}
	rows := []json.RawMessage{}
	for _, i := range f.catalogue.pick("fits\n"+base.kind+"\n"+base.region, func(it item) bool { return it.fits(base) }) {
		rows = append(rows, f.productRow(f.catalogue.at(i), false))
	}
	return fxAnswer(map[string]any{"products": rows})
}
