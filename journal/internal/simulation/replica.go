package simulation

import (
	"context"
	"errors"
	"net/http"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/journal"
)

// replica is a process of the shop. When it dies the next one takes its place,
// with an empty memory.
type replica struct {
	w       *world
	n       int
	account int
	journal *journal.Journal
	client  esim.Client
	deliver http.Handler // eSIM Story

	busy    bool
	dead    bool
	paid    bool               // it has sent a purchase, and nothing was written since
	current *purchase          // that it is about
	leave   context.CancelFunc // ends the patience of its caller
}

// crash unwinds what a dying replica was doing.
type crash struct{}

func (r *replica) begin() error {
	w := r.w
	r.account, r.dead, r.paid, r.current = w.account, false, false, nil
	client, err := w.providers[r.account].client(&wire{w: w, r: r, account: r.account})
	if err != nil {
		return err
	}
	p := client.Provider()
	r.journal, err = w.newOne(&desk{w: w, r: r, below: w.books}, journal.Config{
		Clients: []esim.Client{client}, MaxDoubtful: -1, BusyWait: -1,
		OnDelivered: func(_ context.Context, p *journal.Purchase) error { return w.hooked(r, p, "OnDelivered") },
		OnFailed:    func(_ context.Context, p *journal.Purchase) error { return w.hooked(r, p, "OnFailed") },
		OnReview: func(_ context.Context, list []*journal.Purchase) error {
			var errs []error
			for _, p := range list {
				errs = append(errs, w.hooked(r, p, "OnReview"))
			}
			return errors.Join(errs...)
		},
		OnLate:      func(_ context.Context, p *journal.Purchase) error { return w.hooked(r, p, "OnLate") },
		OnUnmatched: func(context.Context, *esim.Order) error { w.loose++; return nil },
	})
	if err != nil {
		return err
	}
	r.client = r.journal.Client(p)
	if w.mode == Story {
		observe := r.journal.Receiver(p)
		r.deliver = esimstory.DeliveryHandler(esim.NewSecret(receiverSecret), func(ctx context.Context, d *esimstory.Delivery) error {
			o := d.Order()
			if o == nil {
				return nil // somebody must look at it; it is none of the journal's business
			}
			err := observe(ctx, o)
			if errors.Is(err, journal.ErrContradiction) {
				return nil // kept, and a repeat would not change it
			}
			return err
		})
	}
	return nil
}

// act lets a replica do something, in which it may die.
func (w *world) act(r *replica, p *purchase, what string, do func(ctx context.Context)) (survived bool) {
	before := r.current
	r.busy, r.current = true, p
	w.depth++
	w.note(r, p, what, "")
	ctx, leave := context.WithCancel(w.ctx)
	r.leave = leave
	defer func() {
		leave()
		w.depth--
		r.busy, r.current, r.leave = false, before, nil
		if dying := recover(); dying != nil {
			if _, ours := dying.(crash); !ours {
				panic(dying)
			}
		}
		if r.dead {
			survived = false
			w.restart(r)
		}
		w.check()
	}()
	do(ctx)
	return true
}

// restart puts a new process in the place of one that died or is taken down.
func (w *world) restart(r *replica) {
	if err := r.begin(); err != nil {
		w.broken(nil, "a replica cannot start: %v", err)
	}
}

// kill lets the replica die here. Whatever it does until it has noticed has no
// effect.
func (w *world) kill(r *replica, where string) {
	w.troubles++
	w.note(r, r.current, "dies at", where)
	r.dead = true
	panic(crash{})
}

// lives stops a replica that has died and goes on because something between
// has caught the panic.
func (r *replica) lives() {
	if r.dead {
		panic(crash{})
	}
}

// point is a place between two instructions.
func (w *world) point(r *replica, where string) {
	r.lives()
	w.ops++
	if !w.healthy {
		w.fate.point(w, r, where)
	}
	r.lives()
}

// step lets a replica work on what is due.
func (w *world) step(r *replica, n int) {
	w.act(r, nil, "step", func(ctx context.Context) {
		if _, err := r.journal.Step(ctx, n); err != nil {
			w.note(r, nil, "step failed", "")
		}
	})
}

// hooked is called by the journal to tell the shop.
func (w *world) hooked(r *replica, told *journal.Purchase, hook string) error {
	p := w.byID[told.ID]
	if p == nil {
		w.broken(nil, "%s for a purchase that nobody made", hook)
		return nil
	}
	w.point(r, hook+" begins")
	if !w.healthy && w.fate.hook(w) {
		return errors.New("the shop is not there")
	}
	w.note(r, p, hook, told.State.String())
	switch hook {
	case "OnDelivered":
		p.delivers++
	case "OnReview":
		p.reviews++
	case "OnFailed":
		p.told++
		w.refusedTo(p)
	}
	w.point(r, hook+" ends")
	return nil
}
