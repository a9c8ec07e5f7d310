package router_test

import (
	"context"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/router"
)

// hook is called before and after a step.
type hook func(step string)

// around calls a hook around what a client does with orders.
type around struct {
	esim.Client

	at   string
	hook hook
}

func (c around) Unwrap() esim.Client { return c.Client }

func (c around) Order(ctx context.Context, req esim.OrderRequest) (*esim.Order, error) {
	c.hook("before " + c.at + " Order")
	o, err := c.Client.Order(ctx, req)
	c.hook("after " + c.at + " Order")
	return o, err
}

type barrer interface {
	Bar(ctx context.Context, req esim.OrderRequest) error
}

// aroundBar is around for a client that can close a reference.
type aroundBar struct {
	around

	bar barrer
}

func (c aroundBar) Bar(ctx context.Context, req esim.OrderRequest) error {
	c.hook("before Bar")
	err := c.bar.Bar(ctx, req)
	c.hook("after Bar")
	return err
}

// hooked puts a hook around a client.
func hooked(at string, h hook) wrap {
	return func(c esim.Client) esim.Client {
		a := around{c, at, h}
		if b, ok := esim.As[barrer](c); ok {
			return aroundBar{a, b}
		}
		return a
	}
}

// hookedClaims calls a hook around each write and before each read.
type hookedClaims struct {
	router.Claims

	hook hook
}

func (c hookedClaims) Get(ctx context.Context, reference string) (*router.Claim, error) {
	c.hook("before Get")
	return c.Claims.Get(ctx, reference)
}

func (c hookedClaims) Put(ctx context.Context, claim router.Claim) error {
	c.hook("before Put")
	err := c.Claims.Put(ctx, claim)
	c.hook("after Put")
	return err
}
