package esim

import (
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EventKind is what happened, in words that all providers share.
type EventKind int

const (
	EventUnknown       EventKind = iota // not an event we know, or not one that could be read; see Event.Name and Event.Raw
	EventProvisioned                    // an eSIM that was ordered is ready to be installed
	EventInstalled                      // the profile is on a device
	EventActivated                      // first use
	EventUsage                          // a threshold of use was crossed
	EventStatusChanged                  // any other change of state
	EventDepleted                       // the data is used up
	EventExpired                        // the validity is over
	EventExpiring                       // the validity will be over soon
	EventBalanceLow                     // the prepaid balance of the account is low; see Event.Balance
)

var eventKindNames = names[EventKind]{
	"unknown", "provisioned", "installed", "activated", "usage", "status changed", "depleted", "expired", "expiring", "balance low",
}

// String returns the kind in lower-case words: "provisioned", "status changed".
func (k EventKind) String() string { return eventKindNames.text(k) }

// MarshalText writes the text of String.
func (k EventKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (k *EventKind) UnmarshalText(b []byte) error { return eventKindNames.parse(k, b) }

// Event is what a provider's webhook tells. What the webhook does not say is
// zero; nothing is filled in.
//
// An event may come twice, late, out of order, and before the answer to the
// order it is about. Nothing may be charged, refunded or taken back because of
// one. Give Order to the journal, put the rest together with [Progress], and
// read again from the provider what must be exact.
type Event struct {
	Kind     EventKind `json:"kind"`
	Provider Provider  `json:"provider"`
	Name     string    `json:"name,omitempty"` // the provider's word for what happened

	// ID is the provider's id of this delivery, "" where it has none. It need
	// not be signed, so it is for a talk with support.
	ID string `json:"id,omitempty"`
	// Key is the same for two deliveries of the same event. It comes from what
	// is signed, where anything is.
	Key string `json:"key,omitempty"`

	ICCID     ICCID  `json:"iccid,omitempty"`
	OrderID   string `json:"order_id,omitempty"`
	Reference string `json:"reference,omitempty"` // the caller's, of the order
	ItemID    string `json:"item_id,omitempty"`   // the provider's id of the sold unit

	At             time.Time  `json:"at,omitzero"` // when it happened, or was reported; zero = not stated
	Status         ESIMStatus `json:"status"`      // of the eSIM from then on; ESIMUnknown = not stated
	ProviderStatus string     `json:"provider_status,omitempty"`

	// Used and Total are the data of the package that the event is about. Both
	// 0 = not stated.
	Used  DataSize `json:"used,omitempty"`
	Total DataSize `json:"total,omitempty"`
	// ThresholdPercent is how much of the data is used, in percent, as the
	// provider says; 0 = not stated.
	ThresholdPercent int `json:"threshold_percent,omitempty"`

	// Balance is the prepaid balance of the account, for [EventBalanceLow];
	// Currency "" = not stated.
	Balance Money `json:"balance"`

	// Order is the order as far as the event shows it, nil if it shows nothing
	// of one: evidence, for the journal to take in. What it does not have is
	// not known.
	Order *Order `json:"order,omitempty"`

	// Raw is the body of the webhook. It may reveal an activation code.
	Raw Secret `json:"-"`
}

// Format prints what happened to what, in few words, whatever the verb. A
// printer that went through the fields would come to those of Order.
func (e Event) Format(f fmt.State, _ rune) {
	var facts []string
	for _, a := range e.brief() {
		facts = append(facts, a.Key+"="+strconv.Quote(a.Value.String()))
	}
	// A Formatter cannot report an error; fmt notices its writer's own.
	_, _ = io.WriteString(f, "esim.Event("+strings.Join(facts, " ")+")")
}

// LogValue is what Format prints, as attributes.
func (e Event) LogValue() slog.Value { return slog.GroupValue(e.brief()...) }

// brief is what there is to say, without what is not known.
func (e *Event) brief() []slog.Attr {
	status := ""
	if e.Status != ESIMUnknown {
		status = e.Status.String()
	}
	return slices.DeleteFunc([]slog.Attr{
		slog.String("kind", e.Kind.String()), slog.String("provider", string(e.Provider)),
		slog.String("name", e.Name), slog.String("iccid", string(e.ICCID)), slog.String("order_id", e.OrderID),
		slog.String("reference", e.Reference), slog.String("item_id", e.ItemID), slog.String("status", status),
	}, func(a slog.Attr) bool { return a.Value.String() == "" })
}
