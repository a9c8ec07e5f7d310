package evidence_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

func TestOfRequest(t *testing.T) {
	burnt := evidence.Request{Outcome: esim.OutcomeRejected, BurnsRequestID: true}
	inDoubt := &esim.Error{Provider: "p", Op: "Order", Kind: esim.ErrInsufficientBalance}
	evidence.Attach(inDoubt, burnt)
	for name, err := range map[string]error{
		"plain": inDoubt, "wrapped": fmt.Errorf("sale: %w", inDoubt), "joined": errors.Join(errors.New("x"), inDoubt),
		"a cause": &esim.Error{Kind: esim.ErrIncomplete, Outcome: esim.OutcomeAccepted, Err: inDoubt.Err},
	} {
		got, ok := evidence.OfRequest(err)
		require.True(t, ok, name)
		assert.Equal(t, burnt, got, name)
	}
	for _, err := range []error{nil, errors.New("x"), &esim.Error{}} {
		_, ok := evidence.OfRequest(err)
		assert.False(t, ok)
	}
	assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(inDoubt), "the outcome of the reference stays")
}

// An error reads as it did without the evidence.
func TestAttachedEvidenceIsNotSeen(t *testing.T) {
	for _, why := range []error{nil, context.DeadlineExceeded} {
		bare := &esim.Error{Provider: "p", Op: "Order", Kind: esim.ErrUnavailable, Err: why}
		e := &esim.Error{Provider: "p", Op: "Order", Kind: esim.ErrUnavailable, Err: why}
		evidence.Attach(e, evidence.Request{})
		assert.Equal(t, bare.Error(), e.Error())
		assert.Equal(t, slog.AnyValue(bare.LogValue()).String(), slog.AnyValue(e.LogValue()).String())
		assert.Equal(t, why != nil, errors.Is(e, context.DeadlineExceeded))
	}
}

func TestTheLastRequestCounts(t *testing.T) {
	e := &esim.Error{Err: context.Canceled}
	evidence.Attach(e, evidence.Request{Outcome: esim.OutcomeRejected})
	evidence.Attach(e, evidence.Request{Outcome: esim.OutcomeNotSent})
	got, ok := evidence.OfRequest(e)
	require.True(t, ok)
	assert.Equal(t, esim.OutcomeNotSent, got.Outcome)
	require.ErrorIs(t, e, context.Canceled)
	evidence.Attach(nil, got)
}
