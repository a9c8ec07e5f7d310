package sqlite

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/esimkit/esim/journal"
)

// lock is the file beside the database that one process at a time has. The
// system releases it when that process dies. It stays behind when nobody has
// it: removing it would let two processes lock two files of the same name.
//
// It says who has it, and whether there has been a database, so that one that
// has vanished is missed.
type lock struct{ file *os.File }

// initialised is the line that says that there has been a database.
const initialised = "initialised"

// take locks the file, or says who has it.
func take(path string) (*lock, error) {
	f, err := openLock(path)
	switch {
	case errors.Is(err, errLocked):
		return nil, inUse(path)
	case err != nil:
		return nil, unwritable(err)
	}
	return &lock{f}, nil
}

func inUse(path string) error {
	who := "another process"
	if text, err := os.ReadFile(path); err == nil { //nolint:gosec // beside the path of the caller
		if pid, ok := strings.CutPrefix(firstLine(string(text)), "pid "); ok {
			who = "process " + pid
			if pid == strconv.Itoa(os.Getpid()) {
				who = "this very process (pid " + pid + ")"
			}
		}
	}
	return fmt.Errorf("%w: %s has %s locked; stop it first, use another file, or use PostgreSQL for several processes",
		journal.ErrInUse, who, path)
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// hadDatabase reports whether there was a database beside it once.
func (l *lock) hadDatabase() (bool, error) {
	text, err := io.ReadAll(io.NewSectionReader(l.file, 0, 1<<10))
	return strings.Contains(string(text), initialised), err
}

// sign writes who has the lock, and that there is a database.
func (l *lock) sign() error {
	return l.write("pid " + strconv.Itoa(os.Getpid()) + "\n" + initialised + "\n")
}

func (l *lock) write(text string) error {
	if err := l.file.Truncate(0); err != nil {
		return err
	}
	_, err := l.file.WriteAt([]byte(text), 0)
	return err
}

// release lets another process have it, and says that all was well.
func (l *lock) release() error {
	return errors.Join(l.write("nobody\n"+initialised+"\n"), l.close())
}

func (l *lock) close() error { return errors.Join(unlock(l.file), l.file.Close()) }
