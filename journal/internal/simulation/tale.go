package simulation

import (
	"context"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// tale is a world in which a scenario is played.
type tale struct {
	*world

	script *script
}

// letter is the reference of the next purchase.
func (t *tale) letter() string { return "abcdef"[len(t.purchases):][:1] }

// wish makes a purchase known without making it.
func (t *tale) wish(quantity int) *purchase {
	id := t.mode.packages()[0]
	return t.add(&purchase{
		reference: t.letter(), kind: journal.OrderKind, packageID: id, quantity: quantity,
		quote: t.providers[0].stock[id],
	})
}

// buy orders on the first replica.
func (t *tale) buy(quantity int, mishaps ...mishap) *purchase {
	p := t.wish(quantity)
	t.again(p, 0, mishaps...)
	return p
}

// buyFor is buy with a time of its own.
func (t *tale) buyFor(time time.Duration, mishaps ...mishap) *purchase {
	p := t.wish(1)
	p.until = t.now().Add(time)
	t.again(p, 0, mishaps...)
	return p
}

// again calls with the reference once more.
func (t *tale) again(p *purchase, replica int, mishaps ...mishap) {
	t.script.mishaps = mishaps
	if t.call(t.replicas[replica], p).died { // a shop asks again
		t.call(t.replicas[(replica+1)%replicas], p)
	}
	t.script.mishaps = nil
}

// topUp tops up the eSIM of an order on a replica.
func (t *tale) topUp(base *purchase, replica int, mishaps ...mishap) *purchase {
	id := base.packageID
	if t.mode != FX {
		id = "TOPUP_" + id
	}
	p := t.add(&purchase{reference: t.letter(), kind: journal.TopUpKind, packageID: id, quantity: 1})
	if len(base.charges) == 0 {
		return p // the order has failed
	}
	p.iccid = esim.ICCID(base.charges[0].iccids[0])
	t.again(p, replica, mishaps...)
	return p
}

// work lets the replicas take turns for a while.
func (t *tale) work(looks int, every time.Duration) {
	for i := range looks {
		t.pass(every)
		t.step(t.replicas[i%replicas], 10)
	}
}

func (t *tale) balance(amount string) { t.providers[0].front.SetBalance(amount) }

// move lets all replicas start anew with another account.
func (t *tale) move(account int) {
	t.account = account
	for _, r := range t.replicas {
		t.restart(r)
	}
}

// decide records what an operator believes.
func (t *tale) decide(p *purchase, verdict journal.State) {
	p.decided = true
	t.act(t.replicas[0], p, "an operator decides", func(ctx context.Context) {
		if _, err := t.replicas[0].journal.Decide(ctx, p.id, journal.Decision{Verdict: verdict, By: "night shift", Why: "the support said so"}); err != nil {
			p.decided = false
		}
	})
}

func (t *tale) webhooks(b simulator.WebhookBehaviour) { t.providers[0].sim.ESIMStory.Webhooks(b) }
