package journal

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// Purchase is what the journal knows of one purchase. It holds no credentials;
// the activation codes in Order print masked.
type Purchase struct {
	ID        ID            `json:"id"`
	Provider  esim.Provider `json:"provider"`
	Kind      Kind          `json:"kind"`
	Reference string        `json:"reference"`
	State     State         `json:"state"`
	PackageID string        `json:"package_id"`
	Quantity  int           `json:"quantity"`
	ICCID     esim.ICCID    `json:"iccid,omitempty"` // of a top-up
	// Cost is what was charged or, before that is known, the most that it can
	// be; without currency = nobody knows.
	Cost     esim.Money  `json:"cost"`
	Order    *esim.Order `json:"order,omitempty"` // what is known of it
	Attempts []Attempt   `json:"attempts,omitempty"`
	Doubt    int         `json:"doubt"`   // requests of which nobody knows whether they were charged
	Arrived  bool        `json:"arrived"` // the provider has said that it knows the request

	Review   string    `json:"review,omitempty"` // why a person must look, or had to
	Alarm    bool      `json:"alarm,omitempty"`  // charged after it had ended, perhaps twice
	Foreign  *Foreign  `json:"foreign,omitempty"`
	Decision *Decision `json:"decision,omitempty"`

	CreatedAt  time.Time `json:"created_at"`
	UpdatedAt  time.Time `json:"updated_at"`
	NextAt     time.Time `json:"next_at,omitzero"` // when the journal looks again
	Until      time.Time `json:"until"`            // no request is begun after this
	DeadlineAt time.Time `json:"deadline_at"`      // when it goes to review at the latest
}

// Format prints which purchase this is and where it stands, whatever the verb.
// Without it some verbs would show what Order holds: fmt calls no method for a
// verb that it finds wrong.
func (p Purchase) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprintf(f, "%s %s %s: %s", p.Provider, p.Kind, p.Reference, p.State) // fmt collects in memory
}

// Foreign is an answer of the provider that did not fit what was ordered.
type Foreign struct {
	OrderID   string `json:"order_id,omitempty"`
	PackageID string `json:"package_id,omitempty"`
	ESIMs     int    `json:"esims"`
}

// Attempt is one request to the provider.
type Attempt struct {
	Number  int       `json:"number"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`                // host, process and journal
	Ended   time.Time `json:"ended,omitzero"`    // zero = nobody knows how it ended
	Outcome string    `json:"outcome,omitempty"` // "" = nobody knows
	Failure string    `json:"failure,omitempty"`
	Cause   string    `json:"cause,omitempty"` // what lay below, such as an error of the network
}

// Decision is what an operator has found out about a purchase under review.
type Decision struct {
	Verdict State     `json:"verdict"` // Delivered, NotExecuted (nothing was charged) or Refunded
	By      string    `json:"by"`      // who
	Why     string    `json:"why"`     // on what evidence
	At      time.Time `json:"at,omitzero"`
}

func purchaseOf(e *Entry) (*Purchase, error) {
	d, err := decodeDocument(e.Document)
	if err != nil {
		return nil, err
	}
	return newPurchase(e, d), nil
}

func newPurchase(e *Entry, d *document) *Purchase {
	p := &Purchase{
		ID: e.ID, Provider: e.Provider, Kind: e.Kind, Reference: e.Reference, State: e.State,
		PackageID: e.PackageID, Quantity: d.Request.Quantity, ICCID: d.Request.ICCID,
		Order: d.order(e), Doubt: e.Doubt, Arrived: e.Arrived, Decision: d.Decision,
		CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt, NextAt: e.NextAt, Until: d.Until, DeadlineAt: e.DeadlineAt,
	}
	if cost, err := esim.ParseMoney(e.Cost, e.Currency); err == nil {
		p.Cost = cost
	}
	if d.Review != nil {
		p.Review, p.Alarm = d.Review.Why, d.Review.Alarm
	}
	if f := d.Foreign; f != nil {
		p.Foreign = &Foreign{OrderID: f.ID, PackageID: f.PackageID, ESIMs: len(f.Units)}
	}
	for _, a := range d.Attempts {
		shown := Attempt{Number: a.N, At: a.At, By: a.By, Ended: a.Ended}
		if a.Outcome != nil {
			shown.Outcome = a.Outcome.String()
		}
		if a.Failure != nil {
			shown.Failure, shown.Cause = a.Failure.told(), a.Failure.Cause
		}
		p.Attempts = append(p.Attempts, shown)
	}
	return p
}

// told is the failure without what lay below.
func (f *failure) told() string {
	short := *f
	short.Cause = ""
	return short.text()
}

func (f *failure) text() string {
	parts := slices.DeleteFunc([]string{f.Kind, f.Code, f.Message, f.Cause}, func(s string) bool { return s == "" })
	text := strings.Join(parts, ": ")
	if f.RequestID != "" {
		text += " (request " + f.RequestID + ")"
	}
	return text
}
