package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	urlVariable     = "ESIM_POSTGRES_URL"
	requireVariable = "ESIM_REQUIRE_POSTGRES"
)

// shared is the one server of this test binary, started when first needed.
var shared struct {
	sync.Mutex

	server *Server
	err    error
	told   atomic.Bool // that tests are skipped
}

// Exit stops the server and ends the process; it is for goleak.Cleanup.
func Exit(code int) {
	shared.Lock()
	defer shared.Unlock()
	if shared.server != nil {
		if err := shared.server.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// URL returns the address of a new, empty database, which is dropped when the
// test ends. Without PostgreSQL it skips the test, or fails it if
// ESIM_REQUIRE_POSTGRES is 1.
func URL(t testing.TB) string {
	t.Helper()
	admin := adminURL(t)
	name := "esim_test_" + strings.ToLower(rand.Text())
	execute(t.Context(), t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		execute(context.WithoutCancel(t.Context()), t, admin, "DROP DATABASE "+name+" WITH (FORCE)")
	})
	u, err := url.Parse(admin)
	if err != nil {
		t.Fatal("pgtest:", urlVariable, "is no URL")
	}
	u.Path = "/" + name
	return u.String()
}

// Pool returns connections to a new, empty database, closed when the test ends.
func Pool(t testing.TB) *pgxpool.Pool {
	t.Helper()
	return Connect(t, URL(t))
}

// Connect returns connections to the database at url, closed when the test ends.
func Connect(t testing.TB, url string) *pgxpool.Pool {
	t.Helper()
	pool, err := pgxpool.New(context.WithoutCancel(t.Context()), url)
	if err != nil {
		t.Fatal("pgtest:", err)
	}
	t.Cleanup(pool.Close)
	return pool
}

// Require skips the test, or fails it, unless a server of its own can be
// started. It is for tests that stop and start one.
func Require(t testing.TB) {
	t.Helper()
	if _, err := findBinaries(t.Context()); err != nil {
		missing(t, err)
	}
}

func adminURL(t testing.TB) string {
	t.Helper()
	if own := os.Getenv(urlVariable); own != "" {
		return own
	}
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = Start(t.Context(), Options{})
	}
	if shared.err != nil {
		missing(t, shared.err)
	}
	return shared.server.URL("postgres")
}

// missing ends a test that cannot run, loudly.
func missing(t testing.TB, err error) {
	t.Helper()
	if os.Getenv(requireVariable) == "1" {
		t.Fatalf("pgtest: %s=1, but there is no PostgreSQL: %v", requireVariable, err)
	}
	if shared.told.CompareAndSwap(false, true) {
		fmt.Fprintf(os.Stderr, "\n*** NOT TESTED: everything that needs PostgreSQL is skipped: %v\n*** Install it (apt-get install postgresql) or set %s.\n\n",
			err, urlVariable)
	}
	t.Skipf("NOT TESTED, there is no PostgreSQL on this machine: %v", err)
}

func execute(ctx context.Context, t testing.TB, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(ctx, url)
	if err == nil {
		_, err = conn.Exec(ctx, sql)
		err = errors.Join(err, conn.Close(ctx))
	}
	if err != nil {
		t.Error("pgtest:", err)
	}
}
