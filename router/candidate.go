package router

import (
	"time"

	"github.com/esimkit/esim"
)

// Policy ranks the candidates of a sale, best first. It may leave some out;
// what it adds or repeats is ignored. It must not keep or change the slice it
// is given, except to sort it, and is called from many goroutines.
type Policy func(s Sale, c []Candidate) []Candidate

// Sale is what a policy may want to know of the order at hand.
type Sale struct {
	Reference string // the caller's, or the one minted for it
	Asked     esim.Package
	Quantity  int
	Currency  string // that Candidate.Compared is in
	Needs     Needs
}

// Candidate is a package that could be bought for the sale, from a reseller
// that could sell it.
type Candidate struct {
	Provider     esim.Provider
	Package      esim.Package
	Price        esim.Money    // of one, in the reseller's currency; without a currency = not known
	Compared     esim.Estimate // Price in Sale.Currency; without a currency = not known
	Balance      *esim.Money
	Health       Health
	Capabilities esim.Capabilities
}

// Health is how a reseller did in its latest purchases, up to a hundred.
type Health struct {
	Breaker  BreakerState  `json:"breaker"`
	Total    int           `json:"total"`
	Failures int           `json:"failures"` // of Total; a refusal for a reason is no failure
	P50      time.Duration `json:"p50"`
	P95      time.Duration `json:"p95"`
}

// BreakerState is the state of a circuit breaker: "closed", "half-open" or
// "open".
type BreakerState string

// The states of a breaker.
const (
	BreakerClosed   BreakerState = "closed"    // the reseller is asked
	BreakerHalfOpen BreakerState = "half-open" // one sale tries whether it is well again
	BreakerOpen     BreakerState = "open"      // it is left alone
)

func (c *Candidate) key() packageKey { return packageKey{c.Provider, c.Package.ID} }

// packageKey names a package among all resellers.
type packageKey struct {
	provider esim.Provider
	id       string
}
