package simulation

import "time"

// fate decides what goes wrong, and when.
type fate interface {
	// point is asked at each place at which a replica can be stopped. It may
	// let the replica die, time pass, or another replica act.
	point(w *world, r *replica, where string)
	store(w *world, r *replica, call string, writes bool) trouble
	wire(w *world, r *replica, pays bool) mishap
	letter(w *world) letter
	hook(w *world) (fails bool)
	// freeze lets the replica sleep for longer than its lease, while others go
	// on.
	freeze(w *world, r *replica)
	lateness() time.Duration // of a request that the network has held back
}

// weather is fate by chance.
type weather struct {
	*chance

	faults float64 // share of requests that meet a mishap

	out     time.Time // until when the provider cannot be reached
	dry     time.Time // until when the balance is too low
	slow    time.Time // until when nothing is provisioned
	nowhere bool      // the present outage swallows requests instead of refusing them
}

// How much rarer than mishaps of requests other trouble is.
const (
	crashShare  = 0.03 // a replica dies at a place
	otherShare  = 0.12 // others act, or time passes, at a place
	storeShare  = 0.05 // a call of the store fails
	hookShare   = 0.5
	letterShare = 0.03 // a webhook is lost for good
	maxDepth    = 2
)

func (f *weather) point(w *world, r *replica, where string) {
	switch {
	case f.hit(f.faults * crashShare):
		w.kill(r, where)
	case w.depth <= maxDepth && f.hit(f.faults*otherShare):
		f.meanwhile(w, r)
	}
}

// meanwhile lets something happen while a replica is in the middle of a call.
func (f *weather) meanwhile(w *world, r *replica) {
	switch f.below(6) {
	case 0, 1:
		w.pass(f.upTo(20 * time.Second))
	case 2:
		f.freeze(w, r)
	case 3:
		if other := w.idle(f.below(replicas)); other != nil {
			w.step(other, 2)
		}
	case 4, 5:
		other, p := w.idle(f.below(replicas)), r.current
		if other != nil && p != nil && p.calls > 0 {
			w.call(other, p)
		}
	}
}

func (f *weather) freeze(w *world, r *replica) {
	w.note(r, r.current, "sleeps", "")
	w.pass(f.between(91*time.Second, 4*time.Minute))
	for range 1 + f.below(2) {
		if other := w.idle(f.below(replicas)); other != nil {
			w.step(other, 3)
		}
	}
}

func (f *weather) lateness() time.Duration { return f.between(time.Second, 4*time.Minute) }

func (f *weather) store(_ *world, _ *replica, _ string, _ bool) trouble {
	if !f.hit(f.faults * storeShare) {
		return fine
	}
	return lostCall + trouble(f.below(3))
}

func (f *weather) wire(w *world, _ *replica, pays bool) mishap {
	if w.now().Before(f.out) {
		if f.nowhere && f.below(4) == 0 {
			return silence
		}
		return noRoad
	}
	if !f.hit(f.faults) {
		return carried
	}
	how := noRoad + mishap(f.below(int(frozen)))
	if !pays && (how == overtaken || how == frozen) {
		return cutBefore
	}
	return how
}

func (f *weather) letter(*world) letter {
	return letter{
		lost: f.hit(f.faults * letterShare), again: f.hit(f.faults), anonymous: f.hit(f.faults / 2),
		after: f.delay(),
	}
}

func (f *weather) delay() time.Duration {
	if f.hit(f.faults) {
		return f.upTo(3 * time.Hour)
	}
	return f.upTo(3 * time.Second)
}

func (f *weather) hook(*world) bool { return f.hit(f.faults * hookShare) }

// change is called before each thing a shop does.
func (f *weather) change(w *world) {
	now := w.now()
	if now.After(f.out) && f.hit(f.faults*0.02) {
		f.nowhere = f.below(2) == 0
		f.out = now.Add(f.outage())
		w.note(nil, nil, "the provider cannot be reached", "")
	}
	if w.mode == FlyKey || w.mode == FlyNonce {
		fly := w.providers[0].sim.ESIMFly
		switch {
		case f.slow.IsZero() && f.hit(f.faults*0.04):
			f.slow = now.Add(f.upTo(2 * time.Hour))
			fly.HoldProvisioning(true)
		case !f.slow.IsZero() && now.After(f.slow):
			f.slow = time.Time{}
			fly.HoldProvisioning(false)
		}
	}
	switch {
	case f.dry.IsZero() && f.hit(f.faults*0.03):
		f.dry = now.Add(f.upTo(10 * time.Minute))
		w.note(nil, nil, "the balance runs dry", "")
		w.providers[0].front.SetBalance("4")
	case !f.dry.IsZero() && now.After(f.dry):
		f.dry = time.Time{}
		w.providers[0].front.SetBalance(plenty)
	}
}

func (f *weather) outage() time.Duration {
	switch n := f.below(100); {
	case n < 85:
		return f.upTo(8 * time.Minute)
	case n < 96:
		return f.upTo(5 * time.Hour)
	}
	return f.between(21*time.Hour, 30*time.Hour)
}
