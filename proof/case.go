package proof

import (
	"fmt"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// Form is how the shop orders.
type Form string

// The forms that README and the pages of docs show.
const (
	Quoted   Form = "quoted"      // README: the router, the offer's id and the offer as Quote
	Listed   Form = "listed"      // docs/router.md: the router, "provider:id" and no Quote
	Capped   Form = "capped"      // the same with MaxTotal
	Named    Form = "named"       // docs/journal.md: the journal's client of one reseller, with a Quote
	Bare     Form = "bare"        // the same without
	Enqueued Form = "enqueued"    // EnqueueOrder at one reseller, with a Quote
	Dearest  Form = "quoted dear" // Quoted, for an offer that is not the cheapest
	DearList Form = "listed dear" // Listed, for the same
)

// Routed reports whether several resellers may be asked.
func (f Form) Routed() bool { return f != Named && f != Bare && f != Enqueued }

// Caller is how the shop behaves while it does not know how a sale went.
type Caller string

// The callers of the proof.
const (
	Waits   Caller = ""        // leaves the rest to the hooks
	Repeats Caller = "repeats" // orders again under the same reference
	Leaves  Caller = "leaves"  // ends its context after a second
	Insists Caller = "insists" // orders again after it was told that the sale failed
	Gone    Caller = "gone"    // does not come back after the process has died
)

// Ahead is why the cheapest reseller cannot sell, so that the next one is asked,
// or nobody where the form names one.
type Ahead string

// The obstacles of the proof.
const (
	Nothing Ahead = ""
	Down    Ahead = "down"   // it refuses connections
	Empty   Ahead = "empty"  // the account there is empty
	Dearer  Ahead = "dearer" // its price has risen since the list was read
)

// Case is one story. Resellers are named by their provider.
type Case struct {
	Store    string
	At       esim.Provider // the reseller whose turn it is: the cheapest, or the next one where Ahead is in the way
	Config   string        // how its client is configured
	Form     Form
	Ahead    Ahead
	Fault    esimtest.Fault // of the first purchases there; zero Kind = none
	Times    int            // how many purchases suffer it; 0 = one
	World    World          // that it lives in
	Crash    int            // step at which the first process dies; 0 = none
	Caller   Caller
	Quantity int  // of the first cart; each further one has one more
	Carts    int  // sold side by side
	Loop     bool // Journal.Run and Router.Run rather than Step
}

// Name names the case; no other case of the proof has the same name.
func (c Case) Name() string {
	parts := []string{c.Store, string(c.At), strings.ReplaceAll(string(c.Form), " ", "-")}
	add := func(on bool, format string, args ...any) {
		if on {
			parts = append(parts, fmt.Sprintf(format, args...))
		}
	}
	add(c.Config != "", "%s", c.Config)
	add(c.Ahead != Nothing, "%s", c.Ahead)
	add(c.Fault.Kind != 0, "fault=%s", c.fault())
	add(c.Times > 1, "times=%d", c.Times)
	add(c.World.Name != "", "world=%s", strings.TrimPrefix(c.World.Name, string(c.At)+"/"))
	add(c.Crash > 0, "crash=%d", c.Crash)
	add(c.Caller != Waits, "%s", c.Caller)
	add(c.Quantity > 1, "quantity=%d", c.Quantity)
	add(c.Carts > 1, "carts=%d", c.Carts)
	add(c.Loop, "loop")
	return strings.Join(parts, "/")
}

func (c Case) fault() string {
	text := c.Fault.Kind.String()
	if c.Fault.Status != 0 {
		text += fmt.Sprint("-", c.Fault.Status)
	}
	if c.Fault.Code != "" {
		text += "-" + c.Fault.Code
	}
	if c.Fault.RetryAfter > 0 {
		text += fmt.Sprint("-", c.Fault.RetryAfter)
	}
	return text
}

// Calm reports whether nothing goes wrong but what Ahead says.
func (c Case) Calm() bool {
	return c.Fault.Kind == 0 && c.World.Name == "" && c.Crash == 0 && c.Caller != Leaves
}
