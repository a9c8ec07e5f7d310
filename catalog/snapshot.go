package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/esimkit/esim"
)

// Why the content of a snapshot is refused. The file is then renamed to end in
// ".refused", as is one that cannot be read, and the catalogue begins empty.
var (
	ErrSnapshotForeign   = errors.New("catalog: the file is no snapshot of a catalogue")
	ErrSnapshotNewer     = errors.New("catalog: the snapshot is of a newer format")
	ErrSnapshotTruncated = errors.New("catalog: the snapshot is cut short")
	ErrSnapshotDamaged   = errors.New("catalog: the snapshot is damaged")
)

const (
	snapshotMagic  = "eSIMshlf"
	snapshotFormat = 2
	snapshotHead   = len(snapshotMagic) + 4 + 8 + 8 // magic, format, length of the numbers, length of the texts
	maxSnapshot    = 4 << 30
	refusedSuffix  = ".refused"
	leftoverSuffix = ".writing"
)

// saved is what a snapshot holds.
type saved struct {
	shelf    *shelf
	rule     Equivalence // by which products are grouped
	withheld *shelf      // packages that guards left out, as they were last trusted
	syncedAt map[esim.Provider]time.Time
}

// seal puts head and checksum around the parts of a snapshot.
func seal(numbers, texts []byte) []byte {
	file := make([]byte, 0, snapshotHead+len(numbers)+len(texts)+sha256.Size)
	file = append(file, snapshotMagic...)
	file = binary.BigEndian.AppendUint32(file, snapshotFormat)
	file = binary.BigEndian.AppendUint64(file, uint64(len(numbers)))
	file = binary.BigEndian.AppendUint64(file, uint64(len(texts)))
	file = append(file, numbers...)
	file = append(file, texts...)
	sum := sha256.Sum256(file)
	return append(file, sum[:]...)
}

// unseal returns the parts of a snapshot that is whole.
func unseal(file []byte) (numbers, texts []byte, err error) {
	magic := file[:min(len(file), len(snapshotMagic))]
	if !bytes.HasPrefix([]byte(snapshotMagic), magic) {
		return nil, nil, ErrSnapshotForeign
	}
	if len(file) < snapshotHead {
		return nil, nil, ErrSnapshotTruncated
	}
	head := file[len(snapshotMagic):]
	format, n, t := binary.BigEndian.Uint32(head), binary.BigEndian.Uint64(head[4:]), binary.BigEndian.Uint64(head[12:])
	if format > snapshotFormat {
		return nil, nil, ErrSnapshotNewer
	}
	if format != snapshotFormat || n > maxSnapshot || t > maxSnapshot {
		return nil, nil, ErrSnapshotDamaged
	}
	body := file[snapshotHead:]
	switch size := n + t + sha256.Size; {
	case uint64(len(body)) < size:
		return nil, nil, ErrSnapshotTruncated
	case uint64(len(body)) > size:
		return nil, nil, ErrSnapshotDamaged
	}
	whole := file[:len(file)-sha256.Size]
	if sum := sha256.Sum256(whole); !bytes.Equal(sum[:], file[len(whole):]) {
		return nil, nil, ErrSnapshotDamaged
	}
	return body[:n], body[n : n+t], nil
}

// load reads a snapshot file.
func load(path string, rule Equivalence) (*saved, error) {
	info, err := regular(path) // first, for to open a pipe is to wait for its writer
	if err != nil {
		return nil, err
	}
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	if info.Size() > maxSnapshot {
		return nil, ErrSnapshotDamaged
	}
	file := make([]byte, info.Size())
	if _, err := io.ReadFull(f, file); err != nil {
		return nil, err
	}
	return decode(file, rule)
}

// errNoFile says that the path is that of a directory, a device or a pipe.
var errNoFile = errors.New("catalog: not a regular file")

func regular(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s", errNoFile, path)
	}
	return info, err
}

// write puts a snapshot in the place of the one before. At every moment the
// path names a whole file: the old one or the new.
func write(path string, file []byte) (err error) {
	if _, err = regular(path); errors.Is(err, errNoFile) {
		return err // a device, say, must not become a file
	}
	f, err := os.CreateTemp(filepath.Dir(path), leftovers(path)) // only its owner may read it
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	_, err = f.Write(file)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// leftovers matches the files that a crash while writing leaves behind.
func leftovers(path string) string { return filepath.Base(path) + ".*" + leftoverSuffix }

// syncDir makes the new name of a file last. Windows has no such call.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	dir, err := os.Open(path) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
