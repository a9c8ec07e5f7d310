package proof

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
	"github.com/esimkit/esim/webhook"
)

// errDead is what a dead process gets to see when the case is over and its
// goroutines have to end. Nothing that it does then has an effect.
var errDead = errors.New("proof: this process has died")

// process is one life of the shop's process. It passes a step before and after
// whatever outlives it: a write to the records, a purchase on the wire, a
// hook. It dies at one of them: from then on it passes none.
type process struct {
	w    *world
	n    int // 1 for the first
	dies int // at this step; 0 = never
	step int // passed so far, guarded by w.mu
	died chan struct{}
	at   string // the step of its death, guarded by w.mu
}

// pass is a step. A dead process stays here until the case is over.
func (p *process) pass(what string) error {
	p.w.mu.Lock()
	if !p.dead() {
		p.step++
		if p.step == p.dies {
			p.w.note("process", "dies at %s (step %d)", what, p.step)
			p.at = what
			close(p.died)
		}
	}
	dead := p.dead()
	p.w.mu.Unlock()
	if !dead {
		return nil
	}
	<-p.w.over
	return errDead
}

func (p *process) dead() bool {
	select {
	case <-p.died:
		return true
	default:
		return false
	}
}

// around passes a step before and one after.
func (p *process) around(what string, do func() error) error {
	if err := p.pass("before " + what); err != nil {
		return err
	}
	err := do()
	if dead := p.pass("after " + what); dead != nil {
		return dead
	}
	return err
}

// purchases is the journal's store as a process reaches it.
type purchases struct {
	journal.Store

	p *process
}

// Create implements [journal.Creator].
func (s purchases) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (kept journal.Entry, created bool, err error) {
	err = s.p.around("Create", func() (err error) {
		kept, created, err = s.Store.Create(ctx, e, b)
		return err
	})
	return kept, created, err
}

// saidSo is the write after which nobody will be told any more that nothing was
// charged: a hook has done so, or a call is about to return it.
const saidSo = "Save that it was told"

// Save implements [journal.Store].
func (s purchases) Save(ctx context.Context, e journal.Entry) (kept journal.Entry, err error) {
	what := "Save " + e.State.String()
	if e.State.Uncharged() && e.NextAt.IsZero() {
		what = saidSo
	}
	err = s.p.around(what, func() (err error) {
		kept, err = s.Store.Save(ctx, e)
		return err
	})
	return kept, err
}

// Lease implements [journal.Store].
func (s purchases) Lease(ctx context.Context, slots journal.Slots, d time.Duration) ([]journal.Entry, error) {
	if s.p.dead() {
		return nil, s.p.pass("Lease")
	}
	list, err := s.Store.Lease(ctx, slots, d)
	if len(list) == 0 {
		return list, err // nothing has changed
	}
	if dead := s.p.pass("after Lease"); dead != nil {
		return nil, dead
	}
	return list, err
}

// Hold implements [journal.Store].
func (s purchases) Hold(ctx context.Context, h journal.Held) error {
	return s.p.around("Hold", func() error { return s.Store.Hold(ctx, h) })
}

// claims are the router's, as a process reaches them.
type claims struct {
	router.Claims

	p *process
}

// Put implements [router.Claims].
func (s claims) Put(ctx context.Context, c router.Claim) error {
	return s.p.around("Put claim", func() error { return s.Claims.Put(ctx, c) })
}

// inbox is that of the webhooks, as a process reaches it.
type inbox struct {
	webhook.Inbox

	p *process
}

// Add implements [webhook.Inbox].
func (s inbox) Add(ctx context.Context, m webhook.Message) (added bool, err error) {
	err = s.p.around("Add message", func() (err error) {
		added, err = s.Inbox.Add(ctx, m)
		return err
	})
	return added, err
}

// Done implements [webhook.Inbox].
func (s inbox) Done(ctx context.Context, id int64) error {
	return s.p.around("Done message", func() error { return s.Inbox.Done(ctx, id) })
}
