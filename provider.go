package esim

import (
	"context"
	"time"
)

// Provider names a reseller. Each adapter has a constant of this type.
type Provider string

// Client is one reseller. Every method may be called from many goroutines,
// obeys its context within milliseconds, and returns errors that are an
// [*Error]. On an error the result is nil or zero; what is known of an
// accepted order is in Error.Order.
//
// To implement a Client of your own embed [UnimplementedClient] by value; to
// wrap one embed the Client you wrap, give it an Unwrap() Client method, and pass
// the context on: a journal puts more into it (package evidence). Package
// esimtest/conformance tells whether an implementation keeps the promises made
// here.
type Client interface {
	// Provider names the reseller.
	Provider() Provider
	// Account tells, without a request, which account is charged.
	Account() Account
	// Capabilities tells, without a request, what this client can do.
	Capabilities() Capabilities

	// ListPackages returns one page of the catalogue, with one request.
	// [Packages] iterates over all pages.
	ListPackages(ctx context.Context, q PackageQuery) (*PackagePage, error)
	// ListTopUps returns all packages that can be put on this eSIM now.
	ListTopUps(ctx context.Context, iccid ICCID) ([]Package, error)

	// Order buys new eSIMs. Unless the error says NotSent or Rejected, money
	// may have been spent: see [MaybeCharged].
	Order(ctx context.Context, req OrderRequest) (*Order, error)
	// TopUp buys more data for an eSIM, with the same promise as Order.
	TopUp(ctx context.Context, req TopUpRequest) (*Order, error)
	// GetOrder reads an order again. It never buys.
	GetOrder(ctx context.Context, ref OrderRef) (*Order, error)
	// Cancel takes back what was not used yet, and asks for the money.
	Cancel(ctx context.Context, req CancelRequest) (*Cancellation, error)

	// GetESIM reads one eSIM, with its activation code where the provider
	// shows it again.
	GetESIM(ctx context.Context, iccid ICCID) (*ESIM, error)
	// Usage reads how much data one eSIM has used.
	Usage(ctx context.Context, iccid ICCID) (*Usage, error)
	// Balance reads the prepaid balance of the account. A Currency of ""
	// means that the provider does not state it.
	Balance(ctx context.Context) (Money, error)

	mustEmbedUnimplementedClient()
}

// As finds the first T in a stack of wrapped clients, the way [errors.As]
// does in a stack of errors: c itself, then what its Unwrap() Client returns,
// and so on. It is the way to a provider's extra methods:
//
//	if fly, ok := esim.As[*esimfly.Client](client); ok {
//		err := fly.Suspend(ctx, iccid)
//	}
func As[T any](c Client) (T, bool) {
	for c != nil {
		if t, ok := c.(T); ok {
			return t, true
		}
		w, ok := c.(interface{ Unwrap() Client })
		if !ok {
			break
		}
		c = w.Unwrap()
	}
	var zero T
	return zero, false
}

// Account tells which account a [Client] charges.
type Account struct {
	// Fingerprint changes when another account, or another environment of the
	// same one, would be charged: it is a digest of the provider, the base URL
	// and the name of the API key, never of a secret. A purchase in doubt must
	// not be sent again under another fingerprint: only the account that it was
	// sent to knows its key. "" = the client has one account for ever.
	Fingerprint string `json:"fingerprint"`
	// Live: orders spend real money. False where it is known that they do not,
	// for a loopback host and for a sandbox of the provider.
	Live bool `json:"live"`
}

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
	// charged: two complete lists lack the order, the first of them this long
	// after the last request. The operator has measured that this provider's
	// lists are that quick. 0 means that a list proves no absence.
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

// UnimplementedClient supports nothing and sends nothing: every call returns
// an [*Error] that matches [errors.ErrUnsupported]. Embed it by value in an
// implementation of [Client], so that the interface can grow without breaking
// it:
//
//	return &Client{UnimplementedClient: esim.UnimplementedClient{Name: Provider}, …}
type UnimplementedClient struct {
	// Name is the provider, which errors name.
	Name Provider
	// Reasons say why an operation is not supported, by the name of its method;
	// may be nil.
	Reasons map[string]string
}

func (u UnimplementedClient) unsupported(op string) *Error {
	return &Error{Provider: u.Name, Op: op, Kind: ErrUnsupported, Outcome: OutcomeNotSent, Message: u.Reasons[op]}
}

// Provider returns Name.
func (u UnimplementedClient) Provider() Provider { return u.Name }

// Account returns the zero value: one account for ever, which is not live.
func (UnimplementedClient) Account() Account { return Account{} }

// Capabilities returns the zero value: nothing is supported.
func (UnimplementedClient) Capabilities() Capabilities { return Capabilities{} }

// ListPackages is unsupported.
func (u UnimplementedClient) ListPackages(context.Context, PackageQuery) (*PackagePage, error) {
	return nil, u.unsupported("ListPackages")
}

// ListTopUps is unsupported.
func (u UnimplementedClient) ListTopUps(context.Context, ICCID) ([]Package, error) {
	return nil, u.unsupported("ListTopUps")
}

// Order is unsupported.
func (u UnimplementedClient) Order(context.Context, OrderRequest) (*Order, error) {
	return nil, u.unsupported("Order")
}

// TopUp is unsupported.
func (u UnimplementedClient) TopUp(context.Context, TopUpRequest) (*Order, error) {
	return nil, u.unsupported("TopUp")
}

// GetOrder is unsupported.
func (u UnimplementedClient) GetOrder(context.Context, OrderRef) (*Order, error) {
	return nil, u.unsupported("GetOrder")
}

// Cancel is unsupported.
func (u UnimplementedClient) Cancel(context.Context, CancelRequest) (*Cancellation, error) {
	return nil, u.unsupported("Cancel")
}

// GetESIM is unsupported.
func (u UnimplementedClient) GetESIM(context.Context, ICCID) (*ESIM, error) {
	return nil, u.unsupported("GetESIM")
}

// Usage is unsupported.
func (u UnimplementedClient) Usage(context.Context, ICCID) (*Usage, error) {
	return nil, u.unsupported("Usage")
}

// Balance is unsupported.
func (u UnimplementedClient) Balance(context.Context) (Money, error) {
	return Money{}, u.unsupported("Balance")
}

func (UnimplementedClient) mustEmbedUnimplementedClient() {}

var _ Client = UnimplementedClient{}
