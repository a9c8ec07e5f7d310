package esim

import (
	"fmt"
	"strings"
	"time"
)

// OrderStatus is the state of an order, not of the eSIMs in it: a completed
// order has been delivered, whether or not anybody has installed it.
type OrderStatus int

const (
	OrderUnknown   OrderStatus = iota // the provider's word is not one we know, or it gave none
	OrderPending                      // paid; some or all eSIMs are still to come
	OrderCompleted                    // paid and delivered
	OrderFailed                       // the provider gave up
	OrderCancelled
)

var orderStatusNames = names[OrderStatus]{"unknown", "pending", "completed", "failed", "cancelled"}

// String returns "unknown", "pending", "completed", "failed" or "cancelled".
func (s OrderStatus) String() string { return orderStatusNames.text(s) }

// MarshalText writes the text of String.
func (s OrderStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (s *OrderStatus) UnmarshalText(b []byte) error { return orderStatusNames.parse(s, b) }

// Final reports whether the order will not change by itself any more.
func (s OrderStatus) Final() bool {
	return s == OrderCompleted || s == OrderFailed || s == OrderCancelled
}

// OrderRef names an order by the provider's id, by the caller's own
// reference, or both. Which of them a provider can look up is told by
// [Capabilities]: all of ours want the ID.
type OrderRef struct {
	ID        string `json:"id,omitempty"`
	Reference string `json:"reference,omitempty"`
}

// Order is a purchase that a provider has accepted: money was spent on it.
//
// Its JSON form is for logs and screens: activation codes are masked in it,
// and reading a masked code back is an error. Whoever stores orders stores
// ActivationCode.LPA of each eSIM beside it, as the secret it is.
type Order struct {
	Provider  Provider    `json:"provider"`
	ID        string      `json:"id"`        // the provider's order id, opaque; "" where it gives none
	Reference string      `json:"reference"` // the caller's, or the one minted for it
	Status    OrderStatus `json:"status"`
	// ProviderStatus is the provider's word for Status, "" where it gives none.
	ProviderStatus string    `json:"provider_status,omitempty"`
	PackageID      string    `json:"package_id"`
	Quantity       int       `json:"quantity"` // 0 = the provider did not say
	Total          Money     `json:"total"`    // charged for the whole order; zero with Currency "" = not reported
	ESIMs          []ESIM    `json:"esims,omitempty"`
	Replayed       bool      `json:"replayed,omitempty"` // an earlier order for this reference was returned; nothing was charged now
	CreatedAt      time.Time `json:"created_at,omitzero"`
}

// Ref returns the names under which the order can be asked for again.
func (o *Order) Ref() OrderRef {
	return OrderRef{ID: o.ID, Reference: o.Reference}
}

// Delivered returns how many eSIMs of the order have come: those that have an
// ICCID.
func (o *Order) Delivered() int {
	n := 0
	for i := range o.ESIMs {
		if o.ESIMs[i].ICCID != "" {
			n++
		}
	}
	return n
}

// OrderRequest asks for new eSIMs.
type OrderRequest struct {
	PackageID string
	Quantity  int // 0 means 1

	// Reference is the caller's own order id, 1 to 64 letters, digits and
	// ". _ : -". One reference is at most one purchase: calling Order again
	// with the same one sends nothing unless that cannot buy a second time, and
	// no more than four requests in all. When
	// empty a random one is minted and returned in Order and Error alike; a
	// repeat must then name that one, for an empty one is minted anew.
	Reference string

	// Until is the moment after which no request of this purchase is begun. It
	// is for clients that carry sales on by themselves: a journal, a router. A
	// sale of which nothing is in doubt then ends with nothing charged. Zero =
	// 15 minutes after the call, or 24 hours after it was enqueued. A client of
	// one provider ignores it.
	Until time.Time

	// Quote is the package as it was listed. The order is refused, with
	// nothing charged, if its price has changed since.
	Quote *Package
	// MaxTotal refuses the order, with nothing charged, if it would cost more
	// in total. Zero means no ceiling.
	MaxTotal Money

	// CallbackURL, where the provider has such a thing, receives the
	// webhooks of this order instead of the account's own URL.
	CallbackURL string
}

// TopUpRequest asks for more data on an eSIM that exists. The fields mean
// what they mean in [OrderRequest].
type TopUpRequest struct {
	ICCID     ICCID
	PackageID string // from ListTopUps
	Reference string
	Until     time.Time
	Quote     *Package
	MaxTotal  Money
}

// CancelRequest names what to cancel.
type CancelRequest struct {
	Order OrderRef
	ICCID ICCID // one eSIM of the order, where the provider cancels singly
}

// Cancellation is what a provider did about a CancelRequest.
type Cancellation struct {
	OrderID   string  `json:"order_id"`
	Cancelled int     `json:"cancelled"`          // eSIMs cancelled by this call
	Failed    int     `json:"failed"`             // eSIMs it could not cancel
	Refund    Money   `json:"refund"`             // zero with Currency "" = not reported
	Refunded  *bool   `json:"refunded,omitempty"` // the money is back; nil = the provider did not say
	ICCIDs    []ICCID `json:"iccids,omitempty"`   // those cancelled
}

// maxReference is how long a reference may be, in bytes.
const maxReference = 64

// CheckReference reports why a reference cannot name a purchase: it is 1 to 64
// letters, digits and ". _ : -". This is the one rule for references; adapters,
// journal, router and test clients go by it. The error matches
// [ErrInvalidRequest] and does not repeat the reference.
func CheckReference(reference string) error {
	switch {
	case reference == "":
		return referenceError("is empty")
	case len(reference) > maxReference:
		return referenceError(fmt.Sprintf("is longer than %d bytes", maxReference))
	case strings.ContainsFunc(reference, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._:-", r)
	}):
		return referenceError("may have letters, digits and . _ : - only")
	}
	return nil
}

// referenceError is why a reference is none.
type referenceError string

func (e referenceError) Error() string { return "Reference " + string(e) }

// Is lets it match [ErrInvalidRequest].
func (referenceError) Is(target error) bool { return target == ErrInvalidRequest }
