package conformance

import (
	"context"
	"strings"

	"github.com/esimkit/esim"
)

// buyer is a purchase that can be made, and made again, under any reference.
type buyer struct {
	op          string
	quantity    int
	idempotency esim.Idempotency
	repeat      esim.Repeat
	call        func(ctx context.Context, c esim.Client, reference string) (*esim.Order, error)
}

// kindsOfPurchase returns the purchases that the client supports.
func kindsOfPurchase(caps esim.Capabilities) []string {
	var ops []string
	if caps.Order {
		ops = append(ops, "Order")
	}
	if caps.TopUp {
		ops = append(ops, "TopUp")
	}
	return ops
}

// buyer prepares a purchase, which for a top-up buys the eSIM, and sets the
// mark.
func (t *trial) buyer(op string) buyer {
	t.Helper()
	if op == "TopUp" {
		return t.topUpBuyer()
	}
	return t.orderBuyer(1)
}

func (t *trial) orderBuyer(quantity int) buyer {
	t.Helper()
	caps := t.patient().Capabilities()
	b := buyer{op: "Order", quantity: quantity, idempotency: caps.OrderIdempotency, repeat: caps.OrderRepeat}
	b.call = func(ctx context.Context, c esim.Client, reference string) (*esim.Order, error) {
		return c.Order(ctx, esim.OrderRequest{PackageID: t.h.Package.ID, Quantity: quantity, Reference: reference})
	}
	t.mark()
	return b
}

func (t *trial) topUpBuyer() buyer {
	t.Helper()
	c := t.patient()
	iccid := t.h.TopUpICCID(t)
	choice := t.topUps(c, iccid)[0]
	caps := c.Capabilities()
	b := buyer{op: "TopUp", quantity: 1, idempotency: caps.TopUpIdempotency, repeat: caps.TopUpRepeat}
	b.call = func(ctx context.Context, c esim.Client, reference string) (*esim.Order, error) {
		return c.TopUp(ctx, esim.TopUpRequest{ICCID: iccid, PackageID: choice.ID, Reference: reference})
	}
	t.mark()
	return b
}

// topUps returns what can be put on the eSIM, at least one package.
func (t *trial) topUps(c esim.Client, iccid esim.ICCID) []esim.Package {
	t.Helper()
	list, err := c.ListTopUps(t.ctx(), iccid)
	if err != nil || len(list) == 0 {
		t.Fatalf("no top-up for the eSIM of Harness.TopUpICCID: %d packages, %v", len(list), err)
	}
	return list
}

// quoted is a package as the client itself lists it, where it lists any.
func (t *trial) quoted(c esim.Client, p esim.Package) *esim.Package {
	t.Helper()
	if !c.Capabilities().ListPackages {
		return &p
	}
	for listed, err := range esim.Packages(t.ctx(), c, esim.PackageQuery{}) {
		if err != nil {
			t.Fatalf("listing packages: %v", err)
		}
		if strings.EqualFold(listed.ID, p.ID) {
			return &listed
		}
	}
	t.Fatalf("the catalogue lacks the package %s of the harness", p.ID)
	return nil
}

// buy makes a purchase in a world without faults, which must succeed.
func (t *trial) buy(c esim.Client, b buyer) *esim.Order {
	t.Helper()
	o, err := b.call(t.ctx(), c, t.reference())
	if err != nil {
		t.Fatalf("%s failed in a world without faults: %v", b.op, err)
	}
	return o
}

// finish returns the order once it is delivered.
func (t *trial) finish(c esim.Client, o *esim.Order) *esim.Order {
	t.Helper()
	if o.Status == esim.OrderCompleted {
		return o
	}
	if t.h.Deliver != nil {
		return t.h.Deliver(t, o)
	}
	if t.h.Advance != nil {
		t.h.Advance(deliveryTime)
	}
	done, err := esim.WaitOrder(t.ctx(), c, o.Ref(), esim.WaitOptions{Quantity: o.Quantity, Interval: pollEvery, Timeout: waitAtMost})
	if err != nil {
		t.Fatalf("waiting for order %s: %v", o.ID, err)
	}
	return done
}

// sendLimit is how many purchases one call may send: one, and one more if the
// first was refused before it was processed; where the provider replays, each may be
// repeated as often as the settings allow. While an earlier send is in doubt
// and no repeat is safe, none.
func (b *buyer) sendLimit(retries int, inDoubt, unprocessed bool) int {
	limit := 1
	switch b.idempotency {
	case esim.IdempotencyNone:
		if inDoubt {
			return 0
		}
	case esim.IdempotencyRejects:
	case esim.IdempotencyReplays:
		if inDoubt {
			return 0
		}
		limit = (1 + retries) * b.quantity
	}
	if unprocessed {
		limit++
	}
	return limit
}
