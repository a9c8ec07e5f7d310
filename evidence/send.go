package evidence

import (
	"context"
	"time"

	"github.com/esimkit/esim"
)

// Send is what a journal says of one call of a client, beside the request. It
// travels in the context, so a client that wraps another passes it on with the
// context. The zero value is a call by hand.
type Send struct {
	// Resumed: the reference may have been sent before, by another process or
	// by this one before a restart. A refusal then proves nothing, and a request
	// that cannot be repeated safely is not sent at all.
	Resumed bool

	// RequestID, where [esim.Capabilities].OnceRequestID, is the id of this one
	// send, a UUID of version 4, in place of a fresh one. The call then sends
	// at most once. Keep the id to find out later what became of a send in
	// doubt: send the order again under it. If the earlier send has arrived,
	// the order is refused ([esim.ErrDuplicate], outcome unknown); else it is
	// the first that arrives. A refusal that has used the id up settles every
	// send under it. Each id is for one purchase alone.
	RequestID string

	// OneSend: the call sends one request at most, whatever comes of it, or one
	// for each eSIM where the provider sells them singly. It does not wait for a
	// limit of the provider, nor repeat with a corrected clock or new
	// credentials.
	OneSend bool

	// Quantity is how many eSIMs were ordered, for GetOrder at a provider that
	// does not say so itself. 0 = not known.
	Quantity int
}

type sendKey struct{}

// WithSend returns a context in which calls are made as s says. It replaces the
// Send that ctx has: no part of an outer one stays.
func WithSend(ctx context.Context, s Send) context.Context {
	return context.WithValue(ctx, sendKey{}, s)
}

// SendOf returns what [WithSend] has put into ctx, the zero value if nothing or
// if ctx is nil.
func SendOf(ctx context.Context) Send {
	if ctx == nil {
		return Send{}
	}
	s, _ := ctx.Value(sendKey{}).(Send)
	return s
}

// OrderSearch selects orders of the account by what is known of one whose
// answer was lost.
type OrderSearch struct {
	PackageID string
	Since     time.Time // placed then or later, by the provider's clock; zero = ever
}

// OrderFinder is implemented by clients of providers that list orders, and not
// by the caller's reference.
type OrderFinder interface {
	// FindOrders returns all orders of a package since a time, oldest first.
	// Orders of which the list states no package or no time come along, with
	// that field empty. A list that could not be read to its end is an error. A
	// list that has lost a row is an error beside the orders that it shows.
	FindOrders(ctx context.Context, s OrderSearch) ([]esim.Order, error)
}

// EffectProber is implemented by clients whose top-ups have no key: what an
// eSIM has before and after is the only trace of a top-up whose answer was lost.
type EffectProber interface {
	// BeforeTopUp reads the before-image, which must be on record before the
	// top-up is sent.
	BeforeTopUp(ctx context.Context, req esim.TopUpRequest) ([]byte, error)
	// TopUpEffect looks whether the top-up shows. nil and no error: not yet.
	TopUpEffect(ctx context.Context, before []byte, req esim.TopUpRequest) (*esim.Order, error)
}
