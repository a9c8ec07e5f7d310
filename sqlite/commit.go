package sqlite

import (
	"context"
	"errors"
	"fmt"

	lib "modernc.org/sqlite/lib"

	"github.com/esimkit/esim/journal"
)

// commit writes the group and answers everybody in it.
func (w *writer) commit(group []*write) {
	group = begin(group)
	if len(group) == 0 {
		return
	}
	err := w.transact(group)
	for _, one := range group {
		if err != nil {
			one.err = err
		}
		close(one.done)
	}
}

// begin leaves out those who do not wait any more.
func begin(group []*write) []*write {
	n := 0
	for _, one := range group {
		if one.turn.CompareAndSwap(0, begun) {
			group[n] = one
			n++
		}
	}
	return group[:n]
}

// transact runs the group in one transaction. An error is the answer to all
// of them; otherwise each has its own.
func (w *writer) transact(group []*write) error {
	if why := w.poison.Load(); why != nil {
		return *why
	}
	if err := w.exec("BEGIN IMMEDIATE"); err != nil {
		return w.undone(err)
	}
	alone, kept := len(group) == 1, 0
	for _, one := range group {
		if err := w.try(one, alone); err != nil {
			return w.rollback(err)
		}
		if one.err == nil {
			kept++
		}
	}
	if kept == 0 {
		return w.rollback(nil)
	}
	w.since += kept
	if err := w.clock.keep(w.conn); err != nil {
		return w.rollback(err)
	}
	if err := w.exec("COMMIT"); err != nil {
		return w.uncommitted(err)
	}
	w.clock.kept()
	return nil
}

// try runs one write. It undoes the write if that has failed; the error it
// returns is one that ends the transaction.
func (w *writer) try(one *write, alone bool) error {
	if !alone {
		if err := w.exec("SAVEPOINT one"); err != nil {
			return err
		}
	}
	one.err = one.fn(w.conn)
	switch {
	case one.err != nil && !own(one.err):
		return one.err
	case alone: // rolled back with the transaction
		return nil
	case one.err != nil:
		if err := w.exec("ROLLBACK TO one"); err != nil {
			return err
		}
	}
	return w.exec("RELEASE one")
}

// rollback undoes the transaction because of err, which may be nil.
func (w *writer) rollback(err error) error {
	// After some errors SQLite has rolled back by itself, and says
	// SQLITE_ERROR to whoever does it again.
	if e := w.exec("ROLLBACK"); e != nil && primary(e) != lib.SQLITE_ERROR {
		return w.poisoned(errors.Join(err, e))
	}
	if err == nil {
		return nil
	}
	return w.undone(err)
}

// undone names the reason why nothing of a transaction was committed.
func (w *writer) undone(err error) error {
	if named := undone(err); named != nil {
		return named
	}
	return w.poisoned(err)
}

// uncommitted deals with an error of COMMIT. If the disk was full nothing was
// committed. After any other, nobody can tell: not even reading again could,
// since what the system shows may never have reached the disk.
func (w *writer) uncommitted(err error) error {
	if primary(err) == lib.SQLITE_FULL {
		return w.rollback(err)
	}
	_ = w.poisoned(err)    // for those who come next
	_ = w.exec("ROLLBACK") // so that readers see what was there before; it may have happened already
	return fmt.Errorf("%w: %w", errInDoubt, err)
}

// poisoned has everybody know that nothing more is written, and why.
func (w *writer) poisoned(err error) error {
	named := fmt.Errorf("%w (%w)", journal.ErrPoisoned, err)
	w.poison.CompareAndSwap(nil, &named)
	return named
}

func (w *writer) exec(query string) error {
	_, err := w.conn.Exec(context.Background(), query)
	return err
}

// checkpoint copies the log into the database when it has become long. SQLite
// would do so by itself, but would keep an error of the disk to itself too.
func (w *writer) checkpoint() {
	if w.since < checkpointAfter || w.poison.Load() != nil {
		return
	}
	w.since = 0
	length, err := w.checkpointBy("PASSIVE")
	if err == nil && length > tooLong {
		_, err = w.checkpointBy("TRUNCATE")
	}
	switch primary(err) {
	case lib.SQLITE_FULL, lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
		return // all is in the log still; it will be tried again
	}
	if err != nil {
		_ = w.poisoned(err) // whoever writes next is told
	}
}

// checkpointBy returns the length of the log in pages.
func (w *writer) checkpointBy(mode string) (length int, err error) {
	found, err := w.conn.Query(context.Background(), "PRAGMA wal_checkpoint("+mode+")")
	if err != nil {
		return 0, err
	}
	defer found.Close()
	var busy, copied int
	for found.Next() {
		if err := found.Scan(&busy, &length, &copied); err != nil {
			return 0, err
		}
	}
	return length, found.Err()
}
