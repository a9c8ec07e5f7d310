package esim

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// canary is a secret that no printer may show.
const canary = "QX7-5f1d"

// allVerbs are all verbs of fmt, plain and with flags, and some of no meaning.
func allVerbs() []string {
	verbs := []string{"%+v", "%#v", "% x", "%#x", "%+q", "%#q", "%20s", "%-20v", "%.3s", "%020d"}
	for c := 'A'; c <= 'z'; c++ {
		if c <= 'Z' || c >= 'a' {
			verbs = append(verbs, "%"+string(c))
		}
	}
	return verbs
}

// traces are the forms in which a verb might show the canary.
func traces(secret string) []string {
	return []string{
		secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%X", secret), fmt.Sprintf("% x", secret), fmt.Sprintf("% X", secret),
		fmt.Sprintf("%d", []byte(secret)), fmt.Sprintf("%v", []byte(secret)), fmt.Sprintf("%o", []byte(secret)), secret[:3],
	}
}

func assertHidden(t *testing.T, secret, printed string, msg ...any) {
	t.Helper()
	for _, trace := range traces(secret) {
		assert.NotContains(t, printed, trace, msg...)
	}
}

type vault struct {
	Open   Secret
	hidden Secret
	ptr    *Secret
	List   []Secret
	Table  map[string]Secret
	Any    any
	inner  struct{ deep Secret }
}

func newVault() vault {
	s := NewSecret(canary)
	v := vault{Open: s, hidden: s, ptr: &s, List: []Secret{s}, Table: map[string]Secret{"k": s}, Any: s}
	v.inner.deep = s
	return v
}

func TestSecretReveal(t *testing.T) {
	s := NewSecret(canary)
	assert.Equal(t, canary, s.Reveal())
	assert.False(t, s.IsZero())

	for _, empty := range []Secret{{}, NewSecret("")} {
		assert.Empty(t, empty.Reveal())
		assert.True(t, empty.IsZero())
	}
}

func TestSecretEqual(t *testing.T) {
	a := NewSecret("a")
	assert.True(t, a.Equal(a))
	assert.True(t, a.Equal(NewSecret("a")))
	assert.False(t, a.Equal(NewSecret("b")))
	assert.False(t, a.Equal(NewSecret("ab")))
	assert.False(t, a.Equal(Secret{}))
	assert.True(t, Secret{}.Equal(NewSecret("")))
}

func TestSecretPrintsRedactedWithEveryVerb(t *testing.T) {
	s := NewSecret(canary)
	for _, verb := range allVerbs() {
		if verb == "%T" || verb == "%p" || verb == "%w" { // fmt asks no method for these
			continue
		}
		assert.Equal(t, redacted, fmt.Sprintf(verb, s), verb)
		assert.Equal(t, redacted, fmt.Sprintf(verb, &s), verb)
	}
	assert.Equal(t, redacted, s.String())
	assert.Equal(t, redacted, s.GoString())
	assert.Equal(t, redacted, fmt.Sprint(s))
}

func TestSecretHidesInsideOtherValues(t *testing.T) {
	v := newVault()
	s := NewSecret(canary)
	values := []any{s, &s, v, &v, []Secret{s}, map[string]Secret{"k": s}, [1]*Secret{&s}, struct{ s Secret }{s}, any(s)}
	for _, value := range values {
		for _, verb := range allVerbs() {
			assertHidden(t, canary, fmt.Sprintf(verb, value), "%s of %T", verb, value)
		}
	}
}

// testify dumps what it compares by reflection and without calling methods.
// A dump shows an address in place of the text.
func TestSecretHidesFromReflection(t *testing.T) {
	recorder := &errorRecorder{}
	assert.Equal(recorder, vault{}, newVault())
	require.NotEmpty(t, recorder.text)
	assertHidden(t, canary, recorder.text)
}

type errorRecorder struct{ text string }

func (r *errorRecorder) Errorf(format string, args ...any) { r.text += fmt.Sprintf(format, args...) }

func TestSecretHidesFromLogs(t *testing.T) {
	var out bytes.Buffer
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		out.Reset()
		s, v := NewSecret(canary), newVault()
		slog.New(h).Info("m", "secret", s, "pointer", &s, "vault", v, "vaultp", &v, "list", v.List)
		assert.Contains(t, out.String(), redacted)
		assertHidden(t, canary, out.String())
	}
}

func TestSecretHidesFromEncoders(t *testing.T) {
	v := newVault()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	assertHidden(t, canary, string(text))
	assert.JSONEq(t, `{"Open":"REDACTED","List":["REDACTED"],"Table":{"k":"REDACTED"},"Any":"REDACTED"}`, string(text))

	text, err = xml.Marshal(v.List)
	require.NoError(t, err)
	assertHidden(t, canary, string(text))
}

func TestSecretReadsFromText(t *testing.T) {
	var config struct{ Key Secret }
	require.NoError(t, json.Unmarshal([]byte(`{"Key":"k1"}`), &config))
	assert.Equal(t, "k1", config.Key.Reveal())

	err := json.Unmarshal([]byte(`{"Key":"REDACTED"}`), &config)
	require.ErrorIs(t, err, errSecretRedacted)
	assert.Equal(t, "k1", config.Key.Reveal(), "an error changes nothing")

	flags := flag.NewFlagSet("test", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	var key Secret
	flags.TextVar(&key, "key", Secret{}, "the key")
	require.NoError(t, flags.Parse([]string{"-key", canary}))
	assert.Equal(t, canary, key.Reveal())
	assertHidden(t, canary, flags.Lookup("key").Value.String())
}

// TestSecretHidesFromPanic runs itself in another process, for the runtime
// prints the value of a panic with code of its own.
func TestSecretHidesFromPanic(t *testing.T) {
	switch os.Getenv("ESIM_TEST_PANIC") {
	case "value":
		panic(NewSecret(canary))
	case "struct":
		panic(newVault())
	case "error":
		panic(fmt.Errorf("secret %v and %+v", NewSecret(canary), newVault()))
	}
	for _, kind := range []string{"value", "struct", "error"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecretHidesFromPanic$")
		cmd.Env = append(os.Environ(), "ESIM_TEST_PANIC="+kind)
		out, err := cmd.CombinedOutput()
		require.Error(t, err, kind)
		assert.Contains(t, string(out), "panic: ", kind)
		assertHidden(t, canary, string(out), kind)
	}
}
