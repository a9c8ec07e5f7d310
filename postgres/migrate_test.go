package postgres

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

var update = flag.Bool("update", false, "write the migrations of the shared store afresh; never after a release has carried them")

func TestMigrationsAreTheSchemaOfTheSharedStore(t *testing.T) {
	types := sqlstore.Types{Text: `text COLLATE "C"`, Int: "bigint", Bool: "boolean", Time: "timestamptz"}
	for _, step := range []struct {
		file, about string
		schema      []string
	}{
		{"migrations/0001_journal.sql", "The journal. Operators read these tables when something is wrong.", sqlstore.Schema(types)},
		{"migrations/0004_claims.sql", "Which reseller a router has given each reference to.", sqlstore.ClaimSchema(types)},
	} {
		want := "-- " + step.about + "\n\n" + strings.Join(step.schema, ";\n\n") + ";\n"
		if *update {
			require.NoError(t, os.WriteFile(step.file, []byte(want), 0o600))
		}
		text, err := os.ReadFile(step.file)
		require.NoError(t, err)
		assert.Equal(t, want, string(text), step.file)
	}
}

func TestMigrateIsSafeToCallFromEverywhere(t *testing.T) {
	url := pgtest.URL(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.NoError(t, Migrate(t.Context(), pgtest.Connect(t, url))) })
	}
	wg.Wait()
	pool := pgtest.Connect(t, url)
	require.NoError(t, Migrate(t.Context(), pool), "and again")

	steps, err := migrations()
	require.NoError(t, err)
	rows, err := pool.Query(t.Context(), `SELECT version FROM esim_schema WHERE applied_at <= clock_timestamp() ORDER BY version`)
	require.NoError(t, err)
	versions, err := pgx.CollectRows(rows, pgx.RowTo[int])
	require.NoError(t, err)
	require.Len(t, versions, len(steps))
	for i, v := range versions {
		assert.Equal(t, i+1, v)
	}
}

func TestMigrationsAreNumberedWithoutGaps(t *testing.T) {
	names, err := fs.Glob(migrationFiles, "migrations/*")
	require.NoError(t, err)
	for i, name := range names {
		assert.Regexp(t, fmt.Sprintf(`^migrations/%04d_[a-z]+\.sql$`, i+1), name)
	}
}

func TestMigrateGoesOnFromAnOlderVersion(t *testing.T) {
	pool := pgtest.Pool(t)
	steps, err := migrations()
	require.NoError(t, err)
	require.NoError(t, pgx.BeginFunc(t.Context(), pool, func(tx pgx.Tx) error {
		_, failed := place{}.step(t.Context(), tx, steps[:1])
		return failed
	}))
	_, err = Open(t.Context(), pool)
	require.ErrorIs(t, err, journal.ErrSchema)
	assert.ErrorContains(t, err, "run postgres.Migrate")

	require.NoError(t, Migrate(t.Context(), pool))
	_, err = Open(t.Context(), pool)
	require.NoError(t, err)
}

func TestAFailedMigrationLeavesNothingBehind(t *testing.T) {
	pool := pgtest.Pool(t)
	_, err := pool.Exec(t.Context(), `CREATE TABLE esim_limit (something text)`) // of somebody else, in the way of step 2
	require.NoError(t, err)
	require.ErrorContains(t, Migrate(t.Context(), pool), "step 2")
	var version int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT max(version) FROM esim_schema`).Scan(&version))
	assert.Equal(t, 1, version)
	var half bool
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT to_regclass('esim_token') IS NOT NULL`).Scan(&half))
	assert.False(t, half)
}

func TestDatabasesThatAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		migrated bool
		sql      string
		want     error
		says     string
	}{
		"empty":        {false, `SELECT 1`, journal.ErrSchema, "run postgres.Migrate"},
		"newer":        {true, `INSERT INTO esim_schema (version, checksum) VALUES (99, 'x')`, journal.ErrSchema, "newer release"},
		"other files":  {true, `UPDATE esim_schema SET checksum = 'x' WHERE version = 2`, journal.ErrForeign, "step 2"},
		"other table":  {false, `CREATE TABLE esim_purchase (id int)`, journal.ErrForeign, "WithSchema"},
		"other record": {false, `CREATE TABLE esim_schema (id int)`, journal.ErrForeign, "WithSchema"},
		"table lost":   {true, `DROP TABLE esim_budget`, journal.ErrForeign, "esim_budget"},
	} {
		t.Run(name, func(t *testing.T) {
			pool := pgtest.Pool(t)
			if test.migrated {
				require.NoError(t, Migrate(t.Context(), pool))
			}
			_, err := pool.Exec(t.Context(), test.sql)
			require.NoError(t, err)
			_, err = Open(t.Context(), pool)
			require.ErrorIs(t, err, test.want)
			assert.ErrorContains(t, err, test.says)
			if name != "empty" && name != "table lost" {
				require.ErrorIs(t, Migrate(t.Context(), pool), test.want)
			}
		})
	}
}
