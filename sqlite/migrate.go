package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"slices"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// version of the schema that this program writes.
const version = 2

// migrations are the steps to each version of the schema: the first creates
// the journal, the second the inbox and the claims. What a step has once
// contained it contains for ever.
func migrations() [][]string {
	types := sqlstore.Types{Text: "TEXT", Int: "INTEGER", Bool: "INTEGER", Time: "TEXT", Table: "STRICT"}
	return [][]string{
		sqlstore.Schema(types),
		slices.Concat(inboxSchema[:], sqlstore.ClaimSchema(types)),
	}
}

// migrate brings a database from a version to the newest, in one transaction.
func migrate(ctx context.Context, c *sql.Conn, from int) (err error) {
	if from >= version {
		return nil
	}
	tx, err := c.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // of a transaction that has failed
		}
	}()
	for _, step := range migrations()[from:] {
		for _, statement := range step {
			if _, err := tx.ExecContext(ctx, statement); err != nil {
				return fmt.Errorf("sqlite: cannot bring the schema up to date: %w", err)
			}
		}
	}
	for _, pragma := range []string{
		fmt.Sprintf("PRAGMA application_id = %d", applicationID),
		fmt.Sprintf("PRAGMA user_version = %d", version),
	} {
		if _, err := tx.ExecContext(ctx, pragma); err != nil {
			return err
		}
	}
	return tx.Commit()
}

// initialise makes an empty file a journal. It uses the rollback journal of
// SQLite, so that everything is in the file when it is closed.
func initialise(ctx context.Context, path string) (err error) {
	pool, c, err := open(ctx, path, "journal_mode(DELETE)", "synchronous(FULL)", "fullfsync(1)")
	if err != nil {
		return err
	}
	defer func() { err = joined(err, c.Close(), pool.Close()) }()
	return migrate(ctx, c, 0)
}

func newer(path string, v int) error {
	return fmt.Errorf("%w: %s has version %d and this program knows versions up to %d; use the newer program that wrote it",
		journal.ErrSchema, path, v, version)
}
