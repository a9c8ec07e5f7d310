package simulator

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/money"
)

type flyESIMLine struct {
	ICCID string `json:"iccid"`
	flyInstall
	Status string `json:"status"`
	IMSI   string `json:"imsi,omitempty"`
	MSISDN string `json:"msisdn,omitempty"`
	*flyLineState
	IsPending bool `json:"isPending"`
}

type flyLineState struct {
	SIM      string  `json:"sim_status"`
	ESIM     string  `json:"esim_status"`
	Profile  *string `json:"profile_status"`
	Unlim    bool    `json:"unlimited"`
	Volume   int64   `json:"total_volume"`
	Duration int     `json:"total_duration"`
	Expires  string  `json:"expired_time"`
}

type flyOrderAnswer struct {
	Success   bool        `json:"success"`
	Message   string      `json:"message"`
	Duplicate bool        `json:"duplicate,omitempty"`
	Reference string      `json:"orderReference"`
	ESIMID    int64       `json:"esimId,omitempty"`
	Package   string      `json:"packageName,omitempty"`
	Balance   json.Number `json:"newBalance,omitempty"`
	Currency  string      `json:"currency,omitempty"`
	flyInstall
	Payment   string        `json:"paymentMethod,omitempty"`
	Status    string        `json:"status"`
	Amount    json.Number   `json:"amount,omitempty"`
	Profit    json.Number   `json:"profit,omitempty"`
	Final     json.Number   `json:"final_price,omitempty"`
	Took      int           `json:"processing_time_ms,omitempty"`
	IsPending *bool         `json:"isPending,omitempty"`
	Note      string        `json:"note,omitempty"`
	ESIMs     []flyESIMLine `json:"esims"`
}

// placed is the answer to a new order.
func (f *ESIMFly) placed(o *flyOrder, balance esim.Money) *reply {
	if o.pending(f.now()) {
		return asJSON(http.StatusOK, f.pendingAnswer(o, balance))
	}
	first := o.sims[0]
	a := flyOrderAnswer{
		Success: true, Message: "Order processed successfully", Reference: o.reference, ESIMID: flyESIMID(first),
		Package: o.item.name, Balance: money.Number(balance), Currency: balance.Currency(),
		flyInstall: flyInstall{LPA: new(first.lpa()), QR: new(first.qrDataURI()), Apple: new(first.appleURL())},
		Payment:    "balance", Status: "completed", Amount: money.Number(o.amount), Profit: flyProfit(o.amount),
		Final: money.Number(o.amount), Took: 1500 + int(first.number%2500),
	}
	for _, s := range o.sims {
		a.ESIMs = append(a.ESIMs, flyESIMLine{
			ICCID: s.iccid, flyInstall: s.install(s.qrDataURI()), Status: "New", IMSI: s.imsi, MSISDN: s.msisdn,
			flyLineState: &flyLineState{"AFFECTED", "Assigned (Not Installed)", nil, s.item.unlimited, s.item.bytes(), s.item.days, iso(s.createdAt.AddDate(0, 0, 180))},
		})
	}
	return asJSON(http.StatusOK, a)
}

// pendingAnswer has one of the two documented shapes.
func (f *ESIMFly) pendingAnswer(o *flyOrder, balance esim.Money) flyOrderAnswer {
	a := flyOrderAnswer{
		Success: true, Message: "Order placed, eSIM details will follow", Reference: o.reference,
		Status: "pending_details", Amount: money.Number(o.amount), ESIMs: []flyESIMLine{},
	}
	if !f.options.oldPending {
		a.Package, a.IsPending = o.item.name, new(true)
		return a
	}
	a.ESIMID, a.Balance, a.Final = flyESIMID(o.sims[0]), money.Number(balance), money.Number(o.amount)
	a.Note = "eSIM details will be available in a few minutes"
	a.flyInstall = flyInstall{QR: new(""), Apple: new("")}
	for _, s := range o.sims {
		a.ESIMs = append(a.ESIMs, flyESIMLine{ICCID: pendingICCID(s), flyInstall: a.flyInstall, Status: "PENDING", IsPending: true})
	}
	return a
}

func pendingICCID(s *sim) string {
	return fmt.Sprintf("PENDING_B%s%04d_%d", s.createdAt.UTC().Format("060102150405"), s.number%10000, s.createdAt.UnixMilli())
}

// replay is the answer to a repeated idempotency_key: the first order without
// money, its QR codes as URLs.
func (f *ESIMFly) replay(o *flyOrder) *reply {
	a := flyOrderAnswer{
		Success: true, Message: "Order already processed", Duplicate: true, Reference: o.reference,
		Package: o.item.name, Status: "completed", ESIMs: []flyESIMLine{},
	}
	if o.failed {
		a.Status = "failed"
		return asJSON(http.StatusOK, a)
	}
	if o.pending(f.now()) {
		a.Status, a.IsPending = "pending_details", new(true)
		return asJSON(http.StatusOK, a)
	}
	a.ESIMID = flyESIMID(o.sims[0])
	for _, s := range o.sims {
		a.ESIMs = append(a.ESIMs, flyESIMLine{ICCID: s.iccid, flyInstall: s.install(s.qrURL()), Status: "New"})
	}
	return asJSON(http.StatusOK, a)
}

// flyProfit is an invented margin; the field only informs.
func flyProfit(amount esim.Money) json.Number {
	if amount.Currency() == "IQD" {
		return "250"
	}
	return "0.20"
}
