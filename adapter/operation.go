package adapter

import (
	"context"
	"iter"

	"github.com/esimkit/esim"
)

// Operate carries out a Client method that spends nothing: it checks the input
// by its type, shows begin and end to the observer, and runs do. Calls and
// errors that are made under the context of do belong to the operation, so no
// name is passed on.
//
//	func (c *Client) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
//		return adapter.Operate(ctx, c.api, "GetESIM", iccid, c.getESIM)
//	}
func Operate[In Input, Out any](ctx context.Context, t *API, name string, in In, do func(context.Context, In) (Out, error)) (Out, error) {
	return OperateOn(ctx, t, name, in, func(c *Check, in In) { c.input(in) }, do)
}

// OperateOn is Operate for an input of the adapter's own, which check looks at.
func OperateOn[In, Out any](ctx context.Context, t *API, name string, in In, check func(*Check, In), do func(context.Context, In) (Out, error)) (out Out, err error) {
	ctx, end := t.begin(ctx, t.about(name, in))
	defer func() { end(err) }()
	c := t.check(ctx, name)
	if check(c, in); c.err != nil {
		return out, c.Err()
	}
	return do(ctx, in)
}

// Iterate is OperateOn for a method that returns a sequence. The operation lasts
// as long as the sequence is ranged over. An error is yielded once and ends it.
func Iterate[In, Out any](ctx context.Context, t *API, name string, in In, check func(*Check, In), rows func(context.Context, In) iter.Seq2[Out, error]) iter.Seq2[Out, error] {
	return func(yield func(Out, error) bool) {
		var err error
		begun, end := t.begin(ctx, t.about(name, in))
		defer func() { end(err) }()
		var row Out
		c := t.check(begun, name)
		if check(c, in); c.err != nil {
			err = c.Err()
			yield(row, err)
			return
		}
		for row, err = range rows(begun, in) {
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// operation is what the calls and errors of one Client method have in common.
type operation struct {
	esim.Operation
	reference string   // of a purchase, which errors name
	purchase  *Attempt // that the operation is, nil for none
}

type operationKey struct{}

func (t *API) begin(ctx context.Context, op operation) (context.Context, func(error)) {
	if ctx == nil {
		return nil, func(error) {}
	}
	op.Provider = t.spec.Provider
	return t.observe(context.WithValue(ctx, operationKey{}, &op), op)
}

// about is an operation with what its input names.
func (t *API) about(name string, in any) operation {
	op := operation{Operation: esim.Operation{Name: name}}
	switch in := in.(type) {
	case esim.ICCID:
		op.ICCID = fitICCID(in)
	case esim.OrderRef:
		op.Reference = fitReference(in.Reference)
	case esim.CancelRequest:
		op.Reference, op.ICCID = fitReference(in.Order.Reference), fitICCID(in.ICCID)
	case *Attempt:
		op.Reference, op.ICCID = fitReference(in.Reference), fitICCID(in.ICCID)
		op.PackageID, op.Quantity = t.fitID(in.PackageID), in.Quantity
	}
	return op
}

// operationOf returns the operation that ctx belongs to.
func operationOf(ctx context.Context) operation {
	if ctx != nil {
		if op, ok := ctx.Value(operationKey{}).(*operation); ok {
			return *op
		}
	}
	return operation{}
}

// WithReference returns a context under which calls and errors name the
// caller's reference, as a method that looks for a purchase wants it.
func WithReference(ctx context.Context, reference string) context.Context {
	op := operationOf(ctx)
	op.reference = fitReference(reference)
	op.Reference = op.reference
	return context.WithValue(ctx, operationKey{}, &op)
}

// Fail returns an error of the operation that ctx belongs to.
func (t *API) Fail(ctx context.Context, kind esim.Kind, outcome esim.Outcome, message string) *esim.Error {
	op := operationOf(ctx)
	err := t.failIn(op.Name, kind, outcome, message)
	err.Reference = op.reference
	return err
}

// Invalid is the error of an input that the provider would not understand.
// Nothing was sent. The message names the field and never repeats its value.
func (t *API) Invalid(ctx context.Context, field, why string) error {
	return t.Fail(ctx, esim.ErrInvalidRequest, esim.OutcomeNotSent, field+" "+why)
}

// Unsupported is the error of an input that asks for what the provider lacks.
// Nothing was sent.
func (t *API) Unsupported(ctx context.Context, field, why string) error {
	return t.Fail(ctx, esim.ErrUnsupported, esim.OutcomeNotSent, field+" "+why)
}

// Malformed is the error of a read whose answer contradicts itself.
func (t *API) Malformed(ctx context.Context, why string) error {
	return t.Fail(ctx, esim.ErrMalformedResponse, esim.OutcomeRejected, why)
}

// Halfway is the error of an operation that did something, and then failed with
// e. It tells all that e does but for the outcome, which was that of one step.
func (t *API) Halfway(ctx context.Context, done string, e *esim.Error) *esim.Error {
	return halfway(t.Fail(ctx, esim.ErrIncomplete, esim.OutcomeAccepted, done), e)
}
