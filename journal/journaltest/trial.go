package journaltest

import (
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// The providers and the account of the purchases in these checks.
const (
	north = esim.Provider("north")
	south = esim.Provider("south")

	account = "north:3f1a"
)

// trial is one check under way.
type trial struct {
	testing.TB
	store journal.Store
	base  time.Time // by the store's clock, when the check began
}

func newTrial(t testing.TB, store journal.Store) *trial {
	tr := &trial{TB: t, store: store}
	tr.base = tr.now()
	return tr
}

func (t *trial) now() time.Time {
	t.Helper()
	now, err := t.store.Now(t.Context())
	if err != nil {
		t.Fatalf("Now: %v", err)
	}
	return now.UTC().Truncate(time.Microsecond)
}

// pass lets time go by on the store's clock.
func (t *trial) pass(d time.Duration) {
	t.Helper()
	if clock, ok := t.store.(Advancer); ok {
		clock.Advance(d)
		return
	}
	const patience = 5 * time.Second
	began := time.Now()
	for end := t.now().Add(d); !t.now().After(end); {
		if time.Since(began) > d+patience {
			t.Fatalf("the store's clock does not run: %v have not passed on it in %v", d, time.Since(began))
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// moment is a lease that a check can wait out.
func (t *trial) moment() time.Duration {
	if _, ok := t.store.(Advancer); ok {
		return time.Minute
	}
	return 150 * time.Millisecond
}

// purchase is an entry as the journal makes them, and what the check changes.
func (t *trial) purchase(p esim.Provider, reference string, change ...func(*journal.Entry)) journal.Entry {
	e := journal.Entry{
		ID: journal.IDOf(p, reference), Version: 1, Provider: p, Account: account, Kind: journal.OrderKind,
		Reference: reference, Content: "c0ffee", PackageID: "lk-1gb", State: journal.Ready,
		CreatedAt: t.base, UpdatedAt: t.base, Document: []byte(`{"request":{}}`),
	}
	for _, f := range change {
		f(&e)
	}
	return e
}

// created commits a new entry and returns what the store made of it.
func (t *trial) created(p esim.Provider, reference string, change ...func(*journal.Entry)) journal.Entry {
	t.Helper()
	return t.create(t.purchase(p, reference, change...))
}

func (t *trial) create(e journal.Entry) journal.Entry {
	t.Helper()
	kept, created, err := t.store.Create(t.Context(), e, nil)
	if err != nil {
		t.Fatalf("Create of %s: %v", e.Reference, err)
	}
	if !created {
		t.Fatalf("Create of %s: created is false for a new entry", e.Reference)
	}
	return kept
}

func (t *trial) save(e journal.Entry) journal.Entry {
	t.Helper()
	saved, err := t.store.Save(t.Context(), e)
	if err != nil {
		t.Fatalf("Save of %s: %v", e.Reference, err)
	}
	return saved
}

func (t *trial) get(id journal.ID) journal.Entry {
	t.Helper()
	e, err := t.store.Get(t.Context(), id)
	if err != nil {
		t.Fatalf("Get of %s: %v", id, err)
	}
	return e
}

func (t *trial) list(q journal.Query) []journal.Entry {
	t.Helper()
	found, err := t.store.List(t.Context(), q)
	if err != nil {
		t.Fatalf("List: %v", err)
	}
	return found
}

func (t *trial) named(p esim.Provider, keys ...string) []journal.Entry {
	t.Helper()
	found, err := t.store.Named(t.Context(), p, keys)
	if err != nil {
		t.Fatalf("Named: %v", err)
	}
	return found
}

// lease leases up to n entries, of whatever provider.
func (t *trial) lease(n int, d time.Duration) []journal.Entry {
	t.Helper()
	return t.leaseOf(journal.Slots{"": n}, d)
}

func (t *trial) leaseOf(slots journal.Slots, d time.Duration) []journal.Entry {
	t.Helper()
	leased, err := t.store.Lease(t.Context(), slots, d)
	if err != nil {
		t.Fatalf("Lease: %v", err)
	}
	return leased
}

// wantError checks which error came.
func (t *trial) wantError(err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("the error is %v, want %v", err, want)
	}
}

// wantAbsent checks that there is no such entry.
func (t *trial) wantAbsent(id journal.ID) {
	t.Helper()
	e, err := t.store.Get(t.Context(), id)
	if !errors.Is(err, journal.ErrNotFound) {
		t.Errorf("Get of what was not created: %s, error %v, want ErrNotFound", show(&e), err)
	}
}

// wantKept checks that the store has exactly this entry.
func (t *trial) wantKept(want journal.Entry) {
	t.Helper()
	t.wantSame("the entry that is kept", want, t.get(want.ID))
}

// wantSame compares all that an entry has.
func (t *trial) wantSame(what string, want, got journal.Entry) {
	t.Helper()
	if diff := difference(&want, &got); len(diff) > 0 {
		t.Errorf("%s differs: %s", what, strings.Join(diff, "; "))
	}
}

// wantReferences checks which entries came, in which order.
func (t *trial) wantReferences(what string, got []journal.Entry, want ...string) {
	t.Helper()
	var have []string
	for i := range got {
		have = append(have, got[i].Reference)
	}
	if !slices.Equal(have, want) {
		t.Errorf("%s: %v, want %v", what, have, want)
	}
}

// wantOwner checks which purchase has a name, "" for none.
func (t *trial) wantOwner(p esim.Provider, key, reference string) {
	t.Helper()
	var want []string
	if reference != "" {
		want = []string{reference}
	}
	t.wantReferences("the owner of "+key+" at "+string(p), t.named(p, key), want...)
}

func show(e *journal.Entry) string {
	return fmt.Sprintf("%q version %d, %s", e.Reference, e.Version, e.State)
}

// difference names the fields that are not the same.
func difference(want, got *journal.Entry) []string {
	var diff []string
	differ := func(field string, want, got any) {
		diff = append(diff, fmt.Sprintf("%s is %.80s, want %.80s", field, fmt.Sprint(got), fmt.Sprint(want)))
	}
	texts := func(field, want, got string) {
		if want != got {
			differ(field, want, got)
		}
	}
	numbers := func(field string, want, got int64) {
		if want != got {
			differ(field, want, got)
		}
	}
	times := func(field string, want, got time.Time) {
		if !want.Equal(got) || want.IsZero() != got.IsZero() {
			differ(field, want, got)
		}
	}
	texts("ID", string(want.ID), string(got.ID))
	numbers("Version", want.Version, got.Version)
	texts("Provider", string(want.Provider), string(got.Provider))
	texts("Account", want.Account, got.Account)
	texts("Kind", string(want.Kind), string(got.Kind))
	texts("Reference", want.Reference, got.Reference)
	texts("Content", want.Content, got.Content)
	texts("PackageID", want.PackageID, got.PackageID)
	texts("State", want.State.String(), got.State.String())
	numbers("Attempts", int64(want.Attempts), int64(got.Attempts))
	numbers("Doubt", int64(want.Doubt), int64(got.Doubt))
	if want.Arrived != got.Arrived {
		differ("Arrived", want.Arrived, got.Arrived)
	}
	if a, b := sorted(want.Keys), sorted(got.Keys); !slices.Equal(a, b) {
		differ("Keys", a, b)
	}
	times("CreatedAt", want.CreatedAt, got.CreatedAt)
	times("UpdatedAt", want.UpdatedAt, got.UpdatedAt)
	times("NextAt", want.NextAt, got.NextAt)
	times("LeaseUntil", want.LeaseUntil, got.LeaseUntil)
	times("ResendUntil", want.ResendUntil, got.ResendUntil)
	times("DoubtAt", want.DoubtAt, got.DoubtAt)
	times("DeadlineAt", want.DeadlineAt, got.DeadlineAt)
	if !sameAmount(want.Cost, got.Cost) {
		differ("Cost", want.Cost, got.Cost)
	}
	texts("Currency", want.Currency, got.Currency)
	texts("Budget", want.Budget, got.Budget)
	texts("Document", string(want.Document), string(got.Document))
	return diff
}

func sorted(keys []string) []string { return slices.Sorted(slices.Values(keys)) }

// sameAmount compares decimals: a database may write 1.50 as 1.5.
func sameAmount(a, b string) bool {
	x, okX := new(big.Rat).SetString(a)
	y, okY := new(big.Rat).SetString(b)
	if !okX || !okY {
		return a == b
	}
	return x.Cmp(y) == 0
}
