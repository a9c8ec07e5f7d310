package postgres

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/killproof"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/webhook"
)

// receiverVariable makes the binary of the tests a receiver of webhooks that is
// killed. Its value is the address of the database.
const receiverVariable = "ESIM_POSTGRES_RECEIVER"

// playReceiver receives webhooks until it is killed.
func playReceiver(ctx context.Context, url string) {
	os.Exit(killproof.Receive(ctx, os.Args[1:], func(int) (webhook.Inbox, error) {
		pool, err := pgxpool.New(ctx, url)
		if err != nil {
			return nil, err
		}
		return NewInbox(pool), nil
	}))
}

// A webhook that was acknowledged has its effect, wherever the receiver is
// killed between the socket and the commit, or behind it.
func TestAcknowledgedWebhooksSurviveKills(t *testing.T) {
	kills := 4 * len(killproof.Steps())
	if testing.Short() || underRace {
		kills = 2 * len(killproof.Steps())
	}
	url := pgtest.URL(t)
	pool := pgtest.Connect(t, url)
	require.NoError(t, Migrate(t.Context(), pool))
	self, err := os.Executable()
	require.NoError(t, err)
	report := killproof.Run(t, killproof.Plan{
		Kills: kills, Chance: rand.New(rand.NewPCG(1, 20260913)).IntN,
		Before: func() { leaveBehind(t, pool) },
		Program: func(args []string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), self, args...)
			cmd.Env = append(os.Environ(), receiverVariable+"="+url)
			cmd.Stderr = os.Stderr
			return cmd
		},
	})
	t.Logf("%d kills, %d of them at any moment; %d webhooks, %d acknowledged by receivers that were killed later; %d effects, %d had once more; %d lost",
		kills, report.Anywhere, report.Sent, report.Acknowledged, report.Effects, report.Repeats, len(report.Lost))
	assert.Empty(t, report.Lost)
	assert.Empty(t, report.Strange)
	assert.Equal(t, report.Sent, report.Effects)
	assert.LessOrEqual(t, report.Repeats, killproof.MostRepeats(kills))
	for _, step := range killproof.Steps() {
		assert.GreaterOrEqual(t, report.At[step], kills/2/len(killproof.Steps()), step)
	}
	n, err := NewInbox(pool).Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	assert.EqualValues(t, report.Sent, n, "each is there once, and done")
}

// leaveBehind waits until the server has noticed that the last receiver is
// gone, and makes due what that one had. The clock of the database cannot be
// moved, but what it is compared with can.
func leaveBehind(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for others := 1; others > 0; {
		require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()`).Scan(&others))
	}
	_, err := pool.Exec(t.Context(), `UPDATE esim_inbox SET next_at = received_at WHERE done_at IS NULL`)
	require.NoError(t, err)
}
