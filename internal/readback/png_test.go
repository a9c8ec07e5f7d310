package readback_test

import (
	"bytes"
	"image"
	paint "image/draw"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

var levels = []qr.Level{qr.LevelL, qr.LevelM, qr.LevelQ, qr.LevelH}

func sample(tb testing.TB) (esim.ActivationCode, *qr.Code) {
	tb.Helper()
	activation := esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: "K2-7QX0-B9ZTR4MW"}
	code, err := qr.Encode(activation)
	require.NoError(tb, err)
	return activation, code
}

// activations draws codes of every shape and length.
func activations() *rapid.Generator[esim.ActivationCode] {
	return rapid.Custom(func(t *rapid.T) esim.ActivationCode {
		return esim.ActivationCode{
			SMDPAddress:              rapid.StringMatching(`[a-zA-Z0-9]{1,20}\.[a-z0-9]{1,20}\.(com|net|io)`).Draw(t, "address"),
			MatchingID:               rapid.StringMatching(`[a-zA-Z0-9-]{0,160}`).Draw(t, "matching ID"),
			OID:                      rapid.StringMatching(`([0-2](\.[0-9]{1,5}){1,4})?`).Draw(t, "OID"),
			ConfirmationCodeRequired: rapid.Bool().Draw(t, "confirmation code"),
		}
	})
}

func decodePNG(tb rapid.TB, data []byte) image.Image {
	tb.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	require.NoError(tb, err)
	return picture
}

func TestPNGScans(t *testing.T) {
	for i, activation := range codes(t) {
		level := levels[i%len(levels)]
		code, err := qr.Encode(activation, qr.WithLevel(level))
		require.NoError(t, err)
		data, err := code.PNG(qr.PNGOptions{ModuleSize: 2 + i%4})
		require.NoError(t, err)
		assert.Equal(t, activation.LPA(), read(t, decodePNG(t, data)), "level %d", level)
	}
}

// Whatever the code, its level and the size of the picture: it is readable, its
// modules are all of one size, and the quiet zone is as wide as was asked.
func TestPNGProperty(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		activation := activations().Draw(r, "activation")
		code, err := qr.Encode(activation, qr.WithLevel(rapid.SampledFrom(levels).Draw(r, "level")))
		require.NoError(r, err)
		o := qr.PNGOptions{QuietZone: rapid.SampledFrom([]int{0, 2, 3, 4, 9, 16}).Draw(r, "quiet zone")}
		quiet := o.QuietZone
		if quiet == 0 {
			quiet = 4
		}
		modules := code.Size() + 2*quiet
		module, side := 8, 8*modules // what the zero options say
		if rapid.Bool().Draw(r, "by size") {
			o.Size = rapid.IntRange(2*modules, 5*modules).Draw(r, "size")
			module, side = o.Size/modules, o.Size
		} else if o.ModuleSize = rapid.IntRange(0, 5).Filter(func(n int) bool { return n != 1 }).Draw(r, "module size"); o.ModuleSize > 0 {
			module, side = o.ModuleSize, o.ModuleSize*modules
		}
		data, err := code.PNG(o)
		require.NoError(r, err)
		picture := decodePNG(r, data)
		if picture.Bounds() != image.Rect(0, 0, side, side) {
			r.Fatalf("%v instead of %d pixels", picture.Bounds(), side)
		}
		checkPixels(r, picture, code, module)
		if activation.LPA() != read(r, picture) {
			r.Fatal("not what was encoded")
		}
		again, err := code.PNG(o)
		if err != nil || !bytes.Equal(data, again) {
			r.Fatal("not the same twice")
		}
	})
}

// checkPixels compares every pixel with the module it belongs to.
func checkPixels(r *rapid.T, picture image.Image, code *qr.Code, module int) {
	side := picture.Bounds().Dx()
	origin := (side - module*code.Size()) / 2
	want := image.NewGray(picture.Bounds())
	paint.Draw(want, want.Rect, image.White, image.Point{}, paint.Src)
	for y := range code.Size() {
		for x := range code.Size() {
			if code.Dark(x, y) {
				corner := image.Pt(origin+x*module, origin+y*module)
				paint.Draw(want, image.Rectangle{corner, corner.Add(image.Pt(module, module))}, image.Black, image.Point{}, paint.Src)
			}
		}
	}
	got := image.NewGray(picture.Bounds())
	paint.Draw(got, got.Rect, picture, image.Point{}, paint.Src)
	if !bytes.Equal(want.Pix, got.Pix) {
		r.Fatal("a pixel of another colour")
	}
}
