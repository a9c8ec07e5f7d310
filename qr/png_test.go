package qr_test

import (
	"bytes"
	"fmt"
	"image/png"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

func sample(tb testing.TB) (esim.ActivationCode, *qr.Code) {
	tb.Helper()
	activation := esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: "K2-7QX0-B9ZTR4MW"}
	code, err := qr.Encode(activation)
	require.NoError(tb, err)
	return activation, code
}

func TestPNGDefault(t *testing.T) {
	_, code := sample(t)
	data, err := code.PNG(qr.PNGOptions{})
	require.NoError(t, err)
	header, err := png.DecodeConfig(bytes.NewReader(data))
	require.NoError(t, err)
	side := 8 * (code.Size() + 2*4)
	assert.Equal(t, [2]int{side, side}, [2]int{header.Width, header.Height})
	assert.Less(t, len(data), 700)
	assert.NotContains(t, string(data), "tEXt", "no text that might tell who drew what")

	_, same := sample(t)
	again, err := same.PNG(qr.PNGOptions{})
	require.NoError(t, err)
	assert.True(t, bytes.Equal(data, again), "another code of the same text has the same picture")
}

func TestPNGRefuses(t *testing.T) {
	_, code := sample(t)
	modules := code.Size() + 8
	for _, tc := range []struct {
		name string
		code *qr.Code
		o    qr.PNGOptions
	}{
		{"empty code", new(qr.Code), qr.PNGOptions{}},
		{"quiet zone too narrow", code, qr.PNGOptions{QuietZone: 1}},
		{"negative quiet zone", code, qr.PNGOptions{QuietZone: -1}},
		{"quiet zone too wide", code, qr.PNGOptions{QuietZone: 17}},
		{"modules too small", code, qr.PNGOptions{ModuleSize: 1}},
		{"negative module", code, qr.PNGOptions{ModuleSize: -8}},
		{"modules too large", code, qr.PNGOptions{ModuleSize: 2048/modules + 1}},
		{"modules past any number", code, qr.PNGOptions{ModuleSize: 1 << 62}},
		{"negative size", code, qr.PNGOptions{Size: -1}},
		{"size too small", code, qr.PNGOptions{Size: 2*modules - 1}},
		{"size too large", code, qr.PNGOptions{Size: 2049}},
		{"both sizes", code, qr.PNGOptions{ModuleSize: 8, Size: 400}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			data, err := tc.code.PNG(tc.o)
			require.ErrorIs(t, err, esim.ErrInvalidRequest)
			assert.Nil(t, data)
		})
	}
	for _, o := range []qr.PNGOptions{{Size: 2 * modules}, {ModuleSize: 2}, {ModuleSize: 2048 / modules}} {
		t.Run(fmt.Sprint(o), func(t *testing.T) {
			data, err := code.PNG(o)
			require.NoError(t, err)
			assert.NotEmpty(t, data)
		})
	}
}

func BenchmarkPNG(b *testing.B) {
	_, code := sample(b)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := code.PNG(qr.PNGOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
