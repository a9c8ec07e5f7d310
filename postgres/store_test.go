package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/memory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/webhook"
)

// open returns a store of an empty journal.
func open(t testing.TB, opts ...Option) (*Store, *pgxpool.Pool) {
	t.Helper()
	pool := migrated(t, opts...)
	s, err := Open(t.Context(), pool, opts...)
	require.NoError(t, err)
	return s, pool
}

// intent is a purchase that was not sent yet.
func intent(reference string, keys ...string) journal.Entry {
	now := time.Now().UTC().Truncate(time.Microsecond)
	return journal.Entry{
		ID: journal.IDOf("esimfly", reference), Version: 1, Provider: "esimfly", Account: "0123abcd", Kind: journal.OrderKind,
		Reference: reference, Content: "digest", PackageID: "TR-1GB", State: journal.Ready, Keys: keys,
		CreatedAt: now, UpdatedAt: now, NextAt: now, ResendUntil: now.Add(20 * time.Hour), DeadlineAt: now.Add(72 * time.Hour),
		Cost: "2.72", Currency: "USD", Document: []byte(`{"a":"ü"}`),
	}
}

// begun is what the journal makes of an entry before it sends a request.
func begun(e journal.Entry) journal.Entry {
	e.State, e.Attempts, e.Doubt = journal.Sending, e.Attempts+1, e.Doubt+1
	e.UpdatedAt = e.UpdatedAt.Add(time.Second)
	e.DoubtAt = e.UpdatedAt
	e.LeaseUntil = e.UpdatedAt.Add(90 * time.Second)
	return e
}

func TestStoreInASchemaOfItsOwn(t *testing.T) {
	pool := pgtest.Pool(t)
	for _, name := range []string{`shop "A"; --`, "esim_key"} {
		in := WithSchema(name)
		require.NoError(t, Migrate(t.Context(), pool, in))
		require.NoError(t, Migrate(t.Context(), pool, in))
		s, err := Open(t.Context(), pool, in)
		require.NoError(t, err)

		e, created, err := s.Create(t.Context(), intent("cart-1", "item:1"), nil)
		require.NoError(t, err)
		require.True(t, created)
		e, err = s.Save(t.Context(), begun(e))
		require.NoError(t, err)
		got, err := s.Named(t.Context(), "esimfly", []string{"item:1"})
		require.NoError(t, err)
		assert.Equal(t, []journal.Entry{e}, got)
		require.NoError(t, s.Hold(t.Context(), journal.Held{Provider: "esimfly", Key: "k", Names: []string{"item:2"}, At: e.CreatedAt}))
		held, err := s.Held(t.Context(), journal.HeldQuery{Names: []string{"item:2"}})
		require.NoError(t, err)
		assert.Len(t, held, 1)

		require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
			_, created, err = s.Tx(tx).Create(t.Context(), intent("cart-2", "item:3"), nil)
			return err
		}))
		assert.True(t, created)
		require.NoError(t, NewLimiter(pool, "x", 10, 1, in).Wait(t.Context()))
		_, err = NewInbox(pool, in).Add(t.Context(), webhook.Message{Source: "s", Key: "k"})
		require.NoError(t, err)
		wantToken(t, NewTokenStore(pool, in), &provider{valid: time.Hour}, "", "token-1")
	}
	_, err := Open(t.Context(), pool)
	require.ErrorIs(t, err, journal.ErrSchema, "nothing is where the search_path leads")
}

func TestStoreClockGoneBack(t *testing.T) {
	s, pool := open(t)
	before, err := s.Now(t.Context())
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), before, time.Minute)
	assert.Equal(t, time.UTC, before.Location())

	ahead := intent("cart-1")
	ahead.CreatedAt = before.Add(time.Hour)
	_, _, err = s.Create(t.Context(), ahead, nil)
	require.NoError(t, err)
	now, err := s.Now(t.Context())
	require.ErrorIs(t, err, journal.ErrClockSuspect)
	assert.WithinDuration(t, time.Now(), now, time.Minute, "it tells the time all the same")

	// One process remembers even what no purchase shows.
	_, err = pool.Exec(t.Context(), `UPDATE esim_purchase SET created_at = clock_timestamp()`)
	require.NoError(t, err)
	_, err = s.Now(t.Context())
	require.ErrorIs(t, err, journal.ErrClockSuspect)
	again, err := Open(t.Context(), pool)
	require.NoError(t, err)
	_, err = again.Now(t.Context())
	require.NoError(t, err)
}

// creators are the ways into a transaction of the caller's.
var creators = map[string]func(t *testing.T, s *Store, pool *pgxpool.Pool) (c journal.Creator, run func(query string) error, commit, rollback func() error){
	"pgx": func(t *testing.T, s *Store, pool *pgxpool.Pool) (journal.Creator, func(string) error, func() error, func() error) {
		tx, err := pool.Begin(t.Context())
		require.NoError(t, err)
		t.Cleanup(func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }) // of a test that failed
		run := func(query string) error { _, err := tx.Exec(t.Context(), query); return err }
		return s.Tx(tx), run, func() error { return tx.Commit(t.Context()) }, func() error { return tx.Rollback(t.Context()) }
	},
	"database/sql": func(t *testing.T, s *Store, pool *pgxpool.Pool) (journal.Creator, func(string) error, func() error, func() error) {
		db := stdlib.OpenDBFromPool(pool)
		t.Cleanup(func() { assert.NoError(t, db.Close()) })
		tx, err := db.BeginTx(t.Context(), &sql.TxOptions{})
		require.NoError(t, err)
		t.Cleanup(func() { _ = tx.Rollback() }) // of a test that failed
		run := func(query string) error { _, err := tx.ExecContext(t.Context(), query); return err }
		return s.SQLTx(tx), run, tx.Commit, tx.Rollback
	},
}

func TestIntentJoinsTheCallersTransaction(t *testing.T) {
	for name, creator := range creators {
		t.Run(name, func(t *testing.T) {
			s, pool := open(t)
			_, err := pool.Exec(t.Context(), `CREATE TABLE cart (id text, paid bool)`)
			require.NoError(t, err)
			for _, end := range []string{"rollback", "commit"} {
				c, run, commit, rollback := creator(t, s, pool)
				require.NoError(t, run(`INSERT INTO cart VALUES ('8841', true)`))
				clock, ok := c.(interface {
					Now(ctx context.Context) (time.Time, error)
				})
				require.True(t, ok)
				told, failed := clock.Now(t.Context())
				require.NoError(t, failed)
				assert.WithinDuration(t, time.Now(), told, time.Minute)
				want := intent("cart-8841", "topup:8900")
				want.Budget = "today"
				kept, created, refused := c.Create(t.Context(), want, &journal.Budget{Limit: "10"})
				require.NoError(t, refused)
				require.True(t, created)
				assert.Equal(t, want, kept)
				_, err = s.Get(t.Context(), want.ID)
				require.ErrorIs(t, err, journal.ErrNotFound, "not before it commits")
				if end == "rollback" {
					require.NoError(t, rollback())
				} else {
					require.NoError(t, commit())
				}
			}
			var carts int
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM cart`).Scan(&carts))
			assert.Equal(t, 1, carts)
			e, err := s.Get(t.Context(), journal.IDOf("esimfly", "cart-8841"))
			require.NoError(t, err)
			var spent string
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT spent FROM esim_budget`).Scan(&spent))
			assert.Equal(t, "2.72", spent)

			c, _, commit, _ := creator(t, s, pool)
			again, created, err := c.Create(t.Context(), intent("cart-8841"), nil)
			require.NoError(t, err)
			assert.False(t, created)
			assert.Equal(t, e, again)
			require.NoError(t, commit())
		})
	}
}

func TestARefusalLeavesTheCallersTransactionWhole(t *testing.T) {
	for name, creator := range creators {
		t.Run(name, func(t *testing.T) {
			s, pool := open(t)
			_, err := pool.Exec(t.Context(), `CREATE TABLE cart (id text)`)
			require.NoError(t, err)
			_, _, err = s.Create(t.Context(), intent("cart-1", "topup:8900"), nil)
			require.NoError(t, err)

			c, run, commit, _ := creator(t, s, pool)
			require.NoError(t, run(`INSERT INTO cart VALUES ('before')`))
			_, _, err = c.Create(t.Context(), intent("cart-2", "topup:8900"), nil)
			require.ErrorIs(t, err, journal.ErrTaken)
			dear := intent("cart-3", "item:3")
			dear.Budget = "today"
			_, _, err = c.Create(t.Context(), dear, &journal.Budget{Limit: "2.71"})
			require.ErrorIs(t, err, journal.ErrOverBudget)
			require.NoError(t, run(`INSERT INTO cart VALUES ('after')`))
			require.NoError(t, commit())

			var carts, purchases int
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM cart`).Scan(&carts))
			assert.Equal(t, 2, carts)
			require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM esim_purchase`).Scan(&purchases))
			assert.Equal(t, 1, purchases)
		})
	}
}

func TestManyCreateOneReference(t *testing.T) {
	url := pgtest.URL(t)
	require.NoError(t, Migrate(t.Context(), pgtest.Connect(t, url)))
	stores := make([]*Store, 3)
	for i := range stores {
		var err error
		stores[i], err = Open(t.Context(), pgtest.Connect(t, url))
		require.NoError(t, err)
	}
	const callers = 60
	made := make(chan bool, callers)
	for i := range callers {
		go func() {
			e := intent("cart-1", "topup:8900")
			e.Budget = "today"
			e.Document = fmt.Appendf(nil, `{"n":%d}`, i)
			_, created, err := stores[i%len(stores)].Create(t.Context(), e, &journal.Budget{Limit: "100"})
			assert.NoError(t, err)
			made <- created
		}()
	}
	n := 0
	for range callers {
		if <-made {
			n++
		}
	}
	assert.Equal(t, 1, n)
}

func TestARefusalTakesNoSecondConnection(t *testing.T) {
	config, err := pgxpool.ParseConfig(pgtest.URL(t))
	require.NoError(t, err)
	config.MaxConns = 1
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	require.NoError(t, Migrate(t.Context(), pool))
	s, err := Open(t.Context(), pool)
	require.NoError(t, err)
	limit, err := esim.ParseMoney("1.00", "USD")
	require.NoError(t, err)
	j, err := journal.New(s, journal.Config{
		Clients: []esim.Client{memory.New()}, DailyCap: map[esim.Provider]esim.Money{memory.New().Provider(): limit},
	})
	require.NoError(t, err)
	dear, err := esim.ParseMoney("2.00", "USD")
	require.NoError(t, err)

	for name, creator := range creators {
		t.Run(name, func(t *testing.T) {
			c, _, commit, _ := creator(t, s, pool)
			_, err := j.EnqueueOrder(t.Context(), c, memory.New().Provider(), esim.OrderRequest{
				PackageID: "TR-1GB", Reference: "cart-1", MaxTotal: dear,
			})
			require.ErrorIs(t, err, journal.ErrOverBudget)
			assert.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err))
			require.NoError(t, commit())
		})
	}
}
