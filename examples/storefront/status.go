package main

import (
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// status is where an order stands, in words for the customer. They say what is
// known and no more.
type status struct {
	Headline, Text string
	Steps          []step
	Tone           string // calm, wait, good or bad: a colour beside the words
	Open           bool   // something may still happen by itself
}

// step is a stage of an order: done, now, or to come ("").
type step struct {
	Name, State string
}

// lateAfter is when a customer is told that it takes longer than usual.
const lateAfter = 10 * time.Minute

var stepNames = [...]string{"Paid", "Ordered", "Prepared", "Ready"}

// steps marks the first n as done and the next one as under way.
func steps(n int, goesOn bool) []step {
	list := make([]step, len(stepNames))
	for i, name := range stepNames {
		list[i] = step{Name: name}
		switch {
		case i < n:
			list[i].State = "done"
		case i == n && goesOn:
			list[i].State = "now"
		}
	}
	return list
}

// statusOf tells a customer of a purchase; p is nil while the journal has not
// heard of it.
func statusOf(sold *sale, p *journal.Purchase, now time.Time) status {
	if !sold.RefundedAt.IsZero() && (p == nil || p.State.Uncharged()) {
		return status{
			"Not sold, and your money is back", "The network refused this order before anything was bought. Your payment has been returned in full. Another offer may work.",
			steps(1, false), "bad", false,
		}
	}
	if p == nil {
		return ordering
	}
	switch p.State {
	case journal.Unknown:
		return inDoubt(p)
	case journal.Provisioning:
		return preparing(now.Sub(p.CreatedAt) > lateAfter)
	case journal.Delivered:
		return delivered(p)
	case journal.Rejected, journal.NotExecuted:
		return status{"The network has refused", "Nothing was bought. Your payment is on its way back to you.", steps(1, false), "bad", true}
	case journal.Refunded:
		return status{"Taken back", "This order was taken back, and your payment is returned.", steps(1, false), "bad", false}
	case journal.Review:
		if !sold.RefundedAt.IsZero() {
			return status{
				"Somebody of our team is looking at it", "Your payment was returned, and now the network tells something else. " +
					"A person finds out what is true. You have nothing to pay.", steps(1, false), "wait", true,
			}
		}
		if unreadable(p) {
			return status{
				"Somebody of our team reads your code", "Your eSIM is there, and its code is in a form that we cannot turn into a QR code by ourselves. " +
					"A person does that, and it appears here. You have been charged once.", steps(3, true), "wait", true,
			}
		}
		return status{
			"Somebody of our team is looking at it", "The network has not told us clearly what became of your order, so a person finds out. " +
				"You have been charged once, and will not be charged again.", steps(1, true), "wait", true,
		}
	case journal.Ready, journal.Sending:
	}
	if p.Doubt > 0 {
		return inDoubt(p)
	}
	return ordering
}

var ordering = status{
	"Ordering your eSIM", "Your payment is in, and your order is on its way to the network. This page changes by itself.",
	steps(1, true), "calm", true,
}

const (
	inDoubtAsking  = "We are checking with the network"
	inDoubtArrived = "Your order has arrived at the network"
)

// inDoubt is a lost answer. Whether the reseller has charged us nobody knows
// yet; that the customer has paid once is certain.
func inDoubt(p *journal.Purchase) status {
	text := "The network’s answer was lost on the way, so we are checking with the network what became of your order. " +
		"You have been charged once, and asking again cannot charge you twice. You may close this page and come back."
	if p.Arrived {
		return status{inDoubtArrived, text, steps(2, true), "wait", true}
	}
	return status{inDoubtAsking, text, steps(1, true), "wait", true}
}

func preparing(late bool) status {
	if late {
		return status{
			"Your eSIM takes longer than usual", "The network has your order and is still preparing it. You have been charged once. " +
				"It appears here by itself; our team sees it too. Keep the address of this page.", steps(2, true), "wait", true,
		}
	}
	return status{
		"Your eSIM is being prepared", "The network has your order and sends the eSIM as soon as it is ready, mostly within minutes. " +
			"It appears here by itself. You may close this page and come back.", steps(2, true), "calm", true,
	}
}

func delivered(p *journal.Purchase) status {
	if p.Kind == journal.TopUpKind {
		return status{"Topped up", "The data is on your eSIM.", steps(len(stepNames), false), "good", false}
	}
	if installable(p) == nil { // a person has said so
		return status{
			"Settled by our team", "A person has found out that your eSIM was delivered in another way. If you do not have it, tell our support.",
			steps(len(stepNames), false), "good", false,
		}
	}
	return status{
		"Your eSIM is ready", "Install it now while you have Wi-Fi; it starts when you arrive.", steps(len(stepNames), false), "good", false,
	}
}

// lifeOf is the state of an eSIM in words for the customer.
func lifeOf(s esim.ESIMStatus) string {
	switch s {
	case esim.ESIMNew:
		return "Not installed yet"
	case esim.ESIMInstalled:
		return "Installed"
	case esim.ESIMActive:
		return "In use"
	case esim.ESIMDepleted:
		return "Data used up"
	case esim.ESIMExpired:
		return "Expired"
	case esim.ESIMCancelled:
		return "Taken back"
	case esim.ESIMBlocked:
		return "Shut off"
	case esim.ESIMUnknown:
	}
	return "Not stated by the network"
}
