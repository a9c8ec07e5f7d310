package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-08-24T17:00:31.884Z":           "2026-08-24T17:00:31.884Z",
		"2026-08-24T17:00:31Z":               "2026-08-24T17:00:31Z",
		"2026-08-24T17:00:31+03:00":          "2026-08-24T14:00:31Z",
		"2026-08-24T17:00:31.5-08:00":        "2026-08-25T01:00:31.5Z",
		"2026-06-26T14:08:51":                "2026-06-26T14:08:51Z",
		"2026-06-26T14:08:51.123456":         "2026-06-26T14:08:51.123456Z",
		"2026-07-28 10:11:12":                "2026-07-28T10:11:12Z",
		"2026-07-28":                         "2026-07-28T00:00:00Z",
		"September 13, 2026 at 3:05 PM":      "2026-09-13T15:05:00Z",
		"September 13, 2026 at 3:05\u202fPM": "2026-09-13T15:05:00Z",
		"September 1, 2026 at 12:00\u00a0AM": "2026-09-01T00:00:00Z",
		" 2026-07-28\n":                      "2026-07-28T00:00:00Z",
		"2024-02-29":                         "2024-02-29T00:00:00Z",
	} {
		got := ParseTime(text)
		assert.Equal(t, want, got.Format(time.RFC3339Nano), text)
		assert.Equal(t, time.UTC, got.Location())
		assert.Equal(t, text, got.Raw)
	}
	for _, text := range []string{
		"", " ", "soon", "never", "0", "1767225600", "1767225600123", "28.07.2026", "07/28/2026", "28/07/2026", "2026-13-01", "2026-02-30", "2025-02-29",
		"2026-07-28T25:00:00Z", "2026-07-28T10:11", "Sept 13, 2026", "13 September 2026", "２０２６-07-28", "2026-07-28T10:11:12 +0300", "0000-00-00 00:00:00",
		"2026-07-28x", "P30D",
	} {
		got := ParseTime(text)
		assert.True(t, got.IsZero(), text)
		assert.Equal(t, text, got.Raw, "kept as it came")
	}
}

func TestTimeInDocuments(t *testing.T) {
	for doc, want := range map[string]Time{
		`"2026-07-28"`:   {Time: time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC), Raw: "2026-07-28"},
		`"in 30 days"`:   {Raw: "in 30 days"},
		`null`:           {},
		`1767225600`:     {},
		`{"date":[1,2]}`: {},
		`false`:          {},
	} {
		out := Time{Raw: "before", Time: time.Now()}
		require.NoError(t, Decode([]byte(doc), &out), doc)
		assert.Equal(t, want, out, doc)
	}
	for _, doc := range []string{"", `"2026`, "{", `{"a":1,"a":2}`, "\"\xff\""} {
		require.Error(t, Decode([]byte(doc), new(Time)), doc)
	}
}
