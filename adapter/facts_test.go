package adapter

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func sendsNothing(context.Context, *Attempt, Call) error { return nil }

func rowOf(status int, code string, rule Rule) func(*Spec) {
	return func(s *Spec) { s.Errors = Table{{Status: status, Code: code, Rule: rule}} }
}

func selling(change func(*Purchase)) func(*Spec) {
	return func(s *Spec) {
		p := Purchase{Safety: Keyed, Send: sendsNothing}
		change(&p)
		s.Purchases, s.Spends = []Purchase{p}, []string{"POST /orders"}
	}
}

// Each of these would lose or spend money one day.
func TestFactsThatContradictEachOtherAreRefused(t *testing.T) {
	for says, change := range map[string]func(*Spec){
		"row 1 (503 DOWN) calls a 5xx rejected":          rowOf(503, "DOWN", Rule{Kind: esim.ErrUnavailable, Outcome: esim.OutcomeRejected}),
		"row 1 (500) calls a 5xx not sent":               rowOf(500, "", Rule{Kind: esim.ErrUnavailable, Outcome: esim.OutcomeNotSent}),
		"names neither status nor code nor text":         rowOf(0, "", Rule{Kind: esim.ErrUnavailable}),
		"has no kind":                                    rowOf(0, "LOW", Rule{}),
		"says what a repeat would do":                    rowOf(0, "LOW", Rule{Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected, Repeat: esim.RepeatSafe}),
		"uses up the request id, and is not a refusal":   rowOf(0, "LOW", Rule{Kind: esim.ErrInsufficientBalance, Burns: true}),
		"an earlier request arrived, and calls this one": rowOf(409, "BUSY", Rule{Kind: esim.ErrDuplicate, Outcome: esim.OutcomeRejected, Retry: InFlight}),
		"asks for new credentials, and there is no":      rowOf(401, "", Rule{Kind: esim.ErrUnauthorized, Outcome: esim.OutcomeNotSent, Retry: Reauth}),
		"row 2 (LOW) stands in the table twice":          func(s *Spec) { s.Errors = Codes(Rule{Kind: esim.ErrInsufficientBalance}, "LOW", "LOW") },
		"about a request id, and Spec.RequestIDHeader": func(s *Spec) {
			s.RequestIDHeader = ""
			rowOf(0, "NONCE", Rule{Kind: esim.ErrDuplicate, Retry: Renonce})(s)
		},
		"Purchases[0] has no Send":                        selling(func(p *Purchase) { p.Send = nil }),
		"is no read":                                      selling(func(p *Purchase) { p.Safety = Read }),
		"has a Key, and by its Safety":                    selling(func(p *Purchase) { p.Safety, p.Key = Once, singly.Key }),
		"calls a repeat safe, and has no key":             selling(func(p *Purchase) { p.Safety, p.Repeats.Lost = Once, esim.RepeatSafe }),
		"has a key without replays":                       selling(func(p *Purchase) { p.Safety = Replayed }),
		"safe after an answer, and not after none":        selling(func(p *Purchase) { p.Repeats.Answered = esim.RepeatSafe }),
		"bounds repeats by Most":                          selling(func(p *Purchase) { p.Repeats.Most = 1 }),
		"there is no loop":                                selling(func(p *Purchase) { p.Single = true }),
		"under the same key: Key must tell them apart":    selling(func(p *Purchase) { p.Single, p.Max = true, 5 }),
		"reads before a purchase, and has no Offer":       selling(func(p *Purchase) { p.Always = true }),
		"is Keyless, and by its Safety":                   selling(func(p *Purchase) { p.Keyless = new(Keyless) }),
		"what the eSIM gains shows one":                   selling(func(p *Purchase) { p.Safety, p.Max, p.Keyless = Once, 2, new(Keyless) }),
		"is Keyless, and lacks Offer, Before":             selling(func(p *Purchase) { p.Safety, p.Keyless = Once, new(Keyless) }),
		"that Spec.Spends does not declare":               func(s *Spec) { selling(func(*Purchase) {})(s); s.Spends = nil },
		"Spec.Can sells, and":                             func(s *Spec) { s.Can.Order = true },
		"Spec.Spends declares POST /orders, and there is": func(s *Spec) { s.Spends = []string{"POST /orders"} },
		"takes more than 1: units without a loop":         func(s *Spec) { selling(func(*Purchase) {})(s); s.Can.MaxQuantity = 10 },
		"OrderRepeat is safe, and no purchase":            func(s *Spec) { selling(func(*Purchase) {})(s); s.Can.OrderRepeat = esim.RepeatSafe },
		"Spec.Bearer has no Login":                        func(s *Spec) { s.Bearer = new(Bearer) },
		"Spec has neither Authorize nor Bearer":           func(s *Spec) { s.Authorize = nil },
		"Spec has no Refuse":                              func(s *Spec) { s.Refuse = nil },
	} {
		spec := testSpec()
		change(&spec)
		_, err := New(spec, esim.Settings{BaseURL: "https://api.example.test"})
		e := assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorIs(t, err, esim.ErrInvalidRequest)
		assert.Contains(t, e.Message, says)
	}
}

func TestFactsThatFitAreTaken(t *testing.T) {
	newTransport(t, esim.Settings{}, func(s *Spec) {
		all := singly
		all.Send, all.Repeats = sendsNothing, Repeats{Lost: esim.RepeatSafe, Most: 1, Pause: time.Minute}
		s.Purchases, s.Spends = []Purchase{all}, []string{"POST /orders"}
		s.Can = esim.Capabilities{Order: true, TopUp: true, MaxQuantity: 5, OrderRepeat: esim.RepeatSafe}
		for code, rule := range rules {
			if rule.Retry != Reauth {
				s.Errors = append(s.Errors, Row{Code: code, Rule: rule})
			}
		}
	})
}

func TestTheErrorTableCountsTheWorst(t *testing.T) {
	lost, low := Rule{Kind: esim.ErrUnavailable}, Rule{Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected}
	table := append(Codes(low, "LOW", "DUP"),
		Row{Status: 409, Code: "DUP", Rule: Rule{Kind: esim.ErrDuplicate, Retry: InFlight}},
		Row{Status: 422, Texts: []string{"product", "not found"}, Rule: low},
		Row{Status: 422, Texts: []string{"request failed"}, Rule: lost},
		Row{Status: 402, Rule: low})
	for _, c := range []struct {
		status int
		code   string
		texts  []string
		kind   esim.Kind
		listed bool
	}{
		{400, "LOW", nil, esim.ErrInsufficientBalance, true},
		{400, "DUP", nil, esim.ErrInsufficientBalance, true},
		{409, "DUP", nil, esim.ErrDuplicate, true},
		{402, "", nil, esim.ErrInsufficientBalance, true},
		{402, "ODD", nil, esim.ErrInsufficientBalance, true},
		{404, "", nil, esim.ErrNotFound, false},
		{404, "ODD", nil, esim.ErrNotFound, false},
		{422, "", []string{"Product 7 Not Found"}, esim.ErrInsufficientBalance, true},
		{422, "", []string{"Product 7 not found", "Request failed"}, esim.ErrUnavailable, true},
		{422, "", []string{"request failed: product not found"}, esim.ErrUnavailable, true},
		{422, "", []string{"product not found", "what is this"}, esim.ErrInvalidRequest, true},
		{400, "", []string{"product not found"}, esim.ErrInvalidRequest, false},
	} {
		rule, listed := table.Find(c.status, c.code, c.texts...)
		assert.Equal(t, c.kind, rule.Kind, "%d %s %v", c.status, c.code, c.texts)
		assert.Equal(t, c.listed, listed, "%d %s %v", c.status, c.code, c.texts)
	}
}
