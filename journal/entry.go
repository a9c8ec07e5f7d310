package journal

import (
	"bytes"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
)

// ID names a purchase in the journal. It follows from provider and reference,
// so every process that knows these knows the ID.
type ID string

// IDOf returns the ID of the purchase that a reference stands for at a provider.
func IDOf(p esim.Provider, reference string) ID {
	return ID(uuid.NewSHA1(uuid.NameSpaceOID, []byte("esimkit/esim/journal/"+string(p)+"/"+reference)).String())
}

// Kind is what is bought.
type Kind string

// The kinds of purchase.
const (
	OrderKind Kind = "order"
	TopUpKind Kind = "top-up"
)

// Entry is a purchase as a [Store] keeps it: what stores search and constrain,
// and a Document that only the journal reads.
type Entry struct {
	ID        ID
	Version   int64 // counts the commits of this entry, from 1
	Provider  esim.Provider
	Account   string // fingerprint of the account that is charged
	Kind      Kind
	Reference string // unique for the provider
	Content   string // digest of what is bought; the same reference must have the same
	PackageID string
	State     State
	Attempts  int  // requests ever begun
	Doubt     int  // of them, those whose effect is not known
	Arrived   bool // the provider has said that it knows the request

	// Keys are other names of this entry, each unique for the provider while
	// it is held: "order:<provider's order id>", "item:<provider's unit id>",
	// and "topup:<iccid>", the lock that keeps a second top-up away.
	Keys []string

	CreatedAt   time.Time
	UpdatedAt   time.Time
	NextAt      time.Time // when it is due; zero = never
	LeaseUntil  time.Time // a worker has it until then; zero = nobody
	ResendUntil time.Time // no request is begun after this
	DeadlineAt  time.Time // what is open then goes to review
	DoubtAt     time.Time // when a request of it last ended in doubt; zero = none has

	// Cost is what this purchase may cost at most, or has cost: a decimal
	// amount and its currency, "" = not known.
	Cost, Currency string
	// Budget names the counter that Cost was taken from, "" = none. A store
	// gives it back when the entry becomes [State.Uncharged].
	Budget string

	Document []byte // JSON
}

// Clone returns a copy that shares nothing with e.
func (e Entry) Clone() Entry {
	e.Keys = slices.Clone(e.Keys)
	e.Document = bytes.Clone(e.Document)
	return e
}
