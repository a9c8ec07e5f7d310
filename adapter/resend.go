package adapter

import (
	"context"
	"time"

	"github.com/esimkit/esim"
)

// resends says, for each [Safety], after which ends of a send the same call is
// sent again. Of a purchase what is in doubt is sent again only where
// [Repeats] calls it safe, and no purchase more than maxSends times.
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

func (f *exchange) allows(r result) bool {
	switch {
	case !f.c.Safety.allows(r.outcome):
		return false
	case f.c.Key == "":
		return true
	}
	return f.sends < maxSends && (r.outcome != esim.OutcomeUnknown || f.next() == esim.RepeatSafe)
}

const (
	inFlightPause = 5 * time.Second
	inFlightLimit = 2 * time.Minute
	// smallSkew cannot be why a timestamp was refused: windows are minutes.
	smallSkew = 10 * time.Second
)

// resend decides whether the call is sent again after an attempt that ended
// with r, and after which pause.
func (f *exchange) resend(ctx context.Context, r result, n int) (time.Duration, bool) {
	if f.c.sendsOnce() || ctx.Err() != nil || !f.allows(r) {
		f.fixAuthOrClock(r) // for the calls that follow
		return 0, false
	}
	switch r.Retry {
	case Never:
	case Reauth, AdjustClock:
		return 0, f.fixAuthOrClock(r)
	case InFlight:
		if f.t.retries == 0 {
			return 0, false
		}
		pause := max(r.wait, inFlightPause+f.waitedFor) // it grows
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

// fixAuthOrClock puts right what the provider found wrong with the credentials or the
// clock, once each, and reports whether it has.
func (f *exchange) fixAuthOrClock(r result) bool {
	switch r.Retry {
	case Reauth:
		return f.refreshToken(r)
	case AdjustClock:
		return f.adjustClock(r)
	case Never, Transient, Throttled, InFlight, Renonce:
	}
	return false
}

func (f *exchange) refreshToken(r result) bool {
	switch {
	case f.t.spec.Disown == nil || r.sent == nil:
		return false
	case f.reauthed:
		f.t.vain.refused(f.c, r.sent)
		return false
	case f.t.vain.know(f.c, r.sent):
		return false
	}
	f.reauthed = true
	f.t.spec.Disown(r.sent)
	return true
}

func (f *exchange) adjustClock(r result) bool {
	if f.reclocked || r.date.IsZero() {
		return false
	}
	skew := r.date.Sub(f.t.now())
	if (skew - r.skew).Abs() < smallSkew {
		return false
	}
	f.reclocked = true
	f.t.skew.Store(int64(skew))
	return true
}
