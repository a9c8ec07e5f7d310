package adapter

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const requestID = "0d9e6a18-53c7-4b2f-a9d4-6e81c07f2a5b"

// A probe is sent once whatever the answer is, and what the answer teaches
// about the clock and the credentials serves the next call.
func TestAProbeTeachesTheNextCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &providerClock{now: func() time.Time { return time.Now().Add(time.Hour) }}
		s := &script{answer: p.serve}
		tr := newTransport(t, esim.Settings{Transport: s, MaxRetries: 5})
		e := assertOutcome(t, esim.OutcomeNotSent, tr.Do(t.Context(), probe("a", requestID)))
		require.ErrorIs(t, e, esim.ErrClockSkew)
		assert.Contains(t, e.Message, "1h0m0s ahead")
		assert.Equal(t, int32(1), s.sends.Load())

		require.NoError(t, tr.Do(t.Context(), probe("a", requestID)))
		assert.Equal(t, int32(2), s.sends.Load())
		assert.WithinDuration(t, p.now(), tr.Now(), time.Second)
	})
}

func TestAProbeGivesUpARefusedToken(t *testing.T) {
	s := inTurn(code(401, "TOKEN"), accepts)
	disowned := 0
	tr := newTransport(t, esim.Settings{Transport: s}, func(spec *Spec) {
		spec.Disown = func(*http.Request) { disowned++ }
	})
	assertOutcome(t, esim.OutcomeNotSent, tr.Do(t.Context(), probe("a", requestID)))
	assert.Equal(t, 1, disowned)
	assert.Equal(t, int32(1), s.sends.Load())
	require.NoError(t, tr.Do(t.Context(), probe("a", requestID)))
}

// The caller may repeat a probe that is in doubt; a refusal then proves as
// little as it does after any other send in doubt.
func TestAProbeMayBeRepeated(t *testing.T) {
	s := inTurn(dropped, code(400, "LOW"), code(400, "NONCE"), accepts, accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	for _, kind := range []esim.Kind{esim.ErrUnavailable, esim.ErrInsufficientBalance, esim.ErrDuplicate} {
		require.ErrorIs(t, assertOutcome(t, esim.OutcomeUnknown, tr.Do(t.Context(), probe("a", requestID))), kind)
	}
	other := probe("a", requestID)
	other.content = "P2"
	require.ErrorIs(t, tr.Do(t.Context(), other), esim.ErrReferenceConflict)
	stranger := probe("a", "f1d4a0b2-0b43-4c5e-8f0e-3f0f2e7c9a11")
	require.NoError(t, tr.Do(t.Context(), probe("a", requestID)))
	assert.Equal(t, int32(4), s.sends.Load())
	require.ErrorIs(t, assertOutcome(t, esim.OutcomeAccepted, tr.Do(t.Context(), stranger)), esim.ErrDuplicate)
	assert.Equal(t, int32(4), s.sends.Load())
}
