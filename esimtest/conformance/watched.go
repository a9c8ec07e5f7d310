package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/esimkit/esim"
)

// watched checks of every result of a client what holds for all of them.
type watched struct {
	esim.Client
	t *trial
}

// Unwrap lets [esim.As] see the client.
func (w *watched) Unwrap() esim.Client { return w.Client }

// ListPackages implements [esim.Client].
func (w *watched) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	page, err := w.Client.ListPackages(ctx, q)
	w.read("ListPackages", err, page == nil)
	return page, err
}

// ListTopUps implements [esim.Client].
func (w *watched) ListTopUps(ctx context.Context, iccid esim.ICCID) ([]esim.Package, error) {
	list, err := w.Client.ListTopUps(ctx, iccid)
	w.read("ListTopUps", err, list == nil)
	return list, err
}

// Order implements [esim.Client].
func (w *watched) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	o, err := w.Client.Order(ctx, req)
	w.purchase("Order", o, err, req.Reference, req.PackageID)
	return o, err
}

// TopUp implements [esim.Client].
func (w *watched) TopUp(ctx context.Context, req esim.TopUpRequest) (*esim.Order, error) {
	o, err := w.Client.TopUp(ctx, req)
	w.purchase("TopUp", o, err, req.Reference, req.PackageID)
	return o, err
}

// GetOrder implements [esim.Client].
func (w *watched) GetOrder(ctx context.Context, ref esim.OrderRef) (*esim.Order, error) {
	o, err := w.Client.GetOrder(ctx, ref)
	w.read("GetOrder", err, o == nil)
	w.print(o)
	return o, err
}

// Cancel implements [esim.Client].
func (w *watched) Cancel(ctx context.Context, req esim.CancelRequest) (*esim.Cancellation, error) {
	c, err := w.Client.Cancel(ctx, req)
	w.result("Cancel", err, c == nil)
	return c, err
}

// GetESIM implements [esim.Client].
func (w *watched) GetESIM(ctx context.Context, iccid esim.ICCID) (*esim.ESIM, error) {
	e, err := w.Client.GetESIM(ctx, iccid)
	w.read("GetESIM", err, e == nil)
	w.print(e)
	return e, err
}

// Usage implements [esim.Client].
func (w *watched) Usage(ctx context.Context, iccid esim.ICCID) (*esim.Usage, error) {
	u, err := w.Client.Usage(ctx, iccid)
	w.read("Usage", err, u == nil)
	return u, err
}

// Balance implements [esim.Client].
func (w *watched) Balance(ctx context.Context) (esim.Money, error) {
	m, err := w.Client.Balance(ctx)
	w.read("Balance", err, err != nil && m == esim.Money{})
	return m, err
}

// purchase checks the result of Order and TopUp.
func (w *watched) purchase(op string, o *esim.Order, err error, reference, packageID string) {
	w.t.Helper()
	w.result(op, err, o == nil)
	w.print(o)
	if e, ok := errors.AsType[*esim.Error](err); ok {
		if e.Order != nil {
			w.print(e.Order)
		}
		if reference != "" && e.Outcome != esim.OutcomeNotSent && e.Reference != reference {
			w.t.Errorf("%s: the reference of the error is %q, want %q", op, e.Reference, reference)
		}
		return
	}
	if o == nil {
		return
	}
	if o.Provider != w.Provider() {
		w.t.Errorf("%s: the order's provider is %q, want %q", op, o.Provider, w.Provider())
	}
	if o.Reference == "" || (reference != "" && o.Reference != reference) {
		w.t.Errorf("%s: the order's reference is %q, want %q", op, o.Reference, reference)
	}
	if o.PackageID != packageID {
		w.t.Errorf("%s: the order's package is %q, want %q", op, o.PackageID, packageID)
	}
}

// read checks the result of a call that spends nothing.
func (w *watched) read(op string, err error, empty bool) {
	w.t.Helper()
	w.result(op, err, empty)
	if esim.MaybeCharged(err) {
		w.t.Errorf("%s only reads, and yet MaybeCharged is true for %v", op, err)
	}
}

// result checks that there is a result or an error, not both, and that the
// error is as it should be.
func (w *watched) result(op string, err error, empty bool) {
	w.t.Helper()
	if err == nil {
		if empty && op != "ListTopUps" {
			w.t.Errorf("%s returned neither a result nor an error", op)
		}
		return
	}
	if !empty {
		w.t.Errorf("%s returned a result next to an error: %v", op, err)
	}
	w.print(err)
	e, ok := errors.AsType[*esim.Error](err)
	switch {
	case !ok:
		w.t.Errorf("%s: the error is a %T, not an *esim.Error: %v", op, err, err)
	case e.Provider != w.Provider() || e.Op != op:
		w.t.Errorf("%s: the error says provider %q and op %q: %v", op, e.Provider, e.Op, err)
	case !slices.ContainsFunc(esim.Kinds(), func(k esim.Kind) bool { return errors.Is(err, k) }):
		w.t.Errorf("%s: the error has none of the known kinds: %v", op, err)
	case esim.MaybeCharged(err) != (e.Outcome == esim.OutcomeUnknown || e.Outcome == esim.OutcomeAccepted):
		w.t.Errorf("%s: MaybeCharged is %t and the outcome %v: %v", op, esim.MaybeCharged(err), e.Outcome, err)
	}
}

// print writes a value in every way it can be printed to where it is searched
// for secrets.
func (w *watched) print(v any) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		w.t.logs.add(fmt.Sprintf(verb, v))
	}
	slog.New(slog.NewTextHandler(w.t.logs, nil)).Info("printed", "value", v)
	if text, err := json.Marshal(v); err == nil {
		w.t.logs.add(string(text))
	}
}
