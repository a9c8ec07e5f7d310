package journal

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
)

// Store keeps entries. Everything it confirms is durable: it survives the
// death of the process at any instruction and, as far as the store promises
// that, of the machine. Its methods are safe for concurrent use, by many
// processes where the store is shared.
//
// What a store does not know is what the states mean. Package journaltest
// holds the tests that every store must pass.
//
// Errors: [ErrNotFound], [ErrStale], [ErrTaken], [ErrOverBudget] as each
// method says; a store that cannot write any more returns an error that
// matches one of [ErrReadOnly], [ErrDiskFull], [ErrPoisoned] or [ErrClosed].
// After any other error it is not known whether the write took place; the
// journal reads the entry again.
type Store interface {
	Creator

	// Save replaces the entry of the same ID if its version is still
	// e.Version, and adds one to the version. It makes the names in e.Keys, and
	// no others, those of the entry. Created columns stay as they are:
	// Provider, Account, Kind, Reference, Content, PackageID, CreatedAt and
	// Budget. If the entry becomes uncharged its Cost is given back to its
	// Budget, in the same commit. An entry that leaves this state takes
	// nothing back.
	//
	// ErrStale: the version has changed, or there is no such entry.
	// ErrTaken: another entry has one of the keys. Nothing is changed then.
	Save(ctx context.Context, e Entry) (Entry, error)

	// Get returns an entry, or ErrNotFound.
	Get(ctx context.Context, id ID) (Entry, error)

	// Named returns the entries that have one of the keys at the provider.
	Named(ctx context.Context, p esim.Provider, keys []string) ([]Entry, error)

	// List returns entries in the order of CreatedAt, then ID.
	List(ctx context.Context, q Query) ([]Entry, error)

	// Lease takes entries that are due (NextAt has come) and that nobody has
	// (LeaseUntil is over or zero), of each provider as many as it has slots,
	// those with the earliest NextAt. They are returned earliest NextAt first,
	// each with LeaseUntil set to d from now and its version increased; no
	// other call gets it before then. It is called all the time, for all
	// providers at once, so it should be one request to a database.
	Lease(ctx context.Context, slots Slots, d time.Duration) ([]Entry, error)

	// Doubtful counts the entries of an account that have come into doubt at
	// that time or later (DoubtAt) and still are: Doubt > 0, in state Sending,
	// Unknown or Review. An entry whose first request is under way has no
	// DoubtAt, and does not count.
	Doubtful(ctx context.Context, account string, since time.Time) (int, error)

	// Hold keeps evidence that nobody can place yet. The same Key again, for
	// the same provider, changes nothing.
	Hold(ctx context.Context, h Held) error
	// Held returns evidence kept for the provider under one of the names,
	// oldest first; with no names, all that is older than the time given.
	Held(ctx context.Context, q HeldQuery) ([]Held, error)
	// Release drops evidence once it has found its place. What is not there
	// is no error.
	Release(ctx context.Context, p esim.Provider, key string) error
	// Warned notes that somebody was told of evidence that nobody placed.
	Warned(ctx context.Context, p esim.Provider, key string) error

	// Now is the store's clock, which all its users share. [ErrClockSuspect]
	// says that it has gone back; everything but sending again may go on.
	Now(ctx context.Context) (time.Time, error)
}

// Slots is how many entries of each provider [Store.Lease] may take. The name
// "" stands for all providers that Slots does not name, together: with no other
// name, for all there are. A provider that is named with 0 gets none.
type Slots map[esim.Provider]int

// of returns the name whose slots a provider uses.
func (s Slots) of(p esim.Provider) esim.Provider {
	if _, named := s[p]; named {
		return p
	}
	return ""
}

// Creator is where an intent can be committed: a [Store], or what a store
// makes of a transaction of yours, so that the intent commits with it. One that
// has methods Now and Get like those of Store is asked by them, so that a
// transaction does not wait for a second connection.
type Creator interface {
	// Create commits a new entry as version 1, with its keys. If an entry of
	// the same Provider and Reference exists that one is returned, unchanged,
	// and created is false.
	//
	// With a budget, e.Cost is added to the counter e.Budget in the same
	// commit. ErrOverBudget: it would exceed b.Limit. ErrTaken: another entry
	// has one of the keys. Nothing is created then.
	Create(ctx context.Context, e Entry, b *Budget) (kept Entry, created bool, err error)
}

// Budget is a bound for the sum of costs under one name, Entry.Budget. All are
// in one currency, which is part of that name.
type Budget struct {
	Limit string // decimal amount
}

// Query selects entries; zero fields select all.
type Query struct {
	Provider  esim.Provider
	PackageID string
	States    []State
	// After continues a list behind this entry, of which CreatedAt and ID
	// count.
	After *Entry
	Limit int // 0 = 100
}

// Held is evidence that was kept because no entry could be found for it.
type Held struct {
	Provider esim.Provider
	Key      string   // identity of the evidence: the same again is the same event
	Names    []string // keys of entries it may belong to
	At       time.Time
	Warned   bool
	Document []byte // JSON
}

// HeldQuery selects evidence.
type HeldQuery struct {
	Provider esim.Provider // "" = any
	Names    []string      // any of them; none = by age
	Before   time.Time     // kept before this; zero = any time
	Unwarned bool          // only what nobody was told of
	Limit    int           // 0 = 100
}

// What stores say. The journal wraps them in an [esim.Error] that tells the
// outcome; errors.Is finds them there.
var (
	// ErrNotFound: there is no such purchase.
	ErrNotFound = errors.New("journal: no such purchase")
	// ErrStale: the entry has changed since it was read.
	ErrStale = errors.New("journal: the entry has changed since it was read")
	// ErrTaken: another entry holds one of the keys. For a top-up: another
	// top-up of this eSIM is not settled.
	ErrTaken = errors.New("journal: another purchase holds this name")
	// ErrOverBudget: the daily cap would be exceeded.
	ErrOverBudget = errors.New("journal: the daily cap would be exceeded")
	// ErrReadOnly: the store cannot be written to.
	ErrReadOnly = errors.New("journal: the store is read-only")
	// ErrDiskFull: there is no room for an intent.
	ErrDiskFull = errors.New("journal: the disk is full")
	// ErrPoisoned: a write has failed in a way that leaves the state of the
	// file open. Nothing more is written until it is opened again.
	ErrPoisoned = errors.New("journal: the store is poisoned by a failed write; close and reopen it")
	// ErrClosed: the journal or its store is closed.
	ErrClosed = errors.New("journal: closed")
	// ErrClockSuspect: the store's clock has gone back.
	ErrClockSuspect = errors.New("journal: the clock has gone back")
	// ErrForeign: the database holds something else, or is damaged.
	ErrForeign = errors.New("journal: this is not an intact journal database")
	// ErrSchema: the database has another schema version than this program.
	ErrSchema = errors.New("journal: the schema version does not fit")
	// ErrInUse: another process has the database open.
	ErrInUse = errors.New("journal: the database is in use by another process")
)
