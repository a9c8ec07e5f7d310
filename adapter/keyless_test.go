package adapter

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

const profile = esim.ICCID("8943108170002570328")

// keyless is a shop whose top-ups have no key. Each one that works adds a GiB.
func keyless(t *testing.T, now *time.Time, ends ...end) (*shop, *esim.DataSize) {
	t.Helper()
	total := new(esim.DataSize)
	read := func(context.Context, esim.ICCID) (*esim.Usage, error) {
		return &esim.Usage{ICCID: profile, Total: *total}, nil
	}
	s := newShop(t, Purchase{Safety: Once, Repeats: Repeats{Lost: esim.RepeatBuys, Answered: esim.RepeatBuys}}, ends...)
	s.facts.Offer = func(_ context.Context, a *Attempt) (esim.Money, error) {
		a.Added = esim.GiB
		return esim.ParseMoney("1", "USD")
	}
	s.facts.Keyless = &Keyless{
		Before: func(ctx context.Context, a *Attempt) (*esim.Usage, error) { return read(ctx, a.ICCID) },
		After:  read,
		Shows: func(before BeforeImage, after *esim.Usage, added esim.DataSize) bool {
			return after.Total-before.Total >= max(added, 1)
		},
		Find:   func(context.Context, *Attempt, time.Time) ([]esim.Order, error) { return nil, nil },
		Window: time.Hour,
	}
	s.API.now = func() time.Time { return *now }
	return s, total
}

func (s *shop) topUp(ctx context.Context, ref string) (*esim.Order, error) {
	return s.TopUp(ctx, esim.TopUpRequest{ICCID: profile, PackageID: "P1", Reference: ref}, s.facts)
}

// However many top-ups follow, one is known again for a day.
func TestTopUpsAreRememberedForADay(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, _ := keyless(t, &now, oneESIM)
	_, err := s.topUp(t.Context(), "r1")
	require.NoError(t, err)
	for i := range maxSettled {
		s.memory.settleEffect(fmt.Sprint("later ", i), &effect{of: &Attempt{t: s.API, facts: &s.facts}}, now.Add(remembered-time.Second))
	}
	again, err := s.topUp(t.Context(), "r1")
	require.NoError(t, err)
	assert.True(t, again.Replayed)
	assert.Len(t, s.wire.requests, 1)
}

// An order under the same reference is in doubt, and so the top-up is not sent. What
// the eSIM gains is not its doing, and takes nothing back from the order.
func TestATopUpThatWasNotSentShowsNothing(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, total := keyless(t, &now, oneESIM)
	s.markUnresolved(Repeats{}, "", "purchase:r1")
	for range 2 {
		_, err := s.topUp(t.Context(), "r1")
		assertOutcome(t, esim.OutcomeUnknown, err)
		require.ErrorIs(t, err, esim.ErrDuplicate)
		*total += esim.GiB
	}
	assert.Empty(t, s.wire.requests)
	_, doubt := s.keyState("purchase:r1")
	assert.True(t, doubt)
	_, err := s.topUp(t.Context(), "r2")
	require.NoError(t, err, "nothing of the eSIM is in doubt")
}

// A caller waits for another call about the eSIM no longer than its context lasts,
// and leaves no lock behind.
func TestKeylessLocksObeyTheContext(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, _ := keyless(t, &now, oneESIM)
	before, err := s.BeforeTopUp(t.Context(), esim.TopUpRequest{ICCID: profile, PackageID: "P1", Reference: "r1"}, s.facts)
	require.NoError(t, err)
	unlock, err := s.memory.locks.lock(t.Context(), "eSIM "+string(profile))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.TopUpEffect(ctx, before, esim.TopUpRequest{ICCID: profile, PackageID: "P1", Reference: "r1"}, s.facts)
	require.ErrorIs(t, err, context.Canceled)
	_, err = s.topUp(ctx, "r2")
	require.ErrorIs(t, err, context.Canceled)
	assert.False(t, esim.MaybeCharged(err))
	unlock()
	_, err = s.topUp(t.Context(), "r1")
	require.NoError(t, err)
	assert.Empty(t, s.memory.locks.busy)
}

// A call that waits for another one with its reference speaks of that purchase,
// which may be paid for right now.
func TestATopUpThatWaitsForItselfIsInDoubt(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, _ := keyless(t, &now)
	unlock, err := s.memory.locks.lock(t.Context(), "reference r1")
	require.NoError(t, err)
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.topUp(ctx, "r1")
	e := assertOutcome(t, esim.OutcomeUnknown, err)
	assert.Equal(t, esim.RepeatBuys, e.Repeat)
	request, ok := evidence.OfRequest(err)
	assert.True(t, ok)
	assert.Equal(t, esim.OutcomeNotSent, request.Outcome)
	assert.Empty(t, s.wire.requests)
}

// A top-up whose answer was lost shows, and the list says that it was too dear.
func TestALostTopUpAboveItsCeilingComesWithAnError(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, total := keyless(t, &now, dropped)
	two, err := esim.ParseMoney("2", "USD")
	require.NoError(t, err)
	send := s.facts.Send
	s.facts.Send = func(ctx context.Context, a *Attempt, call Call) error {
		*total += esim.GiB
		return send(ctx, a, call)
	}
	s.facts.Keyless.Find = func(context.Context, *Attempt, time.Time) ([]esim.Order, error) {
		return []esim.Order{{ID: "o-1", Total: two}}, nil
	}
	one, err := esim.ParseMoney("1", "USD")
	require.NoError(t, err)
	_, err = s.TopUp(t.Context(), esim.TopUpRequest{ICCID: profile, PackageID: "P1", Reference: "r1", MaxTotal: one}, s.facts)
	e := assertOutcome(t, esim.OutcomeAccepted, err)
	require.ErrorIs(t, err, esim.ErrPriceChanged)
	assert.Equal(t, "o-1", e.Order.ID)
	assert.Len(t, s.wire.requests, 1)
}

// A top-up for which the adapter failed by itself stays in doubt, and is not sent.
func TestATopUpThatTheAdapterCouldNotSendIsInDoubt(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, _ := keyless(t, &now)
	s.facts.Send = func(context.Context, *Attempt, Call) error { return errors.New("an index is out of range") }
	for range 2 {
		_, err := s.topUp(t.Context(), "r1")
		assertOutcome(t, esim.OutcomeUnknown, err)
	}
	_, err := s.topUp(t.Context(), "r2")
	require.ErrorIs(t, err, esim.ErrNotEligible)
	assert.Empty(t, s.wire.requests)
}

// Without a before-image there is nothing to compare with later.
func TestABeforeImageNeedsTheESIM(t *testing.T) {
	now := time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)
	s, _ := keyless(t, &now)
	unread := s.Fail(t.Context(), esim.ErrUnavailable, esim.OutcomeNotSent, "no answer")
	s.facts.Keyless.After = func(context.Context, esim.ICCID) (*esim.Usage, error) { return nil, unread }
	_, err := s.BeforeTopUp(t.Context(), esim.TopUpRequest{ICCID: profile, PackageID: "P1", Reference: "r1"}, s.facts)
	require.ErrorIs(t, err, esim.ErrUnavailable)
}

func TestAmend(t *testing.T) {
	inner, first := errors.New("inner"), errors.New("first")
	look := &esim.Error{Kind: esim.ErrUnavailable, Err: inner}
	e := Amend(&esim.Error{Message: "said"}, "what", look)
	assert.Equal(t, "said; what: unavailable", e.Message)
	assert.Equal(t, inner, e.Err)
	e = Amend(&esim.Error{Err: first}, "what", look)
	assert.Equal(t, "what: unavailable", e.Message)
	require.ErrorIs(t, e.Err, first)
	require.ErrorIs(t, e.Err, inner)
	e = Amend(&esim.Error{Message: "said", Err: first}, "what", nil)
	assert.Equal(t, "said", e.Message)
	assert.Equal(t, first, e.Err)
}
