package adapter

import (
	"context"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

const goodICCID = esim.ICCID("8901000000000000009")

func operate[In Input](t *testing.T, tr *API, in In) error {
	t.Helper()
	_, err := Operate(t.Context(), tr, "Do", in, func(context.Context, In) (int, error) { return 1, nil })
	return err
}

func TestOperateChecksEachInputByItsType(t *testing.T) {
	tr := newTransport(t, esim.Settings{}, func(s *Spec) { s.Inputs = Inputs{NamesOrder: "it cancels whole orders", MaxPageSize: 50} })
	require.NoError(t, operate(t, tr, None{}))
	require.NoError(t, operate(t, tr, goodICCID))
	require.NoError(t, operate(t, tr, esim.OrderRef{ID: "A1"}))
	require.NoError(t, operate(t, tr, esim.CancelRequest{Order: esim.OrderRef{ID: "A1"}, ICCID: goodICCID}))
	require.NoError(t, operate(t, tr, esim.PackageQuery{Countries: []esim.Country{"TH"}, Region: "Europe", PageSize: 50}))
	for field, err := range map[string]error{
		"ICCID":        operate(t, tr, esim.ICCID("x")),
		"OrderRef.ID":  operate(t, tr, esim.OrderRef{}),
		"Order.ID":     operate(t, tr, esim.CancelRequest{ICCID: goodICCID}),
		"Countries[1]": operate(t, tr, esim.PackageQuery{Countries: []esim.Country{"TH", "xx"}}),
		"Region":       operate(t, tr, esim.PackageQuery{Region: "a\nb"}),
		"Search":       operate(t, tr, esim.PackageQuery{Search: strings.Repeat("a", 101)}),
		"Kind":         operate(t, tr, esim.PackageQuery{Kind: -1}),
		"PageSize":     operate(t, tr, esim.PackageQuery{PageSize: 51}),
	} {
		assertBad(t, field, field, "", func() error { return err })
		assert.Equal(t, "Do", asError(t, err).Op)
	}
	err := operate(t, tr, esim.OrderRef{Reference: "cart-1"})
	require.ErrorIs(t, err, esim.ErrUnsupported)

	parts := newTransport(t, esim.Settings{}, func(s *Spec) { s.Inputs = Inputs{JoinedIDs: 2, References: true} })
	require.NoError(t, operate(t, parts, esim.OrderRef{ID: JoinIDs("a", "", "b")}))
	require.NoError(t, operate(t, parts, esim.OrderRef{Reference: "cart-1"}))
	require.Error(t, operate(t, parts, esim.OrderRef{ID: "a,,b"}))
	require.Error(t, operate(t, parts, esim.OrderRef{ID: "a,b,c"}))
	require.Error(t, operate(t, parts, esim.OrderRef{Reference: "cart 1"}))
}

// The kinds of input are those that Input lists: another one is no input.
func TestNoInputIsPassedUnchecked(t *testing.T) {
	assert.Panics(t, func() { newTransport(t, esim.Settings{}).check(t.Context(), "Do").input("text") })
}

func TestCallsAndErrorsBelongToTheOperation(t *testing.T) {
	var c Call
	s := inTurn(code(404, "X"))
	tr := newTransport(t, esim.Settings{Transport: s})
	_, err := Operate(t.Context(), tr, "GetESIM", goodICCID, func(ctx context.Context, iccid esim.ICCID) (*reply, error) {
		c = Get("/esims/{iccid}/usage", "iccid", string(iccid), "unit", "MB", "none", "")
		return Fetch[reply](WithReference(ctx, "cart-7"), tr, c)
	})
	e := asError(t, err)
	assert.Equal(t, "GetESIM", e.Op)
	assert.Equal(t, "cart-7", e.Reference)
	assert.Equal(t, "/v1/esims/8901000000000000009/usage?unit=MB", s.requests[0].URL.RequestURI())

	_, err = Operate(t.Context(), tr, "Usage", None{}, func(ctx context.Context, _ None) (int, error) {
		return 0, tr.Invalid(ctx, "Region", "is no place")
	})
	assert.Equal(t, "Usage", asError(t, err).Op)
	_, err = Operate(nil, tr, "Usage", None{}, func(context.Context, None) (int, error) { return 1, nil }) //nolint:staticcheck // nil on purpose
	assertBad(t, "nil", "context", "", func() error { return err })
}

func TestIterateYieldsAnErrorOnceAndEndsOnIt(t *testing.T) {
	tr := newTransport(t, esim.Settings{})
	check := func(c *Check, n int) { c.Range("N", n, 1, 3) }
	rows := func(ctx context.Context, n int) iter.Seq2[int, error] {
		return func(yield func(int, error) bool) {
			for i := range n {
				if !yield(i, nil) {
					return
				}
			}
			yield(0, tr.Malformed(ctx, "broke off"))
		}
	}
	for _, n := range []int{0, 2} {
		seen, failures := 0, 0
		for _, err := range Iterate(t.Context(), tr, "Rows", n, check, rows) {
			if err != nil {
				failures++
				assert.Equal(t, "Rows", asError(t, err).Op)
				continue
			}
			seen++
		}
		assert.Equal(t, n, seen)
		assert.Equal(t, 1, failures)
	}
}

func TestPathsTakeOpaqueIDs(t *testing.T) {
	for id, want := range map[string]string{
		"a/b": "a%2Fb", "a?b": "a%3Fb", "%2e%2e": "%252e%252e", "a b": "a%20b", "ä": "%C3%A4", "a..b": "a..b", "{id}": "%7Bid%7D", "...": "...",
	} {
		s := inTurn(accepts)
		tr := newTransport(t, esim.Settings{Transport: s})
		_, err := Fetch[reply](t.Context(), tr, Get("/orders/{id}/esims", "id", id))
		require.NoError(t, err)
		assert.Equal(t, "/v1/orders/"+want+"/esims", s.requests[0].URL.EscapedPath(), id)
	}
	for name, call := range map[string]Call{
		"empty": Get("/orders/{id}", "id", ""), "here": Get("/orders/{id}", "id", "."), "up": Get("/orders/{id}", "id", ".."),
		"unfilled": Get("/orders/{id}"), "one of two": Get("/orders/{id}/{unit}", "id", "{unit}"),
	} {
		s := inTurn(accepts)
		tr := newTransport(t, esim.Settings{Transport: s})
		_, err := Fetch[reply](t.Context(), tr, call)
		assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorIs(t, err, esim.ErrInvalidRequest, name)
		assert.Zero(t, s.sends.Load())
	}
}

func TestPayloadIsEncodedOnce(t *testing.T) {
	s := inTurn(dropped, accepts)
	tr := newTransport(t, esim.Settings{Transport: s})
	call := Post("/orders", Replayed, map[string]string{"package": "P<1>"})
	call.Key, call.repeats.Lost = "k", esim.RepeatSafe
	_, err := Fetch[reply](t.Context(), tr, call)
	require.NoError(t, err)
	for _, r := range s.requests {
		body, unread := io.ReadAll(r.Body)
		require.NoError(t, unread)
		assert.JSONEq(t, `{"package":"P<1>"}`, string(body))
		assert.Equal(t, http.MethodPost, r.Method)
	}
	assert.Len(t, s.requests, 2)
	_, err = Fetch[reply](t.Context(), tr, Post("/orders", Once, "a\xffb"))
	assertOutcome(t, esim.OutcomeNotSent, err)
}
