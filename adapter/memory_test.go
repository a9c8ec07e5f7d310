package adapter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestRefusalAfterDoubtProvesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// In one call: the repeat is refused for a balance that the first
		// send may have spent.
		s := inTurn(dropped, code(400, "LOW"))
		tr := newTransport(t, esim.Settings{Transport: s})
		e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Replayed, "k")))
		require.ErrorIs(t, e, esim.ErrInsufficientBalance)
		assert.Equal(t, "LOW", e.Code)

		// In one call without a key: the doubt is its own.
		s = inTurn(dropped, refused, code(400, "LOW"))
		tr = newTransport(t, esim.Settings{Transport: s})
		assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Replayed, "")))
		assertOutcome(t, esim.OutcomeRejected, tr.Do(t.Context(), order(Replayed, "")))
	})
	for _, end := range map[string]end{
		"refused": code(400, "LOW"), "throttled": code(429, "SLOW"), "not sent": refused, "401": says(401, ``),
		"local limiter": nil,
	} {
		// Across calls.
		s := inTurn(dropped, end, end)
		tr := instant(t, esim.Settings{Transport: s})
		assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
		if end == nil {
			tr.limiter = limiterFunc(func(context.Context) error { return context.Canceled })
		}
		assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
		assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
		assert.NotEqual(t, esim.OutcomeUnknown, asError(t, tr.Do(t.Context(), order(Guarded, "other"))).Outcome)
	}
}

func TestAcceptedClearsTheDoubt(t *testing.T) {
	s := inTurn(dropped, accepts, code(400, "LOW"))
	tr := instant(t, esim.Settings{Transport: s})
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "k")))
	made, doubt := tr.keyState("k")
	assert.True(t, made)
	assert.False(t, doubt)

	// A refusal of a third send does not undo the purchase.
	err := tr.Do(t.Context(), order(Guarded, "k"))
	assertOutcome(t, esim.OutcomeAccepted, err)
	assert.True(t, esim.MaybeCharged(err))
	require.ErrorIs(t, err, esim.ErrInsufficientBalance)
}

func TestKeyState(t *testing.T) {
	inside := make(chan struct{})
	leave := make(chan struct{})
	s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
		if n == 1 {
			close(inside)
			<-leave
		}
		return []end{dropped, accepts}[n-1](r)
	}}
	tr := instant(t, esim.Settings{Transport: s})
	check := func(wantMade, wantDoubt bool, when string) {
		made, doubt := tr.keyState("k")
		assert.Equal(t, [2]bool{wantMade, wantDoubt}, [2]bool{made, doubt}, when)
	}
	check(false, false, "before")
	var wg sync.WaitGroup
	wg.Go(func() { _ = tr.Do(t.Context(), order(Guarded, "k")) }) // asked about below
	<-inside
	check(false, true, "under way")
	close(leave)
	wg.Wait()
	check(false, true, "in doubt")
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "k")))
	check(true, false, "made")
}

func TestOtherContentUnderTheSameKey(t *testing.T) {
	for _, first := range []struct {
		end  end
		want esim.Outcome
	}{{dropped, esim.OutcomeUnknown}, {accepts, esim.OutcomeAccepted}} {
		for _, effect := range effects {
			if effect.safety == Replayed && first.want == esim.OutcomeUnknown {
				continue // it settles by itself
			}
			s := inTurn(first.end, accepts)
			tr := instant(t, esim.Settings{Transport: s})
			_ = tr.Do(t.Context(), order(effect.safety, "k")) // in doubt, or made
			other := order(effect.safety, "k")
			other.content = "P2"
			err := tr.Do(t.Context(), other)
			e := assertOutcome(t, first.want, err)
			require.ErrorIs(t, err, esim.ErrReferenceConflict, effect.name)
			assert.Equal(t, int32(1), s.sends.Load(), "nothing is sent")
			assert.Equal(t, "k", e.Reference)
		}
	}
	// After a definite no the key is free again.
	s := inTurn(code(400, "LOW"), accepts)
	tr := instant(t, esim.Settings{Transport: s})
	assertOutcome(t, esim.OutcomeRejected, tr.Do(t.Context(), order(Guarded, "k")))
	other := order(Guarded, "k")
	other.content = "P2"
	require.NoError(t, tr.Do(t.Context(), other))
}

// TestConflictLeavesTheFirstAlone: the refused stranger changes nothing of
// what is known about the purchase that has the key.
func TestConflictLeavesTheFirstAlone(t *testing.T) {
	s := inTurn(dropped, code(400, "LOW"))
	tr := instant(t, esim.Settings{Transport: s})
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	other := order(Guarded, "k")
	other.content = "P2"
	require.ErrorIs(t, tr.Do(t.Context(), other), esim.ErrReferenceConflict)
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
}

func TestConflictForgetsNoPurchase(t *testing.T) {
	s := inTurn(accepts)
	tr := instant(t, esim.Settings{Transport: s})
	require.NoError(t, tr.Do(t.Context(), order(Once, "k")))
	other := order(Once, "k")
	other.content = "P2"
	require.ErrorIs(t, tr.Do(t.Context(), other), esim.ErrReferenceConflict)
	assertOutcome(t, esim.OutcomeAccepted, tr.Do(t.Context(), order(Once, "k")))
	assert.Equal(t, int32(1), s.sends.Load())
}

func TestOnce(t *testing.T) {
	t.Run("in doubt", func(t *testing.T) {
		s := inTurn(dropped, accepts)
		tr := instant(t, esim.Settings{Transport: s})
		assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Once, "k")))
		for range 3 {
			err := tr.Do(t.Context(), order(Once, "k"))
			assertOutcome(t, esim.OutcomeUnknown, err)
			require.ErrorIs(t, err, esim.ErrDuplicate)
		}
		assert.Equal(t, int32(1), s.sends.Load(), "never sent again")
	})
	t.Run("done", func(t *testing.T) {
		s := inTurn(accepts)
		tr := instant(t, esim.Settings{Transport: s})
		require.NoError(t, tr.Do(t.Context(), order(Once, "k")))
		for range 3 {
			err := tr.Do(t.Context(), order(Once, "k"))
			assertOutcome(t, esim.OutcomeAccepted, err)
			require.ErrorIs(t, err, esim.ErrDuplicate)
		}
		assert.Equal(t, int32(1), s.sends.Load())
	})
	t.Run("definitely not", func(t *testing.T) {
		s := inTurn(refused, code(400, "LOW"), accepts)
		tr := instant(t, esim.Settings{Transport: s})
		assertOutcome(t, esim.OutcomeNotSent, tr.Do(t.Context(), order(Once, "k")))
		assertOutcome(t, esim.OutcomeRejected, tr.Do(t.Context(), order(Once, "k")))
		require.NoError(t, tr.Do(t.Context(), order(Once, "k")))
		assert.Equal(t, int32(3), s.sends.Load())
	})
}

// TestThousandCallersOfOneKey go one after the other.
func TestThousandCallersOfOneKey(t *testing.T) {
	const callers = 1000
	for _, effect := range effects {
		t.Run(effect.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
					time.Sleep(time.Millisecond)
					return accepts(r)
				}}
				tr := newTransport(t, esim.Settings{Transport: s})
				var made atomic.Int32
				var wg sync.WaitGroup
				for range callers {
					wg.Go(func() {
						err := tr.Do(t.Context(), order(effect.safety, "k"))
						if err == nil {
							made.Add(1)
							return
						}
						assert.ErrorIs(t, err, esim.ErrDuplicate)
						assert.Equal(t, esim.OutcomeAccepted, esim.OutcomeOf(err))
					})
				}
				wg.Wait()
				assert.Equal(t, int32(1), s.most.Load(), "one at a time")
				want := int32(maxSends)
				if effect.safety == Once {
					want = 1
				}
				assert.Equal(t, want, s.sends.Load())
				assert.Equal(t, want, made.Load())
			})
		})
	}
}

func TestOtherKeysDoNotWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
			time.Sleep(time.Minute)
			return accepts(r)
		}}
		tr := newTransport(t, esim.Settings{Transport: s})
		begun := time.Now()
		var wg sync.WaitGroup
		for n := range 50 {
			wg.Go(func() { assert.NoError(t, tr.Do(t.Context(), order(Once, fmt.Sprint("k", n)))) })
		}
		wg.Wait()
		assert.Equal(t, time.Minute, time.Since(begun))
		assert.Equal(t, int32(50), s.most.Load())
	})
}

// TestWaitingForAnotherObeysContext: a caller that stops waiting has sent
// nothing, but the other call of its purchase may be spending the money.
func TestWaitingForAnotherObeysContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, ended := range map[string]end{"refused": code(400, "LOW"), "accepted": accepts} {
			s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
				time.Sleep(time.Minute)
				return ended(r)
			}}
			tr := newTransport(t, esim.Settings{Transport: s})
			var wg sync.WaitGroup
			wg.Go(func() { _ = tr.Do(t.Context(), order(Guarded, "k")) }) // how it ends is seen below
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			begun := time.Now()
			err := tr.Do(ctx, order(Guarded, "k"))
			cancel()
			e := assertOutcome(t, esim.OutcomeUnknown, err)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.Equal(t, "k", e.Reference)
			assert.Equal(t, 20*time.Millisecond, time.Since(begun), name)
			assert.Equal(t, int32(1), s.sends.Load())
			wg.Wait()
			made, doubt := tr.keyState("k")
			assert.Equal(t, name == "accepted", made, "the one that left has not changed what is known")
			assert.False(t, doubt)
		}
	})
}

func TestMemoryIsBounded(t *testing.T) {
	s := inTurn(accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	const extra = 100
	now := time.Now()
	tr.now = func() time.Time { return now }
	for n := range maxSettled + extra {
		require.NoError(t, tr.Do(t.Context(), order(Once, fmt.Sprint(n))))
	}
	require.ErrorIs(t, tr.Do(t.Context(), order(Once, "0")), esim.ErrDuplicate, "within a day nothing is forgotten")
	now = now.Add(remembered)
	require.NoError(t, tr.Do(t.Context(), order(Once, "the last")))
	assert.Len(t, tr.memory.entries, maxSettled)
	assert.Len(t, tr.memory.settled, maxSettled)
	require.NoError(t, tr.Do(t.Context(), order(Once, "0")), "long forgotten")
	require.ErrorIs(t, tr.Do(t.Context(), order(Once, fmt.Sprint(maxSettled))), esim.ErrDuplicate)
}

func TestWhatWasNotSentLeavesNothing(t *testing.T) {
	for name, end := range map[string]end{"not sent": refused, "401": says(401, ``)} {
		tr := instant(t, esim.Settings{Transport: inTurn(end)})
		for n := range 100 {
			asError(t, tr.Do(t.Context(), order(Once, fmt.Sprint(n))))
		}
		assert.Empty(t, tr.memory.entries, name)
	}
}

func TestDoubtIsNeverForgotten(t *testing.T) {
	s := inTurn(accepts)
	tr := instant(t, esim.Settings{Transport: s})
	set := func(e end) { tr.effects.Transport = inTurn(e) }

	// One that was made, and whose repeat then fell into doubt.
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "doubt")))
	set(dropped)
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "doubt")))
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Once, "once")))
	set(accepts)
	late := time.Now()
	tr.now = func() time.Time { return late }
	for n := range maxSettled + 10 {
		late = late.Add(remembered)
		require.NoError(t, tr.Do(t.Context(), order(Once, fmt.Sprint(n))))
	}
	set(code(400, "LOW"))
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "doubt")))
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Once, "once")))

	// Accepted at last, it may be forgotten in its turn.
	set(accepts)
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "doubt")))
	for n := range maxSettled {
		late = late.Add(remembered)
		require.NoError(t, tr.Do(t.Context(), order(Once, fmt.Sprint("more", n))))
	}
	assert.NotContains(t, tr.memory.entries, "doubt")
	assert.Len(t, tr.memory.entries, maxSettled+1)
	assert.Contains(t, tr.memory.entries, "once")
}

func TestForeignErrorIsUnknown(t *testing.T) {
	assert.Equal(t, esim.OutcomeUnknown, outcomeOf(errors.New("not one of ours")))
	assert.Equal(t, esim.OutcomeAccepted, outcomeOf(nil))
}

// TestPanicLeavesDoubt: a call that dies of a panic, which an http.Server
// above may recover, has perhaps been sent.
func TestPanicLeavesDoubt(t *testing.T) {
	s := inTurn(code(400, "LOW"))
	blow := true
	tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) {
		spec.Refuse = func(a Answer) Verdict {
			if blow {
				panic("a bug in an adapter")
			}
			return refuse(a)
		}
	})
	assert.Panics(t, func() { _ = tr.Do(t.Context(), order(Guarded, "k")) }) // has no error to look at
	blow = false
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Once, "k")))
	assert.Equal(t, int32(1), s.sends.Load(), "the key is not locked, and nothing is sent again")
}

// purchase is what a model of the provider knows of one key.
type purchase struct {
	charged bool
	sends   int
}

// TestNothingChargedIsTrue: whatever the network does, an error that says
// "nothing was charged" is right about the provider's books, for any order of
// faults and repeats.
func TestNothingChargedIsTrue(t *testing.T) {
	const rounds = 1000
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 7))
		for _, effect := range effects {
			synctest.Test(t, func(t *testing.T) {
				book := new(purchase)
				s := &script{answer: func(_ int, r *http.Request) (*http.Response, error) {
					return book.serve(effect.safety, random, r)
				}}
				tr := newTransport(t, esim.Settings{Transport: s})
				for range 4 {
					err := tr.Do(t.Context(), order(effect.safety, "k"))
					if err == nil || !esim.MaybeCharged(err) {
						require.Equal(t, err == nil, book.charged, "seed %d, %s: %v", seed, effect.name, err)
					}
				}
				if effect.safety == Once {
					require.LessOrEqual(t, book.sends, 1, "seed %d: what has no key goes to the books once", seed)
				}
			})
		}
	}
}

// serve charges once for a key, where the provider knows keys, and loses
// answers as it pleases.
func (p *purchase) serve(safety Safety, random *rand.Rand, r *http.Request) (*http.Response, error) {
	switch random.IntN(10) {
	case 0:
		return refused(r)
	case 1:
		return dropped(r)
	case 2:
		return code(429, "SLOW")(r)
	case 3:
		return says(401, ``)(r)
	}
	answer := accepts
	switch {
	case p.charged && safety == Guarded:
		answer = code(409, "DUP")
	case p.charged && random.IntN(2) == 0:
		answer = code(400, "LOW") // the first charge has emptied the account
	case !p.charged && random.IntN(4) == 0:
		return code(400, "LOW")(r)
	default:
		p.sends++
		p.charged = true
	}
	switch random.IntN(4) {
	case 0:
		answer = dropped
	case 1:
		answer = says(503, `<html>`)
	}
	return answer(r)
}

// TestMarkUnresolved: a key that another process may have used is in doubt from the
// start, with whatever content comes.
func TestMarkUnresolved(t *testing.T) {
	s := inTurn(code(400, "LOW"), accepts)
	tr := instant(t, esim.Settings{Transport: s})
	tr.markUnresolved(Repeats{Lost: esim.RepeatSafe}, "", "k")
	tr.markUnresolved(Repeats{Lost: esim.RepeatBuys}, "", "once")
	made, doubt := tr.keyState("k")
	assert.False(t, made)
	assert.True(t, doubt)
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Once, "once")))
	assert.Equal(t, int32(1), s.sends.Load(), "what cannot be sent twice is not sent")
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "k")))
	tr.markUnresolved(Repeats{}, "", "k")
	_, doubt = tr.keyState("k")
	assert.False(t, doubt, "what is known better stays")
}

// TestBodyOfADoubtfulPurchase: the provider sees the same bytes again.
func TestBodyOfADoubtfulPurchase(t *testing.T) {
	var bodies []string
	s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		require.NoError(t, err)
		bodies = append(bodies, string(body))
		return []end{dropped, accepts, accepts}[n-1](r)
	}}
	tr := instant(t, esim.Settings{Transport: s})
	for _, body := range []string{"first", "second", "third"} {
		call := order(Guarded, "k")
		call.Body = []byte(body)
		_ = tr.Do(t.Context(), call) // the first is lost
	}
	assert.Equal(t, []string{"first", "first", "third"}, bodies)
}

func TestOutcomeOnRecord(t *testing.T) {
	tr := instant(t, esim.Settings{Transport: inTurn(dropped, accepts)})
	why := func() error { return tr.failIn("Order", esim.ErrPriceChanged, esim.OutcomeRejected, "dearer") }
	assertOutcome(t, esim.OutcomeNotSent, tr.outcomeOnRecord(why(), "r", "k"))
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), order(Guarded, "k")))
	e := assertOutcome(t, esim.OutcomeUnknown, tr.outcomeOnRecord(why(), "r", "other", "k"))
	assert.Equal(t, "r", e.Reference)
	require.NoError(t, tr.Do(t.Context(), order(Guarded, "k")))
	assertOutcome(t, esim.OutcomeAccepted, tr.outcomeOnRecord(why(), "r", "k", "other"))
	plain := errors.New("no error of ours")
	assert.Equal(t, plain, tr.outcomeOnRecord(plain, "r", "k"))
}
