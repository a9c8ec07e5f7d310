package adapter

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// providerClock answers 401 to timestamps that are more than five minutes off.
type providerClock struct {
	now func() time.Time
}

func (p *providerClock) serve(_ int, r *http.Request) (*http.Response, error) {
	sent, err := time.Parse(time.RFC3339Nano, r.Header.Get("RT-Timestamp"))
	date := p.now().UTC().Format(http.TimeFormat)
	if err != nil || p.now().Sub(sent).Abs() > 5*time.Minute {
		return code(401, "CLOCK", "Date", date)(r)
	}
	return says(200, fine, "Date", date)(r)
}

func TestClockIsCorrectedOnce(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour, 25 * time.Hour, -30 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			p := &providerClock{now: func() time.Time { return time.Now().Add(off) }}
			s := &script{answer: p.serve}
			tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: -1})
			require.NoError(t, tr.Do(t.Context(), order(Once, "a")))
			assert.Equal(t, int32(2), s.sends.Load())
			for range 3 {
				time.Sleep(time.Hour)
				require.NoError(t, tr.Do(t.Context(), read()))
			}
			assert.Equal(t, int32(5), s.sends.Load(), "later calls share the correction")
			assert.WithinDuration(t, p.now(), tr.Now(), time.Second)
		})
	}
}

// TestClockThatIsSetRight: the machine's clock is corrected by NTP after the
// transport has corrected for it, so the correction itself is now wrong.
func TestClockThatIsSetRight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours := -time.Hour
		p := &providerClock{now: time.Now}
		s := &script{answer: p.serve}
		tr := newTransport(t, esim.Settings{Transport: s, Now: func() time.Time { return time.Now().Add(ours) }})
		require.NoError(t, tr.Do(t.Context(), order(Once, "a")))
		assert.Equal(t, int32(2), s.sends.Load())

		ours = 0
		require.NoError(t, tr.Do(t.Context(), order(Once, "b")), "corrected back")
		assert.Equal(t, int32(4), s.sends.Load())
		assert.WithinDuration(t, time.Now(), tr.Now(), time.Second)
	})
}

func TestSmallSkewIsNotTheReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []time.Duration{0, 9 * time.Second, -9 * time.Second} {
			s := inTurn(code(401, "CLOCK", "Date", time.Now().Add(off).UTC().Format(http.TimeFormat)))
			tr := newTransport(t, esim.Settings{Transport: s})
			err := tr.Do(t.Context(), order(Replayed, "a"))
			assertOutcome(t, esim.OutcomeNotSent, err)
			require.ErrorIs(t, err, esim.ErrClockSkew)
			assert.Equal(t, int32(1), s.sends.Load(), off)
			assert.Zero(t, tr.skew.Load())
		}
	})
}

// TestSkewMessage says by how much and which way.
func TestSkewMessage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for off, want := range map[time.Duration]string{
			time.Hour:        "as told; the provider's clock is 1h0m0s ahead of this one's",
			-2 * time.Minute: "as told; the provider's clock is 2m0s behind this one's",
		} {
			s := inTurn(code(401, "CLOCK", "Date", time.Now().Add(off).UTC().Format(http.TimeFormat)))
			tr := newTransport(t, esim.Settings{Transport: s})
			assert.Equal(t, want, asError(t, tr.Do(t.Context(), read())).Message)
			assert.Equal(t, int32(2), s.sends.Load(), "corrected once, in vain")
		}
		bare := inTurn(says(401, `{"code":"CLOCK"}`, "Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)))
		tr := newTransport(t, esim.Settings{Transport: bare})
		assert.Equal(t, "the provider's clock is 1h0m0s ahead of this one's", asError(t, tr.Do(t.Context(), read())).Message)

		dateless := inTurn(code(401, "CLOCK", "Date", "yesterday"))
		tr = newTransport(t, esim.Settings{Transport: dateless})
		assert.Equal(t, "as told", asError(t, tr.Do(t.Context(), read())).Message)
	})
}

// TestManyCallsOfAWrongClock: each of those under way when the clock is
// corrected has been signed with the old one, and gets its one repeat.
func TestManyCallsOfAWrongClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &providerClock{now: func() time.Time { return time.Now().Add(time.Hour) }}
		s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
			resp, err := p.serve(n, r)
			time.Sleep(time.Duration(n) * time.Millisecond)
			return resp, err
		}}
		tr := newTransport(t, esim.Settings{Transport: s})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() { assert.NoError(t, tr.Do(t.Context(), read())) })
		}
		wg.Wait()
		assert.Equal(t, int32(100), s.sends.Load())
	})
}
