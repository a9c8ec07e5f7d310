package qr_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/qr"
)

func TestLongCodeTakesALowerLevel(t *testing.T) {
	long := esim.ActivationCode{SMDPAddress: "rsp.example.net", MatchingID: "K2", DeleteNotification: strings.Repeat("MIIB", 500)}
	code, err := qr.Encode(long, qr.WithLevel(qr.LevelH)) // which has room for 1,273 characters
	require.NoError(t, err)
	medium, err := qr.Encode(long, qr.WithLevel(qr.LevelM))
	require.NoError(t, err)
	assert.Equal(t, medium.Size(), code.Size())

	long.DeleteNotification = strings.Repeat("MIIB", 750)
	_, err = qr.Encode(long)
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
	assert.NotContains(t, err.Error(), "MIIB")
}

func TestEncodeRefuses(t *testing.T) {
	const secret = "S3CR3T-MATCHING"
	good := esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: secret}
	for _, tc := range []struct {
		name string
		code esim.ActivationCode
		opts []qr.Option
	}{
		{"zero code", esim.ActivationCode{}, nil},
		{"no address", esim.ActivationCode{MatchingID: secret}, nil},
		{"address with a port", esim.ActivationCode{SMDPAddress: "smdp.example.com:443", MatchingID: secret}, nil},
		{"fields run together", esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: secret + "$1.2.3"}, nil},
		{"not ASCII", esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: secret + "é"}, nil},
		{"too long", esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: strings.Repeat(secret, 17)}, nil},
		{"level below", good, []qr.Option{qr.WithLevel(-1)}},
		{"level above", good, []qr.Option{qr.WithLevel(qr.LevelH + 1)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, err := qr.Encode(tc.code, tc.opts...)
			require.ErrorIs(t, err, esim.ErrInvalidRequest)
			assert.Nil(t, code)
			assert.NotContains(t, err.Error(), secret)
		})
	}
}

func TestWriteTerminalRefuses(t *testing.T) {
	code, err := qr.Encode(esim.ActivationCode{SMDPAddress: "smdp.example.com"})
	require.NoError(t, err)
	for _, tc := range []struct {
		name string
		code *qr.Code
		o    qr.TerminalOptions
	}{
		{"empty code", new(qr.Code), qr.TerminalOptions{}},
		{"quiet zone too narrow", code, qr.TerminalOptions{QuietZone: 1}},
		{"negative quiet zone", code, qr.TerminalOptions{QuietZone: -4}},
		{"quiet zone too wide", code, qr.TerminalOptions{QuietZone: 17}},
		{"style below", code, qr.TerminalOptions{Style: -1}},
		{"style above", code, qr.TerminalOptions{Style: qr.StyleANSI + 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out bytes.Buffer
			require.ErrorIs(t, tc.code.WriteTerminal(&out, tc.o), esim.ErrInvalidRequest)
			assert.Zero(t, out.Len())
		})
	}
}

func TestWriteTerminalReturnsWriteError(t *testing.T) {
	code, err := qr.Encode(esim.ActivationCode{SMDPAddress: "smdp.example.com"})
	require.NoError(t, err)
	full := errors.New("disk full")
	w := &countingWriter{err: full}
	require.ErrorIs(t, code.WriteTerminal(w, qr.TerminalOptions{}), full)
	assert.Equal(t, 1, w.writes)
}

type countingWriter struct {
	err    error
	writes int
}

func (w *countingWriter) Write([]byte) (int, error) {
	w.writes++
	return 0, w.err
}

// What prints of a code is the same whatever code it is: nothing but its size
// and addresses.
func TestCodePrintsNoModules(t *testing.T) {
	code, err := qr.Encode(esim.ActivationCode{SMDPAddress: "smdp.example.com", MatchingID: "S3CR3T"})
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "code", code, "value", *code)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "code", code, "value", *code)
	for _, verb := range []string{"%v", "%+v", "%#v", "%x", "%d", "%s", "%q"} {
		fmt.Fprintf(&log, strings.Repeat(verb, 3), code, *code, struct{ code *qr.Code }{code})
	}
	assert.Less(t, log.Len(), 2000, "441 modules and more cannot hide in so little text")
	assert.NotContains(t, log.String(), "S3CR3T")
	text, err := json.Marshal(map[string]any{"code": code})
	require.NoError(t, err)
	assert.JSONEq(t, `{"code":{}}`, string(text))
}
