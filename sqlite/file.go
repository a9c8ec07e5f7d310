package sqlite

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/esimkit/esim/journal"
)

// applicationID marks the file as a journal: "eSIM".
const applicationID = 0x6553494D

const restore = "restore a backup, or move this file away to begin with an empty journal"

// inspect looks at a file before SQLite does, which would change some. It
// reports whether there is a database to open.
func inspect(path string) (exists bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0) //nolint:gosec // the path of the caller
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, unwritable(err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%w: %s is not a regular file", journal.ErrForeign, path)
	case info.Size() == 0:
		return false, nil
	}
	header := make([]byte, 100)
	switch _, err := io.ReadFull(f, header); {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return false, fmt.Errorf("%w: %s is truncated; %s", journal.ErrForeign, path, restore)
	case err != nil:
		return false, err
	}
	return true, inspectHeader(path, header, info.Size())
}

// inspectHeader reads the header of an SQLite database; its layout is
// documented at https://sqlite.org/fileformat2.html#the_database_header.
func inspectHeader(path string, header []byte, size int64) error {
	if !bytes.HasPrefix(header, []byte("SQLite format 3\x00")) {
		return fmt.Errorf("%w: %s is no SQLite database, or its beginning is damaged; %s", journal.ErrForeign, path, restore)
	}
	if id := binary.BigEndian.Uint32(header[68:]); id != applicationID {
		return fmt.Errorf("%w: %s is the database of another program (application id %#x); choose another path",
			journal.ErrForeign, path, id)
	}
	if v := binary.BigEndian.Uint32(header[60:]); v > version {
		return newer(path, int(v))
	}
	page := int64(binary.BigEndian.Uint16(header[16:]))
	if page == 1 {
		page = 1 << 16
	}
	// While there is a log, it holds what the file lacks.
	if hasLog(path) {
		return nil
	}
	if pages := int64(binary.BigEndian.Uint32(header[28:])); page == 0 || size != page*pages {
		return fmt.Errorf("%w: %s should be %d bytes long and is %d, so it is truncated or damaged; %s",
			journal.ErrForeign, path, page*pages, size, restore)
	}
	return nil
}

func hasLog(path string) bool {
	log, err := os.Stat(path + "-wal")
	return err == nil && log.Size() > 0
}

// create makes an empty journal at path: all of it or nothing, whenever the
// process or the machine dies.
func create(ctx context.Context, path string) error {
	fresh := path + ".new"
	for _, old := range []string{fresh, fresh + "-journal"} {
		if err := os.Remove(old); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unwritable(err)
		}
	}
	f, err := os.OpenFile(fresh, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600) //nolint:gosec // the path of the caller
	if err != nil {
		return unwritable(err)
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := initialise(ctx, fresh); err != nil {
		return err
	}
	if err := os.Rename(fresh, path); err != nil {
		return unwritable(err)
	}
	return syncDirectory(filepath.Dir(path))
}

// unwritable names the error of a file that may not be written to.
func unwritable(err error) error {
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w: the journal must be able to write to the file and its directory (%w)", journal.ErrReadOnly, err)
	}
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w (%w)", journal.ErrDiskFull, err)
	}
	return err
}
