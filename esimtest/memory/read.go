package memory

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/atlas"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// ListPackages returns one page of the catalogue.
func (m *Client) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	c := m.check(ctx, "ListPackages", m.caps.ListPackages)
	start := c.query(q)
	if c.err != nil {
		return nil, c.err
	}
	page := new(esim.PackagePage)
	err := m.send(ctx, "ListPackages", reading, func() *esim.Error {
		m.mu.Lock()
		defer m.mu.Unlock()
		var found []esim.Package
		for _, p := range m.packages {
			if matches(p, q) {
				found = append(found, p)
			}
		}
		size := q.PageSize
		if size == 0 {
			size = 100
		}
		end := min(start+size, len(found))
		page.Packages = found[min(start, end):end]
		if end < len(found) {
			page.Next = cursorPrefix + strconv.Itoa(end)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return page, nil
}

const cursorPrefix = "from-"

// query checks a query and returns the position its cursor stands for.
func (c *check) query(q esim.PackageQuery) int {
	if q.PageSize < 0 || q.PageSize > 1000 {
		c.invalid("PageSize", "must be 0 to 1000")
	}
	if q.Kind < esim.KindUnknown || q.Kind > esim.KindGlobal {
		c.invalid("Kind", "is none")
	}
	for _, country := range q.Countries {
		if !country.Valid() {
			c.invalid("Countries", "has a code that is none of ISO 3166-1")
		}
	}
	c.text("Search", q.Search)
	c.text("Region", q.Region)
	if q.Cursor == "" {
		return 0
	}
	digits, ok := strings.CutPrefix(q.Cursor, cursorPrefix)
	n, err := strconv.ParseUint(digits, 10, 31)
	if !ok || err != nil {
		c.invalid("Cursor", "is not from PackagePage.Next")
	}
	return int(n)
}

func matches(p esim.Package, q esim.PackageQuery) bool {
	covered := func(c esim.Country) bool { return slices.Contains(p.Countries, c) }
	return !slices.ContainsFunc(q.Countries, func(c esim.Country) bool { return !covered(c) }) &&
		(q.Region == "" || strings.EqualFold(q.Region, p.Region)) &&
		(q.Kind == esim.KindUnknown || q.Kind == p.Kind) &&
		strings.Contains(strings.ToLower(p.Name), strings.ToLower(q.Search))
}

// ListTopUps returns the packages that can be put on the eSIM: those for the
// same countries.
func (m *Client) ListTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	var list []esim.Package
	err := m.onESIM(ctx, "ListTopUps", m.caps.ListTopUps, iccid, func(e *profile) {
		for _, p := range m.packages {
			if !e.cancelled && covers(p, e.plans[0].item) {
				list = append(list, p)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// GetESIM returns one eSIM with its activation code.
func (m *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	var out *esim.ESIM
	err := m.onESIM(ctx, "GetESIM", m.caps.GetESIM, iccid, func(e *profile) {
		out = new(e.show(iccid, m.Now()))
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Usage returns how much data the eSIM has used; see [Client.UseData].
func (m *Client) Usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	var out *esim.Usage
	err := m.onESIM(ctx, "Usage", m.caps.Usage, iccid, func(e *profile) {
		out = &esim.Usage{
			ICCID: iccid, Status: e.status(m.Now()), Unlimited: e.unlimited, Total: e.total, Used: e.used,
			Remaining: max(0, e.total-e.used), ExpiresAt: e.expiresAt,
		}
		for _, p := range e.plans {
			out.Plans = append(out.Plans, esim.PlanUsage{
				OrderID: p.order, PackageID: p.item.ID, Name: p.item.Name, Status: out.Status, Total: p.item.Data, Unlimited: p.item.Unlimited,
			})
		}
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// onESIM reads one eSIM under the lock.
func (m *Client) onESIM(ctx context.Context, op string, supported bool, iccid esim.ICCID, read func(*profile)) error {
	c := m.check(ctx, op, supported)
	c.iccid(iccid)
	if c.err != nil {
		return c.err
	}
	err := m.send(ctx, op, reading, func() *esim.Error {
		m.mu.Lock()
		defer m.mu.Unlock()
		e := m.esims[iccid]
		if e == nil || m.Now().Before(m.orders[e.order].readyAt) {
			return m.fail(op, esim.ErrNotFound, esim.OutcomeRejected, "no such eSIM")
		}
		read(e)
		return nil
	})
	if err != nil {
		return err
	}
	return nil
}

// Balance returns the prepaid balance.
func (m *Client) Balance(ctx context.Context) (esim.Money, error) {
	if c := m.check(ctx, "Balance", m.caps.Balance); c.err != nil {
		return esim.Money{}, c.err
	}
	var balance esim.Money
	err := m.send(ctx, "Balance", reading, func() *esim.Error {
		balance = m.ledger.Balance()
		return nil
	})
	if err != nil {
		return esim.Money{}, err
	}
	return balance, nil
}

// use installs and activates the eSIM if need be and counts the bytes.
func (e *profile) use(now time.Time, bytes esim.DataSize) {
	if e.expiresAt.IsZero() {
		e.expiresAt = now.AddDate(0, 0, e.plans[0].item.ValidityDays)
	}
	e.used += bytes
	if !e.unlimited {
		e.used = min(e.used, e.total)
	}
}

func (e *profile) status(now time.Time) esim.ESIMStatus {
	switch {
	case e.cancelled:
		return esim.ESIMCancelled
	case e.expiresAt.IsZero():
		return esim.ESIMNew
	case !now.Before(e.expiresAt):
		return esim.ESIMExpired
	case !e.unlimited && e.used >= e.total:
		return esim.ESIMDepleted
	}
	return esim.ESIMActive
}

func (e *profile) show(iccid esim.ICCID, now time.Time) esim.ESIM {
	s := e.status(now)
	return esim.ESIM{ICCID: iccid, Status: s, ProviderStatus: s.String(), Activation: e.activated, ExpiresAt: e.expiresAt}
}

// catalogue is two packages for each country.
func catalogue(currency string) []esim.Package {
	var list []esim.Package
	for i, c := range atlas.Countries {
		for _, s := range []struct {
			gb   int64
			days int
		}{{1, 7}, {3, 30}} {
			size := strconv.FormatInt(s.gb, 10) + "GB"
			list = append(list, esim.Package{
				ID:   strings.ToLower(c.ISO) + "-" + size + "-" + strconv.Itoa(s.days) + "d",
				Name: c.Name + " " + size + " " + strconv.Itoa(s.days) + " days", Kind: esim.KindLocal,
				Countries: []esim.Country{esim.Country(c.ISO)}, Region: c.Continent,
				Data: esim.DataSize(s.gb << 30), ValidityDays: s.days, Rechargeable: new(true),
				Price:    money.Cents(150+90*s.gb+int64(i), currency),
				Networks: []esim.Network{{Country: esim.Country(c.ISO), Name: c.Operator, MCC: c.MCC, MNC: c.MNC, Technology: "5G"}},
			})
		}
	}
	return list
}
