package conformance_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
)

// counting is a decorator as users write them.
type counting struct {
	esim.Client
	calls *int
}

func (c counting) Unwrap() esim.Client { return c.Client }

func TestDecoratorsConform(t *testing.T) {
	m := memory.New(memory.WithTimeout(impatient), memory.WithBalance("1000000", "USD"))
	conformance.Run(t, m.Harness(func(c esim.Client) esim.Client { return counting{c, new(int)} }))
}

// readOnly reads what others have bought.
type readOnly struct{ *memory.Client }

func (c readOnly) Capabilities() esim.Capabilities {
	caps := c.Client.Capabilities()
	caps.Order, caps.TopUp, caps.CallbackURL = false, false, false
	return caps
}

func (c readOnly) Order(ctx context.Context, r esim.OrderRequest) (*esim.Order, error) {
	_, err := esim.UnimplementedClient{}.Order(ctx, r)
	return nil, named(c, err)
}

func (c readOnly) TopUp(ctx context.Context, r esim.TopUpRequest) (*esim.Order, error) {
	_, err := esim.UnimplementedClient{}.TopUp(ctx, r)
	return nil, named(c, err)
}

func named(c esim.Client, err error) error {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		e.Provider = c.Provider()
	}
	return err
}

func TestReadOnlyClientsConform(t *testing.T) {
	m := memory.New(memory.WithTimeout(impatient))
	h := m.Harness(func(esim.Client) esim.Client { return readOnly{m} })
	h.TopUpICCID = nil
	h.Sold = func(t testing.TB) *esim.Order {
		o, err := m.Order(t.Context(), esim.OrderRequest{PackageID: "jp-1GB-7d"})
		require.NoError(t, err)
		return o
	}
	conformance.Run(t, h)
}
