package killproof

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/esimkit/esim/webhook"
)

// childKey makes the binary of the tests the receiver that is killed.
const childKey = "ESIM_KILLPROOF_CHILD"

func TestMain(m *testing.M) {
	if os.Getenv(childKey) != "" {
		inMemory := func(int) (webhook.Inbox, error) { return webhook.NewMemoryInbox(), nil }
		os.Exit(Receive(context.Background(), os.Args[1:], inMemory))
	}
	goleak.VerifyTestMain(m)
}

// The proof can fail: with an inbox that ends with its process it finds webhooks
// that were acknowledged and are lost.
func TestLossesAreFound(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	report := Run(t, Plan{
		Kills: 2 * len(Steps()), Chance: rand.New(rand.NewPCG(1, 20260913)).IntN,
		Program: func(args []string) *exec.Cmd {
			cmd := exec.CommandContext(t.Context(), self, args...)
			cmd.Env = append(os.Environ(), childKey+"=1")
			cmd.Stderr = os.Stderr
			return cmd
		},
	})
	t.Logf("%d of %d acknowledged webhooks are lost", len(report.Lost), report.Acknowledged)
	assert.NotEmpty(t, report.Lost)
	assert.Less(t, len(report.Lost), report.Acknowledged, "those that had their effect in time are not")
	assert.Empty(t, report.Strange)
	for _, step := range Steps() {
		assert.Equal(t, 1, report.At[step], step)
	}
}
