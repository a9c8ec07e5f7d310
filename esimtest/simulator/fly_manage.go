package simulator

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

func (f *ESIMFly) postSuspend(c *call) *reply {
	return f.onESIM(c, func(s *sim, o *object) *reply {
		action := o.str("action")
		if o.err != nil {
			return f.malformed(c, o.err)
		}
		if action != "suspend" && action != "activate" {
			f.violate(c, "unknown action")
			return f.refuse(c, "INVALID_ACTION")
		}
		if !s.item.network {
			return f.refuse(c, "UNSUPPORTED_PROVIDER")
		}
		s.suspended = action == "suspend"
		word := "Active"
		if s.suspended {
			word = "Disconnected"
		}
		return flyData("eSIM network access updated",
			member{"iccid", encode(s.iccid)}, member{"action", encode(action)}, member{"esim_status", encode(word)})
	}, "action")
}

func (f *ESIMFly) postSMS(c *call) *reply {
	return f.onESIM(c, func(s *sim, o *object) *reply {
		text := o.str("message")
		switch {
		case o.err != nil:
			return f.malformed(c, o.err)
		case text == "":
			f.violate(c, "no message")
			return f.refuse(c, "MISSING_MESSAGE")
		case utf8.RuneCountInString(text) > 500:
			f.violate(c, "message longer than 500 characters")
			return f.refuse(c, "MESSAGE_TOO_LONG")
		case !s.item.network:
			return f.refuse(c, "SMS_NOT_SUPPORTED")
		case !s.installed():
			return f.refuse(c, "SMS_FAILED")
		}
		return &reply{status: http.StatusOK, body: []byte(`{"success":true,"message":"SMS sent successfully"}`)}
	}, "message")
}

type flyCancelResult struct {
	ID      int64       `json:"esimId"`
	ICCID   string      `json:"iccid"`
	Success bool        `json:"success"`
	Refund  json.Number `json:"refundAmount"`
}

type flyIneligible struct {
	ID     int64  `json:"id"`
	ICCID  string `json:"iccid"`
	Reason string `json:"reason"`
}

// postCancel cancels every unused eSIM of the order that the named one
// belongs to.
func (f *ESIMFly) postCancel(c *call) *reply {
	return f.onESIM(c, func(s *sim, _ *object) *reply {
		if s.cancelled {
			return f.refuse(c, "ALREADY_CANCELLED")
		}
		o := f.byRef[s.order]
		var unused []*sim
		ineligible := []flyIneligible{}
		for _, x := range o.sims {
			f.refresh(x, f.now())
			switch {
			case x.installed():
				ineligible = append(ineligible, flyIneligible{flyESIMID(x), x.iccid, "eSIM has been installed or used"})
			case !x.cancelled:
				unused = append(unused, x)
			}
		}
		if len(unused) == 0 {
			details := encode(map[string]any{"totalEsims": len(o.sims), "ineligibleEsims": ineligible})
			return f.refuse(c, "NOT_ELIGIBLE", member{"details", details})
		}
		return f.cancel(o, unused, len(ineligible))
	})
}

// cancel refunds what the unused eSIMs cost, at once unless a carrier sold
// them, in which case the refund is to be confirmed.
func (f *ESIMFly) cancel(o *flyOrder, unused []*sim, failed int) *reply {
	refund := money.Times(o.unit, len(unused))
	method, credited := "balance", true
	if o.item.carrier != "" {
		method, credited = "refund_request", false
	}
	var iccids []string
	results := []flyCancelResult{}
	for _, s := range unused {
		f.watch(s, f.now(), func() { s.cancelled = true })
		iccids = append(iccids, s.iccid)
		results = append(results, flyCancelResult{flyESIMID(s), s.iccid, true, money.Number(o.unit)})
	}
	if credited {
		f.ledger.Book(esimtest.Charge{
			Kind: esimtest.ChargeRefund, OrderID: o.reference, Reference: o.key, PackageID: o.item.id,
			Quantity: len(unused), ICCIDs: iccids, Amount: money.Minus(money.Of("0", refund.Currency()), refund),
		})
	}
	o.cancelled = failed == 0
	return flyData("eSIM cancelled successfully",
		member{"order_reference", encode(o.reference)}, member{"total_esims", encode(len(o.sims))},
		member{"cancelled_esims", encode(len(unused))}, member{"failed_esims", encode(failed)},
		member{"refunded_amount", encode(money.Number(refund))}, member{"currency", encode(refund.Currency())},
		member{"refund_method", encode(method)}, member{"balance_credited", encode(credited)},
		member{"partial_cancellation", encode(failed > 0)}, member{"cancel_results", encode(results)})
}
