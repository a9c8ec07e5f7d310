package esimstory

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// badRepeats are repeats of the order r that are refused before anything is
// sent.
func badRepeats(t *testing.T) map[string]func(ctx context.Context, c *Client, resumed bool) error {
	buy := func(change func(*esim.OrderRequest)) func(context.Context, *Client, bool) error {
		return func(ctx context.Context, c *Client, resumed bool) error {
			req := esim.OrderRequest{PackageID: optionA, Reference: "r"}
			change(&req)
			_, err := c.Order(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), req)
			return err
		}
	}
	return map[string]func(context.Context, *Client, bool) error{
		"no package":        buy(func(r *esim.OrderRequest) { r.PackageID = "" }),
		"too many":          buy(func(r *esim.OrderRequest) { r.Quantity = 101 }),
		"a callback":        buy(func(r *esim.OrderRequest) { r.CallbackURL = "https://shop.example.com/" }),
		"above the ceiling": buy(func(r *esim.OrderRequest) { r.MaxTotal = money(t, "4 USD") }),
		"lines above the ceiling": func(ctx context.Context, c *Client, resumed bool) error {
			_, err := c.OrderLines(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), LinesRequest{
				Reference: "r", Lines: []Line{{optionA, 1}}, MaxTotal: money(t, "4 USD"),
			})
			return err
		},
		"no lines": func(ctx context.Context, c *Client, resumed bool) error {
			_, err := c.OrderLines(evidence.WithSend(ctx, evidence.Send{Resumed: resumed}), LinesRequest{Reference: "r"})
			return err
		},
	}
}

// That a repeat is refused here says nothing about what was sent before.
func TestInvalidRepeatTakesNothingBack(t *testing.T) {
	for name, repeat := range badRepeats(t) {
		for _, before := range []struct {
			name, body string
			status     int
			want       esim.Outcome
		}{
			{"in doubt", `{"error":"Internal server error"}`, 500, esim.OutcomeUnknown},
			{"sold", answerOne, 200, esim.OutcomeAccepted},
			{"refused", `{"errors":["Product with option_id not found"]}`, 422, esim.OutcomeNotSent},
		} {
			t.Run(name+"/"+before.name, func(t *testing.T) {
				wire := answering(before.status, before.body)
				c := newTestClient(t, wire, priced(t))
				_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Reference: "r"})
				require.Equal(t, before.status == 200, err == nil)
				var e *esim.Error
				require.ErrorAs(t, repeat(t.Context(), c, false), &e)
				require.Equal(t, before.want, e.Outcome)
				require.Equal(t, "r", e.Reference)
				require.Equal(t, 1, wire.sends())
			})
		}
	}
}

// What an earlier process may have bought is not taken back by a refusal,
// whoever it comes from.
func TestResumedOrderIsInDoubt(t *testing.T) {
	for name, repeat := range badRepeats(t) {
		wire := answering(200, answerOne)
		err := repeat(t.Context(), newTestClient(t, wire, priced(t)), true)
		require.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err), name)
		require.Zero(t, wire.sends(), name)
	}
	refusal := `{"errors":["Product with option_id not found"]}`
	for _, call := range []func(*Client) error{
		func(c *Client) error {
			_, err := c.Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), esim.OrderRequest{PackageID: optionA, Reference: "r"})
			return err
		},
		func(c *Client) error {
			_, err := c.OrderLines(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), LinesRequest{Lines: []Line{{optionA, 1}}, Reference: "r"})
			return err
		},
	} {
		wire := answering(422, refusal)
		err := call(newTestClient(t, wire))
		require.ErrorIs(t, err, esim.ErrDuplicate)
		require.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
		require.Zero(t, wire.sends(), "nobody knows what a repeat would do")

		tried := func(c *Config) { c.RepeatsVerified = true }
		err = call(newTestClient(t, wire, tried))
		require.ErrorIs(t, err, esim.ErrPackageUnavailable)
		require.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
		require.NoError(t, call(newTestClient(t, answering(200, answerOne), tried)))
	}
	_, err := newTestClient(t, answering(500, "")).Order(evidence.WithSend(t.Context(), evidence.Send{Resumed: true}), esim.OrderRequest{PackageID: optionA, Reference: "a b"})
	require.Equal(t, esim.OutcomeNotSent, esim.OutcomeOf(err), "such a reference was never sent")
}
