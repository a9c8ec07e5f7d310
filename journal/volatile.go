package journal

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// Volatile is a store in memory. It forgets everything when the process ends,
// so it is for tests and dry runs; a journal refuses it for live accounts. Get
// one from [NewVolatile].
type Volatile struct {
	clock func() time.Time

	mu      sync.Mutex
	entries map[ID]*Entry
	names   map[providerKey]ID
	open    map[ID]struct{} // those that are due some time
	doubts  map[ID]struct{} // those in doubt
	budgets map[string]esim.Money
	spent   map[ID]string // what an entry has taken from its budget and not given back
	held    map[providerKey]Held
}

type providerKey struct {
	provider esim.Provider
	key      string
}

var _ Store = (*Volatile)(nil)

// NewVolatile returns an empty store.
func NewVolatile() *Volatile { return NewVolatileAt(time.Now) }

// NewVolatileAt returns an empty store with a clock of its own, for tests.
func NewVolatileAt(clock func() time.Time) *Volatile {
	return &Volatile{
		clock: clock, entries: make(map[ID]*Entry), names: make(map[providerKey]ID), open: make(map[ID]struct{}), doubts: make(map[ID]struct{}),
		budgets: make(map[string]esim.Money), spent: make(map[ID]string), held: make(map[providerKey]Held),
	}
}

// Volatile is true: what this store confirms does not survive the process.
func (v *Volatile) Volatile() bool { return true }

// Now implements [Store].
func (v *Volatile) Now(ctx context.Context) (time.Time, error) { return v.clock(), ctx.Err() }

// Create implements [Creator].
func (v *Volatile) Create(ctx context.Context, e Entry, b *Budget) (Entry, bool, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, false, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if kept := v.entries[e.ID]; kept != nil {
		return kept.Clone(), false, nil
	}
	if v.rival(&e) {
		return Entry{}, false, ErrTaken
	}
	if b != nil {
		sum, err := v.spend(e.Budget, e.Cost)
		if err != nil {
			return Entry{}, false, err
		}
		limit, err := counted(b.Limit)
		if err != nil {
			return Entry{}, false, err
		}
		if sum.Compare(limit) > 0 {
			return Entry{}, false, ErrOverBudget
		}
		v.budgets[e.Budget], v.spent[e.ID] = sum, e.Cost
	}
	e = e.Clone()
	e.Version = 1
	v.put(&e)
	return e.Clone(), true, nil
}

// Save implements [Store].
func (v *Volatile) Save(ctx context.Context, e Entry) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	kept := v.entries[e.ID]
	if kept == nil || kept.Version != e.Version {
		return Entry{}, ErrStale
	}
	if v.rival(&e) {
		return Entry{}, ErrTaken
	}
	if cost, ok := v.spent[e.ID]; ok && e.State.Uncharged() {
		sum, err := v.spend(kept.Budget, "-"+cost)
		if err != nil {
			return Entry{}, err
		}
		v.budgets[kept.Budget] = sum
		delete(v.spent, e.ID)
	}
	e = e.Clone()
	e.Provider, e.Account, e.Kind, e.Reference = kept.Provider, kept.Account, kept.Kind, kept.Reference
	e.Content, e.PackageID, e.CreatedAt, e.Budget = kept.Content, kept.PackageID, kept.CreatedAt, kept.Budget
	e.Version++
	for _, key := range kept.Keys {
		delete(v.names, providerKey{kept.Provider, key})
	}
	v.put(&e)
	return e.Clone(), nil
}

func (v *Volatile) put(e *Entry) {
	v.entries[e.ID] = e
	for _, key := range e.Keys {
		v.names[providerKey{e.Provider, key}] = e.ID
	}
	delete(v.open, e.ID)
	if !e.NextAt.IsZero() {
		v.open[e.ID] = struct{}{}
	}
	delete(v.doubts, e.ID)
	if e.Doubt > 0 && (e.State == Sending || e.State == Unknown || e.State == Review) {
		v.doubts[e.ID] = struct{}{}
	}
}

func (v *Volatile) rival(e *Entry) bool {
	return slices.ContainsFunc(e.Keys, func(key string) bool {
		owner, ok := v.names[providerKey{e.Provider, key}]
		return ok && owner != e.ID
	})
}

func (v *Volatile) spend(name, amount string) (esim.Money, error) {
	cost, err := counted(amount)
	if spent, ok := v.budgets[name]; ok && err == nil {
		return spent.Add(cost)
	}
	return cost, err
}

// counted reads an amount of a budget, which has one currency and does not say
// which: XXX is the code of ISO 4217 for that.
func counted(amount string) (esim.Money, error) { return esim.ParseMoney(amount, "XXX") }

// Get implements [Store].
func (v *Volatile) Get(ctx context.Context, id ID) (Entry, error) {
	if err := ctx.Err(); err != nil {
		return Entry{}, err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if e := v.entries[id]; e != nil {
		return e.Clone(), nil
	}
	return Entry{}, ErrNotFound
}

// Named implements [Store].
func (v *Volatile) Named(ctx context.Context, p esim.Provider, keys []string) ([]Entry, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []Entry
	for _, key := range keys {
		id, ok := v.names[providerKey{p, key}]
		if ok && !slices.ContainsFunc(found, func(e Entry) bool { return e.ID == id }) {
			found = append(found, v.entries[id].Clone())
		}
	}
	return found, ctx.Err()
}

const defaultLimit = 100

// List implements [Store].
func (v *Volatile) List(ctx context.Context, q Query) ([]Entry, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []*Entry
	add := func(e *Entry) {
		switch {
		case q.Provider != "" && e.Provider != q.Provider,
			q.PackageID != "" && e.PackageID != q.PackageID,
			len(q.States) > 0 && !slices.Contains(q.States, e.State),
			q.After != nil && byAge(e, q.After) <= 0:
			return
		}
		found = append(found, e)
	}
	if openOnly := len(q.States) > 0 && !slices.ContainsFunc(q.States, func(s State) bool { return !s.Open() }); openOnly {
		for id := range v.open { // what is open is due some time
			add(v.entries[id])
		}
	} else {
		for _, e := range v.entries {
			add(e)
		}
	}
	slices.SortFunc(found, byAge)
	page := make([]Entry, 0, len(found))
	for _, e := range found[:min(len(found), cmp.Or(q.Limit, defaultLimit))] {
		page = append(page, e.Clone())
	}
	return page, ctx.Err()
}

func byAge(a, b *Entry) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// Lease implements [Store].
func (v *Volatile) Lease(ctx context.Context, slots Slots, d time.Duration) ([]Entry, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := v.clock()
	var due []*Entry
	for id := range v.open {
		if e := v.entries[id]; !e.NextAt.After(now) && !e.LeaseUntil.After(now) {
			due = append(due, e)
		}
	}
	slices.SortFunc(due, func(a, b *Entry) int { return cmp.Or(a.NextAt.Compare(b.NextAt), byAge(a, b)) })
	var leased []Entry
	taken := make(Slots)
	for _, e := range due {
		slot := slots.of(e.Provider)
		if taken[slot] >= slots[slot] {
			continue
		}
		taken[slot]++
		e.LeaseUntil = now.Add(d).UTC().Truncate(time.Microsecond)
		e.Version++
		leased = append(leased, e.Clone())
	}
	return leased, ctx.Err()
}

// Doubtful implements [Store].
func (v *Volatile) Doubtful(ctx context.Context, account string, since time.Time) (int, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	n := 0
	for id := range v.doubts {
		if e := v.entries[id]; e.Account == account && !e.DoubtAt.IsZero() && !e.DoubtAt.Before(since) {
			n++
		}
	}
	return n, ctx.Err()
}

// Hold implements [Store].
func (v *Volatile) Hold(ctx context.Context, h Held) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	key := providerKey{h.Provider, h.Key}
	if _, ok := v.held[key]; !ok {
		h.Names, h.Document = slices.Clone(h.Names), slices.Clone(h.Document)
		v.held[key] = h
	}
	return ctx.Err()
}

// Held implements [Store].
func (v *Volatile) Held(ctx context.Context, q HeldQuery) ([]Held, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var found []Held
	for _, h := range v.held {
		named := len(q.Names) == 0 || slices.ContainsFunc(q.Names, func(n string) bool { return slices.Contains(h.Names, n) })
		switch {
		case q.Provider != "" && h.Provider != q.Provider, !named, q.Unwarned && h.Warned,
			!q.Before.IsZero() && !h.At.Before(q.Before):
			continue
		}
		h.Names, h.Document = slices.Clone(h.Names), slices.Clone(h.Document)
		found = append(found, h)
	}
	slices.SortFunc(found, func(a, b Held) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	return found[:min(len(found), cmp.Or(q.Limit, defaultLimit))], ctx.Err()
}

// Release implements [Store].
func (v *Volatile) Release(ctx context.Context, p esim.Provider, key string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.held, providerKey{p, key})
	return ctx.Err()
}

// Warned implements [Store].
func (v *Volatile) Warned(ctx context.Context, p esim.Provider, key string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if h, ok := v.held[providerKey{p, key}]; ok {
		h.Warned = true
		v.held[providerKey{p, key}] = h
	}
	return ctx.Err()
}
