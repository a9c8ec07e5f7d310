package adapter

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

func init() {
	rules["FREED"] = Rule{Kind: esim.ErrUnavailable, Retry: Transient, Repeat: esim.RepeatBuys}
	rules["BURNT"] = Rule{Kind: esim.ErrInsufficientBalance, Outcome: esim.OutcomeRejected, Burns: true}
}

// facts of the kinds of provider that there are.
var (
	verified = Repeats{Lost: esim.RepeatSafe}
	assumed  = Repeats{Lost: esim.RepeatSafe, Most: 1, Pause: time.Minute}
	noKey    = Repeats{Lost: esim.RepeatBuys, Answered: esim.RepeatBuys}
)

func purchaseBy(safety Safety, facts Repeats) Call {
	call := order(safety, "k")
	call.repeats = facts
	return call
}

// TestWhatARepeatWouldDo is said by the row of the code, or else by the facts.
func TestWhatARepeatWouldDo(t *testing.T) {
	for _, c := range []struct {
		name                          string
		end                           end
		verified, unverified, keyless esim.Repeat
	}{
		{"no answer", dropped, esim.RepeatSafe, esim.RepeatUnknown, esim.RepeatBuys},
		{"a gateway's 502", says(502, `<html>`), esim.RepeatSafe, esim.RepeatUnknown, esim.RepeatBuys},
		{"a gateway's 504", says(504, ``), esim.RepeatSafe, esim.RepeatUnknown, esim.RepeatBuys},
		{"503 with a code", code(503, "DOWN"), esim.RepeatUnknown, esim.RepeatUnknown, esim.RepeatBuys},
		{"503 in a text of the provider", says(503, `{"message":"no"}`), esim.RepeatUnknown, esim.RepeatUnknown, esim.RepeatBuys},
		{"500", says(500, ``), esim.RepeatUnknown, esim.RepeatUnknown, esim.RepeatBuys},
		{"in progress", code(409, "BUSY"), esim.RepeatSafe, esim.RepeatUnknown, esim.RepeatBuys},
		{"a failure code", code(500, "FREED"), esim.RepeatBuys, esim.RepeatBuys, esim.RepeatBuys},
		{"a code that no table has", code(400, "TEAPOT"), esim.RepeatUnknown, esim.RepeatUnknown, esim.RepeatBuys},
		{"a 200 that is none", says(200, `{}`), esim.RepeatUnknown, esim.RepeatUnknown, esim.RepeatBuys},
		{"too large", says(200, fine+string(make([]byte, 100))), esim.RepeatUnknown, esim.RepeatUnknown, esim.RepeatBuys},
	} {
		for _, by := range []struct {
			facts Repeats
			want  esim.Repeat
		}{{verified, c.verified}, {Repeats{}, c.unverified}, {noKey, c.keyless}} {
			call := purchaseBy(Keyed, by.facts)
			call.MaxBody = 90
			s := inTurn(c.end)
			tr := newTransport(t, esim.Settings{Transport: s})
			e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), call))
			assert.Equal(t, by.want, e.Repeat, c.name)
			assert.Equal(t, int32(1), s.sends.Load(), c.name)
			got, ok := evidence.OfRequest(e)
			assert.True(t, ok)
			assert.Equal(t, evidence.Request{}, got, c.name)
		}
	}
}

// TestNothingInDoubtIsRepeatedUnlessThatIsSafe, not even when the caller asks.
func TestNothingInDoubtIsRepeatedUnlessThatIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, safety := range []Safety{Once, Guarded, Keyed, Replayed} {
			for _, facts := range []Repeats{{}, noKey, {Lost: esim.RepeatUnknown, Answered: esim.RepeatUnknown}} {
				s := inTurn(dropped, accepts)
				tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 5})
				first := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(safety, facts)))
				for range 3 {
					e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(safety, facts)))
					require.ErrorIs(t, e, esim.ErrDuplicate)
					assert.Equal(t, first.Repeat, e.Repeat)
					assert.False(t, esim.MayRepeat(e))
					got, ok := evidence.OfRequest(e)
					assert.True(t, ok)
					assert.Equal(t, esim.OutcomeNotSent, got.Outcome, "of this request")
				}
				assert.Equal(t, int32(1), s.sends.Load())
			}
		}
	})
}

// A provider that is only assumed to replay is asked once more, by the caller.
func TestAnAssumedReplayIsRepeatedOnce(t *testing.T) {
	for name, c := range map[string]struct {
		ends  []end
		sends int32
	}{
		"lost twice":            {[]end{dropped, dropped, accepts}, 2},
		"lost, then refused":    {[]end{dropped, code(400, "LOW"), accepts}, 2},
		"lost, throttled, lost": {[]end{dropped, code(429, "SLOW", "Retry-After", "100"), dropped, accepts}, 3},
	} {
		s := inTurn(c.ends...)
		tr := newTransport(t, esim.Settings{Transport: s})
		e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(Keyed, assumed)))
		assert.Equal(t, esim.RepeatSafe, e.Repeat)
		assert.Equal(t, time.Minute, e.RetryAfter)
		assert.Equal(t, int32(1), s.sends.Load(), "the kit itself repeats nothing")
		for n := int32(2); n <= c.sends; n++ {
			assert.True(t, esim.MayRepeat(e), name)
			e = assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(Keyed, assumed)))
		}
		assert.Equal(t, esim.RepeatUnknown, e.Repeat, name)
		e = assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(Keyed, assumed)))
		require.ErrorIs(t, e, esim.ErrDuplicate)
		assert.Equal(t, c.sends, s.sends.Load(), name)
	}

	// In another process, the one repeat is all there is.
	s := inTurn(dropped, accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	tr.markUnresolved(assumed, "", "k")
	e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(Keyed, assumed)))
	assert.Equal(t, esim.RepeatUnknown, e.Repeat)
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(Keyed, assumed)))
	assert.Equal(t, int32(1), s.sends.Load())
}

// A key is sent four times in its life, whoever asks and whatever is answered.
func TestSendsOfAKeyAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for name, c := range map[string]struct {
			end     end
			outcome esim.Outcome
		}{
			"lost":        {dropped, esim.OutcomeUnknown},
			"in progress": {code(409, "BUSY"), esim.OutcomeUnknown},
			"refused":     {code(400, "LOW"), esim.OutcomeNotSent},
			"throttled":   {code(429, "SLOW"), esim.OutcomeNotSent},
			"accepted":    {accepts, esim.OutcomeAccepted},
		} {
			s := inTurn(c.end)
			tr := newTransport(t, esim.Settings{Transport: s})
			for range 10 {
				_ = tr.Do(t.Context(), purchaseBy(Replayed, verified)) // counted below
			}
			assert.Equal(t, int32(maxSends), s.sends.Load(), name)
			e := assertOutcome(t, c.outcome, tr.Do(t.Context(), purchaseBy(Replayed, verified)))
			require.ErrorIs(t, e, esim.ErrDuplicate, name)
			assert.Equal(t, esim.RepeatUnknown, e.Repeat, name)
		}
		s := inTurn(refused)
		tr := newTransport(t, esim.Settings{Transport: s})
		for range 10 {
			e := assertOutcome(t, esim.OutcomeNotSent, tr.Do(t.Context(), purchaseBy(Replayed, verified)))
			require.ErrorIs(t, e, esim.ErrUnavailable, "what was not sent does not count")
		}
	})
}

// TestTheFence: while a send is in doubt the next one carries its request id, and
// once the provider knows it there is one replay under a new one.
func TestTheFence(t *testing.T) {
	known := code(400, "NONCE")
	for name, c := range map[string]struct {
		ends []end
		ids  string // of each send, by letter
		want esim.Repeat
	}{
		"arrived late":              {[]end{dropped, dropped, accepts}, "AAA", esim.RepeatUnknown},
		"known, then replayed":      {[]end{dropped, known, accepts}, "AAB", esim.RepeatUnknown},
		"known, then lost":          {[]end{dropped, known, dropped, accepts}, "AAB", esim.RepeatUnknown},
		"in progress: the id is up": {[]end{dropped, code(409, "BUSY"), accepts}, "AAB", esim.RepeatUnknown},
		"a failure code ends it":    {[]end{dropped, code(500, "FREED"), accepts}, "AA", esim.RepeatBuys},
		"refused: nothing in doubt": {[]end{code(429, "SLOW"), accepts}, "AB", esim.RepeatUnknown},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := inTurn(c.ends...)
			tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 5})
			err := tr.Do(t.Context(), purchaseBy(Replayed, verified))
			names, got := map[string]rune{}, ""
			for _, r := range s.requests {
				id := r.Header.Get("RT-RequestID")
				if names[id] == 0 {
					names[id] = rune('A' + len(names))
				}
				got += string(names[id])
			}
			assert.Equal(t, c.ids, got, name)
			if err != nil {
				assert.Equal(t, c.want, asError(t, err).Repeat, name)
			}
			assert.Equal(t, len(c.ids) == len(c.ends), err == nil, name)
		})
	}
}

// TestOneSend: one request, whatever is answered, and what the answer teaches.
func TestOneSend(t *testing.T) {
	far := func() string { return time.Now().Add(time.Hour).UTC().Format(http.TimeFormat) }
	synctest.Test(t, func(t *testing.T) {
		for _, safety := range []Safety{Once, Guarded, Keyed, Replayed} {
			for name, one := range map[string]end{
				"not sent": refused, "token": code(401, "TOKEN"), "clock": code(401, "CLOCK", "Date", far()),
				"throttled": code(429, "SLOW", "Retry-After", "1"), "lost": dropped, "in progress": code(409, "BUSY"),
				"request id": code(400, "NONCE"), "refused": code(400, "BURNT"),
			} {
				s := inTurn(one, accepts)
				tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 9}, func(spec *Spec) {
					spec.Disown = func(*http.Request) {}
				})
				call := purchaseBy(safety, verified)
				call.oneSend = true
				begun := time.Now()
				e := asError(t, tr.Do(t.Context(), call))
				assert.Equal(t, int32(1), s.sends.Load(), name)
				assert.Zero(t, time.Since(begun), name)
				got, ok := evidence.OfRequest(e)
				require.True(t, ok, name)
				assert.Equal(t, evidence.Request{Outcome: e.Outcome, BurnsRequestID: name == "refused"}, got, name)
				if name == "clock" {
					assert.WithinDuration(t, time.Now().Add(time.Hour), tr.Now(), time.Second)
				}
			}
		}
	})
}

// A refusal of a repeat is kept apart from what the reference has in doubt, and
// settles that only if it has used up the request id of all that is in doubt.
func TestEvidenceOfARefusedRepeat(t *testing.T) {
	low, burnt := evidence.Request{Outcome: esim.OutcomeRejected}, evidence.Request{Outcome: esim.OutcomeRejected, BurnsRequestID: true}
	for name, c := range map[string]struct {
		ends    []end
		want    evidence.Request
		outcome esim.Outcome
	}{
		"burnt":            {[]end{dropped, code(400, "BURNT")}, burnt, esim.OutcomeRejected},
		"two in doubt":     {[]end{dropped, dropped, code(400, "BURNT")}, burnt, esim.OutcomeRejected},
		"before the check": {[]end{dropped, code(400, "LOW")}, low, esim.OutcomeUnknown},
		"arrived":          {[]end{dropped, code(400, "NONCE"), code(400, "BURNT")}, burnt, esim.OutcomeUnknown},
		"burnt, then lost": {[]end{dropped, code(400, "BURNT"), dropped}, evidence.Request{}, esim.OutcomeUnknown},
	} {
		s := inTurn(c.ends...)
		tr := newTransport(t, esim.Settings{Transport: s})
		var last error
		for range c.ends {
			last = tr.Do(t.Context(), probe("k", requestID))
		}
		assertOutcome(t, c.outcome, last)
		got, ok := evidence.OfRequest(last)
		require.True(t, ok, name)
		assert.Equal(t, c.want, got, name)
		assert.Equal(t, int32(len(c.ends)), s.sends.Load(), name)
	}
}

// What was accepted and kept comes from memory, for the same purchase, while it
// is among the latest and nobody has dropped it.
func TestAKeptAnswerIsNotSentForAgain(t *testing.T) {
	s := inTurn(slices.Repeat([]end{accepts}, maxKept+9)...)
	tr := newTransport(t, esim.Settings{Transport: s})
	buy := func(key string) error {
		call := purchaseBy(Keyed, Repeats{Lost: esim.RepeatSafe})
		call.Key, call.keep = key, true
		if err := tr.Do(t.Context(), call); err != nil {
			return err
		}
		if out, ok := call.Out.(*reply); assert.True(t, ok) {
			assert.Equal(t, "A1", out.ID)
		}
		return nil
	}
	for range 9 {
		require.NoError(t, buy("k"))
	}
	assert.Equal(t, int32(1), s.sends.Load())
	other := purchaseBy(Keyed, Repeats{Lost: esim.RepeatSafe})
	other.Key, other.keep, other.content = "k", true, "P2"
	require.ErrorIs(t, tr.Do(t.Context(), other), esim.ErrReferenceConflict)
	tr.forgetAnswer("k")
	require.NoError(t, buy("k"))
	assert.Equal(t, int32(2), s.sends.Load())
	for i := range maxKept {
		require.NoError(t, buy(fmt.Sprint("later-", i)))
	}
	sent := s.sends.Load()
	require.NoError(t, buy("k"))
	assert.Equal(t, sent+1, s.sends.Load())
}

// A probe carries the id of the send in doubt, and no other.
func TestAProbeUnderAnotherIDIsNotSent(t *testing.T) {
	for name, c := range map[string]struct {
		ends  []end
		sends int32
	}{
		"no answer":     {[]end{dropped, accepts}, 1},
		"arrived":       {[]end{dropped, code(400, "NONCE"), accepts}, 2},
		"in progress":   {[]end{code(409, "BUSY"), accepts}, 1},
		"a failure":     {[]end{code(500, "FREED"), accepts}, 1},
		"then answered": {[]end{dropped, code(500, "FREED"), accepts}, 2},
	} {
		s := inTurn(c.ends...)
		tr := newTransport(t, esim.Settings{Transport: s})
		for range c.sends {
			assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), probe("k", requestID)))
		}
		e := assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), probe("k", "f1d4a0b2-0b43-4c5e-8f0e-3f0f2e7c9a11")))
		require.ErrorIs(t, e, esim.ErrDuplicate, name)
		assert.Equal(t, c.sends, s.sends.Load(), name)
	}
}

// TestMarkedAfterARefusal: that this process was refused says nothing of another.
func TestMarkedAfterARefusal(t *testing.T) {
	s := inTurn(code(400, "LOW"))
	tr := newTransport(t, esim.Settings{Transport: s})
	assertOutcome(t, esim.OutcomeRejected, tr.Do(t.Context(), purchaseBy(Keyed, Repeats{})))
	tr.markUnresolved(Repeats{}, "", "k")
	assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), purchaseBy(Keyed, Repeats{})))
	assert.Equal(t, int32(1), s.sends.Load())
}
