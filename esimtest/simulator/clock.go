package simulator

import (
	"container/heap"
	"sync"
	"sync/atomic"
	"time"
)

// settleEvery is how often, in real time, a simulator that nobody advances
// looks at its eSIMs, so that a stand-alone one sends its webhooks too.
const settleEvery = time.Minute

// clock is the real clock, or one that stands still, plus what was added to
// it, with things to do at given times. Tasks run one at a time, in order of
// their time, either by whoever calls advance or, as real time passes, by the
// clock's own goroutine.
type clock struct {
	still  time.Time    // what is added to; zero = the real clock
	offset atomic.Int64 // nanoseconds added
	settle func()       // brings everything up to the present
	wake   chan struct{}
	done   chan struct{}
	exited sync.WaitGroup

	running sync.Mutex // held while tasks run

	mu    sync.Mutex // guards what follows
	tasks taskQueue
	count uint64
}

func newClock(still time.Time, settle func()) *clock {
	return &clock{still: still, settle: settle, wake: make(chan struct{}, 1), done: make(chan struct{})}
}

// start lets tasks run as time passes, if it passes by itself.
func (c *clock) start() {
	if !c.stands() {
		c.exited.Go(c.loop)
	}
}

// stands reports whether only advance moves the clock.
func (c *clock) stands() bool { return !c.still.IsZero() }

// base is the time that the offset is added to.
func (c *clock) base() time.Time {
	if c.stands() {
		return c.still
	}
	return time.Now()
}

func (c *clock) now() time.Time {
	return c.base().Add(time.Duration(c.offset.Load()))
}

// moved reports whether the clock differs from the real one.
func (c *clock) moved() bool { return c.stands() || c.offset.Load() != 0 }

// wait has fn run once, after so much real time, or simulated time if the
// clock stands still, unless it is stopped before.
func (c *clock) wait(d time.Duration, fn func()) (stop func()) {
	if !c.stands() {
		t := time.AfterFunc(d, fn)
		return func() { t.Stop() }
	}
	var stopped atomic.Bool
	c.after(d, func() {
		if !stopped.Load() {
			fn()
		}
	})
	return func() { stopped.Store(true) }
}

// after has fn run once, d from now.
func (c *clock) after(d time.Duration, fn func()) {
	at := c.now().Add(d)
	c.mu.Lock()
	c.count++
	heap.Push(&c.tasks, task{at: at, seq: c.count, fn: fn})
	c.mu.Unlock()
	select {
	case c.wake <- struct{}{}:
	default: // the loop has been woken already
	}
}

// advance adds d to the clock, stopping at each task on the way to run it at
// its own time.
func (c *clock) advance(d time.Duration) {
	c.running.Lock()
	defer c.running.Unlock()
	goal := c.offset.Load() + max(int64(d), 0)
	for {
		t, ok := c.due(c.base().Add(time.Duration(goal)))
		if !ok {
			break
		}
		if need := int64(t.at.Sub(c.base())); need > c.offset.Load() {
			c.offset.Store(need)
		}
		t.fn()
	}
	c.offset.Store(goal)
	c.settle()
	c.runDue()
}

func (c *clock) runDue() {
	for {
		t, ok := c.due(c.now())
		if !ok {
			return
		}
		t.fn()
	}
}

// due takes the earliest task not later than the given time.
func (c *clock) due(by time.Time) (task, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tasks) == 0 || c.tasks[0].at.After(by) {
		return task{}, false
	}
	t, ok := heap.Pop(&c.tasks).(task)
	return t, ok
}

func (c *clock) untilNext() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.tasks) == 0 {
		return settleEvery
	}
	return min(settleEvery, max(0, c.tasks[0].at.Sub(c.now())))
}

func (c *clock) loop() {
	timer := time.NewTimer(settleEvery)
	defer timer.Stop()
	settled := time.Now()
	for {
		timer.Reset(c.untilNext())
		select {
		case <-c.done:
			return
		case <-c.wake:
		case <-timer.C:
		}
		c.running.Lock()
		if time.Since(settled) >= settleEvery {
			c.settle()
			settled = time.Now()
		}
		c.runDue()
		c.running.Unlock()
	}
}

func (c *clock) close() {
	close(c.done)
	c.exited.Wait()
}

type task struct {
	at  time.Time
	seq uint64 // tasks of one instant run in the order they were made
	fn  func()
}

// taskQueue is a heap with the earliest task first.
type taskQueue []task

func (q taskQueue) Len() int      { return len(q) }
func (q taskQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

func (q taskQueue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}

// Push implements [heap.Interface].
func (q *taskQueue) Push(x any) {
	if t, ok := x.(task); ok {
		*q = append(*q, t)
	}
}

// Pop implements [heap.Interface].
func (q *taskQueue) Pop() any {
	last := len(*q) - 1
	t := (*q)[last]
	(*q)[last] = task{}
	*q = (*q)[:last]
	return t
}
