package simulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim/esimtest/internal/money"
)

// getOrder shows one order with its first eSIM, which is all the provider
// documents.
func (f *ESIMFly) getOrder(c *call) *reply {
	ref := c.param("orderReference")
	if ref == "" {
		f.violate(c, "no orderReference")
		return f.refuseAs(c, http.StatusBadRequest, "MISSING_FIELDS", "orderReference is required")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	o := f.byRef[ref]
	if o == nil || o.kind == "deposit" {
		return f.refuse(c, "ORDER_NOT_FOUND")
	}
	now := f.now()
	if o.pending(now) {
		return asJSON(http.StatusOK, map[string]any{"success": true, "order": f.pendingOrder(o)})
	}
	s := o.sims[0]
	f.refresh(s, now)
	order := []member{
		{"id", encode(o.id)},
		{"packageName", encode(o.item.name)},
		{"packageCode", encode(o.item.id)},
		{"status", encode(f.orderStatus(o, now))},
		{"amount", encode(money.Number(o.amount))},
		{"finalPrice", encode(money.Number(o.amount))},
		{"orderDate", encode(iso(o.createdAt))},
		{"orderReference", encode(o.reference)},
		{"paymentMethod", encode("balance")},
		{"paymentStatus", encode("succeeded")},
		{"esim", encode(f.orderESIM(o, s, now))},
	}
	return &reply{status: http.StatusOK, body: join([]member{{"success", encode(true)}, {"order", join(order)}})}
}

// pendingOrder has one of the two documented shapes.
func (f *ESIMFly) pendingOrder(o *flyOrder) any {
	if f.options.oldPending {
		return map[string]any{"orderReference": o.reference, "status": "pending_details", "esim": map[string]any{"iccid": pendingICCID(o.sims[0]), "status": "PENDING"}}
	}
	return map[string]any{"esim": map[string]any{"iccid": nil, "isPending": true}}
}

type flyOrderESIM struct {
	ICCID     string  `json:"iccid"`
	Status    string  `json:"status"`
	IsPending bool    `json:"isPending"`
	IMSI      string  `json:"imsi"`
	MSISDN    string  `json:"msisdn"`
	SIM       string  `json:"sim_status"`
	ESIM      string  `json:"esim_status"`
	Profile   *string `json:"profile_status"`
	flyInstall
	Unlimited bool    `json:"unlimited"`
	Volume    int64   `json:"totalVolume"`
	Duration  int     `json:"totalDuration"`
	Expires   *string `json:"expiredTime"`
}

func (f *ESIMFly) orderESIM(o *flyOrder, s *sim, now time.Time) any {
	if o.failed {
		return map[string]any{"iccid": nil, "isPending": false, "status": "FAILED"}
	}
	b, w := s.bundles[0], flyWords(s, now)
	return flyOrderESIM{
		ICCID: s.iccid, Status: w.order, IMSI: s.imsi, MSISDN: s.msisdn, SIM: w.sim, ESIM: w.esim, Profile: w.profile,
		flyInstall: s.install(s.qrURL()), Unlimited: b.unlimited, Volume: b.bytes, Duration: b.days, Expires: isoOrNull(b.expiresAt),
	}
}

func (f *ESIMFly) orderStatus(o *flyOrder, now time.Time) string {
	switch {
	case o.failed:
		return "failed"
	case o.cancelled:
		return "cancelled"
	case o.pending(now):
		return "pending"
	}
	return "completed"
}

// flyQuery is the filter of the order history.
type flyQuery struct {
	status, search string
	from, to       time.Time
	by, direction  string
}

func (f *ESIMFly) orderQuery(c *call) (flyQuery, *reply) {
	q := flyQuery{
		status: c.param("status"), search: strings.ToLower(c.param("search")),
		by: c.param("sort_by"), direction: c.param("sort_order"),
	}
	bad := func(name string) (flyQuery, *reply) {
		f.violate(c, "unknown value of "+name)
		return q, f.refuseAs(c, http.StatusBadRequest, "", "Invalid "+name)
	}
	for _, x := range []struct {
		name    string
		allowed []string
	}{
		{"status", []string{"", "all", "pending", "completed", "failed", "cancelled"}},
		{"sort_by", []string{"", "created_at", "amount", "status"}},
		{"sort_order", []string{"", "asc", "desc"}},
	} {
		if !slices.Contains(x.allowed, c.param(x.name)) {
			return bad(x.name)
		}
	}
	for _, x := range []struct {
		name string
		into *time.Time
	}{{"from_date", &q.from}, {"to_date", &q.to}} {
		if text := c.param(x.name); text != "" {
			t, err := time.Parse(time.RFC3339, text)
			if err != nil {
				t, err = time.Parse(time.DateOnly, text)
			}
			if err != nil {
				return bad(x.name)
			}
			*x.into = t
		}
	}
	return q, nil
}

// listedAt is the creation as precisely as answers tell it.
func (o *flyOrder) listedAt() time.Time { return o.createdAt.Truncate(time.Millisecond) }

// firstSince is the position of the first order that is not older. Orders are
// kept in the order of their creation.
func (f *ESIMFly) firstSince(from time.Time) int {
	i, _ := slices.BinarySearchFunc(f.orders, from, func(o *flyOrder, t time.Time) int { return o.listedAt().Compare(t) })
	return i
}

func (f *ESIMFly) wanted(o *flyOrder, q flyQuery, now time.Time) bool {
	created := o.listedAt()
	switch {
	case q.status != "" && q.status != "all" && q.status != f.orderStatus(o, now):
		return false
	case !q.from.IsZero() && created.Before(q.from), !q.to.IsZero() && created.After(q.to):
		return false
	}
	return q.search == "" || slices.ContainsFunc([]string{o.reference, o.item.name, o.item.id}, func(s string) bool {
		return strings.Contains(strings.ToLower(s), q.search)
	})
}

func (f *ESIMFly) getOrders(c *call) *reply {
	p, refusal := f.paging(c, 20)
	if refusal != nil {
		return refusal
	}
	q, refusal := f.orderQuery(c)
	if refusal != nil {
		return refusal
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.now()
	var list []*flyOrder
	revenue := money.Of("0", f.catalogue.currency)
	for _, o := range f.orders[f.firstSince(q.from):] {
		if f.wanted(o, q, now) {
			list = append(list, o)
			if f.orderStatus(o, now) == "completed" {
				revenue = money.Plus(revenue, o.amount)
			}
		}
	}
	f.sortOrders(list, q, now)
	p.Total = len(list)
	rows := [][]byte{}
	for i := range p.slice() {
		rows = append(rows, f.orderRow(list[i], now))
	}
	summary := member{"summary", join([]member{{"total_orders", encode(len(list))}, {"total_revenue", encode(money.Number(revenue))}})}
	return flyPage("orders", rows, p, summary)
}

// sortOrders puts the newest first unless asked otherwise.
func (f *ESIMFly) sortOrders(list []*flyOrder, q flyQuery, now time.Time) {
	slices.SortStableFunc(list, func(a, b *flyOrder) int {
		if q.direction != "asc" {
			a, b = b, a
		}
		switch q.by {
		case "amount":
			return money.Must(a.amount.Cmp(b.amount))
		case "status":
			return strings.Compare(f.orderStatus(a, now), f.orderStatus(b, now))
		}
		return int(a.id - b.id)
	})
}

func (f *ESIMFly) orderRow(o *flyOrder, now time.Time) []byte {
	row := []member{{"id", encode(o.id)}, {"order_reference", encode(o.reference)}, {"package_name", encode(o.item.name)}}
	if o.item.id != "" {
		row = append(row, member{"package_code", encode(o.item.id)})
	}
	var line json.RawMessage = []byte("null")
	if len(o.sims) > 0 && !o.pending(now) && !o.failed {
		line = f.rowESIM(o.sims[0], now)
	}
	return join(append(row,
		member{"amount", encode(money.Number(o.amount))}, member{"currency", encode(o.amount.Currency())},
		member{"status", encode(f.orderStatus(o, now))}, member{"created_at", encode(iso(o.createdAt))}, member{"esim", line}))
}

func (f *ESIMFly) rowESIM(s *sim, now time.Time) []byte {
	b, w := s.bundles[0], flyWords(s, now)
	return join([]member{
		{"iccid", encode(s.iccid)},
		{"imsi", encode(s.imsi)},
		{"msisdn", encode(s.msisdn)},
		{"sim_status", encode(w.sim)},
		{"esim_status", encode(w.esim)},
		{"profile_status", encode(w.profile)},
		{"unlimited", encode(b.unlimited)},
		{"total_volume", encode(b.bytes)},
		{"total_duration", encode(b.days)},
		{"expired_time", encode(isoOrNull(b.expiresAt))},
	})
}
