package sqlite

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	lib "modernc.org/sqlite/lib"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// examine checks a database and returns the version of its schema.
func examine(ctx context.Context, path string, tx sqlstore.Tx, quick bool) (int, error) {
	id, err := pragma[int](ctx, tx, "application_id")
	if err != nil {
		return 0, err
	}
	v, err := pragma[int](ctx, tx, "user_version")
	switch {
	case err != nil:
		return 0, err
	case id != applicationID || v < 1:
		return 0, fmt.Errorf("%w: %s is the database of another program; choose another path", journal.ErrForeign, path)
	case v > version:
		return 0, newer(path, v)
	}
	mode, err := pragma[string](ctx, tx, "journal_mode")
	switch {
	case err != nil:
		return 0, err
	case mode != "wal":
		return 0, fmt.Errorf("sqlite: %s is on a file system without shared memory, which the write-ahead log needs; use a local disk", path)
	}
	check := "integrity_check(1)"
	if quick {
		check = "quick_check(1)"
	}
	verdict, err := pragma[string](ctx, tx, check)
	switch {
	case err != nil:
		return 0, err
	case verdict != "ok":
		return 0, damagedFile(path, errors.New(verdict))
	}
	if err = complete(ctx, path, tx, v); err != nil || quick {
		return v, err
	}
	err = verify(ctx, tx, v)
	switch {
	case err == nil:
	case primary(err) == -1, primary(err) == lib.SQLITE_ERROR: // what was read is the trouble, or the names of tables and columns are
		err = damagedFile(path, err)
	}
	return v, err
}

// verify reads all rows that a version has, and compares their checksums.
func verify(ctx context.Context, tx sqlstore.Tx, v int) error {
	for _, each := range []struct {
		since int
		rows  func(context.Context, sqlstore.Tx, sqlstore.Dialect) error
	}{{1, sqlstore.Verify}, {2, sqlstore.VerifyInbox}, {2, sqlstore.VerifyClaims}} {
		if v < each.since {
			continue
		}
		if err := each.rows(ctx, tx, dialect()); err != nil {
			return err
		}
	}
	return nil
}

// complete misses tables and indexes of a version, and those that were made by
// another statement. More of them do no harm.
func complete(ctx context.Context, path string, tx sqlstore.Tx, v int) error {
	statements := slices.Concat(migrations()[:v]...)
	for i, name := range sqlstore.Names(statements) {
		made, err := query[string](ctx, tx, "SELECT coalesce(max(sql), '') FROM sqlite_schema WHERE name = $1", name)
		switch {
		case err != nil:
			return err
		case made == "":
			return damagedFile(path, errors.New("it has no "+name))
		case made != strings.TrimSpace(statements[i]):
			return fmt.Errorf("%w: %s has another %s than this program makes; use the program that wrote it, or choose another path",
				journal.ErrSchema, path, name)
		}
	}
	return nil
}

// pragma reads a setting or runs a check, of which the last row counts.
func pragma[T any](ctx context.Context, tx sqlstore.Tx, name string) (T, error) {
	return query[T](ctx, tx, "PRAGMA "+name)
}

func query[T any](ctx context.Context, tx sqlstore.Tx, text string, args ...any) (v T, err error) {
	found, err := tx.Query(ctx, text, args...)
	if err != nil {
		return v, err
	}
	defer found.Close()
	for found.Next() {
		if err := found.Scan(&v); err != nil {
			return v, err
		}
	}
	return v, found.Err()
}

// explain adds to an error of opening what it means for a journal.
func explain(path string, err error) error {
	switch primary(err) {
	case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
		return damagedFile(path, err)
	case lib.SQLITE_READONLY, lib.SQLITE_CANTOPEN, lib.SQLITE_PERM:
		return fmt.Errorf("%w: the journal must be able to write to the file and its directory (%w)", journal.ErrReadOnly, err)
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: free some space (%w)", journal.ErrDiskFull, err)
	}
	return err
}

func damagedFile(path string, why error) error {
	return fmt.Errorf("%w: %s is damaged; keep a copy of it with its -wal file, then %s (%w)", journal.ErrForeign, path, restore, why)
}

// joined is errors.Join that leaves a single error as it is.
func joined(err error, more ...error) error {
	if rest := errors.Join(more...); rest != nil {
		return errors.Join(err, rest)
	}
	return err
}
