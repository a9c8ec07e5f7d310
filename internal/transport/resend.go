package transport

import (
	"context"
	"time"

	"github.com/esimkit/esim"
)

// resends is the whole policy of repeating: for each [Safety], after which
// ends of a send the same call is sent again.
var resends = [...]struct{ unsent, refused, unknown bool }{
	Once:     {unsent: true},
	Guarded:  {unsent: true},
	Keyed:    {unsent: true, refused: true},
	Replayed: {unsent: true, refused: true, unknown: true},
	Read:     {unsent: true, refused: true, unknown: true},
}

func (s Safety) allows(o esim.Outcome) bool {
	switch o {
	case esim.OutcomeNotSent:
		return resends[s].unsent
	case esim.OutcomeRejected:
		return resends[s].refused
	case esim.OutcomeUnknown:
		return resends[s].unknown
	case esim.OutcomeAccepted:
	}
	return false
}

const (
	inFlightPause = 5 * time.Second
	inFlightLimit = 2 * time.Minute
	// smallSkew cannot be why a timestamp was refused: windows are minutes.
	smallSkew = 10 * time.Second
)

// resend decides whether the call is sent again after an attempt that ended
// with r, and after which pause.
func (f *flight) resend(ctx context.Context, r result, n int) (time.Duration, bool) {
	if ctx.Err() != nil || !f.c.Safety.allows(r.outcome) {
		return 0, false
	}
	switch r.Retry {
	case Never:
	case Reauth:
		return f.afterReauth(r)
	case Reclock:
		return f.afterReclock(r)
	case InFlight:
		if f.t.retries == 0 {
			return 0, false
		}
		pause := max(r.wait, inFlightPause)
		f.waitedFor += pause
		return jittered(pause), f.waitedFor <= inFlightLimit
	case Renonce:
		return 0, n <= f.t.retries
	case Transient, Throttled:
		pause := backoff(n)
		if r.wait > 0 {
			pause = jittered(r.wait)
		}
		return pause, n <= f.t.retries && r.wait <= maxWait && f.t.budget.take()
	}
	return 0, false
}

func (f *flight) afterReauth(r result) (time.Duration, bool) {
	if f.reauthed || f.t.spec.Disown == nil || r.sent == nil {
		return 0, false
	}
	f.reauthed = true
	f.t.spec.Disown(r.sent)
	return 0, true
}

func (f *flight) afterReclock(r result) (time.Duration, bool) {
	if f.recovered || r.date.IsZero() {
		return 0, false
	}
	skew := r.date.Sub(f.t.now())
	if (skew - r.skew).Abs() < smallSkew {
		return 0, false
	}
	f.recovered = true
	f.t.skew.Store(int64(skew))
	return 0, true
}
