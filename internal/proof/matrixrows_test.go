package proof_test

import (
	"time"

	"github.com/esimkit/esim/esimtest"
)

// matrixRow is a fault and what comes of it, in the order of columns.
type matrixRow struct {
	fault esimtest.Fault
	cells []cell
}

// matrix is what callers are told about money. Each cell follows from what the
// provider documents of its keys and refusals, so a change here is a change of
// a promise, never a repair of a test. What catches the eye: eSIMfly's top-ups
// have no key, and yet a lost answer is a success, because the eSIM is read
// again and compared with what it held before. An answer that is none of the
// provider's is not repeated even where replays are verified, and eSIMfx's client
// repeats nothing by itself: what a repeat would do is assumed. Three sends at an
// eSIMfly with verified replays are the lost one, the same request id again, which
// is known, and the replay under a new one.
var matrix = []matrixRow{
	//       fly Order, fly TopUp, story Order, fx Order, fx TopUp  |  with retries: fly Order, verified, fly TopUp, story Order, fx Order, fx TopUp  |  of three: fly Order, fx Order (the second call)

	// No connection, or none that lasts.
	{esimtest.Fault{Kind: esimtest.FaultRefuse}, []cell{"N0-", "N0-", "N0-", "N0-", "N0-", "N0-", "N0-", "N0-", "N0-", "N0-", "N0-", "N0- 0/0 0", "N0- 0/0 0"}},
	{esimtest.Fault{Kind: esimtest.FaultResetOnAccept}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "A3+", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "A3+", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.FaultCutAfterCommit}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultHang}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "A3+", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.FaultHangAfterCommit}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultDelay, Delay: 50 * time.Millisecond}, []cell{"A1+", "A1+", "A1+", "A1+", "A1+", "A1+", "A1+", "A1+", "A1+", "A1+", "A1+", "A1+ 1/3 3", "A3+ 3/3 3"}},
	{esimtest.Fault{Kind: esimtest.FaultSlowBody}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},

	// Answers cut short.
	{esimtest.Fault{Kind: esimtest.FaultHalfBody}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultTruncatedJSON}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultEmpty200}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},

	// Servers and proxies in trouble. eSIMfly's own 500 for orders frees the key, so
	// even verified replays do not repeat it.
	{esimtest.Fault{Kind: esimtest.Fault500Before}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.Fault500After}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.Fault502HTMLBefore}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "A3+", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.Fault502HTMLAfter}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.Fault503Before}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "A3+", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.Fault503After}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},

	// Redirects are never followed and never repeated.
	{esimtest.Fault{Kind: esimtest.FaultRedirectBefore}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.FaultRedirectAfter}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},

	// Answers that are not the provider's.
	{esimtest.Fault{Kind: esimtest.FaultHTML200}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultNull}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultEmptyObject}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultDuplicateKeys}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultWrongCase}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultTrailingData}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultWrongContentType}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},

	// Bombs. A body beyond the limit would be as large the next time.
	{esimtest.Fault{Kind: esimtest.FaultGzipBomb}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultHugeBody}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultDeepJSON}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
	{esimtest.Fault{Kind: esimtest.FaultHeaderFlood}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "A3+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},

	// Turned away at the door: nothing was processed, so knocking again is safe.
	{esimtest.Fault{Kind: esimtest.Fault429}, []cell{"R1-", "R1-", "R1-", "R1-", "R1-", "A2+", "A2+", "R1-", "R1-", "A2+", "A2+", "R1- 0/0 0", "a2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.FaultClockSkew}, []cell{"A2+", "A2+", "A2+", "", "", "A2+", "A2+", "A2+", "A2+", "", "", "A2+ 1/3 3", ""}},
	{esimtest.Fault{Kind: esimtest.FaultStaleToken}, []cell{"", "", "", "A2+", "A2+", "", "", "", "", "A2+", "A2+", "", "A4+ 3/3 3"}},

	// Refusals that prove nothing.
	{esimtest.Fault{Kind: esimtest.FaultDuplicateRequest}, []cell{"U1-", "U1-", "", "", "", "U1-", "A2+", "U1-", "", "", "", "U1- 0/0 0", ""}},
	{esimtest.Fault{Kind: esimtest.FaultErrorBefore}, []cell{"U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1-", "U1- 0/0 0", "U2+ 1/1 1"}},
	{esimtest.Fault{Kind: esimtest.FaultErrorAfter}, []cell{"U1+", "A1+", "U1+", "U1+", "U1+", "U1+", "U1+", "A1+", "U1+", "U1+", "U1+", "U1+ 1/3 0", "U2+ 2/2 1"}},
}
