package journaltest

import (
	"fmt"
	"sync"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var leaseChecks = []check{
	{"nothing due", leasesNothing},
	{"earliest first", leasesInOrder},
	{"only what is due", leasesDue},
	{"in every state", leasesEveryState},
	{"at most so many", leasesSoMany},
	{"for the time asked for", leasesForATime},
	{"not twice", leasesOnce},
	{"again when it is over", leasesAgain},
	{"not what somebody has", leasesWhatIsFree},
	{"given back", leasesWhatIsGivenBack},
	{"makes older versions stale", leaseCounts},
	{"many workers", leasesToOne},
	{"becomes due", leasesWhenDue},
}

func due(at time.Time) func(*journal.Entry) {
	return func(e *journal.Entry) { e.NextAt = at }
}

func leasesNothing(t *trial) {
	t.wantReferences("leased from an empty store", t.lease(5, time.Minute))
	t.created(north, "cart-1")
	t.wantReferences("leased of what is never due", t.lease(5, time.Minute))
}

func leasesInOrder(t *trial) {
	for i, ago := range []time.Duration{time.Minute, time.Hour, time.Second, 30 * time.Minute} {
		t.created(north, fmt.Sprintf("cart-%d", i), due(t.base.Add(-ago)))
	}
	t.wantReferences("leased", t.lease(10, time.Minute), "cart-1", "cart-3", "cart-0", "cart-2")
}

func leasesDue(t *trial) {
	t.created(north, "now", due(t.base))
	t.created(north, "later", due(t.base.Add(time.Hour)))
	t.created(north, "never")
	t.wantReferences("leased", t.lease(10, time.Minute), "now")
}

func leasesEveryState(t *trial) {
	var want []string
	for i, s := range journal.States() {
		ref := fmt.Sprintf("cart-%d", i)
		want = append(want, ref)
		t.created(north, ref, due(t.base.Add(time.Duration(i-100)*time.Second)), func(e *journal.Entry) { e.State = s })
	}
	t.wantReferences("leased", t.lease(len(want), time.Minute), want...)
}

func leasesSoMany(t *trial) {
	for i := range 5 {
		t.created(north, fmt.Sprintf("cart-%d", i), due(t.base.Add(time.Duration(i-100)*time.Second)))
	}
	t.wantReferences("the first", t.lease(1, time.Hour), "cart-0")
	t.wantReferences("the next three", t.lease(3, time.Hour), "cart-1", "cart-2", "cart-3")
	t.wantReferences("the rest", t.lease(3, time.Hour), "cart-4")
}

func leasesForATime(t *trial) {
	want := t.created(north, "cart-1", due(t.base), costs("5"), func(e *journal.Entry) {
		e.Keys, e.State, e.Attempts, e.Doubt = []string{"order:1"}, journal.Unknown, 2, 1
	})
	before := t.now()
	leased := t.lease(1, time.Hour)
	after := t.now()
	if len(leased) != 1 {
		t.Fatalf("%d entries are leased, want 1", len(leased))
	}
	e := leased[0]
	const slack = time.Millisecond // clocks of finer grain than what is kept
	if e.LeaseUntil.Before(before.Add(time.Hour-slack)) || e.LeaseUntil.After(after.Add(time.Hour+slack)) {
		t.Errorf("leased until %v, want an hour from %v", e.LeaseUntil, before)
	}
	want.Version, want.LeaseUntil = 2, e.LeaseUntil
	t.wantSame("what Lease returns", want, e)
	t.wantKept(want)
}

func leasesOnce(t *trial) {
	t.created(north, "cart-1", due(t.base))
	t.wantReferences("leased", t.lease(5, time.Hour), "cart-1")
	t.wantReferences("leased again", t.lease(5, time.Hour))
}

func leasesAgain(t *trial) {
	t.created(north, "cart-1", due(t.base))
	t.created(north, "cart-2", due(t.base), func(e *journal.Entry) { e.LeaseUntil = t.base.Add(-time.Second) })
	d := t.moment()
	if n := len(t.lease(5, d)); n != 2 {
		t.Errorf("%d entries are leased, want 2: a lease that is over binds nobody", n)
	}
	t.pass(d + time.Millisecond)
	again := t.lease(5, time.Hour)
	if len(again) != 2 {
		t.Fatalf("%d entries are leased after their lease was over, want 2", len(again))
	}
	if again[0].Version != 3 {
		t.Errorf("the version after two leases is %d, want 3", again[0].Version)
	}
	t.wantReferences("leased a third time", t.lease(5, time.Hour))
}

func leasesWhatIsFree(t *trial) {
	t.created(north, "mine", due(t.base), func(e *journal.Entry) { e.LeaseUntil = t.base.Add(time.Hour) })
	saved := t.created(north, "saved", due(t.base))
	saved.LeaseUntil = t.base.Add(time.Hour)
	t.save(saved)
	t.created(north, "free", due(t.base))
	t.wantReferences("leased", t.lease(5, time.Minute), "free")
}

func leasesWhatIsGivenBack(t *trial) {
	t.created(north, "cart-1", due(t.base))
	leased := t.lease(1, time.Hour)
	if len(leased) != 1 {
		t.Fatalf("%d entries are leased, want 1", len(leased))
	}
	e := leased[0]
	e.LeaseUntil = time.Time{}
	t.save(e)
	t.wantReferences("leased once it was given back", t.lease(1, time.Hour), "cart-1")
}

func leaseCounts(t *trial) {
	old := t.created(north, "cart-1", due(t.base))
	t.lease(1, time.Hour)
	old.State = journal.Delivered
	_, err := t.store.Save(t.Context(), old)
	t.wantError(err, journal.ErrStale)
	if kept := t.get(old.ID); kept.State != journal.Ready || kept.LeaseUntil.IsZero() {
		t.Errorf("a save from before the lease has changed the entry: %s", show(&kept))
	}
}

func leasesToOne(t *trial) {
	const n = 50
	for i := range n {
		t.created(north, fmt.Sprintf("cart-%d", i), due(t.base.Add(-time.Duration(i%5)*time.Second)))
	}
	var mu sync.Mutex
	times := make(map[string]int)
	suite.Together(16, func(int) {
		for range n {
			leased, err := t.store.Lease(t.Context(), 3, time.Hour)
			if err != nil {
				t.Errorf("Lease: %v", err)
				return
			}
			mu.Lock()
			for i := range leased {
				times[leased[i].Reference]++
			}
			enough := len(times) == n
			mu.Unlock()
			if enough {
				return
			}
		}
	})
	if len(times) != n {
		t.Errorf("%d of %d entries were leased", len(times), n)
	}
	for ref, k := range times {
		if k != 1 {
			t.Errorf("%s was leased %d times at once", ref, k)
		}
	}
}

func leasesWhenDue(t *trial) {
	d := t.moment()
	t.created(north, "cart-1", due(t.now().Add(d)))
	t.pass(d + time.Millisecond)
	t.wantReferences("leased when its time had come", t.lease(1, time.Hour), "cart-1")
}
