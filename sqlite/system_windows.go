package sqlite

import (
	"errors"
	"os"
	"syscall"
)

var errLocked = errors.New("sqlite: locked")

// openLock opens a file for writing and lets others only read it until it is
// closed, which the death of the process does as well.
func openLock(path string) (*os.File, error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	const sharingViolation = syscall.Errno(32)
	h, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, syscall.FILE_SHARE_READ, nil,
		syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	switch {
	case errors.Is(err, sharingViolation):
		return nil, errLocked
	case err != nil:
		return nil, &os.PathError{Op: "open", Path: path, Err: err}
	}
	return os.NewFile(uintptr(h), path), nil
}

// unlock has nothing to do: closing the file releases it.
func unlock(*os.File) error { return nil }

// syncDirectory has nothing to do: NTFS logs the names of files itself.
func syncDirectory(string) error { return nil }
