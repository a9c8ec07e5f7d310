package esimfx_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// tokens is an esim.TokenStore in memory, by the clock of a simulator.
type tokens struct {
	now     func() time.Time
	fails   error
	returns *esim.Secret // instead of what is stored

	mu      sync.Mutex
	stored  map[string]esim.Secret
	until   map[string]time.Time
	refused int // calls that named a refused token
}

func newTokens(sim *simulator.Simulator) *tokens {
	return &tokens{now: sim.Now, stored: map[string]esim.Secret{}, until: map[string]time.Time{}}
}

func (s *tokens) Token(
	ctx context.Context, account string, refused esim.Secret, login func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fails != nil {
		return esim.Secret{}, time.Time{}, s.fails
	}
	if s.returns != nil {
		return *s.returns, s.now().Add(time.Hour), nil
	}
	if !refused.IsZero() {
		s.refused++
	}
	if kept := s.stored[account]; !kept.IsZero() && s.until[account].Sub(s.now()) > 5*time.Minute && !kept.Equal(refused) {
		return kept, s.until[account], nil
	}
	began := s.now()
	token, valid, err := login(ctx)
	if err != nil {
		return esim.Secret{}, time.Time{}, err
	}
	s.stored[account], s.until[account] = token, began.Add(valid)
	return token, s.until[account], nil
}

// processes are clients that know of one another through the store alone.
func processes(t *testing.T, sim *simulator.Simulator, n int, s esim.TokenStore) []*esimfx.Client {
	var all []*esimfx.Client
	for range n {
		all = append(all, connect(t, sim, func(c *esimfx.Config) { c.Tokens = s }))
	}
	return all
}

// busy lets each client be used by ten callers at once.
func busy(t *testing.T, clients []*esimfx.Client) {
	t.Helper()
	var wg sync.WaitGroup
	for _, c := range clients {
		for range 10 {
			wg.Go(func() {
				_, err := c.Balance(t.Context())
				assert.NoError(t, err)
			})
		}
	}
	wg.Wait()
}

// Where a login ends the earlier tokens, clients that do not share would throw
// one another out for ever.
func TestClientsThatShareAToken(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithSingleToken())
	s := newTokens(sim)
	both := processes(t, sim, 2, s)
	busy(t, both)
	assert.Equal(t, 1, sim.ESIMFX.Requests("auth"), "one login for both")
	assert.Contains(t, s.stored, both[0].Account().Fingerprint)
	assert.Equal(t, both[0].Account(), both[1].Account())

	sim.ESIMFX.ExpireTokens()
	busy(t, both)
	assert.Equal(t, 2, sim.ESIMFX.Requests("auth"), "exactly one more after a refused token")
	assert.Equal(t, 2, s.refused, "each says which token was refused, and one finds a newer one")

	sim.Advance(2 * time.Hour)
	busy(t, both)
	assert.Equal(t, 3, sim.ESIMFX.Requests("auth"))

	late := processes(t, sim, 1, s)
	busy(t, late)
	_, err := late[0].Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
	require.NoError(t, err)
	assert.Equal(t, 3, sim.ESIMFX.Requests("auth"), "a process that starts later does not log in")
}

func TestTokensOfTwoAccounts(t *testing.T) {
	s := newTokens(simulator.ForTest(t))
	for range 2 {
		sim := simulator.ForTest(t)
		s.now = sim.Now
		busy(t, processes(t, sim, 1, s))
		assert.Equal(t, 1, sim.ESIMFX.Requests("auth"))
	}
	assert.Len(t, s.stored, 2)
}

// What goes wrong with the store is no refusal of the credentials, and nothing
// is sent.
func TestTroubleWithTheTokenStore(t *testing.T) {
	sim := simulator.ForTest(t)
	down := errors.New("database is down")
	for name, change := range map[string]func(*tokens){
		"it fails":                  func(s *tokens) { s.fails = down },
		"it has an empty token":     func(s *tokens) { s.returns = new(esim.NewSecret("")) },
		"it has no header's value":  func(s *tokens) { s.returns = new(esim.NewSecret("canary\r\nX-Evil: 1")) },
		"a login through it fails":  func(*tokens) { sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.Fault503Before, Op: "auth", Times: 2}) },
		"the store's own time runs": func(s *tokens) { s.fails = context.DeadlineExceeded },
	} {
		t.Run(name, func(t *testing.T) {
			s := newTokens(sim)
			change(s)
			c := processes(t, sim, 1, s)[0]
			_, err := c.Order(t.Context(), esim.OrderRequest{PackageID: japan, Reference: "cart-1"})
			e := problem(t, err)
			require.ErrorIs(t, e, esim.ErrUnavailable)
			assert.Equal(t, esim.OutcomeNotSent, e.Outcome)
			assert.NotContains(t, err.Error(), "canary")
			if s.fails != nil {
				require.ErrorIs(t, err, s.fails)
			}
		})
	}
	assert.Zero(t, sim.ESIMFX.Requests("order"))
}
