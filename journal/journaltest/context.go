package journaltest

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/esimkit/esim/internal/suite"
	"github.com/esimkit/esim/journal"
)

var contextChecks = []check{
	{"ended before a read", contextOfReads},
	{"ended before a write", contextOfWrites},
	{"ended before Create: wholly or not at all", contextOfCreate},
	{"ended for one of many", contextOfOne},
}

// verdicts are errors that a journal acts on. A call that was cut short knows
// nothing of the kind.
var verdicts = []error{
	journal.ErrNotFound, journal.ErrStale, journal.ErrTaken, journal.ErrOverBudget,
	journal.ErrReadOnly, journal.ErrDiskFull, journal.ErrPoisoned, journal.ErrClosed,
}

// wantCut checks the error of a call whose context had ended.
func (t *trial) wantCut(call string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%s returns no error though its context has ended", call)
	}
	for _, verdict := range verdicts {
		if errors.Is(err, verdict) {
			t.Errorf("%s returns %v because its context has ended", call, err)
		}
	}
}

func contextOfReads(t *trial) {
	e := t.created(north, "cart-1", func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	ctx := suite.Ended(t)
	_, err := t.store.Get(ctx, e.ID)
	t.wantCut("Get", err)
	_, err = t.store.Get(ctx, journal.IDOf(north, "cart-2"))
	t.wantCut("Get of what is not there", err)
	_, err = t.store.List(ctx, journal.Query{})
	t.wantCut("List", err)
	_, err = t.store.Named(ctx, north, []string{"order:1"})
	t.wantCut("Named", err)
	_, err = t.store.Doubtful(ctx, account, t.base)
	t.wantCut("Doubtful", err)
	_, err = t.store.Held(ctx, journal.HeldQuery{Before: t.base})
	t.wantCut("Held", err)
	t.wantKept(e)
}

func contextOfWrites(t *trial) {
	e := t.created(north, "cart-1", due(t.base))
	ctx := suite.Ended(t)
	_, err := t.store.Save(ctx, e)
	t.wantCut("Save", err)
	stale := e
	stale.Version = 9
	_, err = t.store.Save(ctx, stale)
	t.wantCut("Save of another version", err)
	_, err = t.store.Lease(ctx, journal.Slots{"": 1}, t.moment())
	t.wantCut("Lease", err)
	t.wantCut("Hold", t.store.Hold(ctx, journal.Held{Provider: north, Key: "k1", At: t.base, Document: []byte(`{}`)}))
	t.wantCut("Release", t.store.Release(ctx, north, "k1"))
	t.wantCut("Warned", t.store.Warned(ctx, north, "k1"))
	t.save(t.get(e.ID)) // and all goes on
}

// After an error that is no verdict the journal reads the entry again, and
// relies on what it finds.
func contextOfCreate(t *trial) {
	e := t.purchase(north, "cart-1", costs("50"), func(e *journal.Entry) { e.Keys = []string{"order:1"} })
	_, _, err := t.store.Create(suite.Ended(t), e, &journal.Budget{Limit: "50"})
	t.wantCut("Create", err)
	if _, err := t.store.Get(t.Context(), e.ID); err == nil {
		t.wantOwner(north, "order:1", "cart-1")
		t.wantLeft("0", "50")
		return
	}
	t.wantAbsent(e.ID)
	t.wantOwner(north, "order:1", "")
	t.mustSpend("cart-2", "50", "50")
}

func contextOfOne(t *trial) {
	const n = 24
	suite.Together(n, func(i int) {
		ctx := t.Context()
		if i%2 == 0 {
			late, cancel := context.WithTimeout(ctx, time.Duration(i)*20*time.Microsecond)
			defer cancel()
			ctx = late
		}
		e := t.purchase(north, fmt.Sprintf("cart-%d", i))
		_, created, err := t.store.Create(ctx, e, nil)
		if i%2 == 1 && (err != nil || !created) {
			t.Errorf("a call beside others whose context had ended: created %t, error %v", created, err)
		}
	})
	for i := 1; i < n; i += 2 {
		t.wantKept(t.purchase(north, fmt.Sprintf("cart-%d", i)))
	}
}
