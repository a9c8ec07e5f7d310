package readback_test

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim/qr"
)

const (
	ansiOn  = "\x1b[38;5;16;48;5;231m"
	ansiOff = "\x1b[0m"
)

// screen reads a drawing back as a person's eye does: it returns which half
// cells look dark, given the style the terminal was meant to have.
func screen(tb testing.TB, drawing string, style qr.TerminalStyle) [][]bool {
	tb.Helper()
	require.True(tb, strings.HasSuffix(drawing, "\n"))
	var rows [][]bool
	for line := range strings.Lines(drawing) {
		line = strings.TrimSuffix(line, "\n")
		if style == qr.StyleANSI {
			require.True(tb, strings.HasPrefix(line, ansiOn) && strings.HasSuffix(line, ansiOff), "%q", line)
			line = line[len(ansiOn) : len(line)-len(ansiOff)]
		}
		require.NotContains(tb, line, "\x1b")
		var upper, lower []bool
		for _, cell := range line {
			var up, down bool // inked
			switch cell {
			case ' ':
			case '▀':
				up = true
			case '▄':
				down = true
			case '█':
				up, down = true, true
			default:
				tb.Fatalf("unexpected character %q", cell)
			}
			inkIsDark := style != qr.StyleDark
			upper, lower = append(upper, up == inkIsDark), append(lower, down == inkIsDark)
		}
		rows = append(rows, upper, lower)
	}
	return rows
}

// scan decodes what is on the screen.
func scan(tb testing.TB, rows [][]bool) string {
	tb.Helper()
	// Image pixels per module. At 4 and more gozxing's detector misses about one
	// code in a hundred, whatever mask an encoder chooses; zbar reads those too.
	const scale = 3
	picture := image.NewGray(image.Rect(0, 0, scale*len(rows[0]), scale*len(rows)))
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			if !rows[y/scale][x/scale] {
				picture.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	return read(tb, picture)
}

// read decodes a picture with a decoder that shares no code with the encoder,
// as it would a photograph. Where it does not find the code in there, as in one
// of a hundred of larger modules, it is told that the picture shows nothing else.
func read(tb rapid.TB, picture image.Image) string {
	tb.Helper()
	var result *gozxing.Result
	for _, hint := range []gozxing.DecodeHintType{gozxing.DecodeHintType_TRY_HARDER, gozxing.DecodeHintType_PURE_BARCODE} {
		bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
		require.NoError(tb, err)
		result, err = qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{hint: true})
		if err == nil {
			break
		}
	}
	require.NotNil(tb, result, "unreadable")
	return result.GetText()
}
