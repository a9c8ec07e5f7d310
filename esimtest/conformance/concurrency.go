package conformance

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
)

// throng is how many goroutines use one client at a time.
const throng = 64

func concurrencyChecks(esim.Capabilities) []check {
	return []check{{"64 goroutines, mixed", (*trial).mixedUse}}
}

// mixedUse makes every supported call from many goroutines at once; meant to
// be run under the race detector.
func (t *trial) mixedUse() {
	c := t.client(esim.Settings{Timeout: time.Minute})
	caps := c.Capabilities()
	order, iccid := t.subject(c)
	var calls []method
	for _, m := range methods {
		if m.supported(caps) && m.name != "Cancel" && m.name != "TopUp" {
			calls = append(calls, m)
		}
	}
	var charged atomic.Int64
	var all sync.WaitGroup
	for i := range throng {
		if len(calls) == 0 {
			break
		}
		m := calls[i%len(calls)]
		all.Go(func() {
			if err := m.call(t.ctx(), c, t, order, iccid); err != nil {
				t.Errorf("%s among others failed: %v", m.name, err)
			} else if m.name == "Order" {
				charged.Add(1)
			}
		})
	}
	all.Wait()
	t.wantBought(int(charged.Load()))
	if len(calls) == 0 {
		t.wantNoRequest()
	}
}
