package esimfly

import (
	"context"
	"iter"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// OrdersQuery selects orders of the history. The zero value selects all.
type OrdersQuery struct {
	Status   string    // pending, completed, failed or cancelled; "" = all
	From, To time.Time // both inclusive; zero = open
	Search   string    // part of an order id, package name or package code
	SortBy   string    // created_at, amount or status; "" = created_at
	Oldest   bool      // ascending instead of descending
	PageSize int       // 0 = 100, the most
}

// PastOrder is a row of the order history. Wallet top-ups are rows too, so
// not every one has a package or an eSIM.
type PastOrder struct {
	ID             string           `json:"id"` // for GetOrder
	PackageID      string           `json:"package_id,omitempty"`
	PackageName    string           `json:"package_name,omitempty"`
	Amount         esim.Money       `json:"amount"`
	Status         esim.OrderStatus `json:"status"`
	ProviderStatus string           `json:"provider_status,omitempty"` // the raw word
	CreatedAt      time.Time        `json:"created_at,omitzero"`
	ESIM           *esim.ESIM       `json:"esim,omitempty"` // nil = none is shown
}

func (r *orderRow) convert() PastOrder {
	o := PastOrder{
		ID: r.ID.String(), PackageID: r.PackageCode.String(), PackageName: r.PackageName,
		Amount: money(r.Amount, r.Currency), Status: orderStatus(r.Status), ProviderStatus: r.Status.String(),
		CreatedAt: r.CreatedAt.Time,
	}
	if e := r.ESIM.convert(); e.ICCID != "" {
		o.ESIM = &e
	}
	return o
}

// Orders iterates over the order history, newest first unless asked
// otherwise, one request for each page (eSIMfly docs: api/orders). It holds
// the orders in the account's present currency only, and neither idempotency
// keys nor, in older answers, ICCIDs. An error is yielded once and ends the
// iteration.
func (c *Client) Orders(ctx context.Context, q OrdersQuery) iter.Seq2[PastOrder, error] {
	const op = "Orders"
	return func(yield func(PastOrder, error) bool) {
		var err error
		watched, end := c.api.Operation(ctx, op)
		defer func() { end(err) }()
		check := c.api.Check(watched, op)
		check.Text("Search", q.Search, maxSearch)
		check.Range("PageSize", q.PageSize, 0, maxPageSize)
		oneOf(check, "Status", q.Status, "", "all", "pending", "completed", "failed", "cancelled")
		oneOf(check, "SortBy", q.SortBy, "", "created_at", "amount", "status")
		if err = check.Err(); err != nil {
			yield(PastOrder{}, err)
			return
		}
		var row orderRow
		for row, err = range list[orderRow](watched, c, get(op, "/orders", q.values()), pageSize(q.PageSize)) {
			if err != nil {
				yield(PastOrder{}, err)
				return
			}
			if !yield(row.convert(), nil) {
				return
			}
		}
	}
}

// values writes the query; times are UTC without fractions, the one form
// that the documents show.
func (q *OrdersQuery) values() url.Values {
	v := url.Values{
		"status":     {wire.First(q.Status, "all")},
		"sort_by":    {wire.First(q.SortBy, "created_at")},
		"sort_order": {"desc"},
	}
	if q.Oldest {
		v.Set("sort_order", "asc")
	}
	if q.Search != "" {
		v.Set("search", q.Search)
	}
	if !q.From.IsZero() {
		v.Set("from_date", q.From.UTC().Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		v.Set("to_date", q.To.UTC().Format(time.RFC3339))
	}
	return v
}

// ESIMsQuery selects eSIMs of the account. The zero value selects all.
type ESIMsQuery struct {
	Search   string // part of an ICCID, package name or package code
	Status   string // NEW, ACTIVE, EXPIRED, CANCELLED, DEPLETED or DELETED; "" = all
	PageSize int    // 0 = 100, the most
}

// ListedESIM is a row of the list of eSIMs. It names no order.
type ListedESIM struct {
	esim.ESIM
	PackageID   string         `json:"package_id"`
	PackageName string         `json:"package_name,omitempty"`
	Countries   []esim.Country `json:"countries,omitempty"`
	Usage       esim.Usage     `json:"usage"`
	CreatedAt   time.Time      `json:"created_at,omitzero"`

	PhoneNumber string `json:"phone_number,omitempty"`
	IMSI        string `json:"imsi,omitempty"`

	// What the SIM, the network and the device report, in eSIMfly's words.
	SIMStatus     string `json:"sim_status,omitempty"`
	NetworkStatus string `json:"network_status,omitempty"`
	ProfileStatus string `json:"profile_status,omitempty"`
}

func (r *esimRow) listed() ListedESIM {
	e := ListedESIM{
		ESIM: r.convert(), PackageID: r.PackageCode.String(), PackageName: r.PackageName, CreatedAt: r.CreatedAt.Time,
		PhoneNumber: r.Phone.String(), IMSI: r.IMSI.String(),
		SIMStatus: r.SIMStatus.String(), NetworkStatus: r.ESIMStatus.String(), ProfileStatus: r.Profile.String(),
	}
	e.Usage = *usage(e.ICCID, e.Status, r.Data, r.Validity)
	for _, name := range r.Countries {
		if code := country(name); code != "" {
			e.Countries = append(e.Countries, code)
		}
	}
	return e
}

// ESIMs iterates over the eSIMs of the account, in eSIMfly's order, one
// request for each page (eSIMfly docs: api/esims). An error is yielded once
// and ends the iteration.
func (c *Client) ESIMs(ctx context.Context, q ESIMsQuery) iter.Seq2[ListedESIM, error] {
	const op = "ESIMs"
	return func(yield func(ListedESIM, error) bool) {
		var err error
		watched, end := c.api.Operation(ctx, op)
		defer func() { end(err) }()
		check := c.api.Check(watched, op)
		check.Text("Search", q.Search, maxSearch)
		check.Range("PageSize", q.PageSize, 0, maxPageSize)
		status := strings.ToUpper(q.Status)
		oneOf(check, "Status", status, "", "ALL", "NEW", "ACTIVE", "EXPIRED", "CANCELLED", "DEPLETED", "DELETED")
		if err = check.Err(); err != nil {
			yield(ListedESIM{}, err)
			return
		}
		filter := url.Values{}
		if q.Search != "" {
			filter.Set("search", q.Search)
		}
		if status != "" && status != "ALL" {
			filter.Set("status", status)
		}
		var row esimRow
		for row, err = range list[esimRow](watched, c, get(op, "/esims", filter), pageSize(q.PageSize)) {
			if err != nil {
				yield(ListedESIM{}, err)
				return
			}
			if !yield(row.listed(), nil) {
				return
			}
		}
	}
}

type checker interface{ Fail(field, why string) }

func oneOf(check checker, field, value string, words ...string) {
	if !slices.Contains(words, value) {
		check.Fail(field, "must be one of"+strings.Join(words, " "))
	}
}

func pageSize(n int) int {
	if n == 0 {
		return maxPageSize
	}
	return n
}
