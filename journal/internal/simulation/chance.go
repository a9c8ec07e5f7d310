package simulation

import "time"

// chance draws what looks random and follows from a seed (splitmix64).
type chance struct{ state uint64 }

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func (c *chance) next() uint64 {
	c.state += 0x9e3779b97f4a7c15
	return mix(c.state)
}

// below draws from 0 to n-1.
func (c *chance) below(n int) int {
	return int(c.next() % uint64(max(n, 1))) //nolint:gosec // n is small
}

// hit is true in a share p of all draws.
func (c *chance) hit(p float64) bool { return float64(c.next()>>11)/(1<<53) < p }

// upTo draws a duration of whole milliseconds, not above d.
func (c *chance) upTo(d time.Duration) time.Duration {
	return time.Duration(c.below(int(d/time.Millisecond)+1)) * time.Millisecond
}

func (c *chance) between(a, b time.Duration) time.Duration { return a + c.upTo(b-a) }
