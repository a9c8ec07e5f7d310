package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/puddle/v2"

	"github.com/esimkit/esim/journal"
)

// The SQLSTATEs that are told apart, see PostgreSQL's appendix on error codes.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	readOnly             = "25006"
	diskFull             = "53100"
	undefinedTable       = "42P01"
	undefinedColumn      = "42703"
	invalidSchema        = "3F000"
	insufficientRights   = "42501"
)

// named adds what the journal, or an operator, has to know to an error of the
// driver. Each of these is proof that nothing was committed; an error that is
// none of them, above all a connection lost during COMMIT, proves nothing.
func named(err error) error {
	if errors.Is(err, puddle.ErrClosedPool) {
		return fmt.Errorf("%w: %w", journal.ErrClosed, err)
	}
	switch stateOf(err) {
	case readOnly:
		return fmt.Errorf("%w: connect to the primary: %w", journal.ErrReadOnly, err)
	case diskFull:
		return fmt.Errorf("%w: %w", journal.ErrDiskFull, err)
	case undefinedTable, undefinedColumn, invalidSchema:
		return fmt.Errorf("%w: run postgres.Migrate with the same options: %w", journal.ErrSchema, err)
	case insufficientRights:
		return fmt.Errorf("%w: the role needs the rights named in docs/postgres.md: %w", journal.ErrReadOnly, err)
	default:
		return err
	}
}

// stateOf returns the SQLSTATE of an error that the server has reported, "" of
// any other.
func stateOf(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// causeOf adds why ctx has ended to an error that says only that it has.
func causeOf(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}
