package journal

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Run works on what is open until ctx ends or the journal is closed: sends what
// is enqueued, finds out what is in doubt, fetches what is still to come, calls
// hooks, and puts before a person what it cannot settle. Any number of
// processes may run it on a shared store. What cannot be done now is logged and
// tried again; the error is only why it has ended.
func (j *Journal) Run(ctx context.Context) error {
	var workers sync.WaitGroup
	defer workers.Wait()
	slots := make(chan struct{}, j.config.Workers)
	ticker := time.NewTicker(j.config.Tick)
	defer ticker.Stop()
	looked := time.Time{}
	for ctx.Err() == nil {
		if j.isClosed() {
			return ErrClosed
		}
		if time.Since(looked) >= time.Minute {
			looked = time.Now()
			j.lookAtHeld(ctx)
		}
		slots <- struct{}{} // nothing is leased before somebody is free to work on it
		leased, err := j.store.Lease(ctx, cap(slots)-len(slots)+1, j.config.Lease)
		<-slots
		if err != nil && ctx.Err() == nil {
			j.config.Logger.WarnContext(ctx, "journal cannot look for work", "error", err)
		}
		for _, e := range leased {
			slots <- struct{}{}
			workers.Go(func() {
				defer func() { <-slots }()
				if leave, err := j.enter(); err == nil {
					defer leave()
					j.work(ctx, e)
				}
			})
		}
		if len(leased) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-j.poke:
		case <-ticker.C:
		}
	}
	return ctx.Err()
}

// Step does once what Run does all the time, one purchase after the other, up
// to n of those that are due, and returns how many there were. It is for hosts
// that wake up by a schedule of their own.
func (j *Journal) Step(ctx context.Context, n int) (worked int, err error) {
	leave, err := j.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	j.lookAtHeld(ctx)
	for worked < n && ctx.Err() == nil {
		leased, err := j.store.Lease(ctx, 1, j.config.Lease) // one at a time, since each may take long
		if err != nil || len(leased) == 0 {
			return worked, err
		}
		worked++
		j.work(ctx, leased[0])
	}
	return worked, ctx.Err()
}

func (j *Journal) lookAtHeld(ctx context.Context) {
	now, err := j.now(ctx)
	if err == nil || errors.Is(err, ErrClockSuspect) {
		err = j.unmatched(ctx, now)
	}
	if err != nil && ctx.Err() == nil {
		j.config.Logger.WarnContext(ctx, "journal cannot look at unmatched evidence", "error", err)
	}
}

// wake lets Run look for work now.
func (j *Journal) wake() {
	select {
	case j.poke <- struct{}{}:
	default: // it has been woken already
	}
}
