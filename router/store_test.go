package router_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/router"
)

// silentStore is one that answers nothing while it is down.
type silentStore struct {
	*journal.Volatile

	down string // the call that fails
}

var errDown = errors.New("no answer")

func (s *silentStore) Create(ctx context.Context, e journal.Entry, b *journal.Budget) (journal.Entry, bool, error) {
	if s.down == "Create" {
		return journal.Entry{}, false, errDown
	}
	return s.Volatile.Create(ctx, e, b)
}

func (s *silentStore) Get(ctx context.Context, id journal.ID) (journal.Entry, error) {
	if s.down == "Create" || s.down == "Get" {
		return journal.Entry{}, errDown
	}
	return s.Volatile.Get(ctx, id)
}

func (s *silentStore) Doubtful(ctx context.Context, account string, since time.Time) (int, error) {
	if s.down == "Doubtful" {
		return 0, errDown
	}
	return s.Volatile.Doubtful(ctx, account, since)
}

// That the store of the journal is away says nothing of a reseller: when it is
// back each sells again at once.
func TestStoreTroubleOpensNoBreaker(t *testing.T) {
	for _, down := range []string{"Create", "Get", "Doubtful"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(true)
			store := &silentStore{Volatile: w.store}
			var clients []esim.Client
			for _, p := range providers {
				clients = append(clients, w.resellers[p])
			}
			j, err := journal.New(store, journal.Config{Clients: clients})
			require.NoError(t, err)
			config := w.config(router.Cheapest)
			for i, c := range clients {
				config.Clients[i] = j.Client(c.Provider())
			}
			config.Breaker.Failures = 1
			r := router.New(config)
			store.down = down
			for i := range 3 {
				time.Sleep(2 * time.Second) // the journal counts once a second
				_, err := buy(t.Context(), r, fmt.Sprintf("cart-%d", i))
				if err != nil {
					require.ErrorIs(t, err, journal.ErrStore, down)
				}
			}
			sent := w.resellers[esimfly.Provider].Requests("Order")
			store.down = ""
			time.Sleep(2 * time.Second)
			o := mustOrder(t, r, esim.OrderRequest{PackageID: asked, Reference: "after"})
			assert.Equal(t, esimfly.Provider, o.Provider, down)
			assert.Equal(t, sent+1, w.resellers[esimfly.Provider].Requests("Order"))
		})
	}
}
