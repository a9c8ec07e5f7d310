package journal

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// Journal makes purchases that survive everything. It is safe for concurrent
// use; get one from [New].
type Journal struct {
	store    Store
	config   Config
	policy   policy
	accounts map[esim.Provider]*account
	name     string // of this process, in attempts
	poke     chan struct{}

	calls  flights
	active sync.WaitGroup // requests and hooks under way
	mu     sync.Mutex
	closed bool
}

// account is one client and what this process knows of its account.
type account struct {
	client      esim.Client
	caps        esim.Capabilities
	fingerprint string
	brake       brake

	mu       sync.Mutex
	receives bool
}

// volatile is implemented by stores that do not survive the process.
type volatile interface{ Volatile() bool }

// New returns a journal of the purchases in the store, for the clients given.
// It sends nothing. One store serves any number of journals, in any number of
// processes if the store can be shared.
//
// Errors match [esim.ErrInvalidRequest] for a configuration that makes no sense,
// and [ErrVolatile] for a store that forgets under a live account.
func New(store Store, config Config) (*Journal, error) {
	return newJournal(store, config, defaultPolicy())
}

func newJournal(store Store, config Config, p policy) (*Journal, error) {
	if store == nil {
		return nil, fmt.Errorf("%w: journal.New needs a store", esim.ErrInvalidRequest)
	}
	if err := config.check(); err != nil {
		return nil, err
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown host" // it is for people only
	}
	j := &Journal{
		store: store, config: config.withDefaults(), policy: p,
		accounts: make(map[esim.Provider]*account),
		name:     fmt.Sprintf("%s/%d/%s", host, os.Getpid(), id.String()[:8]),
		poke:     make(chan struct{}, 1),
	}
	j.calls.busy = make(map[ID]*flight)
	v, ok := store.(volatile)
	forgets := ok && v.Volatile() && !config.AllowVolatile
	for _, client := range config.Clients {
		a := &account{client: client, caps: client.Capabilities(), fingerprint: string(client.Provider())}
		info := client.Account()
		if info.Fingerprint != "" { // else it has one account for ever
			a.fingerprint += ":" + info.Fingerprint
		}
		if info.Live && forgets {
			return nil, fmt.Errorf("%w: %s is a live account", ErrVolatile, client.Provider())
		}
		a.receives = slices.Contains(config.ReceivesElsewhere, client.Provider())
		j.accounts[client.Provider()] = a
	}
	return j, nil
}

// Client returns the client of a provider with every purchase journalled: an
// [esim.Client] of which Order and TopUp need a Reference. Reads go through. It
// can find an order by its Reference, and GetOrder works even where the provider
// has no such call.
//
// A provider that the journal has no client of gives one that supports nothing.
func (j *Journal) Client(p esim.Provider) esim.Client {
	a := j.accounts[p]
	if a == nil {
		return esim.UnimplementedClient{Name: p}
	}
	return &client{Client: a.client, j: j, a: a}
}

// Resume is Order at a provider for a reference that may have been sent before
// there was a record of it: before there was this journal, or after the backup
// that it was restored from. The purchase begins in doubt. It is sent again
// only where a repeat is safe, looked up where that is possible, and left to a
// person otherwise.
func (j *Journal) Resume(ctx context.Context, p esim.Provider, req esim.OrderRequest) (*esim.Order, error) {
	return j.Client(p).Order(resumed(ctx), req)
}

// ResumeTopUp is Resume for a top-up.
func (j *Journal) ResumeTopUp(ctx context.Context, p esim.Provider, req esim.TopUpRequest) (*esim.Order, error) {
	return j.Client(p).TopUp(resumed(ctx), req)
}

// resumed is nil for nil, which the client refuses.
func resumed(ctx context.Context) context.Context {
	if ctx == nil {
		return nil
	}
	return evidence.WithSend(ctx, evidence.Send{Resumed: true})
}

// Receiver returns the function that takes what webhooks of a provider tell,
// and notes that they are received: a provider that delivers by webhook only is
// not ordered from before that. See [Journal.Observe].
func (j *Journal) Receiver(p esim.Provider) func(context.Context, *esim.Order) error {
	if a := j.accounts[p]; a != nil {
		a.mu.Lock()
		a.receives = true
		a.mu.Unlock()
	}
	return func(ctx context.Context, o *esim.Order) error {
		_, err := j.Observe(ctx, o)
		return err
	}
}

// Close lets nothing new begin, and waits until what is under way is on record
// or ctx ends. It does not close the store.
func (j *Journal) Close(ctx context.Context) error {
	j.mu.Lock()
	j.closed = true
	j.mu.Unlock()
	done := make(chan struct{})
	go func() {
		j.active.Wait()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// nowAt is the clock of a transaction where that has one, so that it takes no
// second connection.
func (j *Journal) nowAt(ctx context.Context, into Creator) (time.Time, error) {
	clock, ok := into.(interface {
		Now(ctx context.Context) (time.Time, error)
	})
	if !ok {
		return j.now(ctx)
	}
	now, err := clock.Now(ctx)
	return now.UTC().Truncate(time.Microsecond), err
}

// getAt reads an entry by a transaction that can, for the same reason.
func (j *Journal) getAt(ctx context.Context, into Creator, id ID) (Entry, error) {
	if reader, ok := into.(interface {
		Get(ctx context.Context, id ID) (Entry, error)
	}); ok {
		return reader.Get(ctx, id)
	}
	return j.store.Get(ctx, id)
}

// enter counts a piece of work in, unless the journal is closed.
func (j *Journal) enter() (leave func(), err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return nil, ErrClosed
	}
	j.active.Add(1)
	return j.active.Done, nil
}

func (j *Journal) isClosed() bool {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.closed
}

// now is the store's clock at the precision that stores keep.
func (j *Journal) now(ctx context.Context) (time.Time, error) {
	now, err := j.store.Now(ctx)
	return now.UTC().Truncate(time.Microsecond), err
}

// flights lets one call at a time work on a purchase in this process.
type flights struct {
	mu   sync.Mutex
	busy map[ID]*flight
}

// flight is a purchase that calls work on, one of them at a time.
type flight struct {
	turn  chan struct{} // holds one, who has it
	calls int           // at work or waiting
}

func (f *flights) enter(ctx context.Context, id ID) (leave func(), err error) {
	f.mu.Lock()
	mine := f.busy[id]
	if mine == nil {
		mine = &flight{turn: make(chan struct{}, 1)}
		f.busy[id] = mine
	}
	mine.calls++
	alone := mine.calls == 1
	f.mu.Unlock()
	drop := func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if mine.calls--; mine.calls == 0 {
			delete(f.busy, id)
		}
	}
	if alone {
		ctx = context.WithoutCancel(ctx) // there is nobody to wait for
	}
	select {
	case mine.turn <- struct{}{}:
		return func() { <-mine.turn; drop() }, nil
	case <-ctx.Done():
		drop()
		return nil, ctx.Err()
	}
}
