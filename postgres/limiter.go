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
// While the database cannot be reached nothing is let through: Wait returns
// the error.
type Limiter struct {
	pool  *pgxpool.Pool
	name  string
	query string
	// µs: between two requests, and the time that a full bucket stands for.
	every, full int64
	invalid     error
	patience    time.Duration

	// turn is held by the one caller of this process that has, or asks for,
	// a slot; the others queue behind it. So a replica reserves one slot ahead
	// of time and no more, however many callers give up waiting.
	turn chan struct{}
	slot time.Time // reserved by a caller that gave up, for the next one
}

const (
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
	l := &Limiter{pool: pool, name: name, query: settingsOf(opts).place.in(reserve), patience: limitPatience, turn: make(chan struct{}, 1)}
	every := math.Ceil(1e6 / perSecond) // rounded to the slower side
	if name == "" || burst < 1 || !(perSecond > 0) || math.IsInf(perSecond, 1) ||
		every*float64(burst) > float64(longest.Microseconds()) {
		l.invalid = errLimit
		return l
	}
	l.every = int64(every)
	l.full = l.every * int64(burst)
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

// Wait returns when a request may be sent. It returns an error, and nothing
// may be sent, when ctx ends or would end before that, and when the database
// does not answer.
func (l *Limiter) Wait(ctx context.Context) error {
	if l.invalid != nil {
		return l.invalid
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	at, err := l.next(ctx)
	if err != nil {
		return err
	}
	return l.until(ctx, at)
}

// next returns the time of the slot to use. The turn is held.
func (l *Limiter) next(ctx context.Context) (time.Time, error) {
	if err := ctx.Err(); err != nil {
		return time.Time{}, err
	}
	// One whose time has passed is lost: used late it would stand too close
	// to the next.
	if time.Now().Before(l.slot) {
		return l.slot, nil
	}
	asked, cancel := context.WithTimeoutCause(ctx, l.patience, errLimitSilent)
	defer cancel()
	var away int64
	if err := l.pool.QueryRow(asked, l.query, l.name, l.every, l.full, l.full+horizon*l.every).Scan(&away); err != nil {
		return time.Time{}, fmt.Errorf("postgres: limiter %q: %w", l.name, named(causeOf(asked, err)))
	}
	return time.Now().Add(time.Duration(away) * time.Microsecond), nil
}

// until waits for the slot, or leaves it to the next caller.
func (l *Limiter) until(ctx context.Context, at time.Time) error {
	l.slot = time.Time{}
	wait := time.Until(at)
	if wait <= 0 {
		return nil
	}
	if deadline, ok := ctx.Deadline(); ok && deadline.Before(at) {
		l.slot = at
		return fmt.Errorf("postgres: limiter %q: the turn comes in %v, after the deadline: %w", l.name, wait.Round(time.Millisecond), context.DeadlineExceeded)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		l.slot = at
		return ctx.Err()
	}
}
