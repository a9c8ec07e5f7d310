package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// TestStatus reads what a customer is told in each state: never that nothing
// was charged while that is open, and never that it is over while it is not.
func TestStatus(t *testing.T) {
	now := time.Date(2026, 3, 10, 15, 0, 0, 0, time.UTC)
	paid, refunded := &sale{PaidAt: now}, &sale{PaidAt: now, RefundedAt: now}
	young, old := now.Add(-time.Minute), now.Add(-time.Hour)
	arrived := &esim.Order{ESIMs: []esim.ESIM{{ICCID: "8985234000000000001", Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com"}}}}
	for name, c := range map[string]struct {
		sale *sale
		p    *journal.Purchase
		says string
		done int
		open bool
	}{
		"not in the journal":    {paid, nil, "Your payment is in", 1, true},
		"refused at once":       {refunded, nil, "returned in full", 1, false},
		"ready":                 {paid, &journal.Purchase{State: journal.Ready}, "on its way to the network", 1, true},
		"sending":               {paid, &journal.Purchase{State: journal.Sending}, "on its way to the network", 1, true},
		"sending again":         {paid, &journal.Purchase{State: journal.Sending, Doubt: 1}, "You have been charged once", 1, true},
		"unknown":               {paid, &journal.Purchase{State: journal.Unknown, Doubt: 1}, "You have been charged once", 1, true},
		"unknown, and arrived":  {paid, &journal.Purchase{State: journal.Unknown, Doubt: 1, Arrived: true}, "You have been charged once", 2, true},
		"provisioning":          {paid, &journal.Purchase{State: journal.Provisioning, CreatedAt: young}, "mostly within minutes", 2, true},
		"provisioning for long": {paid, &journal.Purchase{State: journal.Provisioning, CreatedAt: old}, "You have been charged once", 2, true},
		"delivered":             {paid, &journal.Purchase{State: journal.Delivered, Kind: journal.OrderKind, Order: arrived}, "Install it now", 4, false},
		"settled by a person":   {paid, &journal.Purchase{State: journal.Delivered, Kind: journal.OrderKind}, "tell our support", 4, false},
		"topped up":             {paid, &journal.Purchase{State: journal.Delivered, Kind: journal.TopUpKind}, "on your eSIM", 4, false},
		"unreadable":            {paid, &journal.Purchase{State: journal.Review, Order: &esim.Order{ESIMs: []esim.ESIM{{ICCID: "8985234000000000001", RawActivation: esim.NewSecret("odd")}}}}, "A person does that", 3, true},
		"rejected":              {paid, &journal.Purchase{State: journal.Rejected}, "on its way back", 1, true},
		"rejected, refunded":    {refunded, &journal.Purchase{State: journal.Rejected}, "returned in full", 1, false},
		"not executed":          {refunded, &journal.Purchase{State: journal.NotExecuted}, "returned in full", 1, false},
		"refunded":              {paid, &journal.Purchase{State: journal.Refunded}, "your payment is returned", 1, false},
		"review":                {paid, &journal.Purchase{State: journal.Review}, "You have been charged once", 1, true},
		"review after all":      {refunded, &journal.Purchase{State: journal.Review}, "You have nothing to pay", 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			got := statusOf(c.sale, c.p, now)
			assert.Contains(t, got.Text, c.says)
			assert.Equal(t, c.open, got.Open)
			done := 0
			for _, s := range got.Steps {
				if s.State == "done" {
					done++
				}
			}
			assert.Equal(t, c.done, done)
			assert.NotEmpty(t, got.Headline)
		})
	}
}

func TestCart(t *testing.T) {
	c := newCart()
	back, ok := parseCart(string(c))
	assert.True(t, ok)
	assert.Equal(t, c, back)
	assert.NotContains(t, c.Reference(), string(c))
	assert.Equal(t, c.Reference(), back.Reference())
	assert.NotEqual(t, newCart().Reference(), c.Reference())
	for _, bad := range []string{"", "A", string(c) + "A", string(c[1:]), string(c[1:]) + "/", string(c[1:]) + "a"} {
		_, ok := parseCart(bad)
		assert.False(t, ok, bad)
	}
}
