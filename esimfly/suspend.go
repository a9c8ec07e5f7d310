package esimfly

import (
	"context"
	"fmt"
	"unicode/utf8"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

const maxSMS = 500 // characters (eSIMfly docs: api/send-sms)

type actionBody struct {
	iccidBody
	Action string `json:"action"`
}

// Suspend blocks the network access of an eSIM, until [Client.Activate]
// (eSIMfly docs: api/suspend-esim). Nothing is refunded, and suspending twice
// is harmless. Only eSIMs of eSIMfly's own network can be suspended; the error
// for others is of kind [esim.ErrNotEligible].
func (c *Client) Suspend(ctx context.Context, iccid esim.ICCID) error {
	return c.setAccess(ctx, "Suspend", iccid, "suspend")
}

// Activate restores the network access that [Client.Suspend] has blocked. It
// does not start the validity of a new eSIM.
func (c *Client) Activate(ctx context.Context, iccid esim.ICCID) error {
	return c.setAccess(ctx, "Activate", iccid, "activate")
}

func (c *Client) setAccess(ctx context.Context, op string, iccid esim.ICCID, action string) (err error) {
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if err = check.Err(); err != nil {
		return err
	}
	call, err := c.post(op, "/esims/suspend", adapter.Replayed, actionBody{iccidBody{iccid}, action})
	if err != nil {
		return err
	}
	call.Out = new(done)
	return c.api.Do(ctx, call)
}

type smsBody struct {
	iccidBody
	Message string `json:"message"`
}

// SendSMS sends a text of 1 to 500 characters to the device of an eSIM
// (eSIMfly docs: api/send-sms). eSIMfly does not say whether it costs
// something. A second send is a second message, so it is never repeated by
// itself.
func (c *Client) SendSMS(ctx context.Context, iccid esim.ICCID, text string) (err error) {
	const op = "SendSMS"
	ctx, end := c.api.Operation(ctx, op)
	defer func() { end(err) }()
	check := c.api.Check(ctx, op)
	check.ICCID("ICCID", iccid)
	if n := utf8.RuneCountInString(text); n < 1 || n > maxSMS {
		check.Fail("text", fmt.Sprintf("must have 1 to %d characters", maxSMS))
	}
	if err = check.Err(); err != nil {
		return err
	}
	call, err := c.post(op, "/esims/send-sms", adapter.Once, smsBody{iccidBody{iccid}, text})
	if err != nil {
		return err
	}
	call.Out = new(done)
	return c.api.Do(ctx, call)
}
