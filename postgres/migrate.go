package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/journal"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. Those that a release has carried never
// change: what they were is on record in every database.
type migration struct {
	version  int
	sql      string
	checksum string
}

// migrations returns the steps in their order.
func migrations() ([]migration, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	steps := make([]migration, len(names))
	for i, name := range names {
		text, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		steps[i] = migration{version: i + 1, sql: string(text), checksum: hex.EncodeToString(sum[:])}
	}
	return steps, nil
}

// record is where a database says which steps it has been through.
const record = `
CREATE TABLE IF NOT EXISTS esim_schema (
	version    integer     PRIMARY KEY,
	checksum   text        NOT NULL, -- SHA-256 of the file
	applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)`

// Migrate creates the tables or brings them up to date. The role of the pool
// becomes their owner, see docs/postgres.md for the rights of others. Each step
// is one transaction; any number of processes may call Migrate at once, and
// one of them does the work.
//
// journal.ErrSchema: a newer program has migrated the database already.
// journal.ErrForeign: the tables are those of another program, or were made
// from other files. Nothing is changed then.
func Migrate(ctx context.Context, pool *pgxpool.Pool, opts ...Option) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	p := settingsOf(opts).place
	for {
		more := false
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) (err error) {
			more, err = p.step(ctx, tx, steps)
			return err
		})
		if err != nil {
			return fmt.Errorf("postgres: migrate: %w", named(err))
		}
		if !more {
			return nil
		}
	}
}

// step takes the next step that is missing, if any, and reports whether it did.
func (p place) step(ctx context.Context, tx pgx.Tx, steps []migration) (bool, error) {
	if err := p.enter(ctx, tx); err != nil {
		return false, err
	}
	applied, err := p.applied(ctx, tx)
	if err != nil {
		return false, err
	}
	if err = compare(applied, steps); err != nil {
		return false, err
	}
	if len(applied) == len(steps) {
		return false, nil
	}
	next := steps[len(applied)]
	if len(applied) == 0 {
		if _, err = tx.Exec(ctx, record); err != nil {
			return false, err
		}
	}
	if _, err = tx.Exec(ctx, next.sql); err != nil {
		return false, fmt.Errorf("step %d: %w", next.version, err)
	}
	_, err = tx.Exec(ctx, `INSERT INTO esim_schema (version, checksum) VALUES ($1, $2)`, next.version, next.checksum)
	return true, err
}

// enter lets one caller in at a time, until the end of its transaction, and
// makes what it creates land in the schema.
func (p place) enter(ctx context.Context, tx pgx.Tx) error {
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, "esimkit/esim migrate "+p.schema); err != nil {
		return err
	}
	if p.schema == "" {
		return nil
	}
	// Asked first: IF NOT EXISTS wants the right to create even where there
	// is nothing to be created.
	var exists bool
	if err := tx.QueryRow(ctx, `SELECT to_regnamespace($1) IS NOT NULL`, p.quoted()).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if _, err := tx.Exec(ctx, `CREATE SCHEMA `+p.quoted()); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `SELECT set_config('search_path', $1, true)`, p.quoted())
	return err
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// applied returns the checksums of the steps that the database has been
// through, in their order; none if it is empty.
func (p place) applied(ctx context.Context, db querier) ([]string, error) {
	var recorded, journaled bool
	err := db.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL, to_regclass($2) IS NOT NULL`,
		p.in("esim_schema"), p.in("esim_purchase")).Scan(&recorded, &journaled)
	if err != nil {
		return nil, err
	}
	if !recorded && journaled {
		return nil, fmt.Errorf("%w: there is a table esim_purchase but no esim_schema; choose another place, see postgres.WithSchema", journal.ErrForeign)
	}
	if !recorded {
		return nil, nil
	}
	sums, err := checksums(db.Query(ctx, p.in(`SELECT checksum FROM esim_schema ORDER BY version`)))
	if stateOf(err) == undefinedColumn {
		return nil, fmt.Errorf("%w: the table esim_schema is of another program; choose another place, see postgres.WithSchema", journal.ErrForeign)
	}
	return sums, err
}

func checksums(rows pgx.Rows, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// compare says why a database does not go with this program, as far as they
// have steps in common.
func compare(applied []string, steps []migration) error {
	if len(applied) > len(steps) {
		return fmt.Errorf("%w: the database is at version %d, this program knows versions up to %d; use a newer release of it",
			journal.ErrSchema, len(applied), len(steps))
	}
	for i, sum := range applied {
		if !strings.EqualFold(sum, steps[i].checksum) {
			return fmt.Errorf("%w: step %d of its schema was made from another file than this program's", journal.ErrForeign, i+1)
		}
	}
	return nil
}

// check says why the tables cannot be used, nil if they can.
func (p place) check(ctx context.Context, db querier) error {
	steps, err := migrations()
	if err != nil {
		return err
	}
	applied, err := p.applied(ctx, db)
	if err != nil {
		return err
	}
	if err := compare(applied, steps); err != nil {
		return err
	}
	if len(applied) < len(steps) {
		return fmt.Errorf("%w: the database is at version %d, this program needs %d: run postgres.Migrate",
			journal.ErrSchema, len(applied), len(steps))
	}
	return p.complete(ctx, db)
}

// complete says which of the tables are missing, nil if none.
func (p place) complete(ctx context.Context, db querier) error {
	var missing []string
	for _, t := range tables {
		var exists bool
		if err := db.QueryRow(ctx, `SELECT to_regclass($1) IS NOT NULL`, p.in(t)).Scan(&exists); err != nil {
			return err
		}
		if !exists {
			missing = append(missing, t)
		}
	}
	if missing != nil {
		return fmt.Errorf("%w: a table is missing (%s); restore a backup", journal.ErrForeign, strings.Join(missing, ", "))
	}
	return nil
}
