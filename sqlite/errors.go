package sqlite

import (
	"errors"
	"fmt"

	sqlite3 "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"github.com/esimkit/esim/journal"
)

// primary is the result code of SQLite in err, without its extension, or -1
// if err does not come from SQLite.
func primary(err error) int {
	if e, ok := errors.AsType[*sqlite3.Error](err); ok {
		return e.Code() & 0xff
	}
	return -1
}

// own reports whether err concerns nothing but the statement that got it, so
// that it can be undone alone and the transaction goes on.
func own(err error) bool {
	switch primary(err) {
	case -1, lib.SQLITE_ERROR, lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG, lib.SQLITE_RANGE:
		return true
	}
	return false
}

// undone names the error of a transaction of which nothing was committed. It
// is nil if nothing more may be written after it.
//
// SQLITE_FULL is an answer of the file system to write(2), before any flush.
// SQLite documents that the transaction can be rolled back after it. In
// write-ahead mode that holds even for an error at COMMIT: the frame that
// makes a transaction valid is the last to be written, so it is not complete
// in the file, no reader or recovery takes the frames before it for more than
// rubbish, and the next transaction writes over them. (Padding behind that
// frame exists only without "powersafe overwrite", which is the default.) A
// disk that is found full at the flush gives SQLITE_IOERR, and that poisons.
//
// SQLITE_BUSY can only come from BEGIN: a person has the file open in another
// tool and is writing.
func undone(err error) error {
	switch primary(err) {
	case lib.SQLITE_FULL:
		return fmt.Errorf("%w: free some space (%w)", journal.ErrDiskFull, err)
	case lib.SQLITE_READONLY:
		return fmt.Errorf("%w (%w)", journal.ErrReadOnly, err)
	case lib.SQLITE_BUSY:
		return fmt.Errorf("sqlite: another program is writing to the journal; nothing was written: %w", err)
	}
	return nil
}
