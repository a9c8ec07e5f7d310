package simulation

import (
	"fmt"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// purchase is what the world knows of one reference: what the shop wants, what
// it was told, and what the provider has charged.
type purchase struct {
	reference string
	id        journal.ID
	kind      journal.Kind
	packageID string
	quantity  int
	iccid     esim.ICCID // of a top-up
	quote     *esim.Package
	until     time.Time // zero = the journal sets it

	charges []charge
	sends   map[string]int // of each key
	sent    time.Time      // when a request last left

	active   int  // calls under way
	calls    int  // ever begun
	refused  bool // told that nothing was bought, and not called again since
	told     int  // how often it was told so, by an error or a hook
	deserted int  // calls whose process died
	decided  bool // an operator has ended it

	state    journal.State // as last committed
	version  int64         // 0 = there is no entry
	audited  int64         // version that was compared in full
	delivers int           // calls of OnDelivered
	reviews  int           // calls of OnReview
}

// charge is money that the provider took for the purchase.
type charge struct {
	at       time.Time
	quantity int
	iccids   []string
	account  int
}

// units counts what was charged.
func (p *purchase) units() int {
	n := 0
	for _, c := range p.charges {
		n += c.quantity
	}
	return n
}

// likeness is the same for purchases whose orders may be exchanged.
func (p *purchase) likeness() string { return fmt.Sprint(p.packageID, " x", p.quantity) }

func (p *purchase) order() esim.OrderRequest {
	return esim.OrderRequest{PackageID: p.packageID, Quantity: p.quantity, Reference: p.reference, Quote: p.quote, Until: p.until}
}

func (p *purchase) topUp() esim.TopUpRequest {
	return esim.TopUpRequest{ICCID: p.iccid, PackageID: p.packageID, Reference: p.reference, Quote: p.quote}
}

// other is the same reference with other content.
func (p *purchase) other(packages []string) purchase {
	twisted := *p
	twisted.quote = nil
	if p.kind == journal.TopUpKind {
		twisted.packageID += "x"
		return twisted
	}
	twisted.quantity++
	if p.quantity == 3 {
		twisted.quantity = 1
	}
	for _, id := range packages {
		if p.quantity == 2 && id != p.packageID {
			twisted.packageID = id
		}
	}
	return twisted
}
