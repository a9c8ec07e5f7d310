package adapter

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	// maxWait is how long a call waits at a provider's request; a longer wait
	// is the caller's to decide, from Error.RetryAfter.
	maxWait = 60 * time.Second
	// maxHint bounds what is reported: no server makes anyone wait a year.
	maxHint = 24 * time.Hour
)

// waitHint reads how long the provider asks to wait. Retry-After is in seconds
// or a date. X-RateLimit-Reset is an ISO 8601 time, a Unix time in seconds or
// milliseconds, or a number of seconds. It is 0 when there is no hint, or none
// that can be true.
func waitHint(h http.Header, now time.Time) time.Duration {
	if d := retryAfter(h.Get("Retry-After"), now); d > 0 {
		return min(d, maxHint)
	}
	if h.Get("X-RateLimit-Remaining") == "" || isZeroText(h.Get("X-RateLimit-Remaining")) {
		return min(max(untilReset(h.Get("X-RateLimit-Reset"), now), 0), maxHint)
	}
	return 0
}

func retryAfter(text string, now time.Time) time.Duration {
	if text == "" {
		return 0
	}
	if seconds, ok := parseClamped(strings.TrimSpace(text)); ok {
		return secondsUpTo(seconds)
	}
	if at, err := http.ParseTime(text); err == nil {
		return at.Sub(now)
	}
	return 0
}

// Numbers below a year are seconds from now, below 10^11 Unix seconds, and
// beyond that Unix milliseconds.
const (
	aYear        = 366 * 24 * 3600
	milliseconds = 100_000_000_000
)

func untilReset(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if text == "" {
		return 0
	}
	n, ok := parseClamped(text)
	switch {
	case !ok:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return 0
		}
		return at.Sub(now)
	case n < aYear:
		return secondsUpTo(n)
	case n < milliseconds:
		return time.Unix(n, 0).Sub(now)
	}
	return time.UnixMilli(n).Sub(now)
}

// parseClamped reads an integer; one beyond 64 bits is the largest there is.
func parseClamped(text string) (int64, bool) {
	n, err := strconv.ParseInt(text, 10, 64)
	return n, err == nil || errors.Is(err, strconv.ErrRange)
}

func secondsUpTo(n int64) time.Duration {
	return time.Duration(min(max(n, 0), int64(maxHint/time.Second))) * time.Second
}

func isZeroText(s string) bool { return strings.TrimSpace(s) == "0" }
