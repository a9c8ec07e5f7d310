package conformance

import (
	"context"
	"errors"

	"github.com/esimkit/esim"
)

// method is a call of Client, as its capability field names it.
type method struct {
	name      string
	supported func(esim.Capabilities) bool
	// call makes the call with arguments that are good for the order and the
	// eSIM given, which are made up where the client cannot buy.
	call func(ctx context.Context, c esim.Client, t *trial, o *esim.Order, iccid esim.ICCID) error
}

var methods = []method{
	{
		"ListPackages", func(c esim.Capabilities) bool { return c.ListPackages },
		func(ctx context.Context, c esim.Client, _ *trial, _ *esim.Order, _ esim.ICCID) error {
			_, err := c.ListPackages(ctx, esim.PackageQuery{})
			return err
		},
	},
	{
		"ListTopUps", func(c esim.Capabilities) bool { return c.ListTopUps },
		func(ctx context.Context, c esim.Client, _ *trial, _ *esim.Order, iccid esim.ICCID) error {
			_, err := c.ListTopUps(ctx, iccid)
			return err
		},
	},
	{
		"Order", func(c esim.Capabilities) bool { return c.Order },
		func(ctx context.Context, c esim.Client, t *trial, o *esim.Order, _ esim.ICCID) error {
			_, err := c.Order(ctx, esim.OrderRequest{PackageID: o.PackageID, Reference: t.reference()})
			return err
		},
	},
	{
		"TopUp", func(c esim.Capabilities) bool { return c.TopUp },
		func(ctx context.Context, c esim.Client, t *trial, o *esim.Order, iccid esim.ICCID) error {
			id := o.PackageID
			if c.Capabilities().TopUp && ctx != nil && ctx.Err() == nil {
				id = t.topUps(c, iccid)[0].ID
			}
			_, err := c.TopUp(ctx, esim.TopUpRequest{ICCID: iccid, PackageID: id, Reference: t.reference()})
			return err
		},
	},
	{
		"GetOrder", func(c esim.Capabilities) bool { return c.GetOrder },
		func(ctx context.Context, c esim.Client, _ *trial, o *esim.Order, _ esim.ICCID) error {
			_, err := c.GetOrder(ctx, o.Ref())
			return err
		},
	},
	{
		"GetESIM", func(c esim.Capabilities) bool { return c.GetESIM },
		func(ctx context.Context, c esim.Client, _ *trial, _ *esim.Order, iccid esim.ICCID) error {
			_, err := c.GetESIM(ctx, iccid)
			return err
		},
	},
	{
		"Usage", func(c esim.Capabilities) bool { return c.Usage },
		func(ctx context.Context, c esim.Client, _ *trial, _ *esim.Order, iccid esim.ICCID) error {
			_, err := c.Usage(ctx, iccid)
			return err
		},
	},
	{
		"Balance", func(c esim.Capabilities) bool { return c.Balance },
		func(ctx context.Context, c esim.Client, _ *trial, _ *esim.Order, _ esim.ICCID) error {
			_, err := c.Balance(ctx)
			return err
		},
	},
	{
		"Cancel", func(c esim.Capabilities) bool { return c.Cancel },
		func(ctx context.Context, c esim.Client, _ *trial, o *esim.Order, _ esim.ICCID) error {
			_, err := c.Cancel(ctx, esim.CancelRequest{Order: o.Ref()})
			return err
		},
	},
}

// subject returns an order and an eSIM to call methods with: bought and
// delivered where the client can, sold earlier where it can only read, and
// made up where it cannot even do that.
func (t *trial) subject(c esim.Client) (*esim.Order, esim.ICCID) {
	t.Helper()
	caps := c.Capabilities()
	order := &esim.Order{ID: "order-1", Reference: "ref-1", PackageID: "package-1"}
	iccid := esim.ICCID("8932042000010078801")
	switch {
	case caps.Order:
		order = t.finish(c, t.buy(c, t.orderBuyer(1)))
	case t.h.Sold != nil:
		order = t.h.Sold(t)
	}
	if len(order.ESIMs) > 0 && order.ESIMs[0].ICCID != "" {
		iccid = order.ESIMs[0].ICCID
	}
	if order.ID == "" {
		order.ID = "order-1" // the provider gives none
	}
	if caps.TopUp {
		iccid = t.h.TopUpICCID(t)
	}
	t.mark()
	return order, iccid
}

func capabilityChecks(caps esim.Capabilities) []check {
	var list []check
	for _, m := range methods {
		if m.supported(caps) {
			list = append(list, check{m.name + " works", func(t *trial) { t.works(m) }})
		} else {
			list = append(list, check{m.name + " is unsupported", func(t *trial) { t.isUnsupported(m) }})
		}
	}
	list = append(list,
		check{"facts agree with each other", (*trial).factsAgree},
		check{"lookup by reference", (*trial).lookupByReference},
		check{"callback URL", (*trial).callbackURL},
	)
	return list
}

func (t *trial) works(m method) {
	c := t.patient()
	order, iccid := t.subject(c)
	if err := m.call(t.ctx(), c, t, order, iccid); err != nil {
		t.Errorf("%s is said to be supported and failed: %v", m.name, err)
	}
}

func (t *trial) isUnsupported(m method) {
	c := t.patient()
	order, iccid := t.subject(c)
	t.unsent(m.call(t.ctx(), c, t, order, iccid), esim.ErrUnsupported)
}

func (t *trial) factsAgree() {
	c := t.patient()
	caps := c.Capabilities()
	if c.Provider() == "" {
		t.Errorf("Provider is empty")
	}
	if caps != c.Capabilities() || caps != t.patient().Capabilities() {
		t.Errorf("Capabilities differ from call to call")
	}
	if account := c.Account(); account != c.Account() || account != t.patient().Account() {
		t.Errorf("Account differs from call to call")
	}
	if caps.Order && c.Account().Fingerprint == "" {
		t.Errorf("Order is supported, and Account has no fingerprint: a purchase in doubt could be sent to another account")
	}
	if caps.Order && caps.Fulfilment == esim.FulfilmentUnknown {
		t.Errorf("Order is supported and nothing is said of how its eSIM arrives")
	}
	if caps.Fulfilment == esim.FulfilmentPolled && !caps.GetOrder {
		t.Errorf("eSIMs are to be polled for, and GetOrder is unsupported")
	}
	if caps.LookupByReference && !caps.GetOrder {
		t.Errorf("LookupByReference without GetOrder")
	}
	if caps.TopUp && !caps.ListTopUps {
		t.Errorf("TopUp without ListTopUps: nobody could know what to buy")
	}
	if caps.MaxQuantity < 0 || caps.PollInterval < 0 {
		t.Errorf("a negative limit: %+v", caps)
	}
	t.wantNoRequest()
	if !caps.GetOrder {
		_, err := esim.WaitOrder(t.ctx(), c, esim.OrderRef{ID: "order-1"}, esim.WaitOptions{})
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("nobody can be asked, and WaitOrder says %v", err)
		}
		t.wantNoRequest()
	}
}

func (t *trial) lookupByReference() {
	c := t.patient()
	caps := c.Capabilities()
	if !caps.LookupByReference {
		_, err := c.GetOrder(t.ctx(), esim.OrderRef{Reference: "ref-1"})
		t.unsent(err, esim.ErrUnsupported)
		return
	}
	order, _ := t.subject(c)
	again, err := c.GetOrder(t.ctx(), esim.OrderRef{Reference: order.Reference})
	if err != nil {
		t.Errorf("an order cannot be found by its reference: %v", err)
	} else if again.ID != order.ID {
		t.Errorf("the reference of order %s finds order %s", order.ID, again.ID)
	}
}

func (t *trial) callbackURL() {
	c := t.patient()
	caps := c.Capabilities()
	const nobody = "http://127.0.0.1:9/hooks" // the discard port
	_, err := c.Order(t.ctx(), esim.OrderRequest{PackageID: t.packageID(), Reference: t.reference(), CallbackURL: nobody})
	switch {
	case !caps.Order || !caps.CallbackURL:
		t.unsent(err, esim.ErrUnsupported)
	case err != nil:
		t.Errorf("an order with a callback URL failed: %v", err)
	}
}

// packageID is one to order, made up where nothing is for sale.
func (t *trial) packageID() string {
	if t.h.Package.ID == "" {
		return "package-1"
	}
	return t.h.Package.ID
}
