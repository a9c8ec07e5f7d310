package proof_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// closing is what every adapter's client has.
type closing interface {
	esim.Client
	CloseIdleConnections()
}

func closed(t testing.TB, c closing, err error) esim.Client {
	t.Helper()
	require.NoError(t, err)
	t.Cleanup(c.CloseIdleConnections)
	return c
}

// sideBySide runs a subtest for each element at the same time. They mostly
// wait, so there may be more of them than t.Parallel would let run.
func sideBySide[T any](t *testing.T, list []T, name func(T) string, run func(t *testing.T, i int, v T)) {
	t.Helper()
	var all sync.WaitGroup
	for i, v := range list {
		all.Go(func() {
			t.Run(name(v), func(t *testing.T) { run(t, i, v) })
		})
	}
	all.Wait()
}

// newFly makes eSIMfly clients; verified says that the account has been shown
// to honour idempotency keys.
func newFly(sim *simulator.Simulator, verified bool) esimtest.NewClient {
	return func(t testing.TB, s esim.Settings) esim.Client {
		c, err := esimfly.New(esimfly.Config{
			Settings: s, AccessCode: sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(sim.ESIMFly.SecretKey),
			ReplaysVerified: verified,
		})
		return closed(t, c, err)
	}
}

func newStory(sim *simulator.Simulator, catalog []esim.Package) esimtest.NewClient {
	return func(t testing.TB, s esim.Settings) esim.Client {
		c, err := esimstory.New(esimstory.Config{
			Settings: s, AccessKey: sim.ESIMStory.AccessKey, SecretKey: esim.NewSecret(sim.ESIMStory.SecretKey),
			Catalog: catalog,
		})
		return closed(t, c, err)
	}
}

func newFX(sim *simulator.Simulator, codes map[int]esimfx.Code) esimtest.NewClient {
	return func(t testing.TB, s esim.Settings) esim.Client {
		c, err := esimfx.New(esimfx.Config{
			Settings: s, ClientID: sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
			Codes: codes,
		})
		return closed(t, c, err)
	}
}

// learned are the codes of the simulated eSIMfx that come before any charge.
var learned = map[int]esimfx.Code{
	simulator.FXCodeInsufficientBalance: {Kind: esim.ErrInsufficientBalance, Refused: true},
	simulator.FXCodeProductNotFound:     {Kind: esim.ErrPackageUnavailable, Refused: true},
	simulator.FXCodeOrderNotFound:       {Kind: esim.ErrNotFound, Refused: true},
	simulator.FXCodeESIMNotFound:        {Kind: esim.ErrNotFound, Refused: true},
	simulator.FXCodeIncompatibleTopUp:   {Kind: esim.ErrNotEligible, Refused: true},
	simulator.FXCodeNotTerminable:       {Kind: esim.ErrNotEligible, Refused: true},
}

// applyWebhook puts a webhook of eSIM Story into the order it belongs to.
func applyWebhook(o *esim.Order, webhook []byte) error {
	d, err := esimstory.ParseDelivery(webhook)
	if err != nil {
		return err
	}
	if _, err := esimstory.Apply(o, d); err != nil && !errors.Is(err, esimstory.ErrForeignDelivery) {
		return err
	}
	return nil
}
