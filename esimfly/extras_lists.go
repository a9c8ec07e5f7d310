package esimfly

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
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
	return adapter.Iterate(ctx, c.api, "Orders", q, func(check *adapter.Check, q OrdersQuery) {
		checkList(check, q.Search, q.PageSize)
		oneOf(check, "Status", q.Status, "", "all", "pending", "completed", "failed", "cancelled")
		oneOf(check, "SortBy", q.SortBy, "", "created_at", "amount", "status")
	}, func(ctx context.Context, q OrdersQuery) iter.Seq2[PastOrder, error] {
		return converted(list[orderRow](ctx, c, q.call(), pageSize(q.PageSize), new(int)), (*orderRow).convert)
	})
}

// call writes the query; times are UTC without fractions, the one form that the
// documents show.
func (q *OrdersQuery) call() adapter.Call {
	order := "desc"
	if q.Oldest {
		order = "asc"
	}
	return adapter.Get("/orders", "status", cmp.Or(q.Status, "all"), "sort_by", cmp.Or(q.SortBy, "created_at"),
		"sort_order", order, "search", q.Search, "from_date", second(q.From), "to_date", second(q.To))
}

func second(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// converted are the rows in the form that callers get.
func converted[Row, Out any](rows iter.Seq2[Row, error], convert func(*Row) Out) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		for row, err := range rows {
			if !yield(convert(&row), err) {
				return
			}
		}
	}
}

func checkList(check *adapter.Check, search string, size int) {
	check.Text("Search", search, maxSearch)
	check.Range("PageSize", size, 0, maxPageSize)
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

	IMSI string `json:"imsi,omitempty"`

	// What the SIM, the network and the device report, in eSIMfly's words.
	SIMStatus     string `json:"sim_status,omitempty"`
	NetworkStatus string `json:"network_status,omitempty"`
	ProfileStatus string `json:"profile_status,omitempty"`
}

func (r *esimRow) listed(on *wire.Places) ListedESIM {
	e := ListedESIM{
		ESIM: r.convert(), PackageID: r.PackageCode.String(), PackageName: r.PackageName, CreatedAt: r.CreatedAt.Time,
		IMSI:      r.IMSI.String(),
		SIMStatus: r.SIMStatus.String(), NetworkStatus: r.ESIMStatus.String(), ProfileStatus: r.Profile.String(),
	}
	e.Usage = *usage(e.ICCID, e.Status, r.Data, r.Validity)
	for _, name := range r.Countries {
		e.Countries = with(e.Countries, on.Country(name))
	}
	return e
}

// ESIMs iterates over the eSIMs of the account, in eSIMfly's order, one
// request for each page (eSIMfly docs: api/esims). An error is yielded once
// and ends the iteration.
func (c *Client) ESIMs(ctx context.Context, q ESIMsQuery) iter.Seq2[ListedESIM, error] {
	q.Status = strings.ToUpper(q.Status)
	return adapter.Iterate(ctx, c.api, "ESIMs", q, func(check *adapter.Check, q ESIMsQuery) {
		checkList(check, q.Search, q.PageSize)
		oneOf(check, "Status", q.Status, "", "ALL", "NEW", "ACTIVE", "EXPIRED", "CANCELLED", "DEPLETED", "DELETED")
	}, func(ctx context.Context, q ESIMsQuery) iter.Seq2[ListedESIM, error] {
		call := adapter.Get("/esims", "search", q.Search, "status", strings.TrimPrefix(q.Status, "ALL"))
		return converted(list[esimRow](ctx, c, call, pageSize(q.PageSize), new(int)), func(r *esimRow) ListedESIM {
			var on wire.Places
			e := r.listed(&on)
			c.api.Unplaced(ctx, on)
			return e
		})
	})
}

const maxSearch = 100 // bytes; ours

func oneOf(check *adapter.Check, field, value string, words ...string) {
	if !slices.Contains(words, value) {
		check.Fail(field, "must be one of"+strings.Join(words, " "))
	}
}
