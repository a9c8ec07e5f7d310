package main

import (
	"sync/atomic"
	"time"
)

// clock is the time of one market. It stands still until somebody sleeps, and
// sleeping takes no time: a week of sales passes in seconds.
type clock struct{ slept atomic.Int64 }

// Now returns the time.
func (c *clock) Now() time.Time {
	return time.Date(2026, 5, 1, 6, 0, 0, 0, time.UTC).Add(time.Duration(c.slept.Load()))
}

// Sleep moves the time forward.
func (c *clock) Sleep(d time.Duration) { c.slept.Add(int64(d)) }
