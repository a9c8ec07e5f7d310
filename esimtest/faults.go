package esimtest

import (
	"time"

	"github.com/esimkit/esim"
)

// Fault is something that goes wrong with the next requests of an operation.
type Fault struct {
	Kind FaultKind
	Op   string // operation it waits for, "" = any; see [simulator.Server.Ops]

	Skip  int // matching requests to leave alone first
	Times int // matching requests to spoil; 0 = 1

	// Delay is how long FaultDelay waits before processing, and FaultSlowBody
	// before each byte (0 = 20 ms). FaultRefuse ends after it (0 = not before
	// Heal). Real time.
	Delay time.Duration

	// RetryAfter is announced by Fault429 and Fault503; 0 = nothing is.
	RetryAfter time.Duration
	Reset      ResetFormat // how eSIMfly announces it in X-RateLimit-Reset

	// Status replaces the usual HTTP status of Fault429, the redirects,
	// FaultDuplicateRequest, FaultErrorBefore and FaultErrorAfter.
	Status int
	// Code and Message replace those of FaultErrorBefore and FaultErrorAfter.
	Code, Message string
	// Skew is how far the provider's clock is off for FaultClockSkew;
	// 0 = 10 minutes fast.
	Skew time.Duration
	// Location is where the redirects point; "" = a listener on another host
	// name that belongs to the simulator and reports to [simulator.Simulator.Strays].
	Location string
}

// Schedule lets requests suffer at random, though the same in every run: the
// draw depends on the seed, the operation and how many requests the operation
// has seen, not on time.
type Schedule struct {
	Op    string      // operation, "" = any
	Rate  float64     // probability from 0 to 1
	Kinds []FaultKind // drawn from evenly; those that do not apply are left out
	Fault Fault       // details (Delay, RetryAfter, …); Kind, Op, Skip and Times do not matter
}

// ResetFormat is how the end of a rate limit is written.
type ResetFormat int

// The formats that eSIMfly's documents and withdrawn documents name.
const (
	ResetISO       ResetFormat = iota // 2026-09-13T15:05:20.391Z
	ResetUnix                         // seconds since 1970
	ResetUnixMilli                    // milliseconds since 1970
	ResetDelta                        // seconds from now
)

// FaultKind is a way in which a request can go wrong.
type FaultKind int

// The kinds of [Fault]. "Before" means that the provider has not acted on the
// request, "after" that it has: see [FaultKind.Commits].
const (
	// FaultRefuse closes the listener, so that connections are refused until
	// Heal or for Delay; the port is held meanwhile. Injected, it takes effect
	// at once and Op, Skip and Times do not matter. Drawn by a schedule, the
	// request at hand is cut before it is processed and the listener is closed
	// for Delay.
	FaultRefuse FaultKind = iota + 1
	// FaultResetOnAccept accepts the next Times connections and resets them.
	// With an Op or Skip, and in a schedule, the request is read first.
	FaultResetOnAccept
	// FaultHang gives no answer, before processing, until the client leaves.
	FaultHang
	// FaultHangAfterCommit gives no answer, after processing, until the client leaves.
	FaultHangAfterCommit
	// FaultDelay waits before processing, with the reference in flight, and
	// then answers, whether the client is still there or not.
	FaultDelay
	// FaultCutBeforeCommit resets the connection before processing.
	FaultCutBeforeCommit
	// FaultCutAfterCommit resets the connection after processing.
	FaultCutAfterCommit
	// FaultHalfBody closes the connection in the middle of the body, whose
	// full length was announced.
	FaultHalfBody
	// FaultTruncatedJSON ends the body properly in the middle of the JSON.
	FaultTruncatedJSON
	// Fault500Before answers 500 in the provider's shape, before processing.
	Fault500Before
	// Fault500After answers 500 in the provider's shape, after processing.
	Fault500After
	// Fault502HTMLBefore answers as a proxy does, before processing.
	Fault502HTMLBefore
	// Fault502HTMLAfter answers as a proxy does, after processing.
	Fault502HTMLAfter
	// Fault503Before answers 503 in plain text, before processing.
	Fault503Before
	// Fault503After answers 503 in plain text, after processing.
	Fault503After
	// Fault429 refuses as too frequent; at eSIMfly with RATE_LIMIT_EXCEEDED
	// and, if Status says so, HTTP 401.
	Fault429
	// FaultStaleToken answers 401 at eSIMfx though the token is good.
	FaultStaleToken
	// FaultRedirectBefore answers 307 to another host, before processing.
	FaultRedirectBefore
	// FaultRedirectAfter answers 307 to another host, after processing.
	FaultRedirectAfter
	// FaultEmpty200 answers 200 without a body.
	FaultEmpty200
	// FaultHTML200 answers 200 with a page of a captive portal.
	FaultHTML200
	// FaultNull answers null.
	FaultNull
	// FaultEmptyObject answers {}.
	FaultEmptyObject
	// FaultDuplicateKeys writes the first member of the answer twice, the
	// first time with another value.
	FaultDuplicateKeys
	// FaultWrongCase writes the names of the answer's outer members with a
	// capital letter.
	FaultWrongCase
	// FaultTrailingData writes a second JSON value behind the answer.
	FaultTrailingData
	// FaultWrongContentType calls the right JSON text/html.
	FaultWrongContentType
	// FaultGzipBomb is the answer behind 100 MiB of white space, compressed.
	FaultGzipBomb
	// FaultHugeBody is the answer behind 100 MiB of white space.
	FaultHugeBody
	// FaultDeepJSON adds an array nested 100,000 deep to the answer.
	FaultDeepJSON
	// FaultHeaderFlood adds 1 MiB of headers to the answer.
	FaultHeaderFlood
	// FaultSlowBody sends the answer byte by byte.
	FaultSlowBody
	// FaultTruncatedPage leaves out half of the rows of a list.
	FaultTruncatedPage
	// FaultEmptyPage leaves out all rows of a list.
	FaultEmptyPage
	// FaultRepeatedCursor returns the cursor that was sent as the next one.
	FaultRepeatedCursor
	// FaultClockSkew answers as a server whose clock is off by Skew, in its
	// checks and its Date header. The request is refused as out of time. From
	// then until Heal both clocks are accepted.
	FaultClockSkew
	// FaultDuplicateRequest is eSIMfly's refusal DUPLICATE_REQUEST: 400 for a
	// request id seen before, or with Status 409 for an order in flight.
	FaultDuplicateRequest
	// FaultErrorBefore is an error answer of the provider, with Status, Code
	// and Message, before processing.
	FaultErrorBefore
	// FaultErrorAfter is an error answer of the provider, with Status, Code
	// and Message, after processing.
	FaultErrorAfter

	faultKinds // how many there are, plus one
)

// AllFaults returns every kind.
func AllFaults() []FaultKind {
	list := make([]FaultKind, 0, faultKinds-1)
	for k := FaultKind(1); k < faultKinds; k++ {
		list = append(list, k)
	}
	return list
}

// Commits reports whether a purchase that suffers this fault has taken effect
// and stands in the ledger. A [simulator.World] may refuse it, or let it fail
// before the charge, all the same.
func (k FaultKind) Commits() bool { return specOf(k).commits }

// String returns the name of the constant without "Fault".
func (k FaultKind) String() string { return specOf(k).name }

// AppliesTo reports whether the operation of the provider can suffer this
// fault. One that cannot is neither spoiled nor counted.
func (k FaultKind) AppliesTo(p esim.Provider, op string) bool {
	only := specOf(k).only
	return only == nil || only(p, op)
}

func specOf(k FaultKind) faultSpec {
	if k < 1 || k >= faultKinds {
		return faultSpec{name: "unknown"}
	}
	return faultSpecs[k]
}
