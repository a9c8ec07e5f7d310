package proof_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/resellers"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/router"
)

// A typo in an ICCID is an eSIM that nobody has. The router asks the resellers
// that can be asked; that eSIM Story cannot be asked changes nothing.
func TestAnUnknownESIMIsNotFound(t *testing.T) {
	sim := simulator.ForTest(t)
	clients, err := resellers.New(sim, esim.Settings{})
	require.NoError(t, err)
	r := router.New(router.Config{Clients: clients.All()})
	const nobodys = esim.ICCID("8999999999999999999")
	for op, ask := range map[string]func() error{
		"Usage":      func() error { _, e := r.Usage(t.Context(), nobodys); return e },
		"GetESIM":    func() error { _, e := r.GetESIM(t.Context(), nobodys); return e },
		"ListTopUps": func() error { _, e := r.ListTopUps(t.Context(), nobodys); return e },
	} {
		err = ask()
		require.ErrorIs(t, err, esim.ErrNotFound, op)
		require.False(t, esim.MaybeCharged(err), op)
		require.LessOrEqual(t, strings.Count(err.Error(), "nothing was charged"), 1, op)
	}
	for _, c := range clients.All() {
		if c.Capabilities().Usage {
			_, err = c.Usage(t.Context(), nobodys)
			require.ErrorIs(t, err, esim.ErrNotFound, c.Provider())
		}
	}
}
