package esimfx

import (
	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// payload is the data of a successful answer.
type payload interface {
	// complete reports whether it has what the call is for.
	complete() bool
}

// pages is a payload that may go on.
type pages interface {
	payload
	next() wire.Raw // the key of what follows
}

type credentials struct {
	ClientID  string `json:"client_id"`
	ClientKey string `json:"client_key"`
}

type sessionData struct {
	AccessToken wire.Text   `json:"access_token"`
	ExpiresIn   wire.Number `json:"expires_in"` // seconds
}

func (d sessionData) complete() bool { return d.AccessToken != "" }

type profileData struct {
	Balance wire.Number `json:"balance"`
}

func (d profileData) complete() bool { return d.Balance.Known() }

type productsRequest struct {
	Countries string   `json:"countries,omitzero"` // joined by commas, not an array
	Region    string   `json:"region,omitzero"`
	PageStart wire.Raw `json:"page_start"`
	PageSize  int      `json:"page_size"`
}

type productsData struct {
	Products wire.Rows[product] `json:"products"`
	Next     wire.Raw           `json:"last_evaluated_key"`
}

func (d productsData) complete() bool {
	return d.Products != nil && (wire.IsEmpty(d.Next) || wire.IsObject(d.Next))
}

func (d productsData) next() wire.Raw { return d.Next }

// product is a plan of the catalogue (eSIMfx docs: Quick Start, step 1, and
// Project Context, flows A and B). Its members from Region on are known from
// public integrations only.
type product struct {
	ID            wire.Text                    `json:"id"`
	MetaProductID wire.Text                    `json:"meta_product_id"`
	Name          wire.Text                    `json:"name"`
	Duration      wire.Number                  `json:"duration"`
	DurationUnit  wire.Text                    `json:"duration_unit"`
	Amount        wire.Number                  `json:"amount"`
	AmountUnit    wire.Text                    `json:"amount_unit"`
	Coverage      wire.List[wire.Country]      `json:"coverage"`
	Networks      wire.Columns[networkMembers] `json:"networks"`
	IMSIProfile   wire.Text                    `json:"imsi_profile"`
	Price         wire.Number                  `json:"price"`
	PriceUnit     wire.Text                    `json:"price_unit"`
	IsUnlimited   wire.Flag                    `json:"is_unlimited"`

	Region         wire.Text   `json:"region"`
	UnlimitedSpeed wire.Text   `json:"unlimited_speed"`
	HighSpeed      wire.Number `json:"high_speed_amount"`
	HighSpeedUnit  wire.Text   `json:"high_speed_amount_unit"`
	FullSpeed      wire.Number `json:"high_speed"` // the same under another name
	FullSpeedUnit  wire.Text   `json:"high_speed_unit"`
}

// ShareTexts lets all products of a page share the names of networks.
func (p *product) ShareTexts(t *wire.Texts) { p.Networks.Share(t) }

// networkMembers are what is read of the networks of a product.
type networkMembers struct{}

// Members are in the order in which convert reads them.
func (networkMembers) Members() []string { return networkNames }

var networkNames = []string{"name", "speed", "country_iso", "mccmnc"}

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

// orderRequest is the body of create_order (eSIMfx docs: Quick Start, steps 2
// and 4). It has no quantity and no price.
type orderRequest struct {
	Operation string     `json:"operation_type"`
	ICCID     esim.ICCID `json:"iccid,omitzero"` // TOPUP only
	Product   struct {
		ID string `json:"id"`
	} `json:"product"`
}

// orderData is an order as create_order, get_order and get_esim_orders return it
// (eSIMfx docs: Quick Start, steps 2 and 3, and Project Context, flow E). They put
// the ICCID in different places. Only what a sale needs can spoil the answer to it
// by an odd form.
type orderData struct {
	ID           wire.Text                       `json:"id"`
	Status       wire.Optional[wire.Text]        `json:"status"`
	ICCID        wire.Text                       `json:"iccid"`
	ESIM         esimData                        `json:"esim"`
	CreationTime wire.Time                       `json:"creation_time"`
	Product      wire.Optional[productRef]       `json:"product"`
	Subscription wire.Optional[subscriptionData] `json:"subscription"`
}

type productRef struct {
	ID   wire.Text                `json:"id"`
	Name wire.Optional[wire.Text] `json:"name"`
}

type subscriptionData struct {
	Status         wire.Text                  `json:"status"`
	Limit          wire.Optional[wire.Number] `json:"upper_limit_amount"`
	MisspeltLimit  wire.Optional[wire.Number] `json:"uper_limit_amount"` // seen by a public integration
	Used           wire.Optional[wire.Number] `json:"used_amount"`
	Unit           wire.Optional[wire.Text]   `json:"amount_unit"`
	ActivationTime wire.Time                  `json:"activation_time"`
	Expiry         wire.Time                  `json:"expiry"`
	ActivateBy     wire.Time                  `json:"activate_by"`
}

// complete: without data nothing is known of what was bought, and the same key
// may yet bring it.
func (d *orderData) complete() bool { return d != nil }

// orderRead is an order that was asked for by its id.
type orderRead struct{ orderData }

func (d orderRead) complete() bool { return d.ID != "" }

// esimData is an eSIM in the answer to an order or to get_esim_status.
type esimData struct {
	ICCID  wire.Text                `json:"iccid"`
	QR     wire.Text                `json:"esim_qr"` // the LPA string
	Status wire.Optional[wire.Text] `json:"status"`
	APN    wire.Optional[wire.Text] `json:"apn"` // seen by a public integration
}

func (d esimData) complete() bool { return d.ICCID != "" }

// orderOnly is the body of the calls about one subscription.
type orderOnly struct {
	OrderID string `json:"order_id"`
}

type terminatedData struct {
	Refund struct {
		NeedRefund wire.Flag `json:"need_refund"`
	} `json:"refund"`
}

func (terminatedData) complete() bool { return true }

// plansData is the answer of get_esim_orders: the documents have an array in
// data.orders, a public integration has it in data itself.
type plansData struct {
	wire.Either[orderData, struct {
		Orders wire.Rows[orderData] `json:"orders"`
		Next   wire.Raw             `json:"last_evaluated_key"`
	}]
}

func (d plansData) complete() bool { return d.orders() != nil }

func (d plansData) next() wire.Raw { return d.Object.Next }

func (d plansData) orders() []orderData {
	if d.Rows != nil {
		return d.Rows
	}
	return d.Object.Orders
}

// activatedData is the answer of activate_subscription, of which only the code
// is known.
type activatedData struct{}

func (activatedData) complete() bool { return true }

// UnmarshalJSON accepts whatever it is.
func (*activatedData) UnmarshalJSON([]byte) error { return nil }
