package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim"
)

var _ esim.Limiter = (*Limiter)(nil)

// Limiter is an [esim.Limiter] that all replicas share: together they send no
// more than burst requests at once and perSecond in the long run. Each request
// costs one statement, and one row of esim_limit is written.
//
// Purchases have a queue of their own in each replica, and a quarter of the
// burst that reads leave alone. So a purchase waits behind one read of each
// replica at most, however many reads wait, and behind the purchases before it.
//
// While the database cannot be reached nothing is let through: Wait returns
// the error.
type Limiter struct {
	pool     *pgxpool.Pool
	name     string
	query    string
	every    int64 // µs between two requests
	invalid  error
	patience time.Duration

	reads, purchases queue
}

// queue is where the callers of one class wait in this process.
type queue struct {
	full int64 // µs: the time that the bucket stands for when it is full for them
	// turn is held by the one caller that has, or asks for, a slot; the others
	// wait behind it. So a replica reserves one slot ahead of time and no more,
	// however many callers give up waiting.
	turn chan struct{}
	slot time.Time // reserved by a caller that gave up, for the next one
}

const (
	// shareOfPurchases is the part of the burst that reads leave alone.
	shareOfPurchases = 4
	// limitPatience bounds how long the database may take to grant a slot.
	limitPatience = 5 * time.Second
	// horizon is how many requests may be ahead in the row. More are the mark
	// of a database clock that has gone back, and are forgotten.
	horizon = 1000
	// longest is the longest time a bucket may stand for.
	longest = 365 * 24 * time.Hour
)

var (
	errLimit       = errors.New("postgres: a limiter needs a name, more than 0 requests a second and a burst of at least 1")
	errLimitSilent = errors.New("postgres: the database has granted no slot in time")
)

// NewLimiter returns the limiter of a name, which is best that of the API key
// it protects: "esimfly live". The name makes the bucket; a replica that gives
// other numbers under the same name draws from the same one.
//
// A name that is empty and numbers that allow nothing are told by Wait.
func NewLimiter(pool *pgxpool.Pool, name string, perSecond float64, burst int, opts ...Option) *Limiter {
	l := &Limiter{pool: pool, name: name, query: settingsOf(opts).place.in(reserve), patience: limitPatience}
	every := math.Ceil(1e6 / perSecond) // rounded to the slower side
	if name == "" || burst < 1 || !(perSecond > 0) || math.IsInf(perSecond, 1) ||
		every*float64(burst) > float64(longest.Microseconds()) {
		l.invalid = errLimit
		return l
	}
	l.every = int64(every)
	l.purchases = queue{full: l.every * int64(burst), turn: make(chan struct{}, 1)}
	l.reads = queue{full: l.every * int64(burst-burst/shareOfPurchases), turn: make(chan struct{}, 1)}
	return l
}

// reserve takes the next slot, by the generic cell rate algorithm: free_at is
// when the bucket will be full again, and each request moves it by one step.
// It returns how far the slot is away in microseconds, less than zero if a
// request may be sent at once.
const reserve = `
INSERT INTO esim_limit AS l (name, free_at)
VALUES ($1, clock_timestamp() + $2::bigint * interval '1 microsecond')
ON CONFLICT (name) DO UPDATE SET free_at = $2::bigint * interval '1 microsecond' + CASE
	WHEN l.free_at > clock_timestamp() + $4::bigint * interval '1 microsecond'
	THEN clock_timestamp() + $3::bigint * interval '1 microsecond'
	ELSE greatest(l.free_at, clock_timestamp())
END
RETURNING (extract(epoch FROM free_at - clock_timestamp()) * 1000000)::bigint - $3::bigint`

// Wait returns when a read may be sent. It returns an error, and nothing may be
// sent, when ctx ends or would end before that, and when the database does not
// answer.
func (l *Limiter) Wait(ctx context.Context) error { return l.wait(ctx, &l.reads) }

// WaitPurchase is Wait for a purchase, see [esim.Limiter].
func (l *Limiter) WaitPurchase(ctx context.Context) error { return l.wait(ctx, &l.purchases) }

func (l *Limiter) wait(ctx context.Context, q *queue) error {
	if l.invalid != nil {
		return l.invalid
	}
	select {
	case q.turn <- struct{}{}:
		defer func() { <-q.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	at, err := l.next(ctx, q)
	if err != nil {
		return err
	}
	return l.until(ctx, q, at)
}

// next returns the time of the slot to use. The turn is held.
func (l *Limiter) next(ctx context.Context, q *queue) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	// One whose time has passed is lost: used late it would stand too close
	// to the next.
	if time.Now().Before(q.slot) {
		return q.slot, nil
	}
	asked, cancel := context.WithTimeoutCause(ctx, l.patience, errLimitSilent)
	defer cancel()
	var away int64
	if err := l.pool.QueryRow(asked, l.query, l.name, l.every, q.full, q.full+horizon*l.every).Scan(&away); err != nil {
		return time.Time{}, fmt.Errorf("postgres: limiter %q: %w", l.name, named(causeOf(asked, err)))
	}
	return time.Now().Add(time.Duration(away) * time.Microsecond), nil
}

// until waits for the slot, or leaves it to the next caller.
func (l *Limiter) until(ctx context.Context, q *queue, at time.Time) error {
	q.slot = time.Time{}
	wait := time.Until(at)
	if wait <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
		q.slot = at
		return fmt.Errorf("postgres: limiter %q: the turn comes in %v, after the deadline: %w", l.name, wait.Round(time.Millisecond), context.DeadlineExceeded)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		q.slot = at
		return ctx.Err()
	}
}
