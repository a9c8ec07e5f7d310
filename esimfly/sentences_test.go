package esimfly

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Each sentence of the documents that the testdata list names code and tests that
// there are.
func TestSentencesNameCodeAndTests(t *testing.T) {
	doc, err := os.ReadFile(filepath.Join("..", "testdata", "esimfly", "README.md"))
	require.NoError(t, err)
	_, table, found := strings.Cut(string(doc), "## Sentences")
	require.True(t, found)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	var code strings.Builder
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		code.Write(text)
	}
	rows := 0
	for line := range strings.SplitSeq(table, "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || !strings.Contains(cells[2], "`") {
			continue
		}
		rows++
		require.Contains(t, cells[3], "`", line)
		for _, name := range regexp.MustCompile("`([A-Za-z.]+)`").FindAllStringSubmatch(cells[2]+cells[3], -1) {
			last := name[1][strings.LastIndex(name[1], ".")+1:]
			assert.Regexp(t, `(?m)(func (\([^)]*\) )?|type |const |var |^\s*)`+last+`\b`, code.String(), "%s in: %s", name[1], line)
		}
	}
	assert.Greater(t, rows, 15)
}
