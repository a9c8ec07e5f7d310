package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// tolerance is how far the wall clock may be behind the latest time that the
// journal has seen. Time servers make smaller corrections all the time.
const tolerance = time.Minute

// keepEvery is how far the mark in the file may be behind that time.
const keepEvery = 10 * time.Second

// clock is the wall clock, with a mark of the latest time seen that is kept in
// the file. What is decided by time, above all whether a provider still knows
// a key, must not be decided again with less time gone by.
type clock struct {
	now func() time.Time

	mu      sync.Mutex
	mark    time.Time // the latest time seen
	at      time.Time // the reading of now at that moment; counts on without the wall clock
	written time.Time // the mark in the file
	writing time.Time // the mark in the transaction under way
}

// Now returns the wall clock, never earlier than before. If that clock has
// been set back the time goes on from the latest one seen, and
// [journal.ErrClockSuspect] says so.
func (c *clock) Now(context.Context) (time.Time, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	read := c.now()
	wall := read.UTC().Truncate(time.Microsecond)
	due := c.mark.Add(elapsed(c.at, read)).Truncate(time.Microsecond)
	if wall.Before(due.Add(-tolerance)) {
		return due, fmt.Errorf("%w: it says %s, and the journal has seen %s",
			journal.ErrClockSuspect, wall.Format(time.RFC3339), due.Format(time.RFC3339))
	}
	if wall.After(c.mark) {
		c.mark, c.at = wall, read
	}
	return c.mark, nil
}

// elapsed is the time between two readings by a clock that nobody sets, 0 if
// they have none.
func elapsed(from, to time.Time) time.Duration {
	if to.Round(0) == to { // Equal would not see the difference
		return 0
	}
	return max(0, to.Sub(from))
}

// load takes the mark from the file.
func (c *clock) load(ctx context.Context, tx sqlstore.Tx) error {
	c.at = c.now()
	text, err := query[string](ctx, tx, "SELECT value FROM esim_meta WHERE name = 'clock'")
	if err != nil || text == "" {
		return err
	}
	if c.mark, err = time.Parse(time.RFC3339Nano, text); err != nil {
		return fmt.Errorf("%w: the clock in it is damaged; %s (%w)", journal.ErrForeign, restore, err)
	}
	c.written = c.mark
	return nil
}

// keep writes the mark along with a commit if it has moved on enough.
func (c *clock) keep(tx sqlstore.Tx) error {
	if _, err := c.Now(context.Background()); err != nil {
		return nil //nolint:nilerr // a suspect clock moves no mark
	}
	c.mu.Lock()
	c.writing = c.mark
	still := c.mark.Sub(c.written) < keepEvery
	c.mu.Unlock()
	if still {
		c.writing = c.written
		return nil
	}
	_, err := tx.Exec(context.Background(), `INSERT INTO esim_meta (name, value) VALUES ('clock', $1)
ON CONFLICT (name) DO UPDATE SET value = excluded.value`, c.writing.Format(time.RFC3339Nano))
	return err
}

// kept is told that the commit has succeeded.
func (c *clock) kept() {
	c.written = c.writing
}
