package conformance_test

import (
	"context"
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
	return esim.UnimplementedClient{Name: c.Provider()}.Order(ctx, r)
}

func (c readOnly) TopUp(ctx context.Context, r esim.TopUpRequest) (*esim.Order, error) {
	return esim.UnimplementedClient{Name: c.Provider()}.TopUp(ctx, r)
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
