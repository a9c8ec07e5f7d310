package esim

import (
	"context"
	"errors"
)

// UnimplementedClient supports nothing and sends nothing: every call returns
// an [*Error] that matches [errors.ErrUnsupported]. Embed it by value in an
// implementation of [Client], so that the interface can grow without breaking
// it.
type UnimplementedClient struct{}

func unimplemented(op string) *Error {
	return &Error{Op: op, Kind: errors.ErrUnsupported, Outcome: OutcomeNotSent}
}

// Provider returns "".
func (UnimplementedClient) Provider() Provider { return "" }

// Capabilities returns the zero value: nothing is supported.
func (UnimplementedClient) Capabilities() Capabilities { return Capabilities{} }

// ListPackages is unsupported.
func (UnimplementedClient) ListPackages(context.Context, PackageQuery) (*PackagePage, error) {
	return nil, unimplemented("ListPackages")
}

// ListTopUps is unsupported.
func (UnimplementedClient) ListTopUps(context.Context, ICCID) ([]Package, error) {
	return nil, unimplemented("ListTopUps")
}

// Order is unsupported.
func (UnimplementedClient) Order(context.Context, OrderRequest) (*Order, error) {
	return nil, unimplemented("Order")
}

// TopUp is unsupported.
func (UnimplementedClient) TopUp(context.Context, TopUpRequest) (*Order, error) {
	return nil, unimplemented("TopUp")
}

// GetOrder is unsupported.
func (UnimplementedClient) GetOrder(context.Context, OrderRef) (*Order, error) {
	return nil, unimplemented("GetOrder")
}

// Cancel is unsupported.
func (UnimplementedClient) Cancel(context.Context, CancelRequest) (*Cancellation, error) {
	return nil, unimplemented("Cancel")
}

// GetESIM is unsupported.
func (UnimplementedClient) GetESIM(context.Context, ICCID) (*ESIM, error) {
	return nil, unimplemented("GetESIM")
}

// Usage is unsupported.
func (UnimplementedClient) Usage(context.Context, ICCID) (*Usage, error) {
	return nil, unimplemented("Usage")
}

// Balance is unsupported.
func (UnimplementedClient) Balance(context.Context) (Money, error) {
	return Money{}, unimplemented("Balance")
}

func (UnimplementedClient) mustEmbedUnimplementedClient() {}

var _ Client = UnimplementedClient{}
