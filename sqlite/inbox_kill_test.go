package sqlite_test

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/internal/killproof"
	"github.com/esimkit/esim/sqlite"
	"github.com/esimkit/esim/webhook"
)

// receiver is a program that receives webhooks into the file args[0] until it
// is killed, with an inbox that is made of that of the file.
func receiver(inboxOf func(webhook.Inbox) webhook.Inbox) func(ctx context.Context, args []string) int {
	return func(ctx context.Context, args []string) int {
		return killproof.Receive(ctx, args[1:], func(run int) (webhook.Inbox, error) { //nolint:contextcheck // Open takes none
			s, err := sqlite.Open(args[0], ahead(run))
			if err != nil {
				return nil, err
			}
			return inboxOf(s.Inbox()), nil
		})
	}
}

func asItIs(b webhook.Inbox) webhook.Inbox { return b }

func hastily(b webhook.Inbox) webhook.Inbox { return hasty{b} }

// hasty is an inbox that is done before its commit.
type hasty struct{ webhook.Inbox }

// Add implements [webhook.Inbox], nearly.
func (b hasty) Add(ctx context.Context, m webhook.Message) (bool, error) {
	time.AfterFunc(2*time.Millisecond, func() {
		if _, err := b.Inbox.Add(context.WithoutCancel(ctx), m); err != nil {
			say("failed %v", err)
		}
	})
	return true, nil
}

// ahead is a clock for a run by which the leases of the run before are over.
func ahead(run int) sqlite.Option {
	return sqlite.WithNow(func() time.Time { return time.Now().Add(killproof.Ahead(run)) })
}

// killReceiver kills a program that receives into the file.
func killReceiver(t *testing.T, program, path string, kills int) killproof.Report {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	report := killproof.Run(t, killproof.Plan{
		Kills: kills, Chance: rand.New(rand.NewPCG(1, 20260913)).IntN,
		Program: func(args []string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), self, append([]string{path}, args...)...)
			cmd.Env = append(os.Environ(), childKey+"="+program)
			cmd.Stderr = os.Stderr
			return cmd
		},
	})
	t.Logf("%d kills, %d of them at any moment; %d webhooks, %d acknowledged by receivers that were killed later; %d effects, %d had once more; %d lost",
		kills, report.Anywhere, report.Sent, report.Acknowledged, report.Effects, report.Repeats, len(report.Lost))
	assert.Empty(t, report.Strange)
	for _, step := range killproof.Steps() {
		assert.GreaterOrEqual(t, report.At[step], kills/2/len(killproof.Steps()), step)
	}
	return report
}

// A webhook that was acknowledged has its effect, wherever the receiver is
// killed between the socket and the commit, or behind it.
func TestAcknowledgedWebhooksSurviveKills(t *testing.T) {
	kills := 200
	if testing.Short() || underRace {
		kills = 4 * len(killproof.Steps())
	}
	path := newPath(t)
	report := killReceiver(t, "receive", path, kills)
	assert.Empty(t, report.Lost)
	assert.Equal(t, report.Sent, report.Effects)
	assert.LessOrEqual(t, report.Repeats, killproof.MostRepeats(kills))
	assert.Greater(t, report.Acknowledged, kills/2)

	s, err := sqlite.Open(path, ahead(kills+1))
	require.NoError(t, err)
	open, err := s.Inbox().Next(t.Context(), 9, time.Minute)
	require.NoError(t, err)
	assert.Empty(t, open, "what has had its effect is done")
	n, err := s.Inbox().Purge(t.Context(), time.Now().Add(killproof.Ahead(kills+2)))
	require.NoError(t, err)
	assert.EqualValues(t, report.Sent, n, "each is there once")
	require.NoError(t, s.Close())
}

// The same receiver, with answers that do not wait for the commit, loses some.
func TestHastyInboxLosesWebhooks(t *testing.T) {
	for range 5 { // which webhooks a kill meets is chance
		report := killReceiver(t, "receive hastily", newPath(t), 2*len(killproof.Steps()))
		if len(report.Lost) > 0 {
			assert.Less(t, report.Effects, report.Sent)
			return
		}
	}
	t.Error("an inbox that answers before its commit has lost nothing")
}
