//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package sqlite

import (
	"errors"
	"os"
	"syscall"
)

var errLocked = errors.New("sqlite: locked")

// openLock opens and locks a file. The lock belongs to the open file, so it is
// released with the process, and a process excludes itself as well.
func openLock(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the path of the caller
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if errors.Is(err, syscall.EWOULDBLOCK) {
		err = errLocked
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// unlock releases the lock before the file is closed: a process that is just
// being forked has it open for a moment as well.
func unlock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_UN)
}

// syncDirectory makes the names of files durable.
func syncDirectory(path string) error {
	d, err := os.Open(path) //nolint:gosec // the path of the caller
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
