package journal

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// Run works on what is open until ctx ends or the journal is closed: sends what
// is enqueued, finds out what is in doubt, fetches what is still to come, calls
// hooks, and puts before a person what it cannot settle. Each provider has
// [Config].Workers of its own, so one that hangs delays no other. Any number of
// processes may run it on a shared store. What cannot be done now is logged and
// tried again; the error is only why it has ended.
func (j *Journal) Run(ctx context.Context) error {
	var busy sync.WaitGroup
	defer busy.Wait()
	workers := j.newWorkers()
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
		leased, err := j.lease(ctx, workers.idle())
		if err != nil && ctx.Err() == nil {
			j.config.Logger.WarnContext(ctx, "journal cannot look for work", "error", err)
		}
		for _, e := range leased {
			slot := workers.take(e.Provider)
			busy.Go(func() {
				defer workers.give(slot)
				if leave, err := j.enter(); err == nil {
					defer leave()
					j.work(ctx, e)
				}
			})
		}
		select { // nothing more is due, or nobody is free for it
		case <-ctx.Done():
		case <-j.poke:
		case <-workers.freed:
		case <-ticker.C:
		}
	}
	return ctx.Err()
}

// lease leases nothing before somebody is free to work on it.
func (j *Journal) lease(ctx context.Context, idle Slots) ([]Entry, error) {
	for _, n := range idle {
		if n > 0 {
			return j.store.Lease(ctx, idle, j.config.Lease)
		}
	}
	return nil, nil
}

// workers counts who is free to work, for each provider that the journal has a
// client of, and for all others together.
type workers struct {
	mu    sync.Mutex
	free  Slots
	freed chan struct{} // told when a provider without free workers has one again
}

func (j *Journal) newWorkers() *workers {
	w := &workers{free: Slots{"": j.config.Workers}, freed: make(chan struct{}, 1)}
	for p := range j.accounts {
		w.free[p] = j.config.Workers
	}
	return w
}

func (w *workers) idle() Slots {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.free)
}

// take takes the worker for an entry that was leased to a free one.
func (w *workers) take(p esim.Provider) (slot esim.Provider) {
	w.mu.Lock()
	defer w.mu.Unlock()
	slot = w.free.of(p)
	w.free[slot]--
	return slot
}

func (w *workers) give(slot esim.Provider) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.free[slot]++; w.free[slot] == 1 {
		signal(w.freed)
	}
}

// Step does once what Run does all the time, one purchase after the other and
// the providers in turn, up to n of those that are due, and returns how many
// there were. It is for hosts that wake up by a schedule of their own.
func (j *Journal) Step(ctx context.Context, n int) (worked int, err error) {
	leave, err := j.enter()
	if err != nil {
		return 0, err
	}
	defer leave()
	j.lookAtHeld(ctx)
	due := append(slices.Sorted(maps.Keys(j.accounts)), "")
	for turn := 0; worked < n && len(due) > 0 && ctx.Err() == nil; {
		turn %= len(due)
		leased, err := j.store.Lease(ctx, j.one(due[turn]), j.config.Lease) // one at a time, since each may take long
		switch {
		case err != nil:
			return worked, err
		case len(leased) == 0:
			due = slices.Delete(due, turn, turn+1)
			continue
		}
		turn++
		worked++
		j.work(ctx, leased[0])
	}
	return worked, ctx.Err()
}

// one is a slot for one provider, or for those that the journal has no client
// of (""). Its index has the earliest of that provider first; the earliest of
// all would have to be sorted out of all that is due.
func (j *Journal) one(p esim.Provider) Slots {
	slots := Slots{"": 0}
	for named := range j.accounts {
		slots[named] = 0
	}
	slots[p] = 1
	return slots
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
func (j *Journal) wake() { signal(j.poke) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been told already
	}
}
