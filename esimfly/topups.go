package esimfly

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// doubtWindow is how long a top-up in doubt keeps others of the same eSIM
// back. After it the figures have settled, and the eSIM must not stay closed
// for ever.
const doubtWindow = 30 * time.Minute

// topUp is one logical top-up, over all calls with its reference. What changes
// in it is changed and read under the lock of its eSIM.
type topUp struct {
	op        string // for which it is read
	ref       string
	iccid     esim.ICCID
	packageID string

	before Preimage
	added  esim.DataSize // of the package; 0 = not known
	sent   time.Time

	doubt   *esim.Error // what its send ended with, if its outcome is unknown
	blurred bool        // another top-up of the eSIM was sent since
	order   *esim.Order // once it is settled
}

func (t *topUp) same(other *topUp) bool {
	return t.iccid == other.iccid && t.packageID == other.packageID
}

// key is that of the transport's own memory.
func (t *topUp) key() string { return purchaseKey(t.ref) }

// read is a call made on behalf of the top-up.
func (t *topUp) read() adapter.Call {
	call := get(t.op, "", nil)
	call.Reference = t.ref
	return call
}

// remains notes that err leaves the outcome unknown.
func (t *topUp) remains(err error) bool {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok || e.Outcome != esim.OutcomeUnknown {
		return false
	}
	t.doubt = e
	return true
}

// unknown returns the error of the send again, with why it could not be
// settled now.
func (t *topUp) unknown(look error) error {
	e := *t.doubt
	e.Message, e.Err = amend(e.Message, e.Err, "the usage of the eSIM cannot be read now", look)
	return &e
}

func (t *topUp) newOrder() *esim.Order {
	return &esim.Order{
		Provider: Provider, Reference: t.ref, PackageID: t.packageID, Quantity: 1,
		ESIMs: []esim.ESIM{{ICCID: t.iccid}},
	}
}

func (t *topUp) copyOrder() *esim.Order {
	o := *t.order
	o.ESIMs = slices.Clone(o.ESIMs)
	return &o
}

// topUps is what a client remembers of its top-ups: those settled within a day
// and more, and all that are in doubt.
type topUps struct {
	settled recent[string, *topUp]   // by reference
	ids     recent[string, struct{}] // order ids of the settled ones

	mu     sync.Mutex
	busy   map[string]chan struct{} // locks; closed when released
	open   map[string]*topUp        // in doubt, by reference
	doubts map[esim.ICCID]*topUp    // in doubt, and to be found out about
}

func newTopUps() *topUps {
	return &topUps{
		busy: make(map[string]chan struct{}), open: make(map[string]*topUp), doubts: make(map[esim.ICCID]*topUp),
	}
}

// lock waits until no other call holds the key. Whoever takes two takes that
// of the reference first and that of the eSIM second, so that nobody waits in
// a circle.
func (s *topUps) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		s.mu.Lock()
		busy := s.busy[key]
		if busy == nil {
			busy = make(chan struct{})
			s.busy[key] = busy
			s.mu.Unlock()
			return func() {
				s.mu.Lock()
				defer s.mu.Unlock()
				delete(s.busy, key)
				close(busy)
			}, nil
		}
		s.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// byReference returns nil for a reference that is not remembered, and whether
// its top-up is in doubt.
func (s *topUps) byReference(ref string) (t *topUp, doubt bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t = s.open[ref]; t != nil {
		return t, true
	}
	t, _ = s.settled.get(ref)
	return t, false
}

// keepBlurred remembers a top-up in doubt of which there is no evidence.
func (s *topUps) keepBlurred(t *topUp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.blurred = true
	s.open[t.ref] = t
}

func (s *topUps) inDoubt(iccid esim.ICCID) *topUp {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.doubts[iccid]
}

func (s *topUps) keepInDoubt(t *topUp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[t.ref], s.doubts[t.iccid] = t, t
}

// settle ends the doubt about a top-up, if there was any.
func (s *topUps) settle(t *topUp, order *esim.Order, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.order = order
	s.settled.put(t.ref, t, now)
	s.ids.put(order.ID, struct{}{}, now)
	delete(s.open, t.ref)
	if s.doubts[t.iccid] == t {
		delete(s.doubts, t.iccid)
	}
}

// blur gives up the evidence of a top-up in doubt: it stays in doubt.
func (s *topUps) blur(t *topUp) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.blurred = true
	delete(s.doubts, t.iccid)
}

// recent is a map that forgets the oldest entries, once they are many and a
// day old.
type recent[K comparable, V any] struct {
	mu      sync.Mutex
	entries map[K]V
	order   []dated[K] // oldest first
}

type dated[K any] struct {
	key K
	at  time.Time
}

const (
	maxRecent  = 8192
	remembered = 24 * time.Hour
)

func (r *recent[K, V]) put(key K, value V, now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.entries == nil {
		r.entries = make(map[K]V)
	}
	if _, known := r.entries[key]; !known {
		r.order = append(r.order, dated[K]{key, now})
	}
	r.entries[key] = value
	for len(r.order) > maxRecent && now.Sub(r.order[0].at) >= remembered {
		delete(r.entries, r.order[0].key)
		r.order = r.order[1:]
	}
}

func (r *recent[K, V]) get(key K) (value V, known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	value, known = r.entries[key]
	return value, known
}
