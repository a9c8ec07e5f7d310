package readback_test

import (
	"bytes"
	"image/color"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

func TestSVGScans(t *testing.T) {
	for i, activation := range codes(t) {
		code, err := qr.Encode(activation, qr.WithLevel(levels[i%len(levels)]))
		require.NoError(t, err)
		text, err := code.SVG(qr.SVGOptions{CurrentColor: i%2 == 0})
		require.NoError(t, err)
		assert.Equal(t, activation.LPA(), read(t, parseSVG(t, text).paint(t, 3)))
	}
}

func TestSVGProperty(t *testing.T) {
	channel, paleChannel := rapid.Uint8Max(0x90), rapid.Uint8Min(0x60)
	rapid.Check(t, func(r *rapid.T) {
		activation := activations().Draw(r, "activation")
		code, err := qr.Encode(activation, qr.WithLevel(rapid.SampledFrom(levels).Draw(r, "level")))
		require.NoError(r, err)
		o := qr.SVGOptions{
			QuietZone:    rapid.SampledFrom([]int{0, 2, 4, 16}).Draw(r, "quiet zone"),
			Size:         rapid.IntRange(0, 2048).Draw(r, "size"),
			Dark:         color.RGBA{R: channel.Draw(r, "R"), G: channel.Draw(r, "G"), B: channel.Draw(r, "B"), A: 0xff},
			Light:        color.RGBA{R: paleChannel.Draw(r, "r"), G: paleChannel.Draw(r, "g"), B: paleChannel.Draw(r, "b"), A: 0xff},
			CurrentColor: rapid.Bool().Draw(r, "current colour"),
		}
		text, err := code.SVG(o)
		if err != nil { // most pairs of colours are no pair to scan
			require.ErrorIs(r, err, esim.ErrInvalidRequest)
			o.Dark, o.Light = nil, nil
			text, err = code.SVG(o)
		}
		require.NoError(r, err)
		again, err := code.SVG(o)
		if err != nil || !bytes.Equal(text, again) {
			r.Fatal("not the same twice")
		}
		drawn := parseSVG(r, text)
		quiet := o.QuietZone
		if quiet == 0 {
			quiet = 4
		}
		rows := drawn.modules(r)
		if len(rows) != code.Size()+2*quiet {
			r.Fatalf("%d modules", len(rows))
		}
		for y, row := range rows {
			for x, dark := range row {
				if dark != code.Dark(x-quiet, y-quiet) {
					r.Fatalf("module %d,%d", x, y)
				}
			}
		}
		if activation.LPA() != read(r, drawn.paint(r, 3)) {
			r.Fatal("not what was encoded")
		}
	})
}

// What a page in dark mode, a screen reader and a Content-Security-Policy
// without unsafe-inline need.
func TestSVGInAPage(t *testing.T) {
	activation, code := sample(t)
	text, err := code.SVG(qr.SVGOptions{})
	require.NoError(t, err)
	for _, forbidden := range []string{"<style", "style=", "<script", "href", "id=", "url(", "<?xml", "<!", activation.MatchingID, activation.SMDPAddress} {
		assert.NotContains(t, string(text), forbidden)
	}
	d := parseSVG(t, text)
	assert.Equal(t, "img", d.Role)
	assert.Equal(t, "QR code", d.Title)
	assert.Equal(t, [2]string{"#000000", "#ffffff"}, [2]string{d.Path.Fill, d.Rect.Fill})
	assert.Empty(t, d.Width+d.Height+d.Color)

	text, err = code.SVG(qr.SVGOptions{CurrentColor: true, Size: 240})
	require.NoError(t, err)
	d = parseSVG(t, text)
	assert.Equal(t, "currentColor", d.Path.Fill)
	assert.Equal(t, "#000000", d.Color, "or the light letters of dark mode would be inherited")
	assert.Equal(t, "#ffffff", d.Rect.Fill)
	assert.Equal(t, [2]string{"240", "240"}, [2]string{d.Width, d.Height})
}

// A title may hold anything and breaks nothing.
func TestSVGTitle(t *testing.T) {
	_, code := sample(t)
	plain, err := code.SVG(qr.SVGOptions{})
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		title := rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>&"'/\]a-z-]{1,20}`)).Draw(r, "title")
		text, err := code.SVG(qr.SVGOptions{Title: title})
		require.NoError(r, err)
		d := parseSVG(r, text)
		if xmlText(title) && title != "" && d.Title != title {
			r.Fatalf("%q", d.Title)
		}
		d.Title = "QR code"
		if d != parseSVG(r, plain) {
			r.Fatal("the title has changed more than the title")
		}
	})
}

// xmlText reports whether XML 1.0 can hold the text unchanged.
func xmlText(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsControl(c) || c == utf8.RuneError || c == 0xfffe || c == 0xffff
	})
}
