package esimtest

import (
	"slices"

	"github.com/esimkit/esim"
)

// faultSpec says what a kind of fault does to a purchase, and where it can
// happen.
type faultSpec struct {
	name    string
	commits bool                                  // a purchase takes effect
	only    func(p esim.Provider, op string) bool // nil = every operation
}

// before and committed are the two ordinary kinds of specification.
func before(name string) faultSpec    { return faultSpec{name: name} }
func committed(name string) faultSpec { return faultSpec{name: name, commits: true} }

// at restricts a specification.
func (s faultSpec) at(only func(p esim.Provider, op string) bool) faultSpec {
	s.only = only
	return s
}

func isFly(p esim.Provider, _ string) bool       { return p == ESIMFly }
func isFX(p esim.Provider, op string) bool       { return p == ESIMFX && op != "auth" }
func hasStamp(p esim.Provider, _ string) bool    { return p != ESIMFX }
func isProducts(p esim.Provider, op string) bool { return p == ESIMFX && op == "products" }

func isList(_ esim.Provider, op string) bool {
	return slices.Contains([]string{"packages", "topup_packages", "orders", "esims", "products"}, op)
}

var faultSpecs = [faultKinds]faultSpec{
	FaultRefuse:           before("Refuse"),
	FaultResetOnAccept:    before("ResetOnAccept"),
	FaultHang:             before("Hang"),
	FaultHangAfterCommit:  committed("HangAfterCommit"),
	FaultDelay:            committed("Delay"),
	FaultCutBeforeCommit:  before("CutBeforeCommit"),
	FaultCutAfterCommit:   committed("CutAfterCommit"),
	FaultHalfBody:         committed("HalfBody"),
	FaultTruncatedJSON:    committed("TruncatedJSON"),
	Fault500Before:        before("500Before"),
	Fault500After:         committed("500After"),
	Fault502HTMLBefore:    before("502HTMLBefore"),
	Fault502HTMLAfter:     committed("502HTMLAfter"),
	Fault503Before:        before("503Before"),
	Fault503After:         committed("503After"),
	Fault429:              before("429"),
	FaultStaleToken:       before("StaleToken").at(isFX),
	FaultRedirectBefore:   before("RedirectBefore"),
	FaultRedirectAfter:    committed("RedirectAfter"),
	FaultEmpty200:         committed("Empty200"),
	FaultHTML200:          committed("HTML200"),
	FaultNull:             committed("Null"),
	FaultEmptyObject:      committed("EmptyObject"),
	FaultDuplicateKeys:    committed("DuplicateKeys"),
	FaultWrongCase:        committed("WrongCase"),
	FaultTrailingData:     committed("TrailingData"),
	FaultWrongContentType: committed("WrongContentType"),
	FaultGzipBomb:         committed("GzipBomb"),
	FaultHugeBody:         committed("HugeBody"),
	FaultDeepJSON:         committed("DeepJSON"),
	FaultHeaderFlood:      committed("HeaderFlood"),
	FaultSlowBody:         committed("SlowBody"),
	FaultTruncatedPage:    committed("TruncatedPage").at(isList),
	FaultEmptyPage:        committed("EmptyPage").at(isList),
	FaultRepeatedCursor:   committed("RepeatedCursor").at(isProducts),
	FaultClockSkew:        before("ClockSkew").at(hasStamp),
	FaultDuplicateRequest: before("DuplicateRequest").at(isFly),
	FaultErrorBefore:      before("ErrorBefore"),
	FaultErrorAfter:       committed("ErrorAfter"),
}
