package router

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// Decision is how a sale went: what could have been bought, why it was or was
// not, and who was asked. It holds no secret.
type Decision struct {
	Reference  string        `json:"reference"`
	Asked      Choice        `json:"asked"`
	At         time.Time     `json:"at"`                   // of the latest ranking
	Candidates []Considered  `json:"candidates,omitempty"` // the best 32 that were looked at
	More       int           `json:"more,omitempty"`       // how many there were beside them
	Attempts   []Attempt     `json:"attempts,omitempty"`   // of all calls, oldest first
	Chosen     *Choice       `json:"chosen,omitempty"`     // who sold it; nil = nobody, or nobody knows yet
	Shadow     *ShadowChoice `json:"shadow,omitempty"`
}

// Choice is a package of a reseller.
type Choice struct {
	Provider  esim.Provider `json:"provider"`
	PackageID string        `json:"package_id"`
}

// Considered is a candidate of a decision.
type Considered struct {
	Choice
	Price    esim.Money    `json:"price"`             // without a currency = not known
	Compared esim.Estimate `json:"compared,omitzero"` // in the currency of the comparison; left out where that is not known
	Balance  *esim.Money   `json:"balance,omitempty"` // as last known
	Health   Health        `json:"health"`
	Rank     int           `json:"rank,omitempty"`     // 1 = best; 0 = not ranked
	Excluded string        `json:"excluded,omitempty"` // why it was not to be asked
}

// Attempt is a reseller that was asked.
type Attempt struct {
	N         int           `json:"n"`
	Provider  esim.Provider `json:"provider"`
	PackageID string        `json:"package_id"`
	Reference string        `json:"reference"` // under which it was asked
	State     string        `json:"state"`     // "open", "refused", "won" or "doubt"
	Outcome   string        `json:"outcome,omitempty"`
	Error     string        `json:"error,omitempty"`
	At        time.Time     `json:"at"`
	Took      time.Duration `json:"took,omitempty"`
}

// ShadowChoice is what Config.Shadow would have asked first.
type ShadowChoice struct {
	Choice
	Price esim.Money `json:"price"`
	Same  bool       `json:"same"` // as the policy in charge
}

// Explain returns the decision about an order of this router, by its
// Reference. The error matches [esim.ErrNotFound] where there is none.
func (r *Router) Explain(ctx context.Context, o *esim.Order) (*Decision, error) {
	if o == nil {
		return nil, r.core.refuse("Explain", "", esim.ErrInvalidRequest, nil, "no order")
	}
	return r.ExplainReference(ctx, o.Reference)
}

// ExplainReference returns the decision about the order with this reference,
// the caller's own or that of an attempt. The error matches [esim.ErrNotFound] where there is none.
func (r *Router) ExplainReference(ctx context.Context, reference string) (*Decision, error) {
	if ctx == nil {
		return nil, r.core.refuse("Explain", "", esim.ErrInvalidRequest, nil, "nil context")
	}
	sale, doc, failed := r.core.lookUp(ctx, "Explain", reference)
	if failed != nil {
		return nil, failed
	}
	return doc.decision(sale), nil
}

// String tells the decision in a few lines.
func (d *Decision) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: asked for %s\n", d.Reference, d.Asked)
	for i := range d.Candidates {
		c := &d.Candidates[i]
		place := "  -"
		if c.Rank > 0 {
			place = fmt.Sprintf("%3d", c.Rank)
		}
		fmt.Fprintf(&b, "%s  %s at %s", place, c.Choice, c.Price)
		if !c.Compared.IsZero() && c.Compared != c.Price.Estimate() {
			fmt.Fprintf(&b, " (%s)", c.Compared)
		}
		if c.Excluded != "" {
			fmt.Fprintf(&b, ": %s", c.Excluded)
		}
		b.WriteByte('\n')
	}
	if d.More > 0 {
		fmt.Fprintf(&b, "  … and %d more\n", d.More)
	}
	for i := range d.Attempts {
		a := &d.Attempts[i]
		fmt.Fprintf(&b, " #%d  %s as %s: %s", a.N, Choice{a.Provider, a.PackageID}, a.Reference, a.State)
		if a.Error != "" {
			fmt.Fprintf(&b, ": %s", a.Error)
		}
		b.WriteByte('\n')
	}
	if d.Shadow != nil {
		fmt.Fprintf(&b, "the shadow policy would have asked %s at %s\n", d.Shadow.Choice, d.Shadow.Price)
	}
	switch {
	case d.Chosen != nil:
		fmt.Fprintf(&b, "sold by %s\n", d.Chosen.Provider)
	default:
		b.WriteString("not sold, as far as is known\n")
	}
	return b.String()
}

// String returns "provider:id", the form in which a package can be ordered.
func (c Choice) String() string { return qualified(c.Provider, c.PackageID) }
