package proof

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// server is the PostgreSQL server of this test binary, started when first
// needed.
var server struct {
	once sync.Once
	dir  string
	url  string
	err  error
}

const postgresScript = "../scripts/postgres"

// exit stops the server and ends the process.
func exit(code int) {
	if server.dir != "" {
		if out, err := exec.CommandContext(context.Background(), postgresScript, "stop", filepath.Join(server.dir, "pg")).CombinedOutput(); err != nil {
			fmt.Fprintln(os.Stderr, "proof: PostgreSQL does not stop:", err, string(out))
			code = max(code, 1)
		}
		_ = os.RemoveAll(server.dir) // the script has removed what matters
	}
	os.Exit(code)
}

// database is the address of a new database: at ESIM_POSTGRES_URL, or in a
// server of its own. Without either the test is skipped, or fails where
// ESIM_REQUIRE_POSTGRES is 1.
func database(t *testing.T) string {
	admin := os.Getenv("ESIM_POSTGRES_URL")
	if admin == "" {
		server.once.Do(start)
		if server.err != nil && os.Getenv("ESIM_REQUIRE_POSTGRES") != "1" {
			t.Skip("NOT TESTED, there is no PostgreSQL on this machine: ", server.err)
		}
		require.NoError(t, server.err)
		admin = server.url
	}
	name := "esim_proof_" + strings.ToLower(rand.Text())
	execute(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() { execute(t, admin, "DROP DATABASE "+name+" WITH (FORCE)") })
	u, err := url.Parse(admin)
	require.NoError(t, err)
	u.Path = "/" + name
	return u.String()
}

func start() {
	dir, err := os.MkdirTemp("", "proof") // short: a socket's path has at most some 100 bytes
	if err != nil {
		server.err = err
		return
	}
	out, err := exec.CommandContext(context.Background(), postgresScript, "start", filepath.Join(dir, "pg")).Output()
	if err != nil {
		server.err = err
		_ = os.RemoveAll(dir) // nothing was started
		return
	}
	server.dir, server.url = dir, strings.TrimSpace(string(out))
}

func execute(t *testing.T, address, sql string) {
	ctx := context.WithoutCancel(t.Context()) // of a test that may have ended
	conn, err := pgx.Connect(ctx, address)
	require.NoError(t, err)
	defer conn.Close(ctx) //nolint:errcheck // the statement counts
	_, err = conn.Exec(ctx, sql)
	require.NoError(t, err)
}
