package esim

import "time"

// Capabilities tells, without a request, what a [Client] can do. The zero
// value supports nothing. A call whose field is false returns an error that
// matches [errors.ErrUnsupported] and sends nothing; a call whose field is
// true never does so for lack of an endpoint.
type Capabilities struct {
	ListPackages bool `json:"list_packages"`
	ListTopUps   bool `json:"list_top_ups"`
	Order        bool `json:"order"`
	TopUp        bool `json:"top_up"`
	GetOrder     bool `json:"get_order"`
	Cancel       bool `json:"cancel"`
	GetESIM      bool `json:"get_esim"`
	Usage        bool `json:"usage"`
	Balance      bool `json:"balance"`

	// LookupByReference: GetOrder finds an order by OrderRef.Reference alone.
	LookupByReference bool `json:"lookup_by_reference"`
	// CallbackURL: OrderRequest.CallbackURL is passed on.
	CallbackURL bool `json:"callback_url"`
	// MaxQuantity of one Order; 0 means that there is no maximum.
	MaxQuantity int `json:"max_quantity"`

	OrderIdempotency Idempotency `json:"order_idempotency"`
	TopUpIdempotency Idempotency `json:"top_up_idempotency"`
	// OrderRepeat and TopUpRepeat are what a repeat would do after a request
	// that brought no answer. What it would do after an answer stands in
	// [Error].Repeat.
	OrderRepeat Repeat `json:"order_repeat"`
	TopUpRepeat Repeat `json:"top_up_repeat"`
	// MaxRepeats bounds how often a purchase of unknown outcome is repeated,
	// where a repeat is [RepeatSafe]; 0 means that this provider sets no bound
	// of its own.
	MaxRepeats int `json:"max_repeats"`
	// ListProvesAfter is when the list of orders can prove that nothing was
	// charged: two complete lists without the order, the first this long after
	// the last request, and the operator has said that this provider's lists
	// are that quick. 0 means that a list proves no absence.
	ListProvesAfter time.Duration `json:"list_proves_after"`
	// KeyLife is how long the provider surely knows a reference, or a request
	// id, that it has seen. After it a repeat may buy again. 0 means that it
	// is not stated.
	KeyLife time.Duration `json:"key_life"`
	// OnceRequestID: a request id (evidence.Send) is accepted once. A second send
	// under it is refused, whatever became of the first.
	OnceRequestID bool `json:"once_request_id"`

	Fulfilment Fulfilment `json:"fulfilment"`
	PriceGuard PriceGuard `json:"price_guard"`

	// PollInterval is the pace at which the provider asks to be polled for a
	// pending order; 0 means it states none.
	PollInterval time.Duration `json:"poll_interval"`
	// ContractVerified: a contract test against the live account has shown
	// that the provider behaves as its documents say, above all that it
	// honours idempotency keys. False until the operator says so.
	ContractVerified bool `json:"contract_verified"`
}

// Idempotency is what a provider does with the second of two purchases that
// carry the same reference.
type Idempotency int

const (
	IdempotencyNone    Idempotency = iota // it buys again: no key exists
	IdempotencyRejects                    // it refuses the second, and says nothing of the first
	IdempotencyReplays                    // it returns the first purchase again
)

var idempotencyNames = names[Idempotency]{"none", "rejects duplicates", "replays"}

// String returns "none", "rejects duplicates" or "replays".
func (i Idempotency) String() string { return idempotencyNames.text(i) }

// MarshalText writes the text of String.
func (i Idempotency) MarshalText() ([]byte, error) { return []byte(i.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (i *Idempotency) UnmarshalText(b []byte) error { return idempotencyNames.parse(i, b) }

// Fulfilment is how the eSIM of an accepted order reaches the caller.
type Fulfilment int

const (
	FulfilmentUnknown   Fulfilment = iota
	FulfilmentImmediate            // in the answer to Order
	FulfilmentPolled               // in the answer, or later through GetOrder
	FulfilmentWebhook              // by webhook only: without a receiver it is lost
)

var fulfilmentNames = names[Fulfilment]{"unknown", "immediate", "polled", "webhook only"}

// String returns "unknown", "immediate", "polled" or "webhook only".
func (f Fulfilment) String() string { return fulfilmentNames.text(f) }

// MarshalText writes the text of String.
func (f Fulfilment) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (f *Fulfilment) UnmarshalText(b []byte) error { return fulfilmentNames.parse(f, b) }

// PriceGuard is how well OrderRequest.Quote and OrderRequest.MaxTotal protect
// against a price that has changed since it was listed.
type PriceGuard int

const (
	PriceGuardNone     PriceGuard = iota // not at all: a quote or ceiling is refused as unsupported
	PriceGuardSheet                      // compared with the price sheet the caller configured
	PriceGuardChecked                    // read again just before the order: a change in between is missed
	PriceGuardEnforced                   // by the provider, in the order itself
)

var priceGuardNames = names[PriceGuard]{"none", "price sheet", "checked before", "enforced by provider"}

// String returns "none", "price sheet", "checked before" or "enforced by provider".
func (g PriceGuard) String() string { return priceGuardNames.text(g) }

// MarshalText writes the text of String.
func (g PriceGuard) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (g *PriceGuard) UnmarshalText(b []byte) error { return priceGuardNames.parse(g, b) }
