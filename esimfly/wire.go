package esimfly

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// envelope is what every answer has. Without success it is none of eSIMfly's.
type envelope struct {
	Success *bool `json:"success"`
}

func (e envelope) accepted(complete bool) (ok, valid bool) {
	if e.Success == nil {
		return false, false
	}
	return *e.Success, !*e.Success || complete
}

// done is an answer that says no more than whether it worked.
type done struct{ envelope }

// Accepted reports success.
func (a *done) Accepted() (ok, valid bool) { return a.accepted(true) }

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
	return a.accepted(complete)
}

// fetch carries out a call and returns the data of its answer.
func fetch[T any](ctx context.Context, c *Client, call adapter.Call) (*T, error) {
	a, err := adapter.Fetch[answer[T]](ctx, c.api, call)
	return a.Data, err
}

// slow is the timeout of calls that make eSIMfly price its whole catalogue or
// ask a carrier.
const slow = 60 * time.Second

const (
	maxPageSize = 100 // everywhere (eSIMfly docs: api/packages, api/esims, api/orders)
	maxPages    = 10_000
)

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

// page is a place in a list.
type page struct{ number, size int }

// on returns the call for the page.
func (p page) on(call adapter.Call) adapter.Call {
	query := maps.Clone(call.Query)
	if query == nil {
		query = url.Values{}
	}
	query.Set("page", strconv.Itoa(p.number))
	query.Set("limit", strconv.Itoa(p.size))
	call.Query = query
	return call
}

// last reports whether no page follows this one, and how many rows it has less
// than it must have: eSIMfly does not say that pages are full.
func (p page) last(said *pagination, rows int) (last bool, lost int, err error) {
	if said == nil {
		said = new(pagination)
	}
	size, total, pages := p.size, said.Total.Int(), said.Pages.Or(said.PagesCamel)
	if n := said.Limit.Int(); n > 0 {
		size = n
	}
	needed := (total + size - 1) / size
	ends := cmp.Or(pages.Int(), needed) // 0 pages beside a total that is not 0
	switch {
	case !said.Total.Known() && !pages.Known():
		err = errors.New("the list does not say how long it is")
	case said.Page.Known() && said.Page.Int() != p.number:
		err = errors.New("the list answers with another page")
	case ends < needed:
		err = errors.New("the list has more rows than pages for them")
	case p.number < ends:
		lost = size - rows
	case said.Total.Known():
		lost = total - (p.number-1)*size - rows
	}
	return p.number >= ends, max(lost, 0), err
}

// pageSize is the largest, unless a caller wants another.
func pageSize(n int) int { return cmp.Or(n, maxPageSize) }

// cursor writes the place as text, "2x100".
func (p page) cursor() string { return strconv.Itoa(p.number) + "x" + strconv.Itoa(p.size) }

// parseCursor reads what cursor wrote, and nothing else. The page size is
// part of it: with another one the page would hold other rows.
func parseCursor(text string) (page, bool) {
	number, size, _ := strings.Cut(text, "x")
	n, err1 := strconv.Atoi(number)
	s, err2 := strconv.Atoi(size)
	p := page{n, s}
	ok := err1 == nil && err2 == nil && n >= 1 && n <= maxPages && s >= 1 && s <= maxPageSize
	return p, ok && p.cursor() == text
}

// list iterates over the rows of all pages, one request a page. An error is
// yielded once and ends it. Lost counts the rows that are missing: a list that
// has lost one shows what there is, and not what there is not.
func list[T any](ctx context.Context, c *Client, call adapter.Call, size int, lost *int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		for at := (page{1, size}); ; at.number++ {
			if at.number > maxPages {
				yield(none, c.api.Malformed(ctx, "the list has no end"))
				return
			}
			rows, last, missing, err := readPage[T](ctx, c, call, at)
			*lost += missing
			if err != nil {
				yield(none, err)
				return
			}
			for _, row := range rows {
				if !yield(row, nil) {
					return
				}
			}
			if last {
				return
			}
		}
	}
}

func readPage[T any](ctx context.Context, c *Client, call adapter.Call, at page) (rows []T, last bool, lost int, err error) {
	data, err := fetch[pageOf[T]](ctx, c, at.on(call))
	if err != nil {
		return nil, false, 0, err
	}
	rows = data.rows()
	if last, lost, err = at.last(data.Pagination, len(rows)); err == nil && rows == nil && lost > 0 {
		err = errors.New("the list is missing beside its length")
	}
	if err != nil {
		return nil, false, 0, c.api.Malformed(ctx, err.Error())
	}
	c.api.Lost(ctx, lost)
	return rows, last, lost, err
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

// Members are in the order of the constants below.
func (networkMembers) Members() []string { return networkNames }

var networkNames = []string{"network_name", "network_type", "country_name", "country_iso2", "mcc_code", "mnc_code"}

const (
	networkName = iota
	networkType
	networkCountry
	networkISO2
	networkMCC
	networkMNC
)

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

// Accepted reports success. What else is missing does not undo the charge.
func (a *orderAnswer) Accepted() (ok, valid bool) { return a.accepted(true) }

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
		ESIM        *soldRow                   `json:"esim"`
	} `json:"order"`
}

// Accepted reports success.
func (a *statusAnswer) Accepted() (ok, valid bool) { return a.accepted(a.Order != nil) }

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

	id wire.Text // from outside the row
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

// Accepted reports success. What else is missing does not undo the charge.
func (a *topUpAnswer) Accepted() (ok, valid bool) { return a.accepted(true) }

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
