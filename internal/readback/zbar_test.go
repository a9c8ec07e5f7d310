package readback_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/qr"
)

// TestZbarScans has files of both kinds read by zbarimg, a program of other
// people in another language, with a picture reader and an SVG renderer of its
// own. Every code of the corpus is in one of the files.
func TestZbarScans(t *testing.T) {
	zbarimg, err := exec.LookPath("zbarimg")
	if err != nil {
		const missing = "zbarimg is not installed (Debian: zbar-tools), so no independent program has read the codes"
		if os.Getenv("ESIM_REQUIRE_ZBAR") == "1" {
			t.Fatal(missing)
		}
		t.Skip("SKIPPED: " + missing)
	}
	dir := t.TempDir()
	want := map[string]string{}
	var pngs, svgs []string
	for i, activation := range codes(t) {
		code, err := qr.Encode(activation, qr.WithLevel(levels[i%len(levels)]))
		require.NoError(t, err)
		file := filepath.Join(dir, strconv.Itoa(i))
		var data []byte
		if i%4 > 1 {
			file += ".svg"
			svgs = append(svgs, file)
			data, err = code.SVG(qr.SVGOptions{Title: "QR code", Size: 800 * (i % 2)})
		} else {
			file += ".png"
			pngs = append(pngs, file)
			data, err = code.PNG(qr.PNGOptions{ModuleSize: 2 + i%5})
		}
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, data, 0o600))
		want[file] = activation.LPA()
	}
	require.NotEmpty(t, svgs)
	got := runZbar(t, zbarimg, append(pngs, svgs...))
	for file, text := range want {
		assert.Equal(t, text, got[file], file)
	}
}

func runZbar(t *testing.T, zbarimg string, files []string) map[string]string {
	t.Helper()
	args := append([]string{"--quiet", "--xml", "--nodbus", "-Sdisable", "-Sqrcode.enable"}, files...)
	out, err := exec.CommandContext(t.Context(), zbarimg, args...).Output()
	require.NoError(t, err, "exit status 4 says that a code was not found; got %d symbols", strings.Count(string(out), "<symbol"))
	var scan struct {
		Source []struct {
			File  string   `xml:"href,attr"`
			Texts []string `xml:"index>symbol>data"`
		} `xml:"source"`
	}
	require.NoError(t, xml.Unmarshal(out, &scan))
	texts := map[string]string{}
	for _, source := range scan.Source {
		require.Len(t, source.Texts, 1, source.File)
		texts[source.File] = source.Texts[0]
	}
	return texts
}
