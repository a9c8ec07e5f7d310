package postgres

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// clock is that of the database, compared with what it has said before: to
// this process, and to whoever wrote the newest intent. So a failover to a
// machine whose clock is behind is noticed by all.
type clock struct {
	mu     sync.Mutex
	latest time.Time
}

// clockSlack is by how much the clocks of a primary and its standby may differ.
const clockSlack = 5 * time.Second

const clockQuery = `SELECT clock_timestamp(), (SELECT created_at FROM esim_purchase ORDER BY created_at DESC, id DESC LIMIT 1)`

// now returns the time, also together with journal.ErrClockSuspect.
func (c *clock) now(ctx context.Context, tx sqlstore.Tx) (time.Time, error) {
	now, newest, err := readClock(ctx, tx)
	if err != nil {
		return time.Time{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if newest != nil && newest.After(c.latest) {
		c.latest = *newest
	}
	if behind := c.latest.Sub(now); behind > clockSlack {
		return now, fmt.Errorf("%w: the database's is %v behind what it has said before", journal.ErrClockSuspect, behind.Round(time.Second))
	}
	if now.After(c.latest) {
		c.latest = now
	}
	return now, nil
}

// readClock returns the time, and when the newest purchase was made, if any.
func readClock(ctx context.Context, tx sqlstore.Tx) (now time.Time, newest *time.Time, err error) {
	rows, err := tx.Query(ctx, clockQuery)
	if err != nil {
		return now, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		if err = rows.Scan(&now, &newest); err != nil {
			return now, nil, err
		}
	}
	return now.UTC(), newest, rows.Err()
}

// pause waits, or returns the error of ctx as soon as it ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
