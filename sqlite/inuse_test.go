package sqlite_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// childHold has the journal open until it is killed.
func childHold(_ context.Context, args []string) int {
	s, err := sqlite.Open(args[0]) //nolint:contextcheck // it takes none
	if err != nil {
		say("error %v", err)
		return 1
	}
	say("open")
	_, _ = os.Stdin.Read(make([]byte, 1)) // stays until the pipe is closed
	_ = s.Close()                         // the test sees what is left
	return 0
}

func TestSecondProcessIsRefused(t *testing.T) {
	path := newPath(t)
	cmd, lines := childWithInput(t, "hold", path)
	require.True(t, lines.Scan())
	require.Equal(t, "open", lines.Text())

	_, err := sqlite.Open(path)
	require.ErrorIs(t, err, journal.ErrInUse)
	assert.ErrorContains(t, err, "process "+strconv.Itoa(cmd.Process.Pid)+" has ")

	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())
	open(t, path) // death has released it
}

func TestSecondOpenOfThisProcessIsRefused(t *testing.T) {
	path := newPath(t)
	s := open(t, path)
	_, err := sqlite.Open(path)
	require.ErrorIs(t, err, journal.ErrInUse)
	assert.ErrorContains(t, err, "this very process")

	link := filepath.Join(t.TempDir(), "link.db")
	require.NoError(t, os.Symlink(path, link))
	_, err = sqlite.Open(link)
	require.ErrorIs(t, err, journal.ErrInUse)

	require.NoError(t, s.Close())
	open(t, link)
}
