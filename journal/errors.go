package journal

import (
	"errors"

	"github.com/esimkit/esim"
)

// What a journal says, beside the errors of its store. Each comes inside an
// [esim.Error] that tells whether money may have been spent.
var (
	// ErrReferenceMissing: a journalled purchase needs a Reference, which is
	// what it is found by after a crash.
	ErrReferenceMissing = errors.New("journal: a purchase needs a Reference")
	// ErrVolatile: a live account under a store that forgets.
	ErrVolatile = errors.New("journal: a volatile store forgets what was charged; use a durable one or set AllowVolatile")
	// ErrNoReceiver: the provider delivers by webhook only, and nobody listens.
	ErrNoReceiver = errors.New("journal: no webhook receiver is registered; see Journal.Receiver")
	// ErrBraked: too much is in doubt or going wrong at this account.
	ErrBraked = errors.New("journal: new purchases are held back")
	// ErrAccountChanged: the purchase was begun with another account or
	// environment, where alone it can be found out.
	ErrAccountChanged = errors.New("journal: this purchase was begun with another account or environment")
	// ErrInHand: another process has this purchase in hand.
	ErrInHand = errors.New("journal: another process has this purchase in hand")
	// ErrUnderReview: a person must find out; see Journal.Decide.
	ErrUnderReview = errors.New("journal: this purchase is under review")
	// ErrNotRecorded: the order was accepted and could not be written down.
	// The journal will find it again by itself.
	ErrNotRecorded = errors.New("journal: accepted, and not recorded yet")
	// ErrDecided: an operator has ended this purchase; a new one needs a new
	// reference.
	ErrDecided = errors.New("journal: an operator has ended this purchase")
	// ErrReferenceEnded: the purchase has ended with nothing charged, and that
	// was handed to OnFailed, or its key was sent as often as a key may be. A new
	// purchase needs a new reference.
	ErrReferenceEnded = errors.New("journal: this reference has ended; a new purchase needs a new one")
	// ErrNotOnRecord: the store did not say whether this purchase is on record,
	// and no hook is promised. Order again under this reference, which asks the
	// record first, until the store answers. An error of unknown outcome that
	// does not match it is about a purchase on record: a hook will tell.
	ErrNotOnRecord = errors.New("journal: not on record as far as this call knows; order again under this reference")
	// ErrStore: the store could not be read or written. It says nothing of how
	// the provider is doing.
	ErrStore = errors.New("journal: the store could not be read or written")
	// ErrBarred: the reference is closed for good; see [Journal.Bar].
	ErrBarred = errors.New("journal: this reference is closed")
	// ErrContradiction: evidence does not fit the purchase it names.
	ErrContradiction = errors.New("journal: the evidence contradicts the purchase")
	// ErrState: the purchase is in a state that does not allow this.
	ErrState = errors.New("journal: not possible in this state")
)

// withheld is the error of a purchase that was not sent by this call. The
// outcome is that of the purchase as it stands.
func withheld(op string, p esim.Provider, reference string, kind esim.Kind, cause error, outcome esim.Outcome) *esim.Error {
	return &esim.Error{Provider: p, Op: op, Kind: kind, Outcome: outcome, Reference: reference, Err: cause}
}

// storeError tells that the journal could not do its part, with nothing sent.
func storeError(op string, p esim.Provider, reference string, cause error, outcome esim.Outcome) *esim.Error {
	kind := esim.ErrUnavailable
	switch {
	case errors.Is(cause, ErrTaken):
		kind = esim.ErrNotEligible
	case errors.Is(cause, ErrOverBudget):
		kind = esim.ErrNotEligible
	case errors.Is(cause, ErrNotFound):
		kind = esim.ErrNotFound
	case errors.Is(cause, ErrState), errors.Is(cause, ErrAccountChanged), errors.Is(cause, ErrInHand), errors.Is(cause, ErrStale):
	default:
		cause = errors.Join(ErrStore, cause)
	}
	return withheld(op, p, reference, kind, cause, outcome)
}
