package hmacsign_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim/internal/hmacsign"
)

// plain is the textbook computation that Signer is a fast form of.
func plain(key []byte, message string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(message))
	return hex.EncodeToString(mac.Sum(nil))
}

func TestNewRefusesEmptyKey(t *testing.T) {
	for _, key := range [][]byte{nil, {}} {
		s, err := hmacsign.New(key)
		require.ErrorIs(t, err, hmacsign.ErrEmptyKey)
		assert.Nil(t, s)
	}
}

func TestNewCopiesKey(t *testing.T) {
	key := []byte(concatKey)
	s, err := hmacsign.New(key)
	require.NoError(t, err)
	clear(key)
	assert.Equal(t, plain([]byte(concatKey), "x"), s.Lines("x").Lower())
}

func TestZeroSignerSignsNothing(t *testing.T) {
	assert.Panics(t, func() { new(hmacsign.Signer).Lines("x") })
}

// Any parts of any length, among them ones longer than the gathering buffer,
// digest like the text a joining implementation would build.
func TestFormsMatchJoinedText(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		key := rapid.SliceOfN(rapid.Byte(), 1, 200).Draw(t, "key")
		part := rapid.OneOf(rapid.String(), rapid.Map(rapid.IntRange(200, 1100), func(n int) string {
			return strings.Repeat("0123456789abc", n)[:n]
		}))
		parts := rapid.SliceOf(part).Draw(t, "parts")
		body := rapid.SliceOf(rapid.Byte()).Draw(t, "body")
		s, err := hmacsign.New(key)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second time around with a used state
			if got, want := s.Concat(parts, body).Lower(), plain(key, strings.Join(parts, "")+string(body)); got != want {
				t.Fatalf("Concat = %s, want %s", got, want)
			}
			if got, want := s.Lines(parts...).Lower(), plain(key, strings.Join(parts, "\n")); got != want {
				t.Fatalf("Lines = %s, want %s", got, want)
			}
		}
	})
}

func TestSignerIsSafeForConcurrentUse(t *testing.T) {
	s := newSigner(t, concatKey)
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range 200 {
				line := fmt.Sprint(worker, i)
				if got, want := s.Lines("GET", line).Lower(), plain([]byte(concatKey), "GET\n"+line); got != want {
					t.Errorf("Lines = %s, want %s", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestNothingPrintsSecrets(t *testing.T) {
	s := newSigner(t, concatKey)
	digest := s.Lines("x")
	holder := struct {
		Signer *hmacsign.Signer
		Digest hmacsign.Digest
	}{s, digest}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "d", digest, "h", holder)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "d", digest, "h", holder)
	text, err := json.Marshal(digest)
	require.NoError(t, err)
	printed := log.String() + string(text)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d"} {
		printed += fmt.Sprintf(verb+verb+verb+verb, s, digest, holder, &holder)
	}
	printed = strings.ToLower(printed)
	for name, secret := range map[string][]byte{"key": []byte(concatKey), "digest": digest[:]} {
		listing := strings.Trim(fmt.Sprint(secret), "[]")
		for _, form := range []string{string(secret), hex.EncodeToString(secret), listing, strings.ReplaceAll(listing, " ", ",")} {
			assert.NotContains(t, printed, strings.ToLower(form), name)
		}
	}
	assert.Contains(t, printed, "redacted")
}

// One allocation is the string handed back.
func TestAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("sync.Pool drops items at random under the race detector")
	}
	s := newSigner(t, concatKey)
	body := []byte(smsBody)
	var got string
	assert.Equal(t, 1.0, testing.AllocsPerRun(500, func() {
		got = s.Concat([]string{smsStamp, smsID, concatCode}, body).Upper()
	}), "Concat")
	assert.Equal(t, 1.0, testing.AllocsPerRun(500, func() {
		got = s.Lines("POST", linesPath, linesStamp, linesAccess).Lower()
	}), "Lines")
	require.Len(t, got, 64)
	webhook, signature := []byte(webhookBody), prefix+webhookHex
	ok, hook := false, newSigner(t, webhookKey)
	assert.Equal(t, 0.0, testing.AllocsPerRun(500, func() {
		ok = hmacsign.VerifyHex(webhook, signature, prefix, hook, s)
	}), "VerifyHex")
	require.True(t, ok)
}
