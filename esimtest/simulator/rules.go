package simulator

import (
	"encoding/json"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// rules is how a simulated provider decides where it could decide otherwise.
// The zero value is what the doc comments of [ESIMFly], [ESIMStory] and
// [ESIMFX] describe. Worlds set fields of it; nothing changes it later.
type rules struct {
	keys        keyRules
	requestIDs  requestIDRule // eSIMfly
	failure     failure
	checksFirst bool          // balance and package are looked at before the key
	skew        time.Duration // of the provider's clock against the simulated time
	invoice     bool          // the account has no prepaid balance
	owing       bool          // and its balance reads what it owes
	digits      int           // of an ICCID; 0 = as many as the provider's samples have
	gzip        gzipRule      // of answers to purchases
	webhooks    webhookRules

	// cell rewrites the text of a member, wherever that is in an answer or a
	// webhook; nil = none is rewritten.
	cell func(name, text string) string
	// rows rewrites the rows of a list answer; nil = as they are.
	rows func(rows []json.RawMessage) []json.RawMessage
}

// keyRules is what happens to idempotency_key, external_order_id and
// X-Idempotency-Key.
type keyRules struct {
	ignored     bool
	memory      time.Duration // 0 = as the provider's documents say
	replayFails bool          // the repeat of a charged order is answered with an error
	refusals    bool          // a refusal is kept under the key, too
	unseen      bool          // a key is not known while its first request is in progress
}

// requestIDRule is when eSIMfly starts to remember a request id.
type requestIDRule int

const (
	idChecked  requestIDRule = iota // once the credentials are found good
	idReceived                      // before its time stamp and signature are checked
	idActedOn                       // once the request has been granted
)

// failure is an error that the provider answers purchases with.
type failure struct {
	attempts int // of each key, or of each package where there is none, that fail; 0 = none
	charges  bool
	frees    bool // the key may be used again; with charges, after Fault500After and FaultErrorAfter too
	gateway  bool // the answer is that of a gateway, not the provider's
	answer   problem
}

// gzipRule is when answers to purchases are compressed.
type gzipRule int

const (
	gzipNever    gzipRule = iota
	gzipAccepted          // where Accept-Encoding allows it
	gzipAlways
)

// webhookRules is how a provider's webhooks travel.
type webhookRules struct {
	delay  time.Duration // further simulated time
	copies int           // further deliveries, a minute apart
	lost   bool
	early  bool // eSIM Story: before the order is answered
}

// rulesOf is the default rules of a provider, changed by its worlds in turn.
func (o *options) rulesOf(p esim.Provider) rules {
	var r rules
	for _, w := range o.worlds {
		if w.Provider == p && w.set != nil {
			w.set(&r)
		}
	}
	return r
}

// ledger is that of an account of this kind.
func (r *rules) ledger(opening esim.Money, now func() time.Time) *esimtest.Ledger {
	if r.invoice {
		return esimtest.NewInvoiceLedger(opening.Currency(), now)
	}
	return esimtest.NewLedger(opening, now)
}
