package sqlite_test

import (
	"bufio"
	"context"
	"maps"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childKey makes the binary of the tests the program that a test kills, starves
// or locks out. Its value names which.
const childKey = "ESIM_SQLITE_CHILD"

func TestMain(m *testing.M) {
	maps.Copy(children, platformChildren)
	if run, ok := children[os.Getenv(childKey)]; ok {
		os.Exit(run(context.Background(), os.Args[1:]))
	}
	goleak.VerifyTestMain(m)
}

var children = map[string]func(ctx context.Context, args []string) int{
	"write":           childWrite,
	"hold":            childHold,
	"receive":         receiver(asItIs),
	"receive hastily": receiver(hastily),
}

// child starts the program. Its lines end when it does.
func child(t testing.TB, name string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	return childFrom(t, nil, name, args...)
}

func childFrom(t testing.TB, in *os.File, name string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), childKey+"="+name)
	cmd.Stderr = os.Stderr
	if in != nil {
		cmd.Stdin = in
	}
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	return cmd, bufio.NewScanner(out)
}

// childWithInput is child with a standard input that stays open.
func childWithInput(t testing.TB, name string, args ...string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	read, write, err := os.Pipe()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, write.Close()) })
	cmd, lines := childFrom(t, read, name, args...)
	require.NoError(t, read.Close())
	return cmd, lines
}
