package esimtest

import (
	"net/http"
	"slices"

	"github.com/esimkit/esim"
)

// faultSpec says what a kind of fault does.
type faultSpec struct {
	name    string
	commits bool                                  // a purchase takes effect
	after   bool                                  // the request is handled before the fault plays
	own     bool                                  // the error is the provider's own, not one on the way
	only    func(p esim.Provider, op string) bool // nil = every operation
	// play writes what the client gets to see. The answer is nil unless the
	// request was handled.
	play func(p *Server, w http.ResponseWriter, c *call, a *reply)
}

// before and committed are the two ordinary kinds of specification.
func before(name string, play func(*Server, http.ResponseWriter, *call, *reply)) faultSpec {
	return faultSpec{name: name, play: play}
}

func committed(name string, play func(*Server, http.ResponseWriter, *call, *reply)) faultSpec {
	return faultSpec{name: name, commits: true, after: true, play: play}
}

// failed is a provider that has acted and then says that it failed.
func failed(name string, play func(*Server, http.ResponseWriter, *call, *reply)) faultSpec {
	return faultSpec{name: name, commits: true, after: true, own: true, play: play}
}

// at restricts a specification.
func (s faultSpec) at(only func(p esim.Provider, op string) bool) faultSpec {
	s.only = only
	return s
}

func isFly(p esim.Provider, _ string) bool       { return p == esim.ESIMFly }
func isFX(p esim.Provider, op string) bool       { return p == esim.ESIMFX && op != "auth" }
func hasStamp(p esim.Provider, _ string) bool    { return p != esim.ESIMFX }
func isProducts(p esim.Provider, op string) bool { return p == esim.ESIMFX && op == "products" }

func isList(_ esim.Provider, op string) bool {
	return slices.Contains([]string{"packages", "topup_packages", "orders", "esims", "products"}, op)
}

var faultSpecs = [faultKinds]faultSpec{
	FaultRefuse:           before("Refuse", (*Server).playRefuse),
	FaultResetOnAccept:    before("ResetOnAccept", (*Server).playCut),
	FaultHang:             before("Hang", (*Server).playHang),
	FaultHangAfterCommit:  committed("HangAfterCommit", (*Server).playHang),
	FaultDelay:            committed("Delay", (*Server).playPlain),
	FaultCutBeforeCommit:  before("CutBeforeCommit", (*Server).playCut),
	FaultCutAfterCommit:   committed("CutAfterCommit", (*Server).playCut),
	FaultHalfBody:         committed("HalfBody", (*Server).playHalfBody),
	FaultTruncatedJSON:    committed("TruncatedJSON", (*Server).playTruncated),
	Fault500Before:        before("500Before", (*Server).play500),
	Fault500After:         failed("500After", (*Server).play500),
	Fault502HTMLBefore:    before("502HTMLBefore", (*Server).play502),
	Fault502HTMLAfter:     committed("502HTMLAfter", (*Server).play502),
	Fault503Before:        before("503Before", (*Server).play503),
	Fault503After:         committed("503After", (*Server).play503),
	Fault429:              before("429", (*Server).play429),
	FaultStaleToken:       before("StaleToken", (*Server).playStaleToken).at(isFX),
	FaultRedirectBefore:   before("RedirectBefore", (*Server).playRedirect),
	FaultRedirectAfter:    committed("RedirectAfter", (*Server).playRedirect),
	FaultEmpty200:         committed("Empty200", playBody("application/json", "")),
	FaultHTML200:          committed("HTML200", playBody("text/html", portalPage)),
	FaultNull:             committed("Null", playBody("application/json", "null")),
	FaultEmptyObject:      committed("EmptyObject", playBody("application/json", "{}")),
	FaultDuplicateKeys:    committed("DuplicateKeys", playChanged(duplicateFirst)),
	FaultWrongCase:        committed("WrongCase", playChanged(capitalise)),
	FaultTrailingData:     committed("TrailingData", playChanged(appendValue)),
	FaultWrongContentType: committed("WrongContentType", (*Server).playWrongType),
	FaultGzipBomb:         committed("GzipBomb", (*Server).playGzipBomb),
	FaultHugeBody:         committed("HugeBody", (*Server).playHugeBody),
	FaultDeepJSON:         committed("DeepJSON", playChanged(deepen)),
	FaultHeaderFlood:      committed("HeaderFlood", (*Server).playHeaderFlood),
	FaultSlowBody:         committed("SlowBody", (*Server).playSlowBody),
	FaultTruncatedPage:    committed("TruncatedPage", playChanged(halfRows)).at(isList),
	FaultEmptyPage:        committed("EmptyPage", playChanged(noRows)).at(isList),
	FaultRepeatedCursor:   committed("RepeatedCursor", (*Server).playPlain).at(isProducts),
	FaultClockSkew:        {name: "ClockSkew", after: true, play: (*Server).playPlain, only: hasStamp},
	FaultDuplicateRequest: before("DuplicateRequest", (*Server).playFailure).at(isFly),
	FaultErrorBefore:      before("ErrorBefore", (*Server).playFailure),
	FaultErrorAfter:       failed("ErrorAfter", (*Server).playFailure),
}
