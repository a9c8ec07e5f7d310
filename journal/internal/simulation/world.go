package simulation

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/esimkit/esim/journal"
)

// NewJournal makes the journal of a replica; it is [journal.New] or something
// that is broken on purpose.
type NewJournal func(store journal.Store, config journal.Config) (*journal.Journal, error)

const replicas = 3

// world is one account, or two, at a provider, a store, and the replicas of a
// shop.
type world struct {
	ctx     context.Context //nolint:containedctx // that of the run
	mode    Mode
	seed    uint64
	fate    fate
	newOne  NewJournal
	post    *postman
	account int           // that the replicas use
	skew    time.Duration // of the store's clock

	providers []*provider
	books     *books
	auditor   *journal.Journal // looks only
	replicas  []*replica

	purchases []*purchase
	byID      map[journal.ID]*purchase
	owners    map[string]*purchase // eSIMs in the journal, by ICCID
	sold      map[string]*purchase // eSIMs charged, by ICCID
	touched   []*purchase          // since the last check
	late      []delayed            // what the network still holds

	ops      int // places passed at which a replica can be stopped
	troubles int // errors of the store, and crashes
	depth    int // of worlds within calls
	requests int
	healthy  bool // no more trouble
	loose    int  // evidence that OnUnmatched was told of

	trace     trace
	violation *Violation
}

// delayed is something that happens at a later time.
type delayed struct {
	at time.Time
	do func() (done bool)
}

func newWorld(ctx context.Context, m Mode, seed uint64, accounts int, f fate, newOne NewJournal) (*world, error) {
	w := &world{
		ctx: ctx, mode: m, seed: seed, fate: f, newOne: newOne,
		byID: make(map[journal.ID]*purchase), owners: make(map[string]*purchase), sold: make(map[string]*purchase),
	}
	if newOne == nil {
		w.newOne = journal.New
	}
	w.post = &postman{w: w}
	for i := range accounts {
		p, err := newProvider(m, seed+uint64(i)*0x9e3779b97f4a7c15, w.post) //nolint:contextcheck // the simulator has a life of its own
		if err != nil {
			return nil, err
		}
		p.token.now = p.sim.Now
		w.providers = append(w.providers, p)
	}
	w.books = &books{Volatile: journal.NewVolatileAt(w.storeClock), w: w}
	var err error
	if w.auditor, err = journal.New(w.books, journal.Config{}); err != nil {
		return nil, err
	}
	for i := range replicas {
		r := &replica{w: w, n: i}
		if err := r.begin(); err != nil { //nolint:contextcheck // the simulator has a life of its own
			return nil, err
		}
		w.replicas = append(w.replicas, r)
	}
	return w, nil
}

func (w *world) close() {
	for _, p := range w.providers {
		p.sim.Close()
	}
}

func (w *world) now() time.Time        { return w.providers[0].sim.Now() }
func (w *world) storeClock() time.Time { return w.now().Add(w.skew) }

func (w *world) note(r *replica, p *purchase, what, detail string) {
	e := event{at: w.now().Sub(start), replica: -1, what: what, detail: detail}
	if r != nil {
		e.replica = r.n
	}
	if p != nil {
		e.reference = p.reference
	}
	w.trace.add(e)
}

// broken notes the first violation.
func (w *world) broken(p *purchase, format string, args ...any) {
	if w.violation != nil {
		return
	}
	what := fmt.Sprintf(format, args...)
	w.note(nil, p, "VIOLATION", what)
	v := &Violation{Mode: w.mode, Seed: w.seed, What: what}
	if p != nil {
		v.Reference = p.reference
	}
	v.Trace = w.trace.of(v.Reference)
	w.violation = v
}

// add makes a reference known.
func (w *world) add(p *purchase) *purchase {
	p.id = journal.IDOf(w.mode.provider(), p.reference)
	w.purchases = append(w.purchases, p)
	w.byID[p.id] = p
	return p
}

// pass lets time go by, with what it brings.
func (w *world) pass(d time.Duration) {
	for _, p := range w.providers {
		p.sim.Advance(d)
	}
	w.arrive()
}

// arrive carries out what was held back until now.
func (w *world) arrive() {
	now := w.now()
	for i := 0; i < len(w.late); {
		if w.late[i].at.After(now) {
			i++
			continue
		}
		it := w.late[i]
		w.late = append(w.late[:i], w.late[i+1:]...)
		if !it.do() {
			w.late = append(w.late, delayed{now.Add(time.Minute), it.do})
		}
	}
}

func (w *world) in(d time.Duration, do func() bool) {
	w.late = append(w.late, delayed{w.now().Add(d), do})
}

// idle is a replica that does nothing right now, nil if there is none.
func (w *world) idle(first int) *replica {
	for i := range w.replicas {
		if r := w.replicas[(first+i)%len(w.replicas)]; !r.busy {
			return r
		}
	}
	return nil
}

// through sends a request to the provider, and books what it has charged.
func (w *world) through(account int, p *purchase, r *http.Request) (*http.Response, error) {
	at := w.providers[account]
	ledger := at.front.Ledger()
	before := ledger.Count()
	answer, err := at.road.RoundTrip(r)
	w.requests++
	for range ledger.Count() - before {
		w.charged(account, p, r)
	}
	return answer, err
}

// stage is a number of looks at what is due, and the time between them.
type stage struct {
	looks int
	every time.Duration
}

// 80 hours, in which all is done that can be done without trouble: with the
// patience of many worlds, and with that of one case of thousands.
var (
	patient = []stage{{30, 4 * time.Second}, {20, 30 * time.Second}, {36, 10 * time.Minute}, {74, time.Hour}}
	brief   = []stage{{8, 10 * time.Second}, {10, time.Minute}, {10, 35 * time.Minute}, {25, 3 * time.Hour}}
)

// settle ends all trouble and gives everything the time it needs.
func (w *world) settle(stages []stage) {
	w.healthy = true
	w.account = 0
	w.skew = max(w.skew, 0)
	for _, p := range w.providers {
		p.front.SetBalance(plenty)
		p.front.Heal()
	}
	if w.mode == FlyKey || w.mode == FlyNonce {
		w.providers[0].sim.ESIMFly.HoldProvisioning(false)
	}
	for _, r := range w.replicas {
		w.restart(r)
	}
	for _, stage := range stages {
		for i := range stage.looks {
			w.pass(stage.every)
			w.step(w.replicas[i%len(w.replicas)], 1000)
			if w.violation != nil {
				return
			}
		}
	}
}
