package adapter

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

func TestSumsOfPlans(t *testing.T) {
	day := func(n int) time.Time { return time.Date(2026, 3, n, 0, 0, 0, 0, time.UTC) }
	plan := func(s esim.ESIMStatus, total, used esim.DataSize, from, to int) esim.PlanUsage {
		return esim.PlanUsage{Status: s, Total: total, Used: used, Remaining: total - used, ActivatedAt: day(from), ExpiresAt: day(to)}
	}
	active, fresh := plan(esim.ESIMActive, 10, 4, 3, 9), plan(esim.ESIMNew, 5, 0, 8, 20)
	over, spent := plan(esim.ESIMExpired, 7, 2, 1, 2), plan(esim.ESIMDepleted, 3, 3, 2, 3)
	cancelled, unknown := plan(esim.ESIMCancelled, 100, 1, 4, 5), plan(esim.ESIMUnknown, 100, 1, 4, 5)
	for name, tc := range map[string]struct {
		plans  []esim.PlanUsage
		sums   [3]esim.DataSize
		from   time.Time
		expiry time.Time
	}{
		"live":         {[]esim.PlanUsage{active, over, fresh, cancelled, unknown}, [3]esim.DataSize{15, 4, 11}, day(1), day(20)},
		"over":         {[]esim.PlanUsage{over, spent, cancelled}, [3]esim.DataSize{10, 5, 5}, day(1), day(3)},
		"neither":      {[]esim.PlanUsage{cancelled, unknown}, [3]esim.DataSize{}, day(4), time.Time{}},
		"none":         {nil, [3]esim.DataSize{}, time.Time{}, time.Time{}},
		"out of range": {[]esim.PlanUsage{plan(esim.ESIMNew, math.MaxInt64, 0, 1, 1), active}, [3]esim.DataSize{math.MaxInt64, 4, math.MaxInt64}, day(1), day(9)},
	} {
		u := esim.Usage{Plans: tc.plans}
		SumPlans(&u)
		got := [3]esim.DataSize{u.Total, u.Used, u.Remaining}
		assert.Equal(t, tc.sums, got, name)
		assert.Equal(t, tc.from, u.ActivatedAt, name)
		assert.Equal(t, tc.expiry, u.ExpiresAt, name)
		assert.False(t, u.Unlimited, name)
	}
	u := esim.Usage{Plans: []esim.PlanUsage{active, {Status: esim.ESIMNew, Unlimited: true}}}
	SumPlans(&u)
	assert.True(t, u.Unlimited)
}
