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
// empties what the one before it has left.
func InPostgreSQL(url string) Store {
	place := postgres.WithSchema("shop")
	ready := false
	return Store{"postgres", func(t testing.TB) *Records {
		if !ready {
			prepare(t, url)
		}
		pool := openPool(t, url)
		t.Cleanup(pool.Close)
		var err error
		if ready {
			_, err = pool.Exec(t.Context(), emptied)
		} else {
			err = postgres.Migrate(t.Context(), pool, place)
		}
		if err != nil {
			t.Fatal("proof: ", err)
		}
		ready = true
		s, err := postgres.Open(t.Context(), pool, place)
		if err != nil {
			t.Fatal("proof: ", err)
		}
		return &Records{s, postgres.NewClaims(pool, place), postgres.NewInbox(pool, place)}
	}}
}

// emptied leaves nothing but the version of the schema.
const emptied = `DO $$ BEGIN
	EXECUTE (SELECT 'TRUNCATE ' || string_agg(format('shop.%I', tablename), ', ') FROM pg_tables
		WHERE schemaname = 'shop' AND tablename <> 'esim_schema');
END $$`

// prepare gives the database its clock and its schema.
func prepare(t testing.TB, url string) {
	c, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_, err = c.Exec(t.Context(), clockSchema+`CREATE SCHEMA shop;`)
	}
	if err != nil {
		t.Fatal("proof: ", err)
	}
	_ = c.Close(t.Context()) // it has done its work
}

func openPool(t testing.TB, url string) *pgxpool.Pool {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal("proof: the address of the database is not usable")
	}
	config.ConnConfig.RuntimeParams["search_path"] = "simulated, pg_catalog"
	// Time stands still while a query runs, so it is told with each connection.
	config.PrepareConn = func(ctx context.Context, c *pgx.Conn) (bool, error) {
		_, failed := c.Exec(ctx, `SELECT set_config('simulated.now', $1, false)`, time.Now().Format(time.RFC3339Nano))
		return failed == nil, failed
	}
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal("proof: ", err)
	}
	return pool
}
