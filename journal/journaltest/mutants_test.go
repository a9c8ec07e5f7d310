package journaltest

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"math/big"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// mutants are stores that break one rule each, and the group that must notice.
var mutants = []struct {
	name  string
	group string
	open  func() journal.Store
}{
	{"creates a reference twice", "create", breaking(createsTwice)},
	{"returns what it was given for a known reference", "create", breaking(returnsGiven)},
	{"starts at another version", "create", breaking(startsLater)},
	{"gives a taken key away", "create", breaking(ignoresTaken)},
	{"keeps half of a refusal", "create", breaking(keepsHalf)},
	{"finds what is not there", "create", breaking(findsAnything)},
	{"ignores the limit", "budget", breaking(ignoresLimit)},
	{"checks the limit too early", "budget", breaking(checksEarly)},
	{"stops below the limit", "budget", breaking(stopsBelow)},
	{"counts in floats", "budget", breaking(countsInFloats)},
	{"gives nothing back", "budget", breaking(givesNothingBack)},
	{"gives back each time", "budget", breaking(givesBackAgain)},
	{"has one budget for all", "budget", breaking(hasOneBudget)},
	{"saves over newer versions", "save", breaking(savesBlindly)},
	{"makes what it cannot find", "save", breaking(upserts)},
	{"does not count saves", "save", breaking(doesNotCount)},
	{"keeps what a refused save wrote", "save", breaking(savesHalf)},
	{"never frees a key", "save", breaking(neverFrees)},
	{"lets the package be changed", "save", breaking(letsPackageChange)},
	{"compares, then swaps", "save", breaking(comparesThenSwaps)},
	{"keeps seconds", "fields", breaking(keepsSeconds)},
	{"makes zero times the epoch", "fields", breaking(makesEpoch)},
	{"cuts documents", "fields", breaking(cutsDocuments)},
	{"tidies documents", "fields", breaking(tidiesDocuments)},
	{"folds letters of keys", "fields", breaking(foldsKeys)},
	{"forgets a state", "fields", breaking(forgetsState)},
	{"finds an entry once for each name", "named", breaking(findsOften)},
	{"finds names of other providers", "named", breaking(findsElsewhere)},
	{"lists newest first", "list", breaking(listsBackwards)},
	{"repeats the last entry on the next page", "list", breaking(repeatsLast)},
	{"skips entries of one moment", "list", breaking(skipsMoment)},
	{"ignores states", "list", breaking(ignoresStates)},
	{"ignores the limit of a list", "list", breaking(listsAll)},
	{"leases what is not due", "lease", breaking(leasesEarly)},
	{"leases twice", "lease", breaking(leasesTwice)},
	{"never leases again", "lease", breaking(leasesForEver)},
	{"leases for too short a time", "lease", breaking(leasesShortly)},
	{"looks, then leases", "lease", breaking(looksThenLeases)},
	{"leases without a new version", "lease", breaking(leasesSilently)},
	{"takes the slots of all providers together", "lease", breaking(poolsSlots)},
	{"leases without slots what is named", "lease", breaking(forgetsEmptySlots)},
	{"leaves providers that are not named", "lease", breaking(leavesOthers)},
	{"gives each other provider all slots", "lease", breaking(multipliesSlots)},
	{"counts all doubts", "doubtful", breaking(countsAllDoubts)},
	{"counts all accounts", "doubtful", breaking(countsAllAccounts)},
	{"counts the stock", "doubtful", breaking(countsTheStock)},
	{"counts what is under way", "doubtful", breaking(countsWhatIsUnderWay)},
	{"counts what is settled", "doubtful", breaking(countsTheSettled)},
	{"replaces evidence", "held", breaking(replacesEvidence)},
	{"releases at every provider", "held", breaking(releasesEverywhere)},
	{"forgets who was told", "held", breaking(forgetsWarned)},
	{"drops nameless evidence", "held", breaking(dropsNameless)},
	{"shares what it reads", "memory", breaking(sharesReads)},
	{"shares what it was given", "memory", breaking(sharesArguments)},
	{"ignores the context", "context", breaking(ignoresContext)},
	{"calls a cut read a miss", "context", breaking(callsItAMiss)},
	{"has a clock that goes back", "life", breaking(goesBack)},
	{"lives on after Close", "life", func() journal.Store { return undead{journal.NewVolatile()} }},
	{"forgets on a restart", "life", func() journal.Store { return amnesic{journal.NewVolatile()} }},
	{"splits its data", "shared", func() journal.Store { return split{journal.NewVolatile()} }},
}

// The suite is only worth something if it fails for whoever breaks a rule.
func TestEveryMutantIsCaught(t *testing.T) {
	if len(mutants) < 20 {
		t.Fatalf("%d mutants are too few", len(mutants))
	}
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			found, _ := findings(t, m.group, func(testing.TB) journal.Store { return m.open() })
			if len(found) == 0 {
				t.Fatal("the suite does not notice")
			}
			t.Logf("%d findings, the first: %.200s", len(found), found[0])
		})
	}
}

// A store that is not broken must pass the same road, or the findings above
// prove nothing.
func TestSoundStoreHasNoFindings(t *testing.T) {
	checks := 0
	for _, g := range groups {
		checks += len(g.Checks)
		found, _ := findings(t, g.Name, func(testing.TB) journal.Store { return breaking(func(*broken) {})() })
		if len(found) > 0 {
			t.Errorf("findings about a sound store: %q", found)
		}
	}
	if checks < 60 {
		t.Errorf("the suite has %d checks, want 60 at least", checks)
	}
}

// Checks of what a store has not got are skipped by name, and no others.
func TestOptionalChecksAreSkipped(t *testing.T) {
	for name, want := range map[string]int{"create": 0, "lease": 0, "life": 5, "shared": len(sharedChecks)} {
		_, skipped := findings(t, name, func(testing.TB) journal.Store { return journal.NewVolatile() })
		if skipped != want {
			t.Errorf("%d checks of %s are skipped, want %d", skipped, name, want)
		}
	}
}

// later gives an entry another identity.
func later(e journal.Entry, suffix string) journal.Entry {
	e.Reference += suffix
	e.ID = journal.IDOf(e.Provider, e.Reference)
	return e
}

func createsTwice(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		kept, created, err := b.Volatile.Create(ctx, e, l)
		if err != nil || created {
			return kept, created, err
		}
		e.Keys = nil
		kept, created, err = b.Volatile.Create(ctx, later(e, "~"), l)
		kept.Reference, kept.ID = e.Reference, e.ID
		return kept, created, err
	}
}

func returnsGiven(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		kept, created, err := b.Volatile.Create(ctx, e, l)
		if err == nil && !created {
			kept = e
		}
		return kept, created, err
	}
}

func startsLater(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		kept, created, err := b.Volatile.Create(ctx, e, l)
		if created {
			kept.Version = e.Version
		}
		return kept, created, err
	}
}

func ignoresTaken(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		kept, created, err := b.Volatile.Create(ctx, e, l)
		if errors.Is(err, journal.ErrTaken) {
			e.Keys = nil
			return b.Volatile.Create(ctx, e, l)
		}
		return kept, created, err
	}
}

func keepsHalf(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		kept, created, err := b.Volatile.Create(ctx, e, l)
		if errors.Is(err, journal.ErrTaken) {
			e.Keys = nil
			_, _, failed := b.Volatile.Create(ctx, e, l)
			err = errors.Join(err, failed)
		}
		return kept, created, err
	}
}

func findsAnything(b *broken) {
	b.get = func(ctx context.Context, id journal.ID) (journal.Entry, error) {
		e, err := b.Volatile.Get(ctx, id)
		if errors.Is(err, journal.ErrNotFound) {
			err = nil
		}
		return e, err
	}
}

func ignoresLimit(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, _ *journal.Budget) (journal.Entry, bool, error) {
		return b.Volatile.Create(ctx, e, nil)
	}
}

// budgets is a counter of its own beside a store.
type budgets struct {
	mu    sync.Mutex
	spent map[string]*big.Rat
}

func (b *budgets) of(name string) *big.Rat {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.spent == nil {
		b.spent = make(map[string]*big.Rat)
	}
	if b.spent[name] == nil {
		b.spent[name] = new(big.Rat)
	}
	return new(big.Rat).Set(b.spent[name])
}

func (b *budgets) set(name string, sum *big.Rat) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.spent[name] = sum
}

func rat(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("not a decimal: " + text)
	}
	return r
}

// counting counts budgets beside the store: fits says what fits.
func counting(b *broken, fits func(sum, limit *big.Rat) bool) {
	var own budgets
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		if l == nil {
			return b.Volatile.Create(ctx, e, nil)
		}
		if kept, err := b.Volatile.Get(ctx, e.ID); err == nil {
			return kept, false, nil
		}
		sum := own.of(e.Budget)
		sum.Add(sum, rat(e.Cost))
		if !fits(sum, rat(l.Limit)) {
			return journal.Entry{}, false, journal.ErrOverBudget
		}
		kept, created, err := b.Volatile.Create(ctx, e, nil)
		if created {
			own.set(e.Budget, sum)
		}
		return kept, created, err
	}
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		before, err := b.Volatile.Get(ctx, e.ID)
		if err != nil {
			return b.Volatile.Save(ctx, e)
		}
		saved, err := b.Volatile.Save(ctx, e)
		if err == nil && saved.Budget != "" && saved.State.Uncharged() && !before.State.Uncharged() {
			sum := own.of(saved.Budget)
			own.set(saved.Budget, sum.Sub(sum, rat(saved.Cost)))
		}
		return saved, err
	}
}

func checksEarly(b *broken) {
	counting(b, func(sum, limit *big.Rat) bool {
		fits := sum.Cmp(limit) <= 0
		time.Sleep(time.Millisecond) // the others look meanwhile
		return fits
	})
}

func stopsBelow(b *broken) {
	counting(b, func(sum, limit *big.Rat) bool { return sum.Cmp(limit) < 0 })
}

func countsInFloats(b *broken) {
	total := make(map[string]float64)
	var mu sync.Mutex
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		if l == nil {
			return b.Volatile.Create(ctx, e, nil)
		}
		mu.Lock()
		defer mu.Unlock()
		cost, _ := rat(e.Cost).Float64()
		limit, _ := rat(l.Limit).Float64()
		if total[e.Budget]+cost > limit {
			return journal.Entry{}, false, journal.ErrOverBudget
		}
		total[e.Budget] += cost
		return b.Volatile.Create(ctx, e, nil)
	}
}

func givesNothingBack(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		if l == nil {
			return b.Volatile.Create(ctx, e, nil)
		}
		if kept, err := b.Volatile.Get(ctx, e.ID); err == nil {
			return kept, false, nil
		}
		shadow := later(e, "~") // spends in place of the entry
		shadow.Keys = nil
		if _, _, err := b.Volatile.Create(ctx, shadow, l); err != nil {
			return journal.Entry{}, false, err
		}
		return b.Volatile.Create(ctx, e, nil)
	}
}

func givesBackAgain(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		saved, err := b.Volatile.Save(ctx, e)
		if err == nil && saved.Version > 2 && saved.Budget != "" && saved.State.Uncharged() {
			shadow := later(saved, "~"+time.Now().String())
			shadow.Keys, shadow.Cost = nil, "-"+saved.Cost
			_, _, err = b.Volatile.Create(ctx, shadow, &journal.Budget{Limit: "1000000"})
		}
		return saved, err
	}
}

func hasOneBudget(b *broken) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		if l != nil {
			e.Budget = "all"
		}
		return b.Volatile.Create(ctx, e, l)
	}
}

func savesBlindly(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		if kept, err := b.Volatile.Get(ctx, e.ID); err == nil {
			e.Version = kept.Version
		}
		return b.Volatile.Save(ctx, e)
	}
}

func upserts(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		if _, err := b.Volatile.Get(ctx, e.ID); errors.Is(err, journal.ErrNotFound) {
			made, _, err := b.Volatile.Create(ctx, e, nil)
			return made, err
		}
		return b.Volatile.Save(ctx, e)
	}
}

func doesNotCount(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		saved, err := b.Volatile.Save(ctx, e)
		saved.Version = e.Version
		return saved, err
	}
}

func savesHalf(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		saved, err := b.Volatile.Save(ctx, e)
		if errors.Is(err, journal.ErrTaken) {
			e.Keys = nil
			_, failed := b.Volatile.Save(ctx, e)
			return journal.Entry{}, errors.Join(err, failed)
		}
		return saved, err
	}
}

func neverFrees(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		if kept, err := b.Volatile.Get(ctx, e.ID); err == nil {
			for _, key := range kept.Keys {
				if !slices.Contains(e.Keys, key) {
					e.Keys = append(slices.Clone(e.Keys), key)
				}
			}
		}
		return b.Volatile.Save(ctx, e)
	}
}

func letsPackageChange(b *broken) {
	var changed sync.Map
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		saved, err := b.Volatile.Save(ctx, e)
		if err == nil {
			changed.Store(e.ID, e.PackageID)
			saved.PackageID = e.PackageID
		}
		return saved, err
	}
	b.get = func(ctx context.Context, id journal.ID) (journal.Entry, error) {
		e, err := b.Volatile.Get(ctx, id)
		if p, ok := changed.Load(id); ok {
			e.PackageID, _ = p.(string)
		}
		return e, err
	}
}

func comparesThenSwaps(b *broken) {
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		kept, err := b.Volatile.Get(ctx, e.ID)
		if err != nil || kept.Version != e.Version {
			return b.Volatile.Save(ctx, e)
		}
		time.Sleep(time.Millisecond) // another writer has the same idea
		for {
			saved, err := b.Volatile.Save(ctx, e)
			if !errors.Is(err, journal.ErrStale) {
				return saved, err
			}
			e.Version++
		}
	}
}

// stores lets something happen to every entry on its way in.
func stores(b *broken, change func(e *journal.Entry)) {
	b.create = func(ctx context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		e = e.Clone()
		change(&e)
		return b.Volatile.Create(ctx, e, l)
	}
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		e = e.Clone()
		change(&e)
		return b.Volatile.Save(ctx, e)
	}
}

func keepsSeconds(b *broken) {
	stores(b, func(e *journal.Entry) { e.UpdatedAt = e.UpdatedAt.Truncate(time.Second) })
}

func makesEpoch(b *broken) {
	stores(b, func(e *journal.Entry) {
		if e.ResendUntil.IsZero() {
			e.ResendUntil = time.Unix(0, 0)
		}
	})
}

func cutsDocuments(b *broken) {
	stores(b, func(e *journal.Entry) { e.Document = e.Document[:min(len(e.Document), 65535)] })
}

func tidiesDocuments(b *broken) {
	stores(b, func(e *journal.Entry) { e.Document = bytes.ReplaceAll(e.Document, []byte(" "), nil) })
}

func foldsKeys(b *broken) {
	stores(b, func(e *journal.Entry) {
		for i, key := range e.Keys {
			e.Keys[i] = strings.ToLower(key)
		}
	})
}

func forgetsState(b *broken) {
	stores(b, func(e *journal.Entry) {
		if e.State == journal.Refunded {
			e.State = journal.Rejected
		}
	})
}

func findsOften(b *broken) {
	b.named = func(ctx context.Context, p esim.Provider, keys []string) (all []journal.Entry, err error) {
		for _, key := range keys {
			found, err := b.Volatile.Named(ctx, p, []string{key})
			if err != nil {
				return nil, err
			}
			all = append(all, found...)
		}
		return all, nil
	}
}

func findsElsewhere(b *broken) {
	b.named = func(ctx context.Context, _ esim.Provider, keys []string) ([]journal.Entry, error) {
		found, err := b.Volatile.Named(ctx, north, keys)
		more, failed := b.Volatile.Named(ctx, south, keys)
		return append(found, more...), errors.Join(err, failed)
	}
}

func listsBackwards(b *broken) {
	b.list = func(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
		found, err := b.Volatile.List(ctx, q)
		slices.Reverse(found)
		return found, err
	}
}

func repeatsLast(b *broken) {
	b.list = func(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
		if q.After != nil {
			q.After = &journal.Entry{CreatedAt: q.After.CreatedAt, ID: q.After.ID[:len(q.After.ID)-1]}
		}
		return b.Volatile.List(ctx, q)
	}
}

func skipsMoment(b *broken) {
	b.list = func(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
		if q.After != nil {
			q.After = &journal.Entry{CreatedAt: q.After.CreatedAt, ID: "~"} // behind every ID
		}
		return b.Volatile.List(ctx, q)
	}
}

func ignoresStates(b *broken) {
	b.list = func(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
		q.States = nil
		return b.Volatile.List(ctx, q)
	}
}

func listsAll(b *broken) {
	b.list = func(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
		q.Limit = 1 << 20
		return b.Volatile.List(ctx, q)
	}
}

func leasesEarly(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		all, err := b.Volatile.List(ctx, journal.Query{})
		var leased []journal.Entry
		for _, e := range all[:min(slots[""], len(all))] {
			if !e.NextAt.IsZero() {
				leased = append(leased, e)
			}
		}
		return leased, err
	}
}

func leasesTwice(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		leased, err := b.Volatile.Lease(ctx, slots, 0)
		for i := range leased {
			leased[i].LeaseUntil = time.Now().Add(d)
		}
		return leased, err
	}
}

func leasesForEver(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		leased, err := b.Volatile.Lease(ctx, slots, 10000*time.Hour)
		for i := range leased {
			leased[i].LeaseUntil = leased[i].LeaseUntil.Add(d - 10000*time.Hour)
		}
		return leased, err
	}
}

func leasesShortly(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		return b.Volatile.Lease(ctx, slots, d/2)
	}
}

func looksThenLeases(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		now := time.Now()
		all, err := b.Volatile.List(ctx, journal.Query{})
		var leased []journal.Entry
		for _, e := range all {
			if len(leased) == slots[""] || e.NextAt.IsZero() || e.NextAt.After(now) || e.LeaseUntil.After(now) {
				continue
			}
			time.Sleep(50 * time.Microsecond) // another worker looks meanwhile
			e.LeaseUntil = now.Add(d)
			if kept, failed := b.Volatile.Save(ctx, e); failed == nil {
				e = kept
			}
			leased = append(leased, e)
		}
		return leased, err
	}
}

func poolsSlots(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		sum := 0
		for _, n := range slots {
			sum += n
		}
		return b.Volatile.Lease(ctx, journal.Slots{"": sum}, d)
	}
}

func forgetsEmptySlots(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		some := maps.Clone(slots)
		maps.DeleteFunc(some, func(_ esim.Provider, n int) bool { return n == 0 })
		return b.Volatile.Lease(ctx, some, d)
	}
}

func leavesOthers(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		if len(slots) > 1 {
			slots = maps.Clone(slots)
			delete(slots, "")
		}
		return b.Volatile.Lease(ctx, slots, d)
	}
}

func multipliesSlots(b *broken) {
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		more := maps.Clone(slots)
		for _, p := range []esim.Provider{"east", north, south, "west"} {
			if _, named := more[p]; !named && len(slots) > 0 {
				more[p] = slots[""]
			}
		}
		return b.Volatile.Lease(ctx, more, d)
	}
}

func leasesSilently(b *broken) {
	var mu sync.Mutex
	behind := make(map[journal.ID]int64)
	b.lease = func(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
		leased, err := b.Volatile.Lease(ctx, slots, d)
		mu.Lock()
		defer mu.Unlock()
		for i := range leased {
			behind[leased[i].ID]++
			leased[i].Version -= behind[leased[i].ID]
		}
		return leased, err
	}
	b.save = func(ctx context.Context, e journal.Entry) (journal.Entry, error) {
		mu.Lock()
		defer mu.Unlock()
		e.Version += behind[e.ID]
		saved, err := b.Volatile.Save(ctx, e)
		saved.Version -= behind[e.ID]
		return saved, err
	}
	b.get = func(ctx context.Context, id journal.ID) (journal.Entry, error) {
		mu.Lock()
		defer mu.Unlock()
		e, err := b.Volatile.Get(ctx, id)
		e.Version -= behind[id]
		return e, err
	}
}

// recent counts the entries of which ok is true, as Doubtful should.
func recent(b *broken, ok func(e *journal.Entry, account string, since time.Time) bool) {
	b.doubtful = func(ctx context.Context, account string, since time.Time) (int, error) {
		all, err := b.Volatile.List(ctx, journal.Query{})
		n := 0
		for i := range all {
			if ok(&all[i], account, since) {
				n++
			}
		}
		return n, err
	}
}

func unsettled(e *journal.Entry) bool {
	return e.Doubt > 0 && (e.State == journal.Sending || e.State == journal.Unknown || e.State == journal.Review)
}

func countsAllDoubts(b *broken) {
	recent(b, func(e *journal.Entry, account string, since time.Time) bool {
		return e.Account == account && e.Doubt > 0 && !e.DoubtAt.IsZero() && !e.DoubtAt.Before(since)
	})
}

func countsAllAccounts(b *broken) {
	recent(b, func(e *journal.Entry, _ string, since time.Time) bool {
		return unsettled(e) && !e.DoubtAt.IsZero() && !e.DoubtAt.Before(since)
	})
}

func countsTheStock(b *broken) {
	recent(b, func(e *journal.Entry, account string, _ time.Time) bool {
		return e.Account == account && unsettled(e) && !e.DoubtAt.IsZero()
	})
}

func countsWhatIsUnderWay(b *broken) {
	recent(b, func(e *journal.Entry, account string, since time.Time) bool {
		return e.Account == account && unsettled(e) && (e.DoubtAt.IsZero() || !e.DoubtAt.Before(since))
	})
}

func countsTheSettled(b *broken) {
	recent(b, func(e *journal.Entry, account string, since time.Time) bool {
		return e.Account == account && !e.DoubtAt.IsZero() && !e.DoubtAt.Before(since)
	})
}

func replacesEvidence(b *broken) {
	b.hold = func(ctx context.Context, h journal.Held) error {
		return errors.Join(b.Volatile.Release(ctx, h.Provider, h.Key), b.Volatile.Hold(ctx, h))
	}
}

func releasesEverywhere(b *broken) {
	b.release = func(ctx context.Context, _ esim.Provider, key string) error {
		return errors.Join(b.Volatile.Release(ctx, north, key), b.Volatile.Release(ctx, south, key))
	}
}

func forgetsWarned(b *broken) {
	b.warned = func(context.Context, esim.Provider, string) error { return nil }
}

func dropsNameless(b *broken) {
	b.hold = func(ctx context.Context, h journal.Held) error {
		if len(h.Names) == 0 {
			return nil
		}
		return b.Volatile.Hold(ctx, h)
	}
}

func sharesReads(b *broken) {
	read := make(map[journal.ID]journal.Entry)
	b.get = func(ctx context.Context, id journal.ID) (journal.Entry, error) {
		e, err := b.Volatile.Get(ctx, id)
		if before, ok := read[id]; ok && before.Version == e.Version {
			return before, err
		}
		read[id] = e
		return e, err
	}
	b.list = func(ctx context.Context, q journal.Query) ([]journal.Entry, error) {
		all, err := b.Volatile.List(ctx, q)
		for i := range all {
			if before, ok := read[all[i].ID]; ok {
				all[i] = before
			}
		}
		return all, err
	}
}

func sharesArguments(b *broken) {
	given := make(map[string]journal.Held)
	b.hold = func(ctx context.Context, h journal.Held) error {
		given[h.Key] = h
		return b.Volatile.Hold(ctx, h)
	}
	b.held = func(ctx context.Context, q journal.HeldQuery) ([]journal.Held, error) {
		found, err := b.Volatile.Held(ctx, q)
		for i := range found {
			found[i].Document = given[found[i].Key].Document
		}
		return found, err
	}
}

func ignoresContext(b *broken) {
	b.create = func(_ context.Context, e journal.Entry, l *journal.Budget) (journal.Entry, bool, error) {
		return b.Volatile.Create(context.Background(), e, l) //nolint:contextcheck // the mistake that is to be noticed
	}
}

func callsItAMiss(b *broken) {
	b.get = func(ctx context.Context, id journal.ID) (journal.Entry, error) {
		e, err := b.Volatile.Get(ctx, id)
		if err != nil {
			err = journal.ErrNotFound
		}
		return e, err
	}
}

func goesBack(b *broken) {
	var calls atomic.Int64
	b.now = func(ctx context.Context) (time.Time, error) {
		now, err := b.Volatile.Now(ctx)
		if calls.Add(1)%500 == 0 {
			now = now.Add(-time.Second)
		}
		return now, err
	}
}
