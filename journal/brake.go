package journal

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// brake keeps new purchases of an account back while something is wrong with
// it. It is about trouble and saved work, not about safety.
type brake struct {
	mu       sync.Mutex
	refused  int       // logins and signatures refused in a row
	until    time.Time // no trial before this
	empty    bool      // the balance did not cover the last purchase
	doubtful int
	counted  time.Time
	tried    time.Time // when a purchase was last let through beside many in doubt
	before   time.Time // and the time before that
}

const (
	maxRefused  = 3
	trialAfter  = time.Minute
	countsServe = time.Second
	doubtCounts = 15 * time.Minute // how long one that has come into doubt counts
)

// saw learns from the end of a request.
func (b *brake) saw(failure error, now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case errors.Is(failure, esim.ErrUnauthorized), errors.Is(failure, esim.ErrClockSkew):
		b.refused++
		if b.refused >= maxRefused {
			b.until = now.Add(trialAfter)
		}
	case errors.Is(failure, esim.ErrInsufficientBalance):
		b.empty = true
	case failure == nil:
		b.refused, b.until, b.empty = 0, time.Time{}, false
	}
}

func (b *brake) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused, b.until, b.empty, b.counted, b.tried = 0, time.Time{}, false, time.Time{}, time.Time{}
}

func (b *brake) state(now time.Time) (refused, empty bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refused >= maxRefused && now.Before(b.until), b.empty
}

// admit refuses a new purchase that should not be begun, nil if it may be. One
// that is only put on record now is looked at again before it is sent, and
// meanwhile costs no look at anything: a transaction of the caller may be open.
func (j *Journal) admit(ctx context.Context, a *account, w *wish, now time.Time, atOnce bool) *esim.Error {
	op, p := w.op(), a.client.Provider()
	a.mu.Lock()
	deaf := a.caps.Fulfilment == esim.FulfilmentWebhook && !a.receives
	a.mu.Unlock()
	if deaf {
		return withheld(op, p, w.reference, esim.ErrNotEligible, ErrNoReceiver, esim.OutcomeNotSent)
	}
	if !atOnce {
		return nil
	}
	braked := func(why string) *esim.Error {
		err := withheld(op, p, w.reference, esim.ErrUnavailable, ErrBraked, esim.OutcomeNotSent)
		err.Message = why
		return err
	}
	refused, empty := a.brake.state(now)
	if refused {
		return braked("the provider has refused the credentials several times; the next trial is in a minute")
	}
	if empty && j.stillEmpty(ctx, a, w) {
		err := withheld(op, p, w.reference, esim.ErrInsufficientBalance, ErrBraked, esim.OutcomeNotSent)
		err.Message = "the balance did not cover an earlier purchase, and does not cover this one"
		return err
	}
	n, err := j.doubtful(ctx, a, now)
	switch {
	case err != nil:
		return storeError(op, p, w.reference, err, esim.OutcomeNotSent)
	case j.config.MaxDoubtful >= 0 && n > j.config.MaxDoubtful && !a.brake.trial(now):
		return braked("too many purchases of this account have come into doubt in the last 15 minutes; one a minute is tried")
	}
	return nil
}

// stillEmpty looks at the balance before a purchase after one that it did not
// cover. Where that cannot be told, the provider may say so itself.
func (j *Journal) stillEmpty(ctx context.Context, a *account, w *wish) bool {
	amount, currency := w.cost()
	cost, err := esim.ParseMoney(amount, currency)
	if err != nil || !a.caps.Balance {
		return false
	}
	balance, err := a.client.Balance(ctx)
	if err != nil {
		return false
	}
	c, err := balance.Cmp(cost)
	return err == nil && c < 0
}

// trial lets one purchase through in a minute.
func (b *brake) trial(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if now.Sub(b.tried).Abs() < trialAfter {
		return false
	}
	b.tried, b.before = now, b.tried
	return true
}

// unused gives back the trial of that moment, if there was one: nothing new was
// begun with it.
func (b *brake) unused(at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.tried.Equal(at) {
		b.tried = b.before
	}
}

// doubtful counts what has come into doubt lately, about once a second.
func (j *Journal) doubtful(ctx context.Context, a *account, now time.Time) (int, error) {
	b := &a.brake
	b.mu.Lock()
	n, fresh := b.doubtful, now.Sub(b.counted).Abs() < countsServe
	b.mu.Unlock()
	if fresh || j.config.MaxDoubtful < 0 {
		return n, nil
	}
	n, err := j.store.Doubtful(ctx, a.fingerprint, now.Add(-doubtCounts))
	if err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.doubtful, b.counted = n, now
	return n, nil
}

// ReleaseBrake lets purchases at a provider go on at once after the trouble that
// held them back is over: credentials put right, balance topped up.
func (j *Journal) ReleaseBrake(p esim.Provider) {
	if a := j.accounts[p]; a != nil {
		a.brake.release()
	}
}
