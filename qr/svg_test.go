package qr_test

import (
	"bytes"
	"flag"
	"image/color"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	assert.Contains(t, string(text), `fill="#7f7f7f"`)
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
