package webhook_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// part returns the code between <!-- name --> and <!-- /name --> of the page.
func part(t *testing.T, page, name string) string {
	t.Helper()
	m := regexp.MustCompile("(?s)<!-- " + name + " -->\n```[a-z]*\n(.*?)```\n<!-- /" + name + " -->").FindStringSubmatch(page)
	require.NotNil(t, m, "docs/webhooks.md has no part %s", name)
	return m[1]
}

// tool skips where a program is not installed, unless that is to be an error.
func tool(t *testing.T, name string) {
	t.Helper()
	_, err := exec.LookPath(name)
	if err == nil {
		return
	}
	if os.Getenv("ESIM_REQUIRE_DOCS") == "1" {
		t.Fatal(err)
	}
	t.Skip("SKIPPED: docs/webhooks.md cannot be tried: ", err)
}

// syncBuffer is what a program has printed so far.
type syncBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *syncBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *syncBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// TestWebhooksPage does what docs/webhooks.md says: the programs build, and
// the commands lead to what it promises.
func TestWebhooksPage(t *testing.T) {
	if testing.Short() {
		t.Skip("builds programs")
	}
	for _, name := range []string{"go", "bash", "curl", "openssl"} {
		tool(t, name)
	}
	text, err := os.ReadFile("../docs/webhooks.md")
	require.NoError(t, err)
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	page := strings.ReplaceAll(string(text), "127.0.0.1:8080", address)

	dir := t.TempDir()
	build := func(name string) string {
		source, program := filepath.Join(dir, name+".go"), filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(source, []byte(part(t, page, name)), 0o600))
		cmd := exec.CommandContext(t.Context(), "go", "build", "-o", program, source)
		cmd.Dir = ".."
		out, failed := cmd.CombinedOutput()
		require.NoError(t, failed, "%s", out)
		return program
	}
	build("journal")
	program := build("main")

	env := []string{"PATH=" + os.Getenv("PATH")}
	for _, m := range regexp.MustCompile(`(?m)^export (\w+=\S+)$`).FindAllStringSubmatch(page, -1) {
		env = append(env, m[1])
	}
	require.Len(t, env, 4)
	var printed syncBuffer
	ctx, stop := context.WithCancel(t.Context())
	server := exec.CommandContext(ctx, program)
	server.Env, server.Stderr = env, &printed
	require.NoError(t, server.Start())
	defer func() {
		stop()
		_ = server.Wait() // it was killed
	}()
	require.Eventually(t, func() bool {
		c, failed := (&net.Dialer{Timeout: time.Second}).DialContext(t.Context(), "tcp", address)
		return failed == nil && c.Close() == nil
	}, 20*time.Second, 20*time.Millisecond)

	script := strings.Join([]string{part(t, page, "esimfly"), part(t, page, "esimfly"), part(t, page, "forged"), part(t, page, "others")}, "\n")
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
	codes := strings.Fields(string(out))
	require.Equal(t, []string{"200", "200", "401", "200", "200"}, codes)
	require.Contains(t, printed.String(), part(t, page, "printed"))
	require.Contains(t, printed.String(), `kind="provisioned" provider="esimstory"`)
	require.Contains(t, printed.String(), `kind="activated" provider="esimfx"`)
	require.LessOrEqual(t, strings.Count(printed.String(), "\n"), 4)
	require.NotContains(t, printed.String(), "made-up")

	bare := exec.CommandContext(t.Context(), program)
	bare.Env = env[:2]
	out, err = bare.CombinedOutput()
	require.Error(t, err, "a missing secret stops the program")
	require.Contains(t, string(out), "path secret 1")
}
