package esimfly

import (
	"context"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// envelope is what every answer has. Without success it is none of eSIMfly's.
type envelope struct {
	Success *bool `json:"success"`
}

// Accepted reports success. What else is missing from an answer about money does not
// undo the charge.
func (e envelope) Accepted() (ok, valid bool) { return e.with(true) }

// with is Accepted for an answer that must have more than success.
func (e envelope) with(more bool) (ok, valid bool) {
	ok = e.Success != nil && *e.Success
	return ok, e.Success != nil && (more || !ok)
}

// answer is {success, data}, the form of all reads but one.
type answer[T any] struct {
	envelope
	Data *T `json:"data"`
}

// Accepted reports success. An answer without data, or without what its data
// is asked for, is not one.
func (a *answer[T]) Accepted() (ok, valid bool) {
	complete := a.Data != nil
	if d, has := any(a.Data).(interface{ complete() bool }); has && complete {
		complete = d.complete()
	}
	return a.with(complete)
}

// fetch carries out a call and returns the data of its answer.
func fetch[T any](ctx context.Context, c *Client, call adapter.Call) (*T, error) {
	a, err := adapter.Fetch[answer[T]](ctx, c.api, call)
	return a.Data, err
}

// slow is the timeout of calls that make eSIMfly price its whole catalogue or
// ask a carrier.
const slow = 60 * time.Second

// pagination is what a list says of itself, in both spellings of the total.
type pagination struct {
	Page       wire.Number `json:"page"`
	Limit      wire.Number `json:"limit"`
	Total      wire.Number `json:"total"`
	Pages      wire.Number `json:"total_pages"`
	PagesCamel wire.Number `json:"totalPages"`
}

// pageOf is a page of any list; its rows have one of three names.
type pageOf[T any] struct {
	Packages   wire.Rows[T] `json:"packages"`
	ESIMs      wire.Rows[T] `json:"esims"`
	Orders     wire.Rows[T] `json:"orders"`
	Pagination *pagination  `json:"pagination"`
}

func (p *pageOf[T]) rows() []T {
	switch {
	case p.Packages != nil:
		return p.Packages
	case p.ESIMs != nil:
		return p.ESIMs
	}
	return p.Orders
}

type balance struct {
	Balance  wire.Number `json:"balance"`
	Currency wire.Text   `json:"currency"`
}

func (b *balance) complete() bool { return b.Balance.Known() }

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
	Unlimited wire.Flag   `json:"is_unlimited"`
	Policy    wire.Text   `json:"activation_policy"`
	Features  struct {
		Voice        wire.Allowance `json:"voice_minutes"`
		SMS          wire.Allowance `json:"sms_count"`
		Rechargeable wire.Flag      `json:"is_rechargeable"`
	} `json:"features"`
	AtHome struct { // in the United Kingdom, where these packages are of
		Calls wire.Flag `json:"uk_calls_unlimited"`
		Texts wire.Flag `json:"uk_texts_unlimited"`
	} `json:"voice_details"`

	// Where it works. The legacy list is read only where the others say nothing.
	Countries wire.List[wire.Text]         `json:"countries"`
	Networks  wire.Columns[networkMembers] `json:"networks"`
	Locations wire.Raw                     `json:"locationNetworkList"`
}

// ShareTexts lets all rows of a page share the names of networks.
func (r *packageRow) ShareTexts(t *wire.Texts) { r.Networks.Share(t) }

// networkMembers are what is read of the networks of a package.
type networkMembers struct{}

// Members are in the order in which networks reads them.
func (networkMembers) Members() []string { return networkNames }

var networkNames = []string{"network_name", "network_type", "country_iso2", "country_name", "mcc_code", "mnc_code"}

type locationRow struct {
	Name      string                 `json:"locationName"`
	Operators wire.List[operatorRow] `json:"operatorList"`
}

type operatorRow struct {
	Name       wire.Text `json:"operatorName"`
	Technology wire.Text `json:"networkType"`
}

// orderBody is an order. Name and price are sent for a quote only: they make
// eSIMfly compare the price (eSIMfly docs: api/create-order).
type orderBody struct {
	PackageCode string      `json:"packageCode"`
	PackageName string      `json:"packageName,omitempty"`
	Price       wire.Number `json:"price,omitzero"`
	Quantity    int         `json:"quantity"`
	Key         string      `json:"idempotency_key"`
	CallbackURL string      `json:"callbackUrl,omitempty"`
}

// orderAnswer is the answer to an order, whether new, pending in one of two
// shapes, or replayed, which has no money in it. Only success and the eSIMs
// must be readable: an oddity beside them does not undo the charge.
type orderAnswer struct {
	envelope
	ID         wire.Optional[wire.Text]   `json:"orderReference"`
	Status     wire.Optional[wire.Text]   `json:"status"`
	Pending    wire.Optional[bool]        `json:"isPending"`
	Duplicate  wire.Optional[bool]        `json:"duplicate"`
	Currency   wire.Optional[wire.Text]   `json:"currency"`
	Amount     wire.Optional[wire.Number] `json:"amount"`
	FinalPrice wire.Optional[wire.Number] `json:"final_price"`
	ESIMID     wire.Optional[wire.Text]   `json:"esimId"` // of the first eSIM, as is what follows
	install
	ESIMs []soldRow `json:"esims"`
}

// statusAnswer is the answer to a question about an order. While the order is
// pending nearly all of it is missing.
type statusAnswer struct {
	envelope
	Order *struct {
		ID          wire.Text                  `json:"orderReference"`
		PackageCode wire.Optional[wire.Text]   `json:"packageCode"`
		Status      wire.Optional[wire.Text]   `json:"status"`
		Amount      wire.Optional[wire.Number] `json:"amount"`
		FinalPrice  wire.Optional[wire.Number] `json:"finalPrice"`
		Currency    wire.Optional[wire.Text]   `json:"currency"`
		Date        wire.UTCTime               `json:"orderDate"`
		ESIM        soldRow                    `json:"esim"`
	} `json:"order"`
}

// Accepted reports success.
func (a *statusAnswer) Accepted() (ok, valid bool) { return a.with(a.Order != nil) }

// soldRow is an eSIM in the answer to an order (snake_case) or to a question
// about one (camelCase).
type soldRow struct {
	install
	ICCID        wire.Text                `json:"iccid"`
	MSISDN       wire.Optional[wire.Text] `json:"msisdn"`
	Status       wire.Optional[wire.Text] `json:"status"`
	ESIMStatus   wire.Optional[wire.Text] `json:"esim_status"`
	Pending      wire.Optional[bool]      `json:"isPending"`
	Expires      wire.UTCTime             `json:"expired_time"`
	ExpiresCamel wire.UTCTime             `json:"expiredTime"`

	id    wire.Text // from outside the row, as is what follows
	outer install
}

// install is how the answers about orders write what installs an eSIM. The QR
// code is an image, or a link to one: it is kept if nothing else came.
type install struct {
	LPA     wire.Text                `json:"lpaString"`
	Apple   wire.Optional[wire.Text] `json:"directAppleInstallUrl"`
	Android wire.Optional[wire.Text] `json:"directAndroidInstallUrl"`
	QR      wire.Optional[wire.Text] `json:"qrCodeUrl"`
}

// orderRow is an order in the history.
type orderRow struct {
	ID          wire.Text    `json:"order_reference"`
	PackageName string       `json:"package_name"`
	PackageCode wire.Text    `json:"package_code"`
	Amount      wire.Number  `json:"amount"`
	Currency    wire.Text    `json:"currency"`
	Status      wire.Text    `json:"status"`
	CreatedAt   wire.UTCTime `json:"created_at"`
	ESIM        soldRow      `json:"esim"`
}

type topUpBody struct {
	ICCID       esim.ICCID `json:"iccid"`
	PackageCode string     `json:"packageCode"`
	Quantity    int        `json:"quantity"`
}

type topUpAnswer struct {
	envelope
	ID       wire.Optional[wire.Text]   `json:"orderReference"`
	ICCID    wire.Optional[wire.Text]   `json:"iccid"`
	Status   wire.Optional[wire.Text]   `json:"status"`
	Amount   wire.Optional[wire.Number] `json:"amount"`
	Currency wire.Optional[wire.Text]   `json:"currency"`
	ESIMData wire.Optional[struct {
		Expires wire.UTCTime `json:"expiredTime"`
	}] `json:"esimData"`
}

type iccidBody struct {
	ICCID esim.ICCID `json:"iccid"`
}

type cancelData struct {
	OrderID   wire.Text   `json:"order_reference"`
	Cancelled wire.Number `json:"cancelled_esims"`
	Failed    wire.Number `json:"failed_esims"`
	Refund    wire.Number `json:"refunded_amount"`
	Currency  wire.Text   `json:"currency"`
	Method    wire.Text   `json:"refund_method"`
	Credited  *bool       `json:"balance_credited"`
	Results   []struct {
		ICCID   wire.Text `json:"iccid"`
		Success bool      `json:"success"`
	} `json:"cancel_results"`
}

// ownerData is what the usage of an eSIM says of its order.
type ownerData struct {
	ESIM struct {
		ICCID   wire.Text `json:"iccid"`
		OrderID wire.Text `json:"order_id"`
	} `json:"esim"`
}

// esimRow is an eSIM in the list of eSIMs.
type esimRow struct {
	ID           wire.Text    `json:"id"`
	ICCID        wire.Text    `json:"iccid"`
	PackageName  string       `json:"package_name"`
	PackageCode  wire.Text    `json:"package_code"`
	Countries    []string     `json:"countries"` // names, unlike in the catalogue
	Status       wire.Text    `json:"status"`
	SIMStatus    wire.Text    `json:"sim_status"`
	ESIMStatus   wire.Text    `json:"esim_status"`
	Profile      wire.Text    `json:"profile_status"`
	IMSI         wire.Text    `json:"imsi"`
	Phone        wire.Text    `json:"phone_number"`
	CreatedAt    wire.UTCTime `json:"created_at"`
	Data         volume       `json:"data"`
	Validity     validity     `json:"validity"`
	Installation struct {
		LPA wire.Text `json:"lpa_format"`
	} `json:"manual_installation"`
	Apple   wire.Text                `json:"direct_apple_installation_url"`
	Android wire.Text                `json:"direct_android_installation_url"`
	QR      wire.Optional[wire.Text] `json:"qr_code"`
}

// volume is the data of an eSIM, in MB of 1048576 bytes.
type volume struct {
	Total     wire.Number `json:"total_mb"`
	Used      wire.Number `json:"used_mb"`
	Remaining wire.Number `json:"remaining_mb"`
	Unlimited wire.Flag   `json:"is_unlimited"`
}

type validity struct {
	ActivatedAt wire.UTCTime `json:"activated_at"`
	ExpiresAt   wire.UTCTime `json:"expires_at"`
}

// usageData is the stored usage of one eSIM.
type usageData struct {
	ESIM struct {
		ICCID  wire.Text `json:"iccid"`
		Status wire.Text `json:"status"`
	} `json:"esim"`
	Data     volume   `json:"data"`
	Validity validity `json:"validity"`
}

// complete refuses an answer without figures: it would read as used up. So would
// the zeros of an unlimited plan whose flag cannot be read.
func (u *usageData) complete() bool {
	v := &u.Data
	return v.Unlimited.Value || v.Total.Known() && v.Used.Known() && v.Remaining.Known() && (!v.Unlimited.Unreadable || v.Total.Sign() > 0)
}
