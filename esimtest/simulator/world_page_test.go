package simulator_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest/simulator"
)

var updatePage = flag.Bool("update", false, "rewrite the table of worlds in docs/simulators.md")

// The page on simulators lists every world as it is.
func TestWorldsPage(t *testing.T) {
	const path, begin, end = "../../docs/simulators.md", "-update -->\n", "<!-- /worlds -->"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	head, rest, found := strings.Cut(string(page), begin)
	require.True(t, found)
	_, tail, found := strings.Cut(rest, end)
	require.True(t, found)
	want := head + begin + worldTable() + end + tail
	if *updatePage {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o600))
		return
	}
	require.Equal(t, want, string(page), "run: go test ./esimtest/simulator -run WorldsPage -update")
}

func worldTable() string {
	var b strings.Builder
	b.WriteString("| world | what the provider does | breaks | recharges |\n| --- | --- | --- | --- |\n")
	for _, w := range simulator.Worlds() {
		recharges := ""
		if w.Recharges {
			recharges = "yes"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", w.Name, w.Does, w.Breaks, recharges)
	}
	return b.String()
}
