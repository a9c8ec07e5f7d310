package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// maxGroup bounds how many writes share a commit, so that the first of them
// does not wait long for the last.
const maxGroup = 256

// checkpointAfter is the number of writes after which the log is copied into
// the database. A write leaves about eight pages in the log.
const checkpointAfter = 500

// tooLong is the length of the log, in pages, from which on the writer waits
// for readers so that the log can begin anew: 256 MiB.
const tooLong = 1 << 16

// writer is the one goroutine that writes. It puts the writes that are waiting
// into one transaction, each behind a savepoint of its own, and commits them
// with one flush.
type writer struct {
	conn    *conn
	clock   *clock
	queue   chan *write
	closing chan struct{}
	stopped chan struct{}
	poison  atomic.Pointer[error] // why nothing more is written
	since   int                   // writes since the last checkpoint
}

// write is what somebody waits for.
type write struct {
	ctx  context.Context //nolint:containedctx // the values of the caller; its end is seen to by the caller
	fn   func(sqlstore.Tx) error
	turn atomic.Int32 // 0 = waiting, then begun or withdrawn
	err  error
	done chan struct{}
}

const (
	begun int32 = 1 + iota
	withdrawn
)

func newWriter(c *conn, k *clock) *writer {
	return &writer{conn: c, clock: k, queue: make(chan *write), closing: make(chan struct{}), stopped: make(chan struct{})}
}

// errInDoubt is the error of a write that may or may not be on disk.
var errInDoubt = errors.New("sqlite: it is not known whether this write is on disk")

// Write implements [sqlstore.DB].
func (w *writer) Write(ctx context.Context, fn func(sqlstore.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if why := w.poison.Load(); why != nil {
		return *why
	}
	one := &write{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case w.queue <- one:
	case <-w.closing:
		return journal.ErrClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case <-one.done:
		return one.err
	case <-ctx.Done():
	}
	if one.turn.CompareAndSwap(0, withdrawn) {
		return ctx.Err()
	}
	return fmt.Errorf("%w: %w", errInDoubt, ctx.Err())
}

// run writes until the store is closed.
func (w *writer) run() {
	defer close(w.stopped)
	group := make([]*write, 0, maxGroup)
	for {
		select {
		case first := <-w.queue:
			group = w.gather(append(group[:0], first), cap(group))
		case <-w.closing:
			return
		}
		w.commit(group)
		clear(group)
		w.checkpoint()
	}
}

// gather takes up all that are waiting. Those who were answered by the last
// commit are given the chance to come again; otherwise the first to come would
// have a flush of its own, and the rest the next.
func (w *writer) gather(group []*write, most int) []*write {
	yielded := false
	for len(group) < most {
		select {
		case next := <-w.queue:
			group = append(group, next)
		default:
			if yielded {
				return group
			}
			runtime.Gosched()
			yielded = true
		}
	}
	return group
}

func (w *writer) isClosed() bool {
	select {
	case <-w.closing:
		return true
	default:
		return false
	}
}
