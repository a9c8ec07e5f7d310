package esimfly

import (
	"slices"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// install is how the answers about orders write what installs an eSIM. The QR
// code is an image, or a link to one: it is kept if nothing else came.
type install struct {
	LPA     wire.Text               `json:"lpaString"`
	Apple   wire.Lenient[wire.Text] `json:"directAppleInstallUrl"`
	Android wire.Lenient[wire.Text] `json:"directAndroidInstallUrl"`
	QR      wire.Lenient[wire.Text] `json:"qrCodeUrl"`
}

// or fills what is missing from other.
func (i install) or(other install) install {
	i.LPA = wire.First(i.LPA, other.LPA)
	i.Apple.Value = wire.First(i.Apple.Value, other.Apple.Value)
	i.Android.Value = wire.First(i.Android.Value, other.Android.Value)
	i.QR.Value = wire.First(i.QR.Value, other.QR.Value)
	return i
}

// put writes the activation code into an eSIM.
func (i install) put(e *esim.ESIM) {
	wire.PutActivation(e, i.LPA, i.Apple.Value, i.Android.Value, i.QR.Value)
}

// soldRow is an eSIM in the answer to an order (snake_case) or to a question
// about one (camelCase).
type soldRow struct {
	install
	ICCID        wire.Text               `json:"iccid"`
	Status       wire.Lenient[wire.Text] `json:"status"`
	ESIMStatus   wire.Lenient[wire.Text] `json:"esim_status"`
	Pending      wire.Lenient[bool]      `json:"isPending"`
	Expires      wire.Time               `json:"expired_time"`
	ExpiresCamel wire.Time               `json:"expiredTime"`

	id wire.Text // from outside the row
}

func (r *soldRow) pending() bool {
	return r.Pending.Value || r.Status.Value.Folded() == "PENDING" || isPlaceholder(r.ICCID)
}

func (r *soldRow) convert() esim.ESIM {
	e := esim.ESIM{
		ICCID: iccidOf(r.ICCID), ItemID: r.id.String(), ExpiresAt: r.Expires.Time,
		Status: esimStatus(r.Status.Value, r.ESIMStatus.Value), ProviderStatus: r.Status.Value.String(),
	}
	r.put(&e)
	if e.ExpiresAt.IsZero() {
		e.ExpiresAt = r.ExpiresCamel.Time
	}
	return e
}

// isPlaceholder recognises what stands for an ICCID that is still to come:
// "PENDING_B25081719340002_1755459260253".
func isPlaceholder(iccid wire.Text) bool { return strings.HasPrefix(iccid.Folded(), "PENDING") }

// iccidOf returns "" for a placeholder.
func iccidOf(text wire.Text) esim.ICCID {
	if isPlaceholder(text) {
		return ""
	}
	return text.ICCID()
}

// fulfil puts the eSIMs that came into the order, and makes it pending when
// something says that one is still to come, or when none came (eSIMfly docs:
// api/create-order, in the wording of 2025 and of 2026).
func fulfil(o *esim.Order, rows []soldRow, pending bool, word wire.Text) {
	for i := range rows {
		e := rows[i].convert()
		pending = pending || rows[i].pending()
		if e.ICCID == "" && e.Activation.IsZero() && e.RawActivation.IsZero() {
			continue
		}
		if e.ICCID == "" || !slices.ContainsFunc(o.ESIMs, func(other esim.ESIM) bool { return other.ICCID == e.ICCID }) {
			o.ESIMs = append(o.ESIMs, e)
		}
	}
	switch {
	case o.Status == esim.OrderFailed, o.Status == esim.OrderCancelled, strings.HasPrefix(o.ID, topUpPrefix):
	case pending, o.Delivered() == 0:
		o.Status = esim.OrderPending
	case word == "":
		o.Status = esim.OrderCompleted
	}
}

func orderStatus(word wire.Text) esim.OrderStatus {
	switch word.Folded() {
	case "COMPLETED":
		return esim.OrderCompleted
	case "PENDING", "PENDING_DETAILS":
		return esim.OrderPending
	case "FAILED":
		return esim.OrderFailed
	case "CANCELLED", "CANCELED":
		return esim.OrderCancelled
	}
	return esim.OrderUnknown
}

// esimStatus reads the words of eSIMfly's lists and, where they say more, of
// the network (eSIMfly docs: api/esims, api/suspend-esim).
func esimStatus(word, network wire.Text) esim.ESIMStatus {
	switch network.Folded() {
	case "DISCONNECTED":
		return esim.ESIMBlocked
	case "INSTALLED":
		if word.Folded() == "NEW" {
			return esim.ESIMInstalled
		}
	}
	switch word.Folded() {
	case "NEW", "GOT_RESOURCE", "ONBOARD":
		return esim.ESIMNew
	case "ACTIVE", "IN_USE":
		return esim.ESIMActive
	case "DEPLETED":
		return esim.ESIMDepleted
	case "EXPIRED", "USED_EXPIRED":
		return esim.ESIMExpired
	case "CANCELLED", "CANCELED", "CANCEL":
		return esim.ESIMCancelled
	}
	return esim.ESIMUnknown
}
