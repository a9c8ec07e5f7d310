package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/postgres/internal/pgtest"
)

// fate is what befalls the replicas and their database.
type fate struct {
	desk     *desk
	server   *pgtest.Server
	accounts accounts
	enqueued []string // references that a row of the shop goes with
	random   *rand.Rand
	replicas []*child
	thaws    sync.WaitGroup
	born     int

	kills, freezes, crashes int // that have been
}

// child is the process that plays a replica at present.
type child struct {
	number  int // no other has had it
	process *exec.Cmd
	leave   io.Closer // its standard input: at the end of that it ends itself
	ended   chan struct{}
	status  error // once it has ended
}

func (f *fate) start(ctx context.Context) (*child, error) {
	f.born++
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	instructions, err := json.Marshal(replica{Number: f.born, Accounts: f.accounts})
	if err != nil {
		return nil, err
	}
	c := &child{number: f.born, process: exec.CommandContext(ctx, self), ended: make(chan struct{})}
	c.process.Env = append(os.Environ(), replicaVariable+"="+string(instructions))
	c.process.Stderr = os.Stderr
	if c.leave, err = c.process.StdinPipe(); err != nil {
		return nil, err
	}
	if err = c.process.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(c.ended)
		c.status = c.process.Wait()
	}()
	return c, nil
}

func (c *child) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	if err := c.process.Process.Signal(s); !errors.Is(err, os.ErrProcessDone) {
		require.NoError(t, err)
	}
}

// begin starts all replicas. They are gone when the test ends.
func (f *fate) begin(t *testing.T, replicas int) {
	t.Helper()
	for range replicas {
		c, err := f.start(t.Context())
		require.NoError(t, err)
		f.replicas = append(f.replicas, c)
	}
	t.Cleanup(func() {
		for _, c := range f.replicas {
			_ = c.process.Process.Kill() // most have ended by themselves
			<-c.ended
		}
	})
}

// strike kills, freezes and crashes, spread over the work and in an order that
// follows from the seed.
func (f *fate) strike(t *testing.T, kills, freezes, crashes int) {
	t.Helper()
	var blows []func(*testing.T)
	blows = append(blows, slices.Repeat([]func(*testing.T){f.kill}, kills)...)
	blows = append(blows, slices.Repeat([]func(*testing.T){f.freeze}, freezes)...)
	blows = append(blows, slices.Repeat([]func(*testing.T){f.crash}, crashes)...)
	f.random.Shuffle(len(blows), func(i, j int) { blows[i], blows[j] = blows[j], blows[i] })
	for i, blow := range blows {
		f.await(t, float64(i+1)/float64(len(blows)+2))
		blow(t)
	}
	f.await(t, 1)
}

// await waits until a share of the work is done.
func (f *fate) await(t *testing.T, share float64) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	last, since := 0, time.Now()
	for {
		done, all := f.desk.progress()
		switch {
		case float64(done) >= share*float64(all):
			return
		case done > last:
			last, since = done, time.Now()
		case time.Since(since) > 20*time.Second:
			t.Fatalf("nothing is done any more, under way are %v", f.desk.stuck())
		}
		select {
		case <-tick.C:
		case <-t.Context().Done():
			require.NoError(t, t.Context().Err())
		}
	}
}

// kill ends a replica in the middle of what it does, and starts another in its
// place.
func (f *fate) kill(t *testing.T) {
	n := f.random.IntN(len(f.replicas))
	c := f.replicas[n]
	require.NoError(t, c.process.Process.Kill())
	<-c.ended
	f.desk.died(c.number)
	f.kills++
	var err error
	f.replicas[n], err = f.start(t.Context())
	require.NoError(t, err)
}

// freeze stops a replica for longer than its leases last. It goes on as if
// nothing had been.
func (f *fate) freeze(t *testing.T) {
	c := f.replicas[f.random.IntN(len(f.replicas))]
	c.signal(t, syscall.SIGSTOP)
	f.freezes++
	pause := shortLease + time.Duration(f.random.Int64N(int64(shortLease)/2))
	f.thaws.Go(func() {
		select {
		case <-time.After(pause):
		case <-c.ended:
		}
		if err := c.process.Process.Signal(syscall.SIGCONT); !errors.Is(err, os.ErrProcessDone) {
			assert.NoError(t, err)
		}
	})
}

// crash stops the database without any farewell, and starts it again.
func (f *fate) crash(t *testing.T) {
	before := f.look(t)
	require.NoError(t, f.server.Crash(t.Context()))
	f.crashes++
	<-time.After(time.Duration(f.random.Int64N(int64(300 * time.Millisecond))))
	require.NoError(t, f.server.Restart(t.Context()))
	before.continues(t, f.look(t))
}

// end waits until the replicas have ended by themselves.
func (f *fate) end(t *testing.T) {
	t.Helper()
	f.thaws.Wait()
	for _, c := range f.replicas {
		select {
		case <-c.ended:
			assert.NoError(t, c.status, "replica %d", c.number)
		case <-time.After(time.Minute):
			t.Errorf("replica %d does not end", c.number)
		}
	}
}
