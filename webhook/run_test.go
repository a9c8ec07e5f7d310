package webhook_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/webhook"
)

// running has Run going until the function returned is called.
func running(t *testing.T, h *webhook.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	return func() {
		cancel()
		assert.ErrorIs(t, <-ended, context.Canceled)
	}
}

func TestRunRepeatsWhatFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.failing(errBroken)
		require.Equal(t, 200, b.status(genuine()[0].Request(t.Context(), "/hooks")), "it is stored")
		require.Empty(t, b.take())
		stop := running(t, b.Handler)
		defer stop()
		time.Sleep(30 * time.Second)
		require.Empty(t, b.take())
		b.failing(nil)
		time.Sleep(time.Minute)
		got := b.take()
		require.Len(t, got, 1)
		require.Equal(t, esim.EventInstalled, got[0].Kind)
		require.Equal(t, "wh_1", got[0].ID, "from the header that was stored")
		time.Sleep(24 * time.Hour)
		require.Empty(t, b.take(), "and no more")
	})
}

// The pauses grow from a second to ten minutes, and never end it.
func TestRunNeverGivesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls []time.Time
		h := webhook.NewHandler(webhook.NewMemoryInbox(), func(context.Context, esim.Event) error {
			calls = append(calls, time.Now())
			panic("canary")
		}, esimfly.Webhooks(flySecret))
		h.Now = func() time.Time { return present }
		begun := time.Now()
		require.Equal(t, 200, answerOf(h, genuine()[0].Request(t.Context(), "")).Code)
		stop := running(t, h)
		defer stop()
		time.Sleep(48 * time.Hour)
		synctest.Wait()
		require.Greater(t, len(calls), 280)
		last := begun
		for i, at := range calls {
			want := min(time.Second<<min(max(i-1, 0), 20), 10*time.Minute)
			if i == 0 {
				want = 0
			}
			require.InDelta(t, want, at.Sub(last), float64(time.Second), "pause before attempt %d", i+1)
			last = at
		}
	})
}

// What another process had in hand when it died comes to the next one.
func TestRunTakesOverAfterACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.inbox.set(func(s *spyInbox) { s.nextErr = errBroken })
		for _, w := range genuine() {
			require.Equal(t, 200, b.status(w.Request(t.Context(), "/hooks")))
		}
		b.inbox.set(func(s *spyInbox) { s.nextErr = nil })
		dead, err := b.inbox.Next(t.Context(), 10, time.Minute)
		require.NoError(t, err)
		require.Len(t, dead, 4)
		stop := running(t, b.Handler)
		defer stop()
		time.Sleep(50 * time.Second)
		require.Empty(t, b.take(), "the lease is not over")
		time.Sleep(20 * time.Second)
		require.Len(t, b.take(), 4)
	})
}

// An effect that could not be noted is had again, and its event is the same.
func TestRunRepeatsWhatWasNotNoted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.inbox.set(func(s *spyInbox) { s.doneErr = errBroken })
		require.Equal(t, 200, b.status(genuine()[0].Request(t.Context(), "/hooks")))
		first := b.take()
		require.Len(t, first, 1)
		b.inbox.set(func(s *spyInbox) { s.doneErr = nil })
		stop := running(t, b.Handler)
		defer stop()
		time.Sleep(2 * time.Minute)
		second := b.take()
		require.Len(t, second, 1)
		require.Equal(t, first[0].Key, second[0].Key)
	})
}

func TestRunWithATroubledInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.failing(errBroken)
		b.inbox.set(func(s *spyInbox) { s.re = errBroken })
		require.Equal(t, 200, b.status(genuine()[0].Request(t.Context(), "/hooks")))
		b.failing(nil)
		b.inbox.set(func(s *spyInbox) { s.nextErr, s.re = errBroken, nil })
		stop := running(t, b.Handler)
		defer stop()
		time.Sleep(10 * time.Minute)
		require.Empty(t, b.take())
		b.inbox.set(func(s *spyInbox) { s.nextErr = nil })
		time.Sleep(2 * time.Minute)
		require.Len(t, b.take(), 1)
	})
}

// A message of a source that is no longer there waits for it.
func TestRunKeepsWhatItDoesNotKnow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		_, err := b.inbox.MemoryInbox.Add(t.Context(), webhook.Message{Source: "gone", Key: "k", Body: []byte("{}")})
		require.NoError(t, err)
		stop := running(t, b.Handler)
		time.Sleep(time.Hour)
		stop()
		require.Empty(t, b.take())
		list, err := b.inbox.Next(t.Context(), 10, 0)
		for len(list) == 0 && err == nil {
			time.Sleep(time.Minute)
			list, err = b.inbox.Next(t.Context(), 10, 0)
		}
		require.NoError(t, err)
		require.Equal(t, "gone", list[0].Source)
	})
}

// A receiver that obeys its context does not keep the sender waiting.
func TestHandlerAnswersInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int64
		h := webhook.NewHandler(webhook.NewMemoryInbox(), func(ctx context.Context, _ esim.Event) error {
			calls.Add(1)
			<-ctx.Done()
			return ctx.Err()
		}, esimfly.Webhooks(flySecret))
		h.Now = func() time.Time { return present }
		for range 20 {
			begun := time.Now()
			e := installed()
			e.At = e.At.Add(time.Duration(calls.Load()) * time.Second) // another event
			require.Equal(t, 200, answerOf(h, genuineAt(e).Request(t.Context(), "")).Code)
			require.Less(t, time.Since(begun), 9*time.Second)
		}
		require.GreaterOrEqual(t, calls.Load(), int64(20))
	})
}
