package postgres

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/esimkit/esim/postgres/internal/pgtest"
)

// TestMain is also the program of the replicas and receivers that a test starts.
func TestMain(m *testing.M) {
	if os.Getenv(replicaVariable) != "" {
		playReplica()
	}
	if url := os.Getenv(receiverVariable); url != "" {
		playReceiver(context.Background(), url)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(pgtest.Exit))
}

// migrated returns the pool of a database that has the tables.
func migrated(t testing.TB, opts ...Option) *pgxpool.Pool {
	t.Helper()
	pool := pgtest.Pool(t)
	require.NoError(t, Migrate(t.Context(), pool, opts...))
	return pool
}
