package simulator

import (
	"net/http"

	"github.com/esimkit/esim/esimtest"
)

// plays is how each kind of fault plays: the function writes what the client
// gets to see. The answer is nil unless the request was handled.
var plays = map[esimtest.FaultKind]func(p *Server, w http.ResponseWriter, c *call, a *reply){
	esimtest.FaultRefuse:           (*Server).playRefuse,
	esimtest.FaultResetOnAccept:    (*Server).playCut,
	esimtest.FaultHang:             (*Server).playHang,
	esimtest.FaultHangAfterCommit:  (*Server).playHang,
	esimtest.FaultDelay:            (*Server).playPlain,
	esimtest.FaultCutBeforeCommit:  (*Server).playCut,
	esimtest.FaultCutAfterCommit:   (*Server).playCut,
	esimtest.FaultHalfBody:         (*Server).playHalfBody,
	esimtest.FaultTruncatedJSON:    (*Server).playTruncated,
	esimtest.Fault500Before:        (*Server).play500,
	esimtest.Fault500After:         (*Server).play500,
	esimtest.Fault502HTMLBefore:    (*Server).play502,
	esimtest.Fault502HTMLAfter:     (*Server).play502,
	esimtest.Fault503Before:        (*Server).play503,
	esimtest.Fault503After:         (*Server).play503,
	esimtest.Fault429:              (*Server).play429,
	esimtest.FaultStaleToken:       (*Server).playStaleToken,
	esimtest.FaultRedirectBefore:   (*Server).playRedirect,
	esimtest.FaultRedirectAfter:    (*Server).playRedirect,
	esimtest.FaultEmpty200:         playBody("application/json", ""),
	esimtest.FaultHTML200:          playBody("text/html", portalPage),
	esimtest.FaultNull:             playBody("application/json", "null"),
	esimtest.FaultEmptyObject:      playBody("application/json", "{}"),
	esimtest.FaultDuplicateKeys:    playChanged(duplicateFirst),
	esimtest.FaultWrongCase:        playChanged(capitalise),
	esimtest.FaultTrailingData:     playChanged(appendValue),
	esimtest.FaultWrongContentType: (*Server).playWrongType,
	esimtest.FaultGzipBomb:         (*Server).playGzipBomb,
	esimtest.FaultHugeBody:         (*Server).playHugeBody,
	esimtest.FaultDeepJSON:         playChanged(deepen),
	esimtest.FaultHeaderFlood:      (*Server).playHeaderFlood,
	esimtest.FaultSlowBody:         (*Server).playSlowBody,
	esimtest.FaultTruncatedPage:    playChanged(halfRows),
	esimtest.FaultEmptyPage:        playChanged(noRows),
	esimtest.FaultRepeatedCursor:   (*Server).playPlain,
	esimtest.FaultClockSkew:        (*Server).playPlain,
	esimtest.FaultDuplicateRequest: (*Server).playFailure,
	esimtest.FaultErrorBefore:      (*Server).playFailure,
	esimtest.FaultErrorAfter:       (*Server).playFailure,
}

// handled reports whether the request is handled before the fault plays.
func handled(k esimtest.FaultKind) bool { return k.Commits() || k == esimtest.FaultClockSkew }

// ownError reports whether the error is the provider's own, not one on the way.
func ownError(k esimtest.FaultKind) bool {
	return k == esimtest.Fault500After || k == esimtest.FaultErrorAfter
}
