package journal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// client is a client whose purchases are journalled.
type client struct {
	esim.Client

	j *Journal
	a *account
}

// Unwrap lets [esim.As] find the extras of the provider. What is bought through
// them directly is not journalled.
func (c *client) Unwrap() esim.Client { return c.Client }

// Capabilities are those of the provider, and what the journal adds: orders
// can be read, by reference too, since they are on record.
func (c *client) Capabilities() esim.Capabilities {
	caps := c.Client.Capabilities()
	if caps.Order {
		caps.GetOrder, caps.LookupByReference = true, true
	}
	return caps
}

// Order buys, once for a reference.
func (c *client) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	return c.j.buy(ctx, c.a, orderWish(ctx, req))
}

// TopUp buys, once for a reference.
func (c *client) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	return c.j.buy(ctx, c.a, topUpWish(ctx, req))
}

// GetOrder asks the provider about an order whose ID is known, and records what
// it says; everything else is answered from the journal.
func (c *client) GetOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	if ctx == nil || ref.ID == "" && ref.Reference == "" {
		err := withheld("GetOrder", c.Provider(), "", esim.ErrInvalidRequest, nil, esim.OutcomeNotSent)
		err.Message = "nil context, or neither ID nor Reference"
		return nil, err
	}
	e, err := c.j.find(ctx, c.Provider(), ref)
	switch {
	case err == nil:
		return c.j.look(ctx, c.a, e)
	case errors.Is(err, ErrNotFound) && ref.ID != "":
		return c.Client.GetOrder(ctx, ref)
	}
	return nil, storeError("GetOrder", c.Provider(), ref.Reference, err, esim.OutcomeNotSent)
}

// Format prints what this is and nothing of what it holds, whatever the verb.
func (c *client) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "journal.Client(%s)", c.Provider())
}

// wish is what a caller wants to buy.
type wish struct {
	kind      Kind
	reference string
	request   request
	resumed   bool
	until     time.Time // zero = the time is the journal's to set
	refused   string    // why it cannot be journalled
}

func orderWish(ctx context.Context, req esim.OrderRequest) wish {
	send := evidence.SendOf(ctx)
	w := wish{kind: OrderKind, reference: req.Reference, resumed: send.Resumed, until: req.Until, request: request{
		PackageID: req.PackageID, Quantity: req.Quantity, Quote: essence(req.Quote), CallbackURL: req.CallbackURL,
	}}
	w.ceiling(req.MaxTotal)
	if send.RequestID != "" {
		w.refused = "RequestID is the journal's own business"
	}
	if w.request.Quantity == 0 {
		w.request.Quantity = 1
	}
	return w
}

func topUpWish(ctx context.Context, req esim.TopUpRequest) wish {
	w := wish{kind: TopUpKind, reference: req.Reference, resumed: evidence.SendOf(ctx).Resumed, until: req.Until, request: request{
		PackageID: req.PackageID, Quantity: 1, ICCID: req.ICCID, Quote: essence(req.Quote),
	}}
	w.ceiling(req.MaxTotal)
	return w
}

// essence is a quote without what fills a page: a global package has hundreds
// of countries and networks, and no provider compares them.
func essence(q *esim.Package) *esim.Package {
	if q == nil {
		return nil
	}
	kept := *q
	kept.Countries, kept.Networks = nil, nil
	return &kept
}

func (w *wish) ceiling(m esim.Money) {
	if m != (esim.Money{}) {
		w.request.MaxTotal = &m
	}
}

// content is the digest of what is bought. What guards the price is not part
// of it: a repeat may come with a fresh quote.
func (w *wish) content() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%d\n%s", w.kind, strings.ToLower(w.request.PackageID), w.request.Quantity, w.request.ICCID))
	return hex.EncodeToString(sum[:])
}

func (w *wish) op() string { return opOf(w.kind) }

// unfit is the error of a wish that cannot be journalled at all, nil if it can
// be. What a provider would refuse is left to its client.
func (w *wish) unfit(ctx context.Context, a *account) *esim.Error {
	wrong := wrongReference(w.reference)
	refuse := func(kind esim.Kind, cause error, why string) *esim.Error {
		err := withheld(w.op(), a.client.Provider(), "", kind, cause, esim.OutcomeNotSent)
		if wrong == "" { // else it is not fit to be printed
			err.Reference = w.reference
		}
		err.Message = why
		return err
	}
	if w.reference == "" {
		return refuse(esim.ErrInvalidRequest, ErrReferenceMissing, "")
	}
	if w.kind == OrderKind && !a.caps.Order || w.kind == TopUpKind && !a.caps.TopUp {
		return refuse(esim.ErrUnsupported, nil, "")
	}
	for _, rule := range []struct {
		broken bool
		why    string
	}{
		{ctx == nil, "nil context"},
		{w.refused != "", w.refused},
		{wrong != "", wrong},
		{w.request.PackageID == "", "PackageID is empty"},
		{!w.request.recordable(), "the request is not UTF-8"},
		{w.request.Quantity < 1, "Quantity must be at least 1"},
		{w.kind == TopUpKind && w.request.ICCID == "", "ICCID is empty"},
	} {
		if rule.broken {
			return refuse(esim.ErrInvalidRequest, nil, rule.why)
		}
	}
	return nil
}

// recordable reports whether the record of a request is the request: a document
// has another character in the place of a byte that is not UTF-8, and what is on
// record is what is sent.
func (r *request) recordable() bool {
	texts := []string{r.PackageID, string(r.ICCID), r.CallbackURL}
	if q := r.Quote; q != nil {
		texts = append(texts, string(q.Provider), q.ID, q.Name, q.Region, q.FairUse)
	}
	return utf8.ValidString(strings.Join(texts, "\n"))
}

// wrongReference says why a reference cannot be one, "" if it can.
func wrongReference(s string) string {
	if err := esim.CheckReference(s); err != nil {
		return err.Error()
	}
	return ""
}

// conflict is the error of a wish whose reference stands for another purchase,
// nil if it does not. Nothing was sent for the wish; the outcome is that of the
// purchase which holds the reference.
func (w *wish) conflict(e *Entry) *esim.Error {
	if e.Content == w.content() {
		return nil
	}
	err := withheld(w.op(), e.Provider, e.Reference, esim.ErrReferenceConflict, nil, holding(e))
	err.Message = "this reference stands for another purchase, which is " + e.State.String() + "; nothing was sent for this one"
	if err.Outcome == esim.OutcomeAccepted {
		if d, failed := decodeDocument(e.Document); failed == nil {
			err.Order = d.order(e)
		}
	}
	return err
}

// holding is the outcome of a purchase as it stands.
func holding(e *Entry) esim.Outcome {
	switch e.State {
	case Provisioning, Delivered, Refunded:
		return esim.OutcomeAccepted
	case Rejected, NotExecuted:
		return esim.OutcomeRejected
	case Ready, Sending, Unknown, Review:
	}
	return esim.OutcomeUnknown
}
