package journaltest

import (
	"fmt"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var leaseChecks = []check{
	{"nothing due", leasesNothing},
	{"earliest first", leasesInOrder},
	{"only what is due", leasesDue},
	{"in every state", leasesEveryState},
	{"at most so many", leasesSoMany},
	{"at most so many of each provider", leasesBySlots},
	{"none without slots", leasesNoneWithoutSlots},
	{"other providers together", leasesOthers},
	{"providers of any name", leasesAnyName},
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

// queue creates n entries of a provider, due one second after the other.
func (t *trial) queue(p esim.Provider, n int, first time.Duration) {
	t.Helper()
	for i := range n {
		t.created(p, fmt.Sprintf("%s-%d", p, i), due(t.base.Add(first+time.Duration(i)*time.Second)))
	}
}

func leasesBySlots(t *trial) {
	t.queue(north, 5, -time.Hour)
	t.queue(south, 3, -time.Minute)
	slots := journal.Slots{north: 2, south: 2, "": 4}
	t.wantReferences("the first", t.leaseOf(slots, time.Hour), "north-0", "north-1", "south-0", "south-1")
	t.wantReferences("the next", t.leaseOf(slots, time.Hour), "north-2", "north-3", "south-2")
	t.wantReferences("the rest", t.leaseOf(slots, time.Hour), "north-4")
	t.wantReferences("nothing", t.leaseOf(slots, time.Hour))
}

func leasesNoneWithoutSlots(t *trial) {
	t.queue(north, 2, -time.Hour)
	t.queue(south, 2, -time.Minute)
	t.wantReferences("without slots", t.leaseOf(nil, time.Hour))
	t.wantReferences("with none", t.leaseOf(journal.Slots{north: 0, south: 0, "": 0}, time.Hour))
	t.wantReferences("of others than those named", t.leaseOf(journal.Slots{north: 0, south: 1}, time.Hour), "south-0")
	t.wantReferences("of all but one", t.leaseOf(journal.Slots{north: 0, "": 9}, time.Hour), "south-1")
	t.wantReferences("of that one", t.leaseOf(journal.Slots{north: 9}, time.Hour), "north-0", "north-1")
}

func leasesOthers(t *trial) {
	t.queue("east", 2, -3*time.Hour)
	t.queue(north, 2, -2*time.Hour)
	t.queue("west", 2, -time.Hour)
	slots := journal.Slots{north: 1, "": 3}
	t.wantReferences("the first", t.leaseOf(slots, time.Hour), "east-0", "east-1", "north-0", "west-0")
	t.wantReferences("the rest", t.leaseOf(slots, time.Hour), "north-1", "west-1")
}

func leasesAnyName(t *trial) {
	names := []esim.Provider{"A", "B", "Z", "a", "a b", "a%", "a'b", "a-b", "ab", "b", "é", "日本"}
	named, want := journal.Slots{"": len(names)}, []string(nil)
	for i, p := range names {
		t.queue(p, 1, time.Duration(i-100)*time.Second)
		want = append(want, string(p)+"-0")
		if i%2 == 0 {
			named[p] = 1
		}
	}
	t.wantReferences("of the named and the others", t.leaseOf(named, time.Hour), want...)
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
			leased, err := t.store.Lease(t.Context(), journal.Slots{"": 3}, time.Hour)
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
