package qr_test

import (
	"bytes"
	"flag"
	"image/color"
	"os"
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

var update = flag.Bool("update", false, "rewrite testdata")

// TestSVGGolden pins the bytes: pages and caches may compare them.
func TestSVGGolden(t *testing.T) {
	_, code := sample(t)
	got, err := code.SVG(qr.SVGOptions{Title: `The QR code of "Japan 1 GB" <7 days>`, Size: 296, CurrentColor: true, Dark: color.RGBA{B: 0x40, A: 0xff}})
	require.NoError(t, err)
	const file = "testdata/code.svg"
	if *update {
		require.NoError(t, os.WriteFile(file, got, 0o600))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got), "the bytes have changed: go test ./qr -update")
}

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

func TestSVGRefuses(t *testing.T) {
	_, code := sample(t)
	grey := func(y uint8) color.Color { return color.Gray{Y: y} }
	for _, tc := range []struct {
		name string
		code *qr.Code
		o    qr.SVGOptions
	}{
		{"empty code", new(qr.Code), qr.SVGOptions{}},
		{"quiet zone too narrow", code, qr.SVGOptions{QuietZone: 1}},
		{"quiet zone too wide", code, qr.SVGOptions{QuietZone: 17}},
		{"negative size", code, qr.SVGOptions{Size: -1}},
		{"size too large", code, qr.SVGOptions{Size: 2049}},
		{"matching ID in the title", code, qr.SVGOptions{Title: "LPA:1$smdp.example.com$K2-7QX0-B9ZTR4MW"}},
		{"matching ID in other letters", code, qr.SVGOptions{Title: "code k2-7qx0-b9ztr4mw"}},
		{"light on dark", code, qr.SVGOptions{Dark: color.White, Light: color.Black}},
		{"one colour", code, qr.SVGOptions{Dark: grey(99), Light: grey(99)}},
		{"pale grey on white", code, qr.SVGOptions{Dark: grey(0x80)}},
		{"black on dark grey", code, qr.SVGOptions{Light: grey(0x7f)}},
		// 4.1 to 1 for eyes, as WCAG 2 counts, but unreadable for gozxing.
		{"blue on green", code, qr.SVGOptions{Dark: color.RGBA{R: 0x21, G: 0x2e, B: 0xbb, A: 0xff}, Light: color.RGBA{G: 0xce, A: 0xff}}},
		{"transparent ground", code, qr.SVGOptions{Light: color.Transparent}},
		{"half transparent ink", code, qr.SVGOptions{Dark: color.NRGBA{A: 0x80}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text, err := tc.code.SVG(tc.o)
			require.ErrorIs(t, err, esim.ErrInvalidRequest)
			assert.Nil(t, text)
			assert.NotContains(t, strings.ToUpper(err.Error()), "K2-7QX0")
		})
	}
	text, err := code.SVG(qr.SVGOptions{Dark: grey(0x7f)})
	require.NoError(t, err)
	assert.Equal(t, "#7f7f7f", parseSVG(t, text).Path.Fill)
}

func BenchmarkSVG(b *testing.B) {
	_, code := sample(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := code.SVG(qr.SVGOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
