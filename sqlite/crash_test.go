package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// childWrite creates and saves entries from number args[1] on, with several
// writers, until it is killed, and says what the store has confirmed.
func childWrite(ctx context.Context, args []string) int {
	first, err := strconv.Atoi(args[1])
	if err != nil {
		return 2
	}
	say("here")
	s, err := sqlite.Open(args[0]) //nolint:contextcheck // it takes none
	if err != nil {
		say("error %v", err)
		return 1
	}
	say("open")
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			for {
				n := first + int(next.Add(1))
				kept, _, err := s.Create(ctx, entry(n), nil)
				if err == nil {
					say("created %d", n)
					_, err = s.Save(ctx, delivered(kept))
				}
				if err != nil {
					say("error %v", err)
					return
				}
				say("delivered %d", n)
			}
		})
	}
	wg.Wait()
	return 1
}

// say writes a line in one piece.
func say(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stdout, format+"\n", args...) // who does not hear it misses it
}

// Whatever the store has confirmed is there after its process was killed,
// whole, and the file passes all checks: between commits, inside them, while
// the file is created and while it is recovered.
func TestSurvivesKills(t *testing.T) {
	kills := 1000
	switch {
	case testing.Short():
		kills = 100
	case underRace:
		kills = 200
	}
	const lanes = 2
	var confirmed, inside, unheard atomic.Int64
	t.Cleanup(func() {
		t.Logf("%d kills, %d of them while writing; %d confirmed writes, none lost; %d purchases on disk before anybody was told",
			kills, inside.Load(), confirmed.Load(), unheard.Load())
	})
	for lane := range lanes {
		t.Run(strconv.Itoa(lane), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(uint64(lane), 20260504))
			var f *killed
			for i := range kills / lanes {
				if i%20 == 0 { // a young file is opened faster
					f = &killed{path: newPath(t), states: make(map[journal.ID]string)}
				}
				f.kill(t, r)
				unheard.Add(f.check(t))
				confirmed.Add(f.news)
				if f.wrote {
					inside.Add(1)
				}
				if t.Failed() {
					return
				}
			}
		})
	}
}

// killed is a file and what its store has confirmed.
type killed struct {
	path   string
	last   int
	states map[journal.ID]string
	news   int64
	wrote  bool
}

// kill runs the program for some milliseconds.
func (f *killed) kill(t *testing.T, r *rand.Rand) {
	t.Helper()
	f.news, f.wrote = 0, false
	cmd, lines := child(t, "write", f.path, strconv.Itoa(f.last))
	// Mostly while it writes; also while it opens, recovers or begins.
	wait := [8]string{"here", "open"}[r.IntN(8)]
	for lines.Scan() {
		f.hear(t, lines.Text())
		if wait == "" && strings.HasPrefix(lines.Text(), "created") || lines.Text() == wait {
			break
		}
	}
	timer := time.AfterFunc(time.Duration(r.Int64N(int64(8*time.Millisecond))), func() { assert.NoError(t, cmd.Process.Kill()) })
	defer timer.Stop()
	f.rest(t, lines)
	err := cmd.Wait()
	require.ErrorContains(t, err, "killed", "it ends in no other way")
}

func (f *killed) rest(t *testing.T, lines *bufio.Scanner) {
	t.Helper()
	for lines.Scan() {
		f.hear(t, lines.Text())
	}
	require.NoError(t, lines.Err())
}

func (f *killed) hear(t *testing.T, line string) {
	t.Helper()
	word, number, _ := strings.Cut(line, " ")
	switch word {
	case "created", "delivered":
		n, err := strconv.Atoi(number)
		require.NoError(t, err)
		f.states[entry(n).ID] = word
		f.last = max(f.last, n)
		f.news++
		f.wrote = true
	case "error":
		t.Errorf("the program failed: %s", number)
	}
}

// check opens the file, which checks all of it, and looks for what was
// confirmed. It returns how many purchases are there that were not.
func (f *killed) check(t *testing.T) (unheard int64) {
	t.Helper()
	s, err := sqlite.Open(f.path)
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	all, err := s.List(t.Context(), journal.Query{Limit: 1 << 30})
	require.NoError(t, err)
	found := make(map[journal.ID]journal.Entry, len(all))
	for _, e := range all {
		found[e.ID] = e
		n := number(t, e)
		f.last = max(f.last, n)
		if _, heard := f.states[e.ID]; !heard {
			f.states[e.ID] = "created"
			unheard++
		}
		want := entry(n)
		want.Version = e.Version
		if e.State == journal.Delivered {
			want = delivered(want)
		}
		require.Equal(t, want, e)
	}
	for id, state := range f.states {
		e, ok := found[id]
		require.True(t, ok, "a confirmed purchase is lost")
		if state == "delivered" {
			require.Equal(t, journal.Delivered, e.State, "a confirmed state is lost")
		}
	}
	return unheard
}

func number(t *testing.T, e journal.Entry) int {
	t.Helper()
	n, err := strconv.Atoi(strings.TrimPrefix(e.Reference, "cart-"))
	require.NoError(t, err)
	return n
}
