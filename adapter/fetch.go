package adapter

import (
	"context"
	"log/slog"
)

// Fetch carries out a call whose answer is an A, and returns that answer, which
// is empty beside an error. An adapter with one envelope for all answers has a
// fetch of its own around it:
//
//	func fetch[T any](ctx context.Context, c *Client, call adapter.Call) (T, error) {
//		answer, err := adapter.Fetch[envelope[T]](ctx, c.api, call)
//		return answer.Data, err
//	}
func Fetch[A any, E interface {
	*A
	Envelope
}](ctx context.Context, t *API, call Call) (*A, error) {
	answer := new(A)
	call.Out = E(answer)
	err := t.Do(ctx, call)
	if err != nil {
		*answer = *new(A)
	}
	return answer, err
}

// Lost logs that rows are missing from a list, by what it says of its own length. A
// list that has lost a row shows what there is, and never what there is not.
func (t *API) Lost(ctx context.Context, rows int) {
	if rows > 0 {
		t.logger.LogAttrs(ctx, slog.LevelWarn, "esim list has lost rows",
			slog.String("provider", string(t.spec.Provider)), slog.String("op", operationOf(ctx).name), slog.Int("rows", rows))
	}
}
