package sqlite_test

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

var platformChildren = map[string]func(context.Context, []string) int{"starve": childStarve}

// childStarve writes until a limit of the system on the size of files makes
// write(2) fail in the middle of a commit, and tells what the store says then.
func childStarve(ctx context.Context, args []string) int {
	s, err := sqlite.Open(args[0]) //nolint:contextcheck // it takes none
	if err != nil {
		say("error %v", err)
		return 1
	}
	signal.Ignore(syscall.SIGXFSZ)
	limit := syscall.Rlimit{Cur: 200_000, Max: 200_000}
	if err = syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		say("error %v", err)
		return 1
	}
	n := 0
	for ; err == nil; n++ {
		if _, _, err = s.Create(ctx, entry(n), nil); err == nil {
			say("created %d", n)
		}
	}
	say("first doubt=%t poisoned=%t", errors.Is(err, sqlite.ErrInDoubt), errors.Is(err, journal.ErrPoisoned))
	_, _, err = s.Create(ctx, entry(n), nil)
	say("next doubt=%t poisoned=%t", errors.Is(err, sqlite.ErrInDoubt), errors.Is(err, journal.ErrPoisoned))
	_, err = s.Get(ctx, entry(0).ID)
	say("read %v", err)
	say("done")
	return 0
}

// An error of the disk at COMMIT leaves that write in doubt, and nothing is
// written after it until the file is opened again.
func TestPoisonedByFailedCommit(t *testing.T) {
	path := newPath(t)
	cmd, lines := child(t, "starve", path)
	var said []string
	created := 0
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "created ") {
			created++
			continue
		}
		said = append(said, lines.Text())
	}
	require.NoError(t, cmd.Wait())
	assert.Equal(t, []string{"first doubt=true poisoned=false", "next doubt=false poisoned=true", "read <nil>", "done"}, said)
	require.Positive(t, created)

	s := open(t, path)
	for n := range created {
		e, err := s.Get(t.Context(), entry(n).ID)
		require.NoError(t, err)
		require.Equal(t, entry(n), e)
	}
	_, _, err := s.Create(t.Context(), entry(created+10), nil)
	require.NoError(t, err)
}

// A full disk costs the write that finds it full, and nothing else.
func TestDiskFull(t *testing.T) {
	directory := tmpfs(t, 2<<20)
	path := filepath.Join(directory, "purchases.db")
	s, err := sqlite.Open(path)
	require.NoError(t, err)
	ballast := filepath.Join(directory, "ballast")
	require.NoError(t, os.WriteFile(ballast, make([]byte, 1<<20), 0o600))

	created := 0
	for ; err == nil; created++ {
		_, _, err = s.Create(t.Context(), entry(created), nil)
	}
	created--
	require.ErrorIs(t, err, journal.ErrDiskFull)
	require.Positive(t, created)
	_, err = s.Get(t.Context(), entry(created).ID)
	require.ErrorIs(t, err, journal.ErrNotFound, "it was undone")

	require.NoError(t, os.Remove(ballast))
	_, _, err = s.Create(t.Context(), entry(created), nil)
	require.NoError(t, err, "there is room again")
	require.NoError(t, s.Close())

	s, err = sqlite.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for n := range created + 1 {
		e, err := s.Get(t.Context(), entry(n).ID)
		require.NoError(t, err)
		require.Equal(t, entry(n), e)
	}
}

func TestOpenOnFullDisk(t *testing.T) {
	directory := tmpfs(t, 64<<10)
	_, err := sqlite.Open(filepath.Join(directory, "purchases.db"))
	require.ErrorIs(t, err, journal.ErrDiskFull)
}

// tmpfs mounts a file system of a few bytes.
func tmpfs(t *testing.T, size int) string {
	t.Helper()
	directory := t.TempDir()
	if err := syscall.Mount("tmpfs", directory, "tmpfs", 0, "size="+strconv.Itoa(size)); err != nil {
		t.Skipf("NOT PROVEN HERE: a full disk needs the right to mount a tmpfs (%v)", err)
	}
	t.Cleanup(func() {
		assert.Eventually(t, func() bool { return syscall.Unmount(directory, 0) == nil }, 5*time.Second, 10*time.Millisecond)
	})
	return directory
}
