package esimstory

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// Delivery is one webhook of eSIM Story: one sold unit, with what the traveller
// needs to install it (eSIM Story docs: endpoints/create-order, "Webhooks").
// Nothing in it is signed. It is as trustworthy as the address that it came to,
// see [DeliveryHandler], and as its fit to an order, see [Apply].
type Delivery struct {
	TopupID   string // the id of the unit, ItemID in the order; empty only beside a Problem
	OptionID  string // the package; "" = not stated
	Reference string // the caller's reference of the order; "" = not stated

	// ESIM is the unit. Its Status and ExpiresAt are not reported by the
	// provider. It is complete if Issued. RawActivation is the download_link,
	// or else smdp and activate_code, if neither makes an activation code.
	ESIM esim.ESIM
	// Alternative is the code in smdp and activate_code, if it is another one
	// than the download_link in ESIM.
	Alternative esim.ActivationCode
	// ExpiredDate is a calendar date, usually "2026-07-28", without a time
	// zone. Whether it ends the time to install or to use is not documented.
	ExpiredDate string

	// Issued: the unit has an ICCID and an activation code, be it one that
	// only RawActivation holds.
	Issued bool
	// Mismatch: download_link, and smdp with activate_code, do not agree. ESIM
	// has download_link if that can be read.
	Mismatch bool
	// Problems says what could not be read or does not fit, without any of
	// the text. A look at Raw tells more.
	Problems []string
	// Problem: [ParseDelivery] refused the body, and only Raw is set.
	// [DeliveryHandler] hands over such a delivery, since it may hold a sold
	// unit all the same; store it for somebody to look at.
	Problem error

	// Raw is the body as it came, at most 64 KiB of it. It reveals the
	// activation code.
	Raw esim.Secret
}

// deliveryBody has every member twice: in snake_case, as documented, and in
// the camelCase of the provider's supplier, which goes through a thin layer. A
// member in an odd form costs no eSIM.
type deliveryBody struct {
	TopupID      wire.Optional[wire.Text] `json:"topup_id"`
	OptionID     wire.Optional[wire.Text] `json:"option_id"`
	ICCID        wire.Optional[wire.Text] `json:"iccid"`
	SMDP         wire.Optional[wire.Text] `json:"smdp"`
	ActivateCode wire.Optional[wire.Text] `json:"activate_code"`
	DownloadLink wire.Optional[wire.Text] `json:"download_link"`
	QRImage      wire.Optional[wire.Text] `json:"qrcode_img_url"`
	ExpiredDate  wire.Optional[wire.Text] `json:"expired_date"`
	Reference    wire.Optional[wire.Text] `json:"external_order_id"`

	TopupIDCamel      wire.Optional[wire.Text] `json:"topupId"`
	OptionIDCamel     wire.Optional[wire.Text] `json:"optionId"`
	ActivateCodeCamel wire.Optional[wire.Text] `json:"activateCode"`
	DownloadLinkCamel wire.Optional[wire.Text] `json:"downloadLink"`
	QRImageCamel      wire.Optional[wire.Text] `json:"qrcodeImgUrl"`
	ExpiredDateCamel  wire.Optional[wire.Text] `json:"expiredDate"`
}

// maxDelivery is far more than a webhook of a dozen short texts.
const maxDelivery = 64 << 10

var (
	errDeliverySize = fmt.Errorf("esimstory: delivery larger than %d bytes: %w", maxDelivery, esim.ErrMalformedResponse)
	errDeliveryID   = fmt.Errorf("esimstory: delivery without a topup_id: %w", esim.ErrMalformedResponse)
)

// ParseDelivery reads the body of a webhook. It wants a JSON object with a
// topup_id and takes the rest as it comes: missing, null, empty, or a number
// for a text. Errors match [esim.ErrMalformedResponse] and hold nothing of
// the body.
func ParseDelivery(body []byte) (*Delivery, error) {
	if len(body) > maxDelivery {
		return nil, errDeliverySize
	}
	var doc deliveryBody
	if err := wire.Decode(body, &doc); err != nil {
		return nil, fmt.Errorf("esimstory: delivery: %w: %w", esim.ErrMalformedResponse, err)
	}
	d := &Delivery{Raw: esim.NewSecret(string(body))}
	d.TopupID = d.text("topup_id", doc.TopupID, doc.TopupIDCamel)
	d.OptionID = d.text("option_id", doc.OptionID, doc.OptionIDCamel)
	d.Reference = d.text("external_order_id", doc.Reference)
	if d.TopupID == "" {
		return nil, errDeliveryID
	}
	d.ESIM.ItemID = d.TopupID
	d.ESIM.ICCID = d.iccid(doc)
	d.activation(doc)
	d.ExpiredDate = d.text("expired_date", doc.ExpiredDate, doc.ExpiredDateCamel)
	if _, err := time.Parse(time.DateOnly, d.ExpiredDate); d.ExpiredDate != "" && err != nil {
		d.problem("expired_date is not a date")
	}
	d.Issued = d.ESIM.ICCID != "" && d.hasCode()
	return d, nil
}

// Order returns the order as far as this delivery shows it: pending, of an
// unknown Quantity, with this one unit. Its ID is empty, since the provider has
// none; the Reference names it or, where that is not stated, the ItemID
// of the unit. A unit that is not Issued has no ICCID here, as with [Apply]: an
// ICCID alone installs nothing, and would count as delivered. Order is nil if
// the delivery has a Problem.
func (d *Delivery) Order() *esim.Order {
	if d == nil || d.Problem != nil {
		return nil
	}
	unit := d.ESIM
	if !d.Issued {
		unit.ICCID = ""
	}
	return &esim.Order{
		Provider: Provider, Reference: d.Reference, Status: esim.OrderPending,
		PackageID: d.OptionID, ESIMs: []esim.ESIM{unit},
	}
}

func (d *Delivery) problem(text string) { d.Problems = append(d.Problems, text) }

// text returns the first member that is not empty.
func (d *Delivery) text(name string, members ...wire.Optional[wire.Text]) string {
	for _, member := range members {
		if member.Unreadable {
			d.problem(name + " is not a text")
		}
		if text := member.Value.Trimmed(); text != "" {
			return text
		}
	}
	return ""
}

func (d *Delivery) iccid(doc deliveryBody) esim.ICCID {
	text := d.text("iccid", doc.ICCID)
	iccid, err := esim.ParseICCID(text)
	if text != "" && err != nil {
		d.problem("iccid is not 18 to 22 digits")
	}
	return iccid
}

var errNoCode = errors.New("no code")

// activation prefers download_link, which is the whole code, and builds it
// from its parts where that is missing or unreadable. The address of the QR
// code has the code in its path, and is the last resort; it is never fetched.
func (d *Delivery) activation(doc deliveryBody) {
	link := d.text("download_link", doc.DownloadLink, doc.DownloadLinkCamel)
	host := d.text("smdp", doc.SMDP)
	matching := d.text("activate_code", doc.ActivateCode, doc.ActivateCodeCamel)

	whole, wholeErr := parseCode(link, link != "")
	built, builtErr := parseCode(matching, matching != "") // the whole in the place of its last part
	if builtErr != nil {
		built, builtErr = parseCode("1$"+host+"$"+matching, host != "" && matching != "")
	}
	if link != "" && wholeErr != nil {
		d.problem("download_link is not an activation code")
	}
	if host != "" && matching != "" && builtErr != nil {
		d.problem("smdp and activate_code do not make an activation code")
	}
	if link == "" && host == "" && matching != "" && builtErr != nil {
		d.problem("activate_code came without smdp")
	}
	d.ESIM.Activation = whole
	if wholeErr != nil {
		d.ESIM.Activation = built
	}
	if d.ESIM.Activation.IsZero() {
		image := d.text("qrcode_img_url", doc.QRImage, doc.QRImageCamel)
		d.ESIM.Activation, _ = parseCode(image, image != "")
	}
	if d.ESIM.Activation.IsZero() {
		d.ESIM.RawActivation = rawCode(link, host, matching)
	}
	if link == "" || host == "" || matching == "" || whole == withOptions(built, whole) {
		return
	}
	d.Mismatch = true
	if wholeErr == nil && builtErr == nil {
		d.Alternative = built
		d.problem("download_link differs from smdp and activate_code")
	}
}

// rawCode keeps what was paid for and could not be read.
func rawCode(link, host, matching string) esim.Secret {
	switch {
	case link != "":
		return esim.NewSecret(link)
	case host != "" && matching != "":
		return esim.NewSecret("1$" + host + "$" + matching)
	}
	return esim.NewSecret(matching)
}

func parseCode(text string, present bool) (esim.ActivationCode, error) {
	if !present {
		return esim.ActivationCode{}, errNoCode
	}
	return esim.ParseActivationCode(text)
}

// withOptions gives a code what only download_link can state, so that the two
// can be compared. Host names are the same in either case.
func withOptions(built, whole esim.ActivationCode) esim.ActivationCode {
	built.OID = whole.OID
	built.ConfirmationCodeRequired = whole.ConfirmationCodeRequired
	built.RootKeyIndicator, built.DeleteNotification = whole.RootKeyIndicator, whole.DeleteNotification
	if strings.EqualFold(built.SMDPAddress, whole.SMDPAddress) {
		built.SMDPAddress = whole.SMDPAddress
	}
	return built
}
