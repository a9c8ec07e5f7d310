package pgtest

import (
	"context"
	"errors"
	"os"
	osexec "os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// childVariable makes the test binary play the part of one that dies.
const childVariable = "PGTEST_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		playChild()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(Exit))
}

// playChild starts a server, tells where it is, and waits to be killed.
func playChild() {
	server, err := Start(context.Background(), Options{})
	if err != nil {
		panic(err)
	}
	_, _ = os.Stdout.WriteString(server.dir + "\n")
	select {}
}

func TestVersionLines(t *testing.T) {
	for line, want := range map[string]int{
		"postgres (PostgreSQL) 15.14 (Debian 15.14-0+deb12u1)\n": 15,
		"postgres (PostgreSQL) 18beta1\n":                        18,
		"postgres (PostgreSQL) 17":                               17,
		"postgres (EnterpriseDB) 17":                             0,
		"postgres (PostgreSQL) devel":                            0,
	} {
		got, err := parseVersion(line)
		assert.Equal(t, want, got, line)
		assert.Equal(t, want == 0, err != nil, line)
	}
}

func TestEachTestHasADatabase(t *testing.T) {
	for range 2 {
		t.Run("one", func(t *testing.T) {
			_, err := Pool(t).Exec(t.Context(), `CREATE TABLE mine (n int)`)
			require.NoError(t, err)
		})
	}
}

func TestServerSurvivesACrash(t *testing.T) {
	Require(t)
	server, err := Start(t.Context(), Options{Durable: true})
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, server.Stop())
		assert.NoDirExists(t, server.dir)
	})
	conn, err := pgx.Connect(t.Context(), server.URL("postgres"))
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `CREATE TABLE kept AS SELECT 1 AS n`)
	require.NoError(t, err)

	require.NoError(t, server.Crash(t.Context()))
	require.Error(t, conn.Ping(t.Context()))
	require.NoError(t, server.Restart(t.Context()))

	conn, err = pgx.Connect(t.Context(), server.URL("postgres"))
	require.NoError(t, err)
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT n FROM kept`).Scan(&n))
	require.NoError(t, conn.Close(t.Context()))
}

func TestServerGoesWhenItsProcessIsKilled(t *testing.T) {
	Require(t)
	child := osexec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=1")
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	line := make([]byte, 4096)
	n, err := out.Read(line)
	require.NoError(t, err)
	dir := strings.TrimSpace(string(line[:n]))
	require.FileExists(t, filepath.Join(dir, "data", "postmaster.pid"))

	require.NoError(t, child.Process.Signal(syscall.SIGKILL))
	require.Error(t, child.Wait())
	assert.Eventually(t, func() bool {
		_, err := os.Stat(dir)
		return errors.Is(err, os.ErrNotExist)
	}, 30*time.Second, 20*time.Millisecond)
}

// recorder is a test that notes how it ends.
type recorder struct {
	testing.TB

	ended string
}

func (r *recorder) Skipf(string, ...any)  { r.end("skipped") }
func (r *recorder) Fatalf(string, ...any) { r.end("failed") }
func (r *recorder) Helper()               {}

// end notes the first way only: the real ones do not return.
func (r *recorder) end(how string) {
	if r.ended == "" {
		r.ended = how
	}
}

func TestMissingServerIsToldLoudly(t *testing.T) {
	for require, want := range map[string]string{"": "skipped", "1": "failed"} {
		t.Setenv(requireVariable, require)
		r := &recorder{TB: t}
		missing(r, errors.New("there is none"))
		assert.Equal(t, want, r.ended)
	}
}
