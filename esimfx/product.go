package esimfx

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// product is a plan of the catalogue (eSIMfx docs: Quick Start, step 1, and
// Project Context, flows A and B). Its members from Region on are known from
// public integrations only.
type product struct {
	ID            wire.Text          `json:"id"`
	MetaProductID wire.Text          `json:"meta_product_id"`
	Name          wire.Text          `json:"name"`
	Duration      wire.Number        `json:"duration"`
	DurationUnit  wire.Text          `json:"duration_unit"`
	Amount        wire.Number        `json:"amount"`
	AmountUnit    wire.Text          `json:"amount_unit"`
	Coverage      []wire.Text        `json:"coverage"`
	Networks      wire.List[network] `json:"networks"`
	IMSIProfile   wire.Text          `json:"imsi_profile"`
	Price         wire.Number        `json:"price"`
	PriceUnit     wire.Text          `json:"price_unit"`
	IsUnlimited   *bool              `json:"is_unlimited"`

	Region         wire.Text   `json:"region"`
	UnlimitedSpeed wire.Text   `json:"unlimited_speed"`
	HighSpeed      wire.Number `json:"high_speed_amount"`
	HighSpeedUnit  wire.Text   `json:"high_speed_amount_unit"`
	FullSpeed      wire.Number `json:"high_speed"` // the same under another name
	FullSpeedUnit  wire.Text   `json:"high_speed_unit"`
}

type network struct {
	MCCMNC     wire.Text `json:"mccmnc"`
	Name       wire.Text `json:"name"`
	Speed      wire.Text `json:"speed"`
	CountryISO wire.Text `json:"country_iso"`
}

// productData is the answer of get_product: the product itself, or one level
// deeper.
type productData struct {
	product
	Product *product `json:"product"`
}

func (d productData) complete() bool { return d.get().ID != "" }

func (d *productData) get() *product {
	if d.Product != nil {
		return d.Product
	}
	return &d.product
}

// product reads one product for the operation op.
func (c *Client) product(ctx context.Context, op, id string) (*product, error) {
	data, err := fetch[productData](ctx, c.api, adapter.Call{
		Op: op, Method: http.MethodGet, Path: "/product/api/v1/get_product",
		Query: url.Values{"id": {id}}, Safety: adapter.Read,
	})
	if err != nil {
		if e, ok := errors.AsType[*esim.Error](err); ok && errors.Is(e.Kind, esim.ErrNotFound) {
			e.Kind = esim.ErrPackageUnavailable
		}
		return nil, err
	}
	p := data.get()
	if !strings.EqualFold(string(p.ID), id) {
		return nil, c.malformed(op, "the answer is about another product")
	}
	return p, nil
}

// convert turns the product into the neutral form. What it does not state, or
// states in an unknown unit, stays not stated.
func (p *product) convert() esim.Package {
	out := esim.Package{
		Provider: esim.ESIMFX, ID: string(p.ID), Name: string(p.Name), Region: string(p.Region),
		Kind: p.kind(), Price: p.price(), VoiceMinutes: -1, SMS: -1,
		Unlimited: p.IsUnlimited != nil && *p.IsUnlimited || isDays(p.AmountUnit),
	}
	if unit, ok := unitOf(p.AmountUnit); ok && !out.Unlimited {
		out.Data = p.Amount.Size(unit)
	}
	if isDays(p.DurationUnit) {
		out.ValidityDays = p.Duration.Int()
	}
	for _, code := range p.Coverage {
		if country, err := esim.ParseCountry(string(code)); err == nil {
			out.Countries = append(out.Countries, country)
		}
	}
	if len(p.Networks) > 0 {
		out.Networks = make([]esim.Network, len(p.Networks))
	}
	for i, n := range p.Networks {
		out.Networks[i] = n.convert()
	}
	return out
}

// price is of no stated currency when the unit is absent or no ISO 4217 code.
func (p *product) price() esim.Money {
	price, err := p.Price.Money(p.PriceUnit.Upper())
	if err == nil {
		return price
	}
	price, _ = p.Price.Money("") // without a currency nothing can be wrong
	return price
}

// kind goes by the coverage; only a region says that a product is worldwide.
func (p *product) kind() esim.PackageKind {
	region := p.Region.Upper()
	switch n := len(p.Coverage); {
	case region == "GLOBAL" || region == "WORLDWIDE" || region == "WORLD":
		return esim.KindGlobal
	case n == 1:
		return esim.KindLocal
	case n > 1:
		return esim.KindRegional
	}
	return esim.KindUnknown
}

func (n network) convert() esim.Network {
	out := esim.Network{Name: string(n.Name), Technology: string(n.Speed)}
	if country, err := esim.ParseCountry(string(n.CountryISO)); err == nil {
		out.Country = country
	}
	if code := string(n.MCCMNC); len(code) == 5 || len(code) == 6 {
		out.MCC, out.MNC = code[:3], code[3:]
	}
	return out
}
