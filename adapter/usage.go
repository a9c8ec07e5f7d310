package adapter

import (
	"math"
	"time"

	"github.com/esimkit/esim"
)

// SumPlans fills in what a usage says of an eSIM from its plans: the sums of
// those that are active or yet to begin; if none is, of those that are over.
// Plans in any other state count for nothing. A plan without limit makes the whole
// unlimited.
func SumPlans(u *esim.Usage) {
	counts := planOver
	for _, p := range u.Plans {
		if planLive[p.Status] {
			counts = planLive
		}
	}
	for _, p := range u.Plans {
		u.ActivatedAt = earlier(u.ActivatedAt, p.ActivatedAt)
		if !counts[p.Status] {
			continue
		}
		u.Total = sumOf(u.Total, p.Total)
		u.Used = sumOf(u.Used, p.Used)
		u.Remaining = sumOf(u.Remaining, p.Remaining)
		u.Unlimited = u.Unlimited || p.Unlimited
		if p.ExpiresAt.After(u.ExpiresAt) {
			u.ExpiresAt = p.ExpiresAt
		}
	}
}

// These are read only.
var (
	planLive = map[esim.ESIMStatus]bool{esim.ESIMActive: true, esim.ESIMNew: true}
	planOver = map[esim.ESIMStatus]bool{esim.ESIMExpired: true, esim.ESIMDepleted: true}
)

// sumOf does not overflow.
func sumOf(a, b esim.DataSize) esim.DataSize {
	if a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// earlier of two times, of which the zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
