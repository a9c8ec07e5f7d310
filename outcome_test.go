package esim_test

import (
	"context"
	"encoding"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func withOutcome(o esim.Outcome) *esim.Error {
	return &esim.Error{Op: "Order", Kind: esim.ErrUnavailable, Outcome: o}
}

// masked hides its error from everything but Unwrap.
type masked struct{ err error }

func (m masked) Error() string { return "masked" }
func (m masked) Unwrap() error { return m.err }

// disguised pretends to be an esim.Error for errors.As, and is none.
type disguised struct{}

func (disguised) Error() string { return "disguised" }
func (disguised) As(target any) bool {
	if e, ok := target.(**esim.Error); ok {
		*e = withOutcome(esim.OutcomeNotSent)
		return true
	}
	return false
}

// broken has an Unwrap that holds nil.
type broken struct{}

func (broken) Error() string   { return "broken" }
func (broken) Unwrap() []error { return []error{nil, nil} }

func TestMaybeCharged(t *testing.T) {
	notSent, rejected := withOutcome(esim.OutcomeNotSent), withOutcome(esim.OutcomeRejected)
	accepted, unknown := withOutcome(esim.OutcomeAccepted), withOutcome(esim.OutcomeUnknown)
	var none *esim.Error
	for _, c := range []struct {
		name string
		err  error
		want bool
	}{
		{"nil", nil, false},
		{"not sent", notSent, false},
		{"rejected", rejected, false},
		{"accepted", accepted, true},
		{"unknown", unknown, true},
		{"the zero Error", &esim.Error{}, true},
		{"an outcome that does not exist", withOutcome(99), true},
		{"a negative one", withOutcome(-1), true},
		{"a nil *Error", none, true},
		{"a wrapped nil *Error", fmt.Errorf("w: %w", error(none)), true},

		{"foreign", errors.New("x"), true},
		{"EOF", io.EOF, true},
		{"cancelled", context.Canceled, true},
		{"late", context.DeadlineExceeded, true},
		{"a kind by itself", esim.ErrInsufficientBalance, true},
		{"unsupported by itself", errors.ErrUnsupported, true},
		{"a kind, wrapped", fmt.Errorf("w: %w", esim.ErrInvalidRequest), true},
		{"disguised", disguised{}, true},
		{"broken", broken{}, true},

		{"not sent, wrapped", fmt.Errorf("w: %w", notSent), false},
		{"rejected, wrapped twice", fmt.Errorf("w: %w", masked{rejected}), false},
		{"accepted, wrapped", fmt.Errorf("w: %w", accepted), true},
		{"unknown, wrapped", masked{masked{unknown}}, true},
		{"not sent, in text only", fmt.Errorf("w: %v", notSent), true}, //nolint:errorlint // the point

		{"joined, both clear", errors.Join(notSent, rejected), false},
		{"joined, one in doubt", errors.Join(notSent, rejected, unknown), true},
		{"joined, doubt first", errors.Join(unknown, notSent), true},
		{"joined, deep doubt", errors.Join(notSent, fmt.Errorf("w: %w", errors.Join(rejected, masked{unknown}))), true},
		{"joined with what a caller adds", errors.Join(rejected, errors.New("cart 7")), false},
		{"two wrapped in one", fmt.Errorf("%w: %w", errors.New("checkout"), rejected), false},
		{"two wrapped in one, one in doubt", fmt.Errorf("%w: %w", rejected, unknown), true},
		{"joined, none of ours", errors.Join(io.EOF, context.Canceled), true},
		{"joined with nil *Error", errors.Join(none), true},

		{"the outer decides", &esim.Error{Outcome: esim.OutcomeNotSent, Err: unknown}, false},
		{"the outer decides, too", &esim.Error{Outcome: esim.OutcomeAccepted, Err: notSent}, true},
	} {
		assert.Equal(t, c.want, esim.MaybeCharged(c.err), c.name)
	}
}

func TestOutcomeOf(t *testing.T) {
	notSent, rejected := withOutcome(esim.OutcomeNotSent), withOutcome(esim.OutcomeRejected)
	accepted, unknown := withOutcome(esim.OutcomeAccepted), withOutcome(esim.OutcomeUnknown)
	var none *esim.Error
	for _, c := range []struct {
		name string
		err  error
		want esim.Outcome
	}{
		{"nil", nil, esim.OutcomeAccepted},
		{"not sent", notSent, esim.OutcomeNotSent},
		{"rejected", masked{rejected}, esim.OutcomeRejected},
		{"accepted", fmt.Errorf("w: %w", accepted), esim.OutcomeAccepted},
		{"unknown", unknown, esim.OutcomeUnknown},
		{"foreign", io.EOF, esim.OutcomeUnknown},
		{"nil *Error", none, esim.OutcomeUnknown},
		{"broken", broken{}, esim.OutcomeUnknown},
		{"rejected asks for more care than not sent", errors.Join(rejected, notSent), esim.OutcomeRejected},
		{"in any order", errors.Join(notSent, rejected), esim.OutcomeRejected},
		{"accepted asks for more", errors.Join(notSent, accepted, rejected), esim.OutcomeAccepted},
		{"unknown asks for most", errors.Join(unknown, accepted), esim.OutcomeUnknown},
		{"in any order, too", errors.Join(accepted, masked{unknown}), esim.OutcomeUnknown},
		{"beside a foreign one", errors.Join(io.EOF, accepted), esim.OutcomeAccepted},
	} {
		assert.Equal(t, c.want, esim.OutcomeOf(c.err), c.name)
	}
	for _, odd := range []esim.Outcome{-1, 99} {
		assert.True(t, esim.MaybeCharged(errors.Join(withOutcome(odd), notSent)), "an outcome that does not exist")
	}
}

// word is an enumeration of this package.
type word interface {
	~int
	fmt.Stringer
	encoding.TextMarshaler
}

// testWords checks the words of an enumeration whose values count from 0.
func testWords[E word](t *testing.T, words ...string) {
	t.Helper()
	parse := func(e *E, text string) error {
		u, ok := any(e).(encoding.TextUnmarshaler)
		require.True(t, ok, "%T reads no text", e)
		return u.UnmarshalText([]byte(text))
	}
	for value, text := range words {
		e := E(value)
		assert.Equal(t, text, e.String())
		got, err := e.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, text, string(got))
		back := E(99)
		require.NoError(t, parse(&back, text))
		assert.Equal(t, e, back)
	}
	for _, value := range []int{-1, len(words), 1 << 40} {
		assert.Equal(t, words[0], E(value).String(), "%T(%d)", E(0), value)
	}
	for _, text := range []string{"", "no such word", words[0] + " ", "\x00"} {
		e := E(1)
		err := parse(&e, text)
		require.Error(t, err, "%q", text)
		assert.NotContains(t, err.Error(), "no such word")
		assert.Equal(t, E(1), e, "what is not understood changes nothing")
	}
}

func TestWords(t *testing.T) {
	testWords[esim.Outcome](t, "unknown", "not sent", "rejected", "accepted")
	testWords[esim.OrderStatus](t, "unknown", "pending", "completed", "failed", "cancelled")
	testWords[esim.ESIMStatus](t, "unknown", "new", "installed", "active", "depleted", "expired", "cancelled", "blocked")
	testWords[esim.PackageKind](t, "unknown", "local", "regional", "global")
	testWords[esim.Idempotency](t, "none", "rejects duplicates", "replays")
	testWords[esim.Fulfilment](t, "unknown", "immediate", "polled", "webhook only")
	testWords[esim.PriceGuard](t, "none", "price sheet", "checked before", "enforced by provider")
}
