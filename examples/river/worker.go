package main

import (
	"context"
	"errors"
	"time"

	"github.com/riverqueue/river"

	"github.com/esimkit/esim/journal"
)

// purchaseArgs is a job: one purchase of the journal.
type purchaseArgs struct {
	ID journal.ID `json:"id"`
}

// Kind names the job for River.
func (purchaseArgs) Kind() string { return "esim_purchase" }

// worker brings a purchase forward, one step for each run of its job.
type worker struct {
	river.WorkerDefaults[purchaseArgs]

	journal *journal.Journal
}

// soon is when a job is tried again that another worker has in hand.
const soon = 2 * time.Second

// Work takes one step and puts the job off until the journal wants the next.
// An error, of the database say, is retried by River's own schedule.
func (w *worker) Work(ctx context.Context, job *river.Job[purchaseArgs]) error {
	p, err := w.journal.Reconcile(ctx, job.Args.ID)
	switch {
	case errors.Is(err, journal.ErrInHand):
		return river.JobSnooze(soon)
	case err != nil:
		return err
	case p.NextAt.IsZero():
		return nil // it has ended, and the hooks have been called
	}
	return river.JobSnooze(max(time.Until(p.NextAt), 0))
}
