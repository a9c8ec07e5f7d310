package sqlite_test

import (
	"database/sql"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

// raw runs a statement on a file that no store has open.
func raw(t testing.TB, path, query string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

// fill adds n delivered purchases with one key each. They are as large as real
// ones, and have no valid checksum, so nobody may read them.
func fill(t testing.TB, path string, n int) {
	t.Helper()
	raw(t, path, `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
INSERT INTO esim_purchase SELECT
  lower(hex(randomblob(16))), 2, 'esimfly', 'a1b2c3', 'order', 'old-' || i, 'c0ffee', '1024_30_DE', 'delivered', 1, 0, 1,
  '["order:old-' || i || '"]',
  strftime('%Y-%m-%dT%H:%M:%f000Z', '2026-01-01', (i * 5) || ' seconds'),
  strftime('%Y-%m-%dT%H:%M:%f000Z', '2026-01-01', (i * 5) || ' seconds'),
  NULL, NULL, '2026-01-02T00:00:00.000000Z', '2026-01-04T00:00:00.000000Z', NULL, '2.70', 'USD', '', '', $2, '', '' FROM n`, n, document)
	raw(t, path, `INSERT INTO esim_key SELECT provider, 'order:' || reference, id FROM esim_purchase WHERE reference LIKE 'old-%'`)
}

// rawConn is a connection of another tool.
func rawConn(t testing.TB, path string) *sql.Conn {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	c, err := db.Conn(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, c.Close())
		require.NoError(t, db.Close())
	})
	return c
}

func size(t testing.TB, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	require.NoError(t, err)
	return info.Size()
}
