package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// The two journals of the proof. One sells for three resellers. The other has
// an account at an eSIMfly that does not honour keys, so that nothing but the
// request ids, which are taken once, keeps it from being charged twice.
const (
	mainHouse = "main_house"
	onceHouse = "once_house"
)

// credentials are those of one account at a simulated reseller.
type credentials struct{ URL, ID, Key string }

// accounts are what a replica of the shop needs to know.
type accounts struct {
	Database             string
	Desk                 string // where errands are handed out
	Fly, Once, Story, FX credentials
}

// Short, so that a test can outlast them.
const (
	shortLease   = time.Second
	shortTimeout = 400 * time.Millisecond
)

func (c credentials) settings() esim.Settings {
	return esim.Settings{BaseURL: c.URL, Timeout: shortTimeout, Limiter: unlimited{}}
}

// unlimited paces nothing: the simulated resellers do not mind.
type unlimited struct{}

func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// clients are those of a house.
func (a *accounts) clients(house string, pool *pgxpool.Pool) ([]esim.Client, error) {
	own := a.Fly
	if house == onceHouse {
		own = a.Once
	}
	fly, err := esimfly.New(esimfly.Config{
		AccessCode: own.ID, SecretKey: esim.NewSecret(own.Key), ReplaysVerified: house == mainHouse, Settings: own.settings(),
	})
	if err != nil || house == onceHouse {
		return []esim.Client{fly}, err
	}
	story, err := esimstory.New(esimstory.Config{
		AccessKey: a.Story.ID, SecretKey: esim.NewSecret(a.Story.Key), Settings: a.Story.settings(),
	})
	if err != nil {
		return nil, err
	}
	fx, err := esimfx.New(esimfx.Config{
		ClientID: a.FX.ID, ClientKey: esim.NewSecret(a.FX.Key), Settings: a.FX.settings(),
		Tokens: NewTokenStore(pool, WithSchema(mainHouse)),
	})
	return []esim.Client{fly, story, fx}, err
}

// house is a journal with the store that it is in.
type house struct {
	*journal.Journal

	store *Store
}

// open opens a house of the shop. late is by how much its clock is ahead.
func (a *accounts) open(ctx context.Context, name string, pool *pgxpool.Pool, late time.Duration) (*house, error) {
	clients, err := a.clients(name, pool)
	if err != nil {
		return nil, err
	}
	store, err := Open(ctx, pool, WithSchema(name))
	if err != nil {
		return nil, err
	}
	j, err := journal.New(ahead{store, late}, journal.Config{
		Clients: clients, OnDelivered: tellShop(pool), MaxDoubtful: -1,
		ReceivesElsewhere: []esim.Provider{esimstory.Provider}, Workers: 3,
		Lease: shortLease, Tick: 250 * time.Millisecond, BusyWait: 100 * time.Millisecond,
	})
	return &house{j, store}, err
}

// ahead is a store that has been moved into the future.
type ahead struct {
	journal.Store

	by time.Duration
}

func (a ahead) Now(ctx context.Context) (time.Time, error) {
	now, err := a.Store.Now(ctx)
	return now.Add(a.by), err
}

// shopTable is what a shop keeps of the orders that it enqueues: that they are
// paid, and how often it was told that they are delivered.
const shopTable = `CREATE TABLE shop (reference text PRIMARY KEY, house text NOT NULL, told int NOT NULL DEFAULT 0)`

func tellShop(pool *pgxpool.Pool) func(context.Context, *journal.Purchase) error {
	return func(ctx context.Context, p *journal.Purchase) error {
		_, err := pool.Exec(ctx, `UPDATE shop SET told = told + 1 WHERE reference = $1`, p.Reference)
		return err
	}
}

// errand is what the shop has to do once, however often it is handed out.
type errand struct {
	Handout   int
	House     string
	Provider  esim.Provider
	Reference string
	PackageID string
	Quantity  int
	ICCID     esim.ICCID // of a top-up
	Enqueue   bool       // in a transaction with a row of the shop
	Void      bool       // and that is rolled back
}

// told is what a worker has to say when it asks for the next errand.
type told struct {
	Replica   int // number of the process
	Handout   int // that is done; 0 = none
	Delivered []esim.ICCID
}

// simulated are the resellers, in the process of the test.
type simulated struct{ three, once *simulator.Simulator }

// spoil has about a tenth of the requests go wrong.
func (s *simulated) spoil(rate float64) {
	for _, server := range s.servers() {
		server.Schedule(esimtest.Schedule{Rate: rate, Kinds: []esimtest.FaultKind{
			esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.FaultHangAfterCommit, esimtest.Fault500After,
			esimtest.FaultTruncatedJSON, esimtest.FaultHalfBody, esimtest.Fault429,
		}})
	}
}

func (s *simulated) servers() []*simulator.Server {
	return []*simulator.Server{s.three.ESIMFly.Server, s.three.ESIMStory.Server, s.three.ESIMFX.Server, s.once.ESIMFly.Server}
}

func (s *simulated) accounts() accounts {
	three, once := s.three, s.once.ESIMFly
	return accounts{
		Fly:   credentials{three.ESIMFly.URL(), three.ESIMFly.AccessCode, three.ESIMFly.SecretKey},
		Once:  credentials{once.URL(), once.AccessCode, once.SecretKey},
		Story: credentials{three.ESIMStory.URL(), three.ESIMStory.AccessKey, three.ESIMStory.SecretKey},
		FX:    credentials{three.ESIMFX.URL(), three.ESIMFX.ClientID, three.ESIMFX.ClientKey},
	}
}

// errands are n orders, some of which are handed out more than once, and some
// carts besides that nobody pays for.
func (s *simulated) errands(n int) []errand {
	sellers := [...]struct {
		house    string
		server   *simulator.Server
		quantity int
	}{
		{mainHouse, s.three.ESIMFly.Server, 3},
		{mainHouse, s.three.ESIMFX.Server, 2},
		{mainHouse, s.three.ESIMStory.Server, 3},
		{mainHouse, s.three.ESIMFly.Server, 1},
		{onceHouse, s.once.ESIMFly.Server, 2},
		{mainHouse, s.three.ESIMFX.Server, 1},
	}
	packages := make(map[*simulator.Server][]simulator.PackageInfo)
	for _, server := range s.servers() {
		// Of these each can be topped up.
		packages[server] = slices.DeleteFunc(server.Packages(), func(p simulator.PackageInfo) bool {
			return p.Unlimited || !p.Rechargeable && server.Provider() == esimfly.Provider
		})
	}
	var all []errand
	for i := range n {
		seller := sellers[i%len(sellers)]
		sold := packages[seller.server]
		e := errand{
			House: seller.house, Provider: seller.server.Provider(), Reference: referenceOf(i),
			PackageID: sold[i/len(sellers)%len(sold)].ID, Quantity: 1, Enqueue: i/len(sellers)%3 == 0,
		}
		if i/len(sellers)%10 == 7 {
			e.Quantity = seller.quantity
		}
		all = append(all, e)
		switch {
		case i%17 == 0: // three replicas get it at once
			all = append(all, e, e)
		case i%50 == 1:
			e.Reference, e.Enqueue, e.Void = voidPrefix+e.Reference, true, true
			all = append(all, e)
		}
	}
	return all
}
