package simulation

import (
	"context"
	"time"

	"github.com/esimkit/esim/journal"
)

// Options say what to run.
type Options struct {
	Mode   Mode
	Seed   uint64
	Orders int     // purchases, top-ups among them
	Faults float64 // share of requests that meet a mishap; 0 = worlds of 5, 10 and 30 % in turn
	New    NewJournal
}

// Report is what a run has come to.
type Report struct {
	Purchases int // begun
	Delivered int
	Charged   int // charged at least once
	Refused   int // nothing charged
	Review    int
	Requests  int
	Crashes   int
	Loose     int           // evidence that found no purchase
	Digest    uint64        // of everything that happened
	Took      time.Duration // real time

	Reasons  map[string]int      // why purchases are under review
	Examples map[string][]string // of each reason, the trace of one

	// Of worlds with faults of 5 %: orders, and those that a person must look
	// at. Top-ups without a key, which are settled by looking only, are
	// counted apart.
	Calm, CalmReview     int
	Keyless, KeylessOpen int
}

// worldSize is how many purchases one world sees. Small worlds are many
// different ones, and one of them is quickly played again.
const worldSize = 250

var rates = [...]float64{0.05, 0.10, 0.30}

// Run makes purchases until there are enough, or one of the promises is
// broken, and then the error is a [*Violation].
func Run(ctx context.Context, o Options) (Report, error) {
	began := time.Now()
	var sum Report
	c := chance{mix(o.Seed) ^ uint64(o.Mode)} //nolint:gosec // not negative
	for i := 0; sum.Purchases < o.Orders; i++ {
		faults := o.Faults
		if faults == 0 {
			faults = rates[i%len(rates)]
		}
		one := Options{Mode: o.Mode, Seed: c.next(), Orders: min(worldSize, o.Orders-sum.Purchases), Faults: faults, New: o.New}
		r, err := RunWorld(ctx, one)
		sum.add(&r)
		if err != nil || ctx.Err() != nil {
			sum.Took = time.Since(began)
			return sum, err
		}
	}
	sum.Took = time.Since(began)
	return sum, nil
}

// RunWorld plays one world again, which the seed of a [Violation] names.
func RunWorld(ctx context.Context, o Options) (Report, error) {
	f := &weather{chance: &chance{o.Seed}, faults: o.Faults}
	w, err := newWorld(ctx, o.Mode, o.Seed, 1, f, o.New)
	if err != nil {
		return Report{}, err
	}
	defer w.close()
	c := &crowd{weather: f, w: w}
	c.live(o.Orders) //nolint:contextcheck // the simulator has a life of its own
	if w.violation == nil {
		w.settle(patient) //nolint:contextcheck // the simulator has a life of its own
	}
	if w.violation == nil {
		w.final()
	}
	r := w.report(o.Faults)
	if w.violation != nil {
		w.violation.Orders, w.violation.Faults = o.Orders, o.Faults
		return r, w.violation
	}
	return r, nil
}

func (w *world) report(faults float64) Report {
	r := Report{
		Purchases: len(w.purchases), Requests: w.requests, Crashes: w.troubles, Loose: w.loose, Digest: w.trace.digest,
		Reasons: make(map[string]int), Examples: make(map[string][]string),
	}
	for _, p := range w.purchases {
		if len(p.charges) > 0 {
			r.Charged++
		}
		review := 0
		switch {
		case p.version == 0:
		case p.state == journal.Delivered:
			r.Delivered++
		case p.state == journal.Review:
			review = 1
			why := w.reason(p)
			if r.Reasons[why]++; r.Examples[why] == nil {
				r.Examples[why] = w.trace.of(p.reference)
			}
		case p.state.Uncharged():
			r.Refused++
		}
		r.Review += review
		switch {
		case faults > rates[0]:
		case p.kind == journal.TopUpKind && w.mode != FX:
			r.Keyless++
			r.KeylessOpen += review
		default:
			r.Calm++
			r.CalmReview += review
		}
	}
	return r
}

// reason is why a person must look.
func (w *world) reason(p *purchase) string {
	kept, err := w.auditor.Get(w.ctx, p.id)
	if err != nil {
		return err.Error()
	}
	return string(p.kind) + ": " + kept.Review
}

func (r *Report) add(o *Report) {
	if r.Reasons == nil {
		r.Reasons, r.Examples = make(map[string]int), make(map[string][]string)
	}
	for why, n := range o.Reasons {
		r.Reasons[why] += n
		r.Examples[why] = o.Examples[why]
	}
	r.Purchases += o.Purchases
	r.Delivered += o.Delivered
	r.Charged += o.Charged
	r.Refused += o.Refused
	r.Review += o.Review
	r.Requests += o.Requests
	r.Crashes += o.Crashes
	r.Loose += o.Loose
	r.Digest = mix(r.Digest ^ o.Digest)
	r.Calm += o.Calm
	r.CalmReview += o.CalmReview
	r.Keyless += o.Keyless
	r.KeylessOpen += o.KeylessOpen
}
