package proof

import (
	"context"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres"
	"github.com/esimkit/esim/router"
	"github.com/esimkit/esim/sqlite"
	"github.com/esimkit/esim/webhook"
)

// Records is what outlives a process of the shop.
type Records struct {
	Journal journal.Store
	Claims  router.Claims
	Inbox   webhook.Inbox
}

// Store makes empty records for a case. It is called in the bubble of the
// case, whose time the records must follow.
type Store struct {
	Name string
	Open func(t testing.TB) *Records
}

// InMemory keeps records in this process.
func InMemory() Store {
	return Store{"memory", func(testing.TB) *Records {
		return &Records{journal.NewVolatile(), router.NewMemoryClaims(), webhook.NewMemoryInbox()}
	}}
}

// InSQLite keeps records in files of a directory.
func InSQLite(dir string) Store {
	var files atomic.Int64
	return Store{"sqlite", func(t testing.TB) *Records {
		s, err := sqlite.Open(filepath.Join(dir, fmt.Sprintf("%d.db", files.Add(1))))
		if err != nil {
			t.Fatal("proof: ", err)
		}
		t.Cleanup(func() { _ = s.Close() }) // the file is thrown away
		return &Records{s, s.Claims(), s.Inbox()}
	}}
}

// clockSchema holds functions of the names of PostgreSQL's clocks. It comes
// first in the search path, so that the database has the time of the case.
const clockSchema = `
CREATE SCHEMA IF NOT EXISTS simulated;
CREATE OR REPLACE FUNCTION simulated.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
	AS $$ SELECT current_setting('simulated.now')::timestamptz $$;
CREATE OR REPLACE FUNCTION simulated.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
	AS $$ SELECT current_setting('simulated.now')::timestamptz $$;`

// InPostgreSQL keeps records in a database that is the proof's alone. A case
// drops what the one before it has left.
func InPostgreSQL(url string) Store {
	return Store{"postgres", func(t testing.TB) *Records {
		pool := openPool(t, url)
		t.Cleanup(pool.Close)
		place := postgres.WithSchema("shop")
		_, err := pool.Exec(t.Context(), `DROP SCHEMA IF EXISTS shop CASCADE; CREATE SCHEMA shop`)
		if err == nil {
			err = postgres.Migrate(t.Context(), pool, place)
		}
		if err != nil {
			t.Fatal("proof: ", err)
		}
		s, err := postgres.Open(t.Context(), pool, place)
		if err != nil {
			t.Fatal("proof: ", err)
		}
		return &Records{s, postgres.NewClaims(pool, place), postgres.NewInbox(pool, place)}
	}}
}

func openPool(t testing.TB, url string) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal("proof: the address of the database is not usable")
	}
	plain, err := pgx.ConnectConfig(t.Context(), config.ConnConfig.Copy())
	if err == nil {
		_, err = plain.Exec(t.Context(), clockSchema)
	}
	if err != nil {
		t.Fatal("proof: ", err)
	}
	_ = plain.Close(t.Context()) // it has done its work
	config.ConnConfig.RuntimeParams["search_path"] = "simulated, pg_catalog"
	// Time stands still while a query runs, so it is told with each connection.
	config.PrepareConn = func(ctx context.Context, c *pgx.Conn) (bool, error) {
		_, err := c.Exec(ctx, `SELECT set_config('simulated.now', $1, false)`, time.Now().Format(time.RFC3339Nano))
		return err == nil, err
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal("proof: ", err)
	}
	return pool
}
