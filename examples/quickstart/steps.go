package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/evidence"
)

// pendingThenCompleted buys a package that eSIMfly delivers some moments after
// the order.
func (s *shop) pendingThenCompleted(ctx context.Context, w io.Writer) (*esim.Order, error) {
	var slow string
	for _, p := range s.sim.ESIMFly.Packages() {
		if p.Async {
			slow = p.ID
			break
		}
	}
	order, err := s.fly.Order(ctx, esim.OrderRequest{PackageID: slow, Reference: "cart-0001"})
	if err != nil {
		return nil, err
	}
	announce(w, order)
	order, err = esim.WaitOrder(ctx, s.fly, order.Ref(), esim.WaitOptions{Interval: 250 * time.Millisecond})
	if err != nil {
		return nil, err
	}
	announce(w, order)
	return order, nil
}

// deliveredByWebhook buys at eSIM Story and waits for its webhook.
func (s *shop) deliveredByWebhook(ctx context.Context, w io.Writer) error {
	order, err := sell(ctx, s.story, "JP", "cart-0002")
	if err != nil {
		return err
	}
	announce(w, order)
	for order.Status == esim.OrderPending {
		select {
		case d := <-s.post.deliveries:
			if _, err := esimstory.Apply(order, d); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	announce(w, order)
	return nil
}

// onTheRoad lets some hours pass, then reads usage and sells more data.
func (s *shop) onTheRoad(ctx context.Context, w io.Writer, orders ...*esim.Order) error {
	s.sim.Advance(8 * time.Hour)
	heading(w, "Eight hours later: usage")
	for _, order := range orders {
		usage, err := s.client(order.Provider).Usage(ctx, order.ESIMs[0].ICCID)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "  %s: %s, %s of %s used\n", order.Provider, usage.Status, usage.Used, usage.Total)
	}
	heading(w, "A top-up where the reseller has it")
	for _, order := range orders {
		if err := topUp(ctx, w, s.client(order.Provider), order.ESIMs[0].ICCID); err != nil {
			return err
		}
	}
	_, err := s.story.TopUp(ctx, esim.TopUpRequest{ICCID: "89852340273000000018", PackageID: "any"})
	if !errors.Is(err, errors.ErrUnsupported) {
		return fmt.Errorf("eSIM Story should have no top-ups: %w", err)
	}
	fmt.Fprintf(w, "  %v\n", err)
	return nil
}

func topUp(ctx context.Context, w io.Writer, c esim.Client, iccid esim.ICCID) error {
	options, err := c.ListTopUps(ctx, iccid)
	if err != nil {
		return err
	}
	if len(options) == 0 {
		fmt.Fprintf(w, "  %s has no top-up for this eSIM\n", c.Provider())
		return nil
	}
	order, err := c.TopUp(ctx, esim.TopUpRequest{ICCID: iccid, PackageID: options[0].ID, Quote: &options[0]})
	if err != nil {
		return err
	}
	usage, err := c.Usage(ctx, iccid)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "  %s: %s, order %s; %s of %s left\n", c.Provider(), options[0].Name, order.ID, usage.Remaining.Human(usage.Total), usage.Total.Human(usage.Total))
	return nil
}

// lostAnswer has the network eat the answer to an order that was charged. Nobody
// has verified what a repeat would do, so the client sends none: the order is
// found in the list, by its package and its time.
func (s *shop) lostAnswer(ctx context.Context, w io.Writer) (*esim.Order, error) {
	heading(w, "A lost answer")
	request := esim.OrderRequest{PackageID: rechargeable(s.sim.ESIMFly), Reference: "cart-0004"}
	before := s.sim.Now()
	s.sim.ESIMFly.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit}) //nolint:contextcheck // the simulator has a life of its own

	_, err := s.fly.Order(ctx, request)
	fmt.Fprintf(w, "  first call: %v\n", err)
	if !esim.MaybeCharged(err) {
		return nil, errors.New("the answer should have been lost")
	}
	lister, _ := esim.As[*esimfly.Client](s.fly)
	found, err := lister.FindOrders(ctx, evidence.OrderSearch{PackageID: request.PackageID, Since: before.Add(-time.Second)})
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%d orders may be the lost one", len(found))
	}
	order, err := s.fly.GetOrder(ctx, esim.OrderRef{ID: found[0].ID, Reference: request.Reference})
	if err != nil {
		return nil, err
	}
	fmt.Fprintln(w, "  it is in the reseller's list of orders, with its eSIM:")
	announce(w, order)
	return order, nil
}

// proof prints what the resellers charged, from their own books.
func (s *shop) proof(w io.Writer) error {
	heading(w, "The proof: what the resellers charged")
	for _, c := range s.clients() {
		for _, charge := range s.sim.Server(c.Provider()).Ledger().Charges() {
			fmt.Fprintf(w, "  %-9s  %-5s  %-36s  %10s\n",
				c.Provider(), charge.Kind, or(charge.Reference, "(eSIMfly top-ups carry no key)"), charge.Amount)
		}
	}
	if n := len(s.sim.ESIMFly.Ledger().ByReference("cart-0004")); n != 1 {
		return fmt.Errorf("cart-0004 was charged %d times", n)
	}
	fmt.Fprintln(w, "\n  cart-0004 was sent once, charged once, and found.")
	return nil
}

func rechargeable(p *simulator.ESIMFly) string {
	for _, info := range p.Packages() {
		if info.Rechargeable && !info.Async && !info.Unlimited {
			return info.ID
		}
	}
	return ""
}

func (s *shop) client(p esim.Provider) esim.Client {
	for _, c := range s.clients() {
		if c.Provider() == p {
			return c
		}
	}
	return nil
}
