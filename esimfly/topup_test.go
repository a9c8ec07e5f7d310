package esimfly

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/evidence"
)

const postTopUp = "POST /topup/order"

// plans is an eSIMfly with eSIMs whose data grow by a package with each
// top-up. Its answers to top-ups come from the test.
type plans struct {
	t  *testing.T
	mu sync.Mutex
	mb int
	// topUp answers the n-th top-up and says whether it takes effect.
	topUp func(n int) (status int, works bool)
	usage func(n int) int // status of the n-th reading of the usage; nil = 200
	n     int
	reads int
}

func (p *plans) answer(call, _ string) (int, string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch call {
	case "GET /esims/usage/query":
		p.reads++
		if p.usage != nil && p.usage(p.reads) != 200 {
			return p.usage(p.reads), ``
		}
		return 200, fmt.Sprintf(`{"success":true,"data":{"esim":{"status":"ACTIVE"},"data":{"total_mb":%d,"used_mb":0,"remaining_mb":%d,"is_unlimited":false},"validity":{}}}`, p.mb, p.mb)
	case "GET /orders":
		return 200, `{"success":true,"data":{"orders":[],"pagination":{"page":1,"limit":100,"total":0,"total_pages":0}}}`
	case postTopUp:
		p.n++
		status, works := p.topUp(p.n)
		if works {
			p.mb += 1024
		}
		return status, fmt.Sprintf(`{"success":%t,"orderReference":"topup_%d","status":"completed","amount":2.45,"currency":"USD"}`, status == 200, p.n)
	}
	p.t.Errorf("unexpected %s", call)
	return 500, ""
}

// cutFirst answers all top-ups but the first.
func cutFirst(works bool) func(n int) (int, bool) {
	return func(n int) (int, bool) {
		if n == 1 {
			return 0, works
		}
		return 200, true
	}
}

func topUpRequest(ref string) esim.TopUpRequest {
	return esim.TopUpRequest{ICCID: topUpICCID, PackageID: "turkey-7days-1gb-topup", Reference: ref}
}

func TestTopUpIsSentOnce(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 200, true }}
	c, f := faked(t, p.answer, func(cfg *Config) { cfg.MaxRetries = 2 })
	first, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.False(t, first.Replayed)
	first.ESIMs[0].ICCID = "spoiled"

	again, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Equal(t, "topup_1", again.ID)
	assert.Equal(t, topUpICCID, again.ESIMs[0].ICCID, "each caller has a copy")
	assert.Equal(t, usd("2.45"), again.Total)
	assert.Equal(t, 1, f.count(postTopUp))

	other := topUpRequest("r1")
	other.PackageID = "another"
	_, err = c.TopUp(t.Context(), other)
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	other = topUpRequest("r1")
	other.ICCID = testICCID
	_, err = c.TopUp(t.Context(), other)
	require.ErrorIs(t, err, esim.ErrReferenceConflict)

	second, err := c.TopUp(t.Context(), topUpRequest("r2"))
	require.NoError(t, err)
	assert.Equal(t, "topup_2", second.ID)
	assert.Equal(t, 2, f.count(postTopUp))
}

func TestLostTopUpThatHappened(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 0, true }}
	c, f := faked(t, p.answer, func(cfg *Config) { cfg.MaxRetries = 2 })
	o, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.Equal(t, esim.OrderCompleted, o.Status)
	assert.Empty(t, o.ID)
	assert.False(t, o.Replayed)
	o, err = c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, 1, f.count(postTopUp))
}

func TestLostTopUpThatDidNotHappenYet(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 500, false }}
	c, f := faked(t, p.answer)
	for range 3 {
		_, err := c.TopUp(t.Context(), topUpRequest("r1"))
		e := asError(t, err)
		require.Equal(t, esim.OutcomeUnknown, e.Outcome)
		require.Equal(t, 500, e.HTTPStatus)
		require.Equal(t, "r1", e.Reference)
	}
	p.mu.Lock()
	p.mb += 1024 // it was carried out after all
	p.mu.Unlock()
	o, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, 1, f.count(postTopUp))
}

func TestTopUpInDoubtKeepsOthersBack(t *testing.T) {
	now := goldenNow
	p := &plans{t: t, mb: 1024, topUp: cutFirst(false)}
	c, f := faked(t, p.answer, func(cfg *Config) { cfg.Now = func() time.Time { return now } })
	_, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.True(t, esim.MaybeCharged(err))

	_, err = c.TopUp(t.Context(), topUpRequest("r2"))
	require.ErrorIs(t, err, esim.ErrNotEligible)
	assert.False(t, esim.MaybeCharged(err))
	assert.Equal(t, 1, f.count(postTopUp))

	elsewhere := topUpRequest("r3")
	elsewhere.ICCID = testICCID
	_, err = c.TopUp(t.Context(), elsewhere)
	require.NoError(t, err, "another eSIM is not concerned")

	p.mu.Lock()
	p.mb = 1024
	p.mu.Unlock()
	now = now.Add(c.topUps.Keyless.Window)
	o, err := c.TopUp(t.Context(), topUpRequest("r2"))
	require.NoError(t, err)
	assert.Equal(t, "topup_3", o.ID)

	_, err = c.TopUp(t.Context(), topUpRequest("r1"))
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome, "the growth is that of r2, and proves nothing of r1")
	assert.Equal(t, 3, f.count(postTopUp))
}

func TestNextTopUpFindsTheLostOne(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: cutFirst(true)}
	p.usage = func(n int) int {
		if n == 2 { // the look after the loss
			return 500
		}
		return 200
	}
	c, f := faked(t, p.answer)
	_, err := c.TopUp(t.Context(), topUpRequest("r1"))
	e := asError(t, err)
	require.Equal(t, esim.OutcomeUnknown, e.Outcome)
	assert.Contains(t, e.Message, "cannot be read")
	assert.ErrorIs(t, err, errCut)

	o, err := c.TopUp(t.Context(), topUpRequest("r2"))
	require.NoError(t, err)
	assert.Equal(t, "topup_2", o.ID)
	o, err = c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, 2, f.count(postTopUp))
}

func TestRefusedTopUpMayBeTriedAgain(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(n int) (int, bool) {
		if n == 1 {
			return 429, false
		}
		return 200, true
	}}
	c, f := faked(t, p.answer, func(cfg *Config) { cfg.MaxRetries = 2 })
	_, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.ErrorIs(t, err, esim.ErrRateLimited)
	require.False(t, esim.MaybeCharged(err))
	require.Equal(t, 1, f.count(postTopUp), "not by itself")
	o, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	assert.False(t, o.Replayed)
}

func TestTopUpWithoutBeforeImageIsNotSent(t *testing.T) {
	p := &plans{t: t, usage: func(int) int { return 503 }}
	c, f := faked(t, p.answer)
	_, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.False(t, esim.MaybeCharged(err))
	assert.Equal(t, "r1", asError(t, err).Reference)
	assert.Zero(t, f.count(postTopUp))
}

func TestManyCallersOfOneTopUp(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 200, true }}
	c, f := faked(t, p.answer)
	var all sync.WaitGroup
	for i := range 32 {
		all.Go(func() {
			ref := "same"
			if i%2 == 0 {
				ref = fmt.Sprint("own-", i)
			}
			_, err := c.TopUp(t.Context(), topUpRequest(ref))
			assert.NoError(t, err)
		})
	}
	all.Wait()
	assert.Equal(t, 17, f.count(postTopUp))
}

func TestTopUpWaitsNoLongerThanItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hold, sent := make(chan struct{}), make(chan struct{})
		p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { close(sent); return 200, true }}
		c, f := faked(t, func(call, body string) (int, string) {
			status, doc := p.answer(call, body)
			if call == postTopUp {
				<-hold
			}
			return status, doc
		})
		done := make(chan error)
		go func() { _, err := c.TopUp(t.Context(), topUpRequest("r1")); done <- err }()
		<-sent
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := c.TopUp(ctx, topUpRequest("r1"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.True(t, esim.MaybeCharged(err), "the same purchase is being paid for")
		_, err = c.TopUp(ctx, topUpRequest("r2"))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.False(t, esim.MaybeCharged(err), "another one, of which nothing was sent")
		close(hold)
		require.NoError(t, <-done)
		assert.Equal(t, 1, f.count(postTopUp))
	})
}

func TestInvalidRepeatOfATopUpInDoubt(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 0, false }}
	c, _ := faked(t, p.answer)
	_, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.True(t, esim.MaybeCharged(err))
	dear := topUpRequest("r1")
	dear.MaxTotal = usd("-1")
	_, err = c.TopUp(t.Context(), dear)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.True(t, esim.MaybeCharged(err))
}

func TestConflictWithATopUpInDoubt(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 0, false }}
	c, f := faked(t, p.answer)
	_, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.True(t, esim.MaybeCharged(err))
	for _, change := range []func(*esim.TopUpRequest){
		func(r *esim.TopUpRequest) { r.PackageID = "another" },
		func(r *esim.TopUpRequest) { r.ICCID = testICCID },
	} {
		other := topUpRequest("r1")
		change(&other)
		_, err = c.TopUp(t.Context(), other)
		require.ErrorIs(t, err, esim.ErrReferenceConflict)
		assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	}
	assert.Equal(t, 1, f.count(postTopUp))
}

// An order in doubt and a top-up under its reference: one reference is one
// purchase, and that one is in doubt.
func TestTopUpUnderTheReferenceOfAnOrderInDoubt(t *testing.T) {
	p := &plans{t: t, mb: 1024}
	c, f := faked(t, func(call, body string) (int, string) {
		if call == "POST /esims/order" {
			return 0, ""
		}
		return p.answer(call, body)
	})
	_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: "p", Reference: "r1"})
	require.True(t, esim.MaybeCharged(err))
	for range 2 {
		_, err = c.TopUp(t.Context(), topUpRequest("r1"))
		require.ErrorIs(t, err, esim.ErrReferenceConflict)
		assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)
	}
	p.usage = func(int) int { return 503 }
	_, err = c.TopUp(t.Context(), topUpRequest("r1"))
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome, "that this call sent nothing takes nothing back")
	assert.Zero(t, f.count(postTopUp))
}

func TestResumedTopUpIsNotSent(t *testing.T) {
	c, f := silent(t)
	req := topUpRequest("r1")
	resumed := evidence.WithSend(t.Context(), evidence.Send{Resumed: true})
	for _, ctx := range []context.Context{resumed, t.Context()} { // the second time it is known anyway
		_, err := c.TopUp(ctx, req)
		require.ErrorIs(t, err, esim.ErrDuplicate)
		e := asError(t, err)
		assert.Equal(t, esim.OutcomeUnknown, e.Outcome)
		assert.Equal(t, "r1", e.Reference)
	}
	req.PackageID = "another"
	_, err := c.TopUp(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
	assert.True(t, esim.MaybeCharged(err))

	dear := topUpRequest("r2")
	dear.MaxTotal = usd("-1")
	_, err = c.TopUp(resumed, dear)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.True(t, esim.MaybeCharged(err), "what another process sent is not taken back")
	assert.Zero(t, f.total())
}

func TestResumedTopUpThatIsRememberedIsReplayed(t *testing.T) {
	p := &plans{t: t, mb: 1024, topUp: func(int) (int, bool) { return 200, true }}
	c, f := faked(t, p.answer)
	req := topUpRequest("r1")
	_, err := c.TopUp(t.Context(), req)
	require.NoError(t, err)
	o, err := c.TopUp(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), req)
	require.NoError(t, err)
	assert.True(t, o.Replayed)
	assert.Equal(t, 1, f.count(postTopUp))
}

func TestGained(t *testing.T) {
	day := 24 * time.Hour
	limited := adapter.BeforeImage{ICCID: topUpICCID, Total: esim.GiB, ExpiresAt: goldenNow}
	unlimited := adapter.BeforeImage{ICCID: topUpICCID, Unlimited: true, ExpiresAt: goldenNow}
	tests := []struct {
		name   string
		before adapter.BeforeImage
		after  esim.Usage
		added  esim.DataSize
		want   bool
	}{
		{"by the package", limited, esim.Usage{Total: 2 * esim.GiB}, esim.GiB, true},
		{"by more", limited, esim.Usage{Total: 3 * esim.GiB}, esim.GiB, true},
		{"by less", limited, esim.Usage{Total: esim.GiB + 500*esim.MiB}, esim.GiB, false},
		{"by something, package unknown", limited, esim.Usage{Total: esim.GiB + 1}, 0, true},
		{"not at all", limited, esim.Usage{Total: esim.GiB}, 0, false},
		{"not at all, though it expires later", limited, esim.Usage{Total: esim.GiB, ExpiresAt: goldenNow.Add(day)}, 0, false},
		{"shrunk", limited, esim.Usage{Total: esim.MiB}, 0, false},
		{"unlimited now", limited, esim.Usage{Unlimited: true}, 0, true},
		{"unlimited, expires later", unlimited, esim.Usage{Unlimited: true, ExpiresAt: goldenNow.Add(day)}, 0, true},
		{"unlimited, expires as before", unlimited, esim.Usage{Unlimited: true, ExpiresAt: goldenNow}, 0, false},
		{"unlimited, expires earlier", unlimited, esim.Usage{Unlimited: true, ExpiresAt: goldenNow.Add(-day)}, 0, false},
		{"unlimited, first use", adapter.BeforeImage{ICCID: topUpICCID, Unlimited: true}, esim.Usage{Unlimited: true, ExpiresAt: goldenNow}, 0, false},
	}
	for _, tt := range tests {
		tt.after.ICCID = topUpICCID
		assert.Equal(t, tt.want, gained(tt.before, &tt.after, tt.added), tt.name)
	}
}
