package esimfly

import (
	"context"
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

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
