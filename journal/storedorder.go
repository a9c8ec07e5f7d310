package journal

import (
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// storedOrder is an order as the document keeps it: with the activation codes
// in full, or sealed, which the JSON form of [esim.Order] leaves out.
type storedOrder struct {
	ID             string           `json:"id,omitempty"`
	Status         esim.OrderStatus `json:"status"`
	ProviderStatus string           `json:"provider_status,omitempty"`
	PackageID      string           `json:"package_id,omitempty"`
	Total          esim.Money       `json:"total"`
	CreatedAt      time.Time        `json:"created_at,omitzero"`
	Units          []storedUnit     `json:"units,omitempty"`
}

type storedUnit struct {
	ICCID            esim.ICCID      `json:"iccid,omitempty"`
	ItemID           string          `json:"item_id,omitempty"`
	Status           esim.ESIMStatus `json:"status"`
	ProviderStatus   string          `json:"provider_status,omitempty"`
	Activation       string          `json:"activation,omitempty"`
	RawActivation    string          `json:"raw_activation,omitempty"`
	ConfirmationCode string          `json:"confirmation_code,omitempty"`
	APN              string          `json:"apn,omitempty"`
	MSISDN           string          `json:"msisdn,omitempty"`
	ActivateBy       time.Time       `json:"activate_by,omitzero"`
	ExpiresAt        time.Time       `json:"expires_at,omitzero"`
}

// order returns the order that the document knows, nil if none.
func (d *document) order(e *Entry) *esim.Order {
	s := d.Order
	if s == nil {
		return nil
	}
	o := &esim.Order{
		Provider: e.Provider, ID: s.ID, Reference: e.Reference, Status: s.Status, ProviderStatus: s.ProviderStatus, PackageID: e.PackageID,
		Quantity: d.Request.Quantity, Total: s.Total, CreatedAt: s.CreatedAt,
	}
	if e.State == Delivered {
		o.Status = esim.OrderCompleted // whoever delivers by webhook never says so
	}
	for _, u := range s.Units {
		o.ESIMs = append(o.ESIMs, u.esim())
	}
	return o
}

func (u *storedUnit) esim() esim.ESIM {
	e := esim.ESIM{
		ICCID: u.ICCID, ItemID: u.ItemID, Status: u.Status, ProviderStatus: u.ProviderStatus, ExpiresAt: u.ExpiresAt,
		RawActivation: esim.NewSecret(u.RawActivation), ConfirmationCode: esim.NewSecret(u.ConfirmationCode),
		APN: u.APN, MSISDN: u.MSISDN, ActivateBy: u.ActivateBy,
	}
	if u.Activation == "" {
		return e
	}
	code, err := esim.ParseActivationCode(u.Activation)
	if err != nil { // written by hand; still what was paid for
		e.RawActivation = esim.NewSecret(u.Activation)
		return e
	}
	e.Activation = code
	return e
}

func unitOf(e *esim.ESIM) storedUnit {
	return storedUnit{
		ICCID: e.ICCID, ItemID: e.ItemID, Status: e.Status, ProviderStatus: e.ProviderStatus, ExpiresAt: e.ExpiresAt,
		Activation: e.Activation.LPA(), RawActivation: e.RawActivation.Reveal(), ConfirmationCode: e.ConfirmationCode.Reveal(),
		APN: e.APN, MSISDN: e.MSISDN, ActivateBy: e.ActivateBy,
	}
}

// misfit says why told cannot be about the purchase of which ordered is known,
// "" if it can.
func misfit(ordered, told *esim.Order) string {
	switch {
	case told.PackageID != "" && !strings.EqualFold(told.PackageID, ordered.PackageID):
		return "it is about another package than was ordered"
	case told.ID != "" && ordered.ID != "" && told.ID != ordered.ID && !holds(told, ordered) && !holds(ordered, told):
		return "it is about another order"
	}
	for i := range told.ESIMs {
		for j := range ordered.ESIMs {
			if why := clash(&ordered.ESIMs[j], &told.ESIMs[i]); why != "" {
				return why
			}
		}
	}
	return ""
}

// misfit is the policy's, and that a top-up is of the eSIM that it was bought for.
func (j *Journal) misfit(e *Entry, d *document, told *esim.Order) string {
	if why := j.policy.fits(d.known(e), told); why != "" {
		return why
	}
	other := func(u esim.ESIM) bool { return u.ICCID != "" && u.ICCID != d.Request.ICCID }
	if e.Kind == TopUpKind && slices.ContainsFunc(told.ESIMs, other) {
		return "it is about another eSIM than was to be topped up"
	}
	return ""
}

// holds reports whether all units of the part, of which there are some, are
// units of the whole. Of an order that the provider takes unit by unit the ID
// grows with it.
func holds(whole, part *esim.Order) bool {
	return len(part.ESIMs) > 0 && !slices.ContainsFunc(part.ESIMs, func(p esim.ESIM) bool {
		return p.ItemID == "" || !slices.ContainsFunc(whole.ESIMs, func(w esim.ESIM) bool { return w.ItemID == p.ItemID })
	})
}

// clash compares two accounts of what may be the same unit.
func clash(known, told *esim.ESIM) string {
	sameItem := known.ItemID != "" && known.ItemID == told.ItemID
	sameICCID := known.ICCID != "" && known.ICCID == told.ICCID
	switch {
	case sameItem && known.ICCID != "" && told.ICCID != "" && !sameICCID:
		return "another eSIM is on record for this unit"
	case sameICCID && known.ItemID != "" && told.ItemID != "" && !sameItem:
		return "this eSIM is on record for another unit"
	case (sameItem || sameICCID) && !known.Activation.IsZero() && !told.Activation.IsZero() && known.Activation != told.Activation:
		return "another activation code is on record for this eSIM"
	}
	return ""
}

// known is the order as far as it is known, for comparison.
func (d *document) known(e *Entry) *esim.Order {
	if o := d.order(e); o != nil {
		return o
	}
	return &esim.Order{Provider: e.Provider, Reference: e.Reference, PackageID: e.PackageID, Quantity: d.Request.Quantity}
}

// keepForeign keeps what did not fit, for the person who looks.
func (d *document) keepForeign(o *esim.Order) {
	other := document{Order: d.Foreign}
	other.merge(o)
	d.Foreign = other.Order
}

// noteCost puts the price that was charged in place of the one expected, unless
// that was taken from a budget.
func noteCost(e *Entry, d *document) {
	if total := d.Order.Total; total.Currency() != "" && e.Budget == "" {
		e.Cost, e.Currency = total.Amount(), total.Currency()
	}
}

// merge puts what told knows beside what is on record. It only ever adds: what
// is there is not replaced, except for words about status. It reports whether
// anything was new.
func (d *document) merge(told *esim.Order) (changed bool) {
	if d.Order == nil {
		d.Order, changed = &storedOrder{}, true
	}
	o := d.Order
	changed = fill(&o.ID, told.ID) || changed
	if told.ID != "" && told.ID != o.ID && len(told.ESIMs) > len(o.Units) { // it has grown, see misfit
		o.ID, changed = told.ID, true
	}
	changed = fill(&o.PackageID, told.PackageID) || changed
	if o.Total == (esim.Money{}) && told.Total != (esim.Money{}) {
		o.Total, changed = told.Total, true
	}
	if o.CreatedAt.IsZero() && !told.CreatedAt.IsZero() {
		o.CreatedAt, changed = told.CreatedAt.UTC(), true
	}
	if told.Status > o.Status && !o.Status.Final() {
		o.Status, o.ProviderStatus, changed = told.Status, told.ProviderStatus, true
	}
	changed = fill(&o.ProviderStatus, told.ProviderStatus) || changed
	units := len(o.Units)
	for i := range told.ESIMs {
		changed = o.add(unitOf(&told.ESIMs[i])) || changed
	}
	if len(o.Units) > units {
		d.Repeats = 0 // of a unit that is on record
	}
	return changed
}

func fill[T comparable](known *T, told T) bool {
	var zero T
	if *known != zero || told == zero {
		return false
	}
	*known = told
	return true
}

// add finds the unit by its id, else by its ICCID, else takes a place of which
// nothing is known yet.
func (o *storedOrder) add(told storedUnit) (changed bool) {
	if told == (storedUnit{}) {
		return false
	}
	known := o.find(func(u *storedUnit) bool { return told.ItemID != "" && u.ItemID == told.ItemID })
	if known == nil {
		known = o.find(func(u *storedUnit) bool { return told.ICCID != "" && u.ICCID == told.ICCID })
	}
	if known == nil && told.ItemID == "" { // it may be one that so far has only an id, or no ICCID
		known = o.find(func(u *storedUnit) bool {
			return u.ICCID == "" && agree(u.Activation, told.Activation) && agree(u.RawActivation, told.RawActivation)
		})
	}
	if known == nil {
		o.Units = append(o.Units, told)
		return true
	}
	changed = fill(&known.ItemID, told.ItemID)
	changed = fill(&known.ICCID, told.ICCID) || changed
	changed = fill(&known.Activation, told.Activation) || changed
	if known.Activation != "" { // what could not be read has now come readable
		known.RawActivation = ""
	} else {
		changed = fill(&known.RawActivation, told.RawActivation) || changed
	}
	changed = fill(&known.ConfirmationCode, told.ConfirmationCode) || changed
	changed = fill(&known.APN, told.APN) || changed
	changed = fill(&known.MSISDN, told.MSISDN) || changed
	changed = fill(&known.ActivateBy, told.ActivateBy) || changed
	changed = fill(&known.ExpiresAt, told.ExpiresAt) || changed
	if told.Status != esim.ESIMUnknown && told.Status != known.Status {
		known.Status, known.ProviderStatus, changed = told.Status, told.ProviderStatus, true
	}
	return changed
}

// agree reports whether both can be of one unit; what is not known agrees.
func agree(known, told string) bool { return known == "" || told == "" || known == told }

func (o *storedOrder) find(is func(*storedUnit) bool) *storedUnit {
	for i := range o.Units {
		if is(&o.Units[i]) {
			return &o.Units[i]
		}
	}
	return nil
}

// count returns how many units are as it says.
func (d *document) count(is func(*storedUnit) bool) int {
	n := 0
	if d.Order == nil {
		return 0
	}
	for i := range d.Order.Units {
		if is(&d.Order.Units[i]) {
			n++
		}
	}
	return n
}

// delivered counts the units that a traveller can install, or that have been
// topped up.
func (d *document) delivered() int {
	return d.count(func(u *storedUnit) bool { return u.ICCID != "" && (u.Activation != "" || d.Request.ICCID != "") })
}

// whole reports whether all that was ordered has come. A top-up brings no
// eSIM; for it the provider's word counts.
func (d *document) whole() bool {
	if d.Request.ICCID != "" {
		return d.Order != nil && d.Order.Status == esim.OrderCompleted && d.delivered() > 0
	}
	return d.delivered() >= d.Request.Quantity
}

// unreadable reports whether all that was ordered has come, some of it with an
// activation code that nobody could read. No wait makes a code plainer. A link or
// an image only stands for one, which a provider that can be asked may yet tell.
func (d *document) unreadable(askable bool) bool {
	if d.Request.ICCID != "" || d.delivered() >= d.Request.Quantity {
		return false
	}
	return d.count(func(u *storedUnit) bool {
		return u.ICCID != "" && (u.Activation != "" || u.RawActivation != "" && !(askable && isPicture(u.RawActivation)))
	}) >= d.Request.Quantity
}

func isPicture(text string) bool {
	return strings.Contains(text, "://") || strings.HasPrefix(text, "data:")
}

const whyUnreadable = "an activation code cannot be read; it is in RawActivation of the eSIM"

// codesCame reports whether every unit has its code, so that no more than
// ICCIDs are missing.
func (d *document) codesCame() bool {
	return d.Request.ICCID == "" && d.count(func(u *storedUnit) bool { return u.Activation != "" }) >= d.Request.Quantity
}

// surplus reports whether more has come than was ordered.
func (d *document) surplus() bool {
	return d.Order != nil && len(d.Order.Units) > d.Request.Quantity
}

// failed reports whether the provider has ended the order without delivering.
func (d *document) failed() bool {
	return d.Order != nil && (d.Order.Status == esim.OrderFailed || d.Order.Status == esim.OrderCancelled)
}
