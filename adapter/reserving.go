package adapter

import (
	"container/list"
	"context"
	"fmt"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

// purchaseLimiter is implemented by limiters that let purchases go first.
type purchaseLimiter interface {
	WaitPurchase(ctx context.Context) error
}

// buying are the operations that a purchase waits for. Their reads go with the
// purchases: a price checked late delays the order as much as a late order.
var buying = map[string]bool{"Order": true, "TopUp": true, "BeforeTopUp": true}

// goesFirst says that the call goes before the reads that wait: it has an
// effect, or a purchase needs its answer.
func (c *Call) goesFirst() bool { return c.Safety != Read || buying[c.op] }

// pace waits until the call may be sent.
func (t *API) pace(ctx context.Context, c *Call) error {
	if l, ok := t.limiter.(purchaseLimiter); ok && c.goesFirst() {
		return l.WaitPurchase(ctx)
	}
	return t.limiter.Wait(ctx)
}

// class is a queue of the limiter.
type class int

const (
	purchases class = iota
	reads
	classes
)

// shareOfPurchases is the part of the burst that reads leave alone: a quarter.
const shareOfPurchases = 4

// reserving is the default limiter: a token bucket that purchases are served
// from first. A purchase that waits gets the next token, however many reads
// wait. So it waits for one interval of the pace, and for the purchases before
// it. Reads leave a quarter of the burst in the bucket, so a purchase mostly
// waits for nothing. Within a class the order is that of arrival. Priority is
// strict: while purchases alone use up the pace, reads wait until their
// contexts end.
type reserving struct {
	interval time.Duration // between two requests at the pace
	// ahead is how far away refill may be for one more request: the burst but
	// for that request, and less for reads.
	ahead [classes]time.Duration

	mu      sync.Mutex
	refill  time.Time // when the bucket is full again
	waiting [classes]list.List
	timer   *time.Timer // of the next token; nil = nobody waits
}

var _ esim.Limiter = (*reserving)(nil)

func newReserving(pace rate.Limit, burst int) *reserving {
	l := &reserving{interval: time.Duration(float64(time.Second) / float64(pace))}
	l.ahead[purchases] = time.Duration(burst-1) * l.interval
	l.ahead[reads] = time.Duration(burst-1-burst/shareOfPurchases) * l.interval
	return l
}

// Wait returns when a read may be sent, or an error when ctx ends before that
// or is sure to.
func (l *reserving) Wait(ctx context.Context) error { return l.wait(ctx, reads) }

// WaitPurchase is Wait for a purchase.
func (l *reserving) WaitPurchase(ctx context.Context) error { return l.wait(ctx, purchases) }

func (l *reserving) wait(ctx context.Context, c class) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	turn, err := l.enqueue(ctx, c)
	if turn == nil {
		return err
	}
	select {
	case <-turn.Value.(chan struct{}): //nolint:forcetypeassert // enqueue puts nothing else there
		return nil
	case <-ctx.Done():
		l.leave(turn, c)
		return ctx.Err()
	}
}

// enqueue takes a token if nobody is before this caller, and else a place in
// the queue. Both results are nil if the request may be sent now.
func (l *reserving) enqueue(ctx context.Context, c class) (*list.Element, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := time.Now()
	before := l.waiting[purchases].Len()
	if c == reads {
		before += l.waiting[reads].Len()
	}
	away := l.away(c, now)
	if before == 0 && away <= 0 {
		l.take(now)
		return nil, nil
	}
	earliest := now.Add(max(away, 0) + time.Duration(before)*l.interval)
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(earliest) {
		return nil, fmt.Errorf("the turn comes in %v at the earliest, after the deadline: %w",
			earliest.Sub(now).Round(time.Millisecond), context.DeadlineExceeded)
	}
	turn := l.waiting[c].PushBack(make(chan struct{}))
	l.serve(now)
	return turn, nil
}

// leave gives up a place. A token that came in the same moment is given back.
func (l *reserving) leave(turn *list.Element, c class) {
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-turn.Value.(chan struct{}): //nolint:forcetypeassert // enqueue puts nothing else there
		l.refill = l.refill.Add(-l.interval)
	default:
		l.waiting[c].Remove(turn)
	}
	l.serve(time.Now())
}

// serve gives the tokens that are there to the first in turn, and sets the
// timer for the next token.
func (l *reserving) serve(now time.Time) {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	for c := range classes {
		for queue := &l.waiting[c]; queue.Len() > 0; {
			if away := l.away(c, now); away > 0 {
				l.timer = time.AfterFunc(away, l.tick)
				return
			}
			l.take(now)
			close(queue.Remove(queue.Front()).(chan struct{})) //nolint:forcetypeassert // enqueue puts nothing else there
		}
	}
}

func (l *reserving) tick() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.serve(time.Now())
}

// away is how long the next token of a class is away, 0 or less if it is there.
func (l *reserving) away(c class, now time.Time) time.Duration {
	return max(l.refill.Sub(now), 0) - l.ahead[c]
}

// take takes a token, by the generic cell rate algorithm.
func (l *reserving) take(now time.Time) {
	if l.refill.Before(now) {
		l.refill = now
	}
	l.refill = l.refill.Add(l.interval)
}
