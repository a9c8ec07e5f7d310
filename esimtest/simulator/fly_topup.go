package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

type flyTopUpAnswer struct {
	Success   bool           `json:"success"`
	Message   string         `json:"message"`
	Reference string         `json:"orderReference"`
	ICCID     string         `json:"iccid"`
	Package   string         `json:"packageName"`
	Balance   json.Number    `json:"newBalance"`
	Currency  string         `json:"currency"`
	Status    string         `json:"status"`
	Amount    json.Number    `json:"amount"`
	Profit    json.Number    `json:"profit"`
	Took      int            `json:"processing_time_ms"`
	Data      flyTopUpResult `json:"esimData"`
}

type flyTopUpResult struct {
	Total     json.Number `json:"newTotalVolumeGB"`
	Remaining json.Number `json:"newRemainingVolumeGB"`
	Expires   string      `json:"expiredTime"`
}

func (f *ESIMFly) postTopUp(c *call) *reply {
	o, err := f.object(c, c.body, "iccid", "packageCode", "quantity", "packageName", "price", "duration", "flagUrl")
	if err != nil {
		return f.malformed(c, err)
	}
	iccid, code, quantity := o.str("iccid"), o.str("packageCode"), int(o.integer("quantity", 1))
	o.str("packageName")
	o.number("price")
	if o.err != nil {
		return f.malformed(c, o.err)
	}
	if iccid == "" || code == "" {
		f.violate(c, "iccid or packageCode is missing")
		return f.refuseAs(c, http.StatusBadRequest, "MISSING_FIELDS", "iccid and packageCode are required")
	}
	if quantity < 1 {
		f.violate(c, "quantity below 1")
		return f.refuse(c, "INVALID_QUANTITY")
	}
	b := pipeline[*flyOrder]{
		srv: f.Server, mu: &f.mu, keys: f.keys, c: c, subject: iccid + " " + code,
		check: func() *reply { _, _, refusal := f.chooseTopUp(c, iccid, code, quantity); return refusal },
		commit: func() (*flyOrder, *reply, bool) {
			s, it, refusal := f.chooseTopUp(c, iccid, code, quantity)
			if refusal != nil {
				return nil, refusal, false
			}
			return f.topUp(c, s, it, quantity)
		},
	}
	return b.run()
}

// chooseTopUp is the eSIM and the package of a top-up, or its refusal.
func (f *ESIMFly) chooseTopUp(c *call, iccid, code string, quantity int) (*sim, *item, *reply) {
	s := f.find(c, iccid)
	if s == nil {
		return nil, nil, f.refuseAs(c, http.StatusBadRequest, "ESIM_NOT_FOUND", "eSIM not found")
	}
	it, refusal := f.topUpItem(c, s, code)
	if refusal != nil {
		return nil, nil, refusal
	}
	amount := money.Times(f.catalogue.price(*it), quantity)
	if balance, ok := f.ledger.Affords(amount); !ok {
		return nil, nil, f.tooPoorForTopUp(c, balance, amount)
	}
	return s, it, nil
}

func (f *ESIMFly) tooPoorForTopUp(c *call, balance, amount esim.Money) *reply {
	return f.refuseAs(c, http.StatusBadRequest, "INSUFFICIENT_BALANCE",
		fmt.Sprintf("Insufficient balance. Current balance: $%s, required: $%s", money.Number(balance), money.Number(amount)))
}

// topUpItem is the package behind a top-up code, if this eSIM can have it.
func (f *ESIMFly) topUpItem(c *call, s *sim, code string) (*item, *reply) {
	if !f.toppable(s) {
		return nil, f.refuse(c, "ESIM_NOT_TOPPABLE")
	}
	if !s.item.rechargeable {
		return nil, f.refuse(c, "TOPUP_NOT_SUPPORTED")
	}
	id, marked := strings.CutPrefix(code, topUpPrefix)
	offered := f.topUpsFor(*s.item)
	i := slices.IndexFunc(offered, func(it item) bool { return it.id == id })
	if !marked || i < 0 {
		status := http.StatusBadRequest
		if strings.HasPrefix(code, "ent_") {
			status = http.StatusNotFound
		}
		return nil, f.refuseAs(c, status, "INVALID_TOPUP_PACKAGE", "Invalid top-up package")
	}
	it, _ := f.catalogue.find(id)
	return it, nil
}

// topUp charges and adds in one step. There is no key that would make a
// repeat harmless.
func (f *ESIMFly) topUp(c *call, s *sim, it *item, quantity int) (*flyOrder, *reply, bool) {
	now := f.now()
	o := f.newOrder("topup", it, quantity, f.catalogue.price(*it), now)
	o.sims = []*sim{s}
	balance, ok := f.ledger.Book(esimtest.Charge{
		Kind: esimtest.ChargeTopUp, OrderID: o.reference, PackageID: topUpPrefix + it.id,
		Quantity: quantity, ICCIDs: []string{s.iccid}, Amount: o.amount,
	})
	if !ok {
		return nil, f.tooPoorForTopUp(c, balance, o.amount), false
	}
	f.keep(o)
	f.watch(s, now, func() {
		for range quantity {
			s.extend(it, now)
		}
	})
	return o, asJSON(http.StatusOK, f.toppedUp(o, s, f.shownBalance())), true
}

func (f *ESIMFly) toppedUp(o *flyOrder, s *sim, balance esim.Money) flyTopUpAnswer {
	b := s.bundles[0]
	expires := b.expiresAt
	if expires.IsZero() {
		expires = o.createdAt.AddDate(0, 0, 180)
	}
	return flyTopUpAnswer{
		Success: true, Message: "eSIM top-up processed successfully", Reference: o.reference, ICCID: s.iccid,
		Package: o.item.name, Balance: money.Number(balance), Currency: balance.Currency(), Status: "completed",
		Amount: money.Number(o.amount), Profit: flyProfit(o.amount), Took: 3724,
		Data: flyTopUpResult{inGB(b.bytes), inGB(b.bytes - b.used), expires.UTC().Format("January 2, 2006 at 3:04 PM")},
	}
}

// inGB is a number of gigabytes with two decimals.
func inGB(bytes int64) json.Number { return json.Number(decimal(bytes / (gib / 100))) }
