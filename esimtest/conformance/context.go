package conformance

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// promptness is how long after the end of its context a call may take.
const promptness = 250 * time.Millisecond

func contextChecks(caps esim.Capabilities) []check {
	var list []check
	for _, m := range methods {
		if !m.supported(caps) {
			continue
		}
		list = append(list,
			check{m.name + " with a context that has ended", func(t *trial) { t.endedContext(m) }},
			check{m.name + " with a nil context", func(t *trial) { t.nilContext(m) }},
		)
		for _, kind := range []esimtest.FaultKind{esimtest.FaultHang, esimtest.FaultHangAfterCommit} {
			if caps.Order || caps.TopUp { // then the harness can inject
				list = append(list, check{m.name + " under " + kind.String(), func(t *trial) { t.hangs(m, kind) }})
			}
		}
	}
	return list
}

func (t *trial) endedContext(m method) {
	c := t.patient()
	order, iccid := t.subject(c)
	ctx, cancel := context.WithCancel(t.ctx())
	cancel()
	err := m.call(ctx, c, t, order, iccid)
	t.refused(err, context.Canceled)
	t.wantNoRequest()
}

func (t *trial) nilContext(m method) {
	c := t.patient()
	order, iccid := t.subject(c)
	t.unsent(m.call(nil, c, t, order, iccid), esim.ErrInvalidRequest)
}

// hangs lets the provider not answer. The call must end with its context, and
// a purchase must say that nobody knows. Who is late gets another two chances,
// for a busy machine can make anybody late once.
func (t *trial) hangs(m method, kind esimtest.FaultKind) {
	var late time.Duration
	for range 3 {
		if late = t.hang(m, kind); late <= promptness {
			return
		}
		t.h.Heal()
	}
	t.Errorf("returned %v after the deadline, want within %v", late, promptness)
}

// hang makes one call and returns by how much it overran its deadline.
func (t *trial) hang(m method, kind esimtest.FaultKind) (late time.Duration) {
	const deadline = 150 * time.Millisecond
	c := t.patient()
	var b buyer
	var order *esim.Order
	var iccid esim.ICCID
	purchase := m.name == "Order" || m.name == "TopUp"
	if purchase {
		b = t.buyer(m.name)
	} else {
		order, iccid = t.subject(c)
	}
	t.inject(esimtest.Fault{Kind: kind, Op: m.name, Times: 10})
	ctx, cancel := context.WithTimeout(t.ctx(), deadline)
	defer cancel()
	start := time.Now()
	var err error
	if purchase {
		_, err = b.call(ctx, c, t.reference())
	} else {
		err = m.call(ctx, c, t, order, iccid)
	}
	late = time.Since(start) - deadline
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error is %v, want context.DeadlineExceeded in it", err)
	}
	if purchase && !esim.MaybeCharged(err) && t.bought() > 0 {
		t.Errorf("charged, and MaybeCharged is false: %v", err)
	}
	if purchase && kind == esimtest.FaultHangAfterCommit && esim.MaybeCharged(err) {
		t.eventually("the provider's charge", func() bool { return t.bought() >= 1 })
	}
	return late
}
