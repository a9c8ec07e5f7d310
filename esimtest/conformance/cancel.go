package conformance

import (
	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// refunds returns the money given back since the mark, and how often.
func (t *trial) refunds() (sum esim.Money, n int) {
	for _, c := range t.booked() {
		if c.Kind != esimtest.ChargeRefund {
			continue
		}
		if n++; n == 1 {
			sum = money.Times(c.Amount, -1)
			continue
		}
		sum = money.Minus(sum, c.Amount)
	}
	return sum, n
}

// agrees checks what a cancellation says against the ledger.
func (t *trial) agrees(got *esim.Cancellation) {
	t.Helper()
	sum, n := t.refunds()
	if got.Refunded != nil && *got.Refunded != (n > 0) {
		t.Errorf("the cancellation says refunded = %t, and the ledger has %d refunds", *got.Refunded, n)
	}
	if got.Refund.Currency() != "" && got.Refund != sum {
		t.Errorf("the cancellation says a refund of %v, the ledger %v", got.Refund, sum)
	}
}

func (t *trial) cancelOnce() {
	c := t.patient()
	o := t.delivers(t.h.Package, 1)
	first, err := c.Cancel(t.ctx(), esim.CancelRequest{Order: o.Ref()})
	if err != nil {
		t.Fatalf("an unused eSIM cannot be cancelled: %v", err)
	}
	if first.Cancelled != 1 || first.Failed != 0 {
		t.Errorf("cancelled %d, failed %d, want 1 and 0", first.Cancelled, first.Failed)
	}
	t.agrees(first)
	_, refunds := t.refunds()
	if second, err := c.Cancel(t.ctx(), esim.CancelRequest{Order: o.Ref()}); err == nil && second.Cancelled != 0 && refunds > 0 {
		t.Logf("the second cancellation says %d cancelled", second.Cancelled)
	}
	if _, again := t.refunds(); again != refunds {
		t.Errorf("cancelled twice, and refunded %d times instead of %d", again, refunds)
	}
}

func (t *trial) cancelLost() {
	c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	o := t.delivers(t.h.Package, 1)
	t.inject(esimtest.Fault{Kind: esimtest.FaultCutAfterCommit, Op: "Cancel"})
	_, err := c.Cancel(t.ctx(), esim.CancelRequest{Order: o.Ref()})
	if err != nil && (outcome(err) == esim.OutcomeNotSent || outcome(err) == esim.OutcomeRejected) {
		t.Errorf("the eSIM is cancelled, and the outcome of the lost answer is %v: %v", outcome(err), err)
	}
	_, refunds := t.refunds()
	got, err := c.Cancel(t.ctx(), esim.CancelRequest{Order: o.Ref()})
	if err != nil {
		t.Errorf("a repeat cannot settle a lost cancellation: %v", err)
	} else if got.Refunded != nil && !*got.Refunded && refunds > 0 {
		t.Errorf("the money is back, and the repeat says it is not")
	}
	if _, again := t.refunds(); again != refunds {
		t.Errorf("cancelled twice, and refunded %d times instead of %d", again, refunds)
	}
}

func (t *trial) cancelUsed() {
	t.needs(t.h.UseData != nil, "UseData")
	c := t.patient()
	o := t.delivers(t.h.Package, 1)
	t.h.UseData(o.ESIMs[0].ICCID, int64(10*esim.MiB))
	got, err := c.Cancel(t.ctx(), esim.CancelRequest{Order: o.Ref()})
	if _, n := t.refunds(); n != 0 {
		t.Errorf("an eSIM in use was refunded")
	}
	if err == nil {
		t.agrees(got)
	}
}
