package sqlite_test

import (
	"os"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// unprivileged runs f as somebody whom the bits of a file concern. The thread
// it has changed is not used again.
func unprivileged(t *testing.T, f func()) {
	t.Helper()
	if os.Getuid() != 0 {
		f()
		return
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked
		if err := syscall.Setfsuid(65534); err != nil {
			t.Errorf("cannot become nobody: %v", err)
			return
		}
		f()
	}()
	<-done
}

func TestReadOnly(t *testing.T) {
	for name, protect := range map[string]func(path, directory string) error{
		"file": func(path, directory string) error {
			for _, e := range []error{os.Chmod(directory, 0o777), os.Chmod(path+".lock", 0o666), os.Chmod(path, 0o444)} {
				if e != nil {
					return e
				}
			}
			return nil
		},
		"lock": func(path, _ string) error { return os.Chmod(path+".lock", 0o444) },
		"directory without a journal": func(path, directory string) error {
			for _, p := range []string{path, path + ".lock"} {
				if err := os.Remove(p); err != nil {
					return err
				}
			}
			return os.Chmod(directory, 0o555)
		},
	} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			for _, up := range []string{directory, directory + "/.."} {
				require.NoError(t, os.Chmod(up, 0o755))
			}
			path := directory + "/purchases.db"
			s, err := sqlite.Open(path)
			require.NoError(t, err)
			require.NoError(t, s.Close())
			require.NoError(t, protect(path, directory))
			unprivileged(t, func() { _, err = sqlite.Open(path) })
			require.ErrorIs(t, err, journal.ErrReadOnly)
			assert.ErrorContains(t, err, "must be able to write")
			require.NoError(t, os.Chmod(directory, 0o755))
		})
	}
}
