package wire

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-08-24T17:00:31.884Z":                 "2026-08-24T17:00:31.884Z",
		"2026-08-24T17:00:31Z":                     "2026-08-24T17:00:31Z",
		"2026-08-24T17:00:31+03:00":                "2026-08-24T14:00:31Z",
		"2026-08-24T17:00:31.5-08:00":              "2026-08-25T01:00:31.5Z",
		"2026-08-24T17:00:31,5Z":                   "2026-08-24T17:00:31.5Z",
		"2026-08-24T17:00:31.1234567891234Z":       "2026-08-24T17:00:31.123456789Z",
		"2026-09-27T19:29:36+0000":                 "2026-09-27T19:29:36Z",
		"2026-09-27T19:29:36.000+0000":             "2026-09-27T19:29:36Z",
		"2026-09-27T19:29:36-0330":                 "2026-09-27T22:59:36Z",
		"2026-09-27T19:29:36+02":                   "2026-09-27T17:29:36Z",
		"2026-09-27T19:29:36-00:00":                "2026-09-27T19:29:36Z",
		"2026-09-27 19:29:36+00":                   "2026-09-27T19:29:36Z",
		"2026-09-27 19:29:36.123456+00:00":         "2026-09-27T19:29:36.123456Z",
		"2026-09-27 19:29:36 +0300":                "2026-09-27T16:29:36Z",
		"2026-09-27 19:29:36 +0000 UTC":            "2026-09-27T19:29:36Z",
		"2026-09-27 19:29:36 UTC":                  "2026-09-27T19:29:36Z",
		"2026-09-27T19:29:36 GMT":                  "2026-09-27T19:29:36Z",
		"2026-09-27t19:29:36z":                     "2026-09-27T19:29:36Z",
		"2026/09/27 19:29:36 +0000":                "2026-09-27T19:29:36Z",
		"2026-09-27T19:29Z":                        "2026-09-27T19:29:00Z",
		"20260927T192936Z":                         "2026-09-27T19:29:36Z",
		"20260927T192936.5+0200":                   "2026-09-27T17:29:36.5Z",
		"2026-09-27T19:29:36+02:00[Europe/Paris]":  "2026-09-27T17:29:36Z",
		"2026-09-27T19:29:36Z[UTC]":                "2026-09-27T19:29:36Z",
		"2026-09-27T24:00:00Z":                     "2026-09-28T00:00:00Z",
		"2016-12-31T23:59:60Z":                     "2017-01-01T00:00:00Z",
		"2017-01-01T01:59:60+02:00":                "2017-01-01T00:00:00Z",
		"9999-12-31T23:59:59Z":                     "9999-12-31T23:59:59Z",
		"Sun, 27 Sep 2026 19:29:36 GMT":            "2026-09-27T19:29:36Z",
		"Sun, 27 Sep 2026 19:29:36 +0200":          "2026-09-27T17:29:36Z",
		"sun, 27 sep 2026 19:29:36 UTC":            "2026-09-27T19:29:36Z",
		"Tue, 1 Sep 2026 19:29:36 GMT":             "2026-09-01T19:29:36Z",
		"27 Sep 2026 19:29:36 GMT":                 "2026-09-27T19:29:36Z",
		"Sun, 27-Sep-2026 19:29:36 GMT":            "2026-09-27T19:29:36Z",
		"Sun Sep 27 19:29:36 UTC 2026":             "2026-09-27T19:29:36Z",
		"Sun Sep 27 19:29:36 +0000 2026":           "2026-09-27T19:29:36Z",
		"Sun Sep 27 2026 19:29:36 GMT+0200 (CEST)": "2026-09-27T17:29:36Z",
		" 2026-09-27T19:29:36Z\r\n":                "2026-09-27T19:29:36Z",
		"2024-02-29T00:00:00\u202fZ":               "2024-02-29T00:00:00Z",
	} {
		got := ParseTime(text)
		assert.Equal(t, want, got.Format(time.RFC3339Nano), text)
		assert.Equal(t, time.UTC, got.Location())
		assert.Equal(t, text, got.Raw)
		assert.Equal(t, got, Time(ParseUTCTime(text)), "a zone that is stated counts")
	}
}

// withoutInstant has no zone, or can be read two ways, or is no date.
var withoutInstant = []string{
	"", " ", "soon", "never", "0", "1767225600", "1767225600123", "28.07.2026", "07/28/2026", "28/07/2026", "03/04/2026", "03/04/2026 10:00:00 Z",
	"26-09-27T19:29:36Z", "2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-07-28T25:00:00Z", "2026-07-28T24:00:01Z", "2026-07-28T10:60:00Z",
	"2026-07-28T10:11:60Z", "2026-07-28T10:11:61Z", "2026-07-28T1:02:03Z", "2026-7-28T10:11:12Z", "2026-07-28T10:11:12.Z", "2026-07-28T10:11:Z", "2026-07/28T10:11:12Z",
	"2026-07-28T10:11:12 CEST", "2026-07-28T10:11:12 EST", "2026-07-28T10:11:12 Europe/Paris", "2026-07-28T10:11:12[Europe/Paris]", "2026-07-28T10:11:12+24:00", "2026-07-28T10:11:12+1:00",
	"2026-07-28T10:11:12+01:60", "2026-07-28T10:11:12UTC+2", "2026-07-28T10:11:12Zx", "2026-07-28Z", "20260928", "20260928 192936Z", "2026-W39-7T10:00:00Z", "2026-270T10:00:00Z",
	"Sunday, 27-Sep-26 19:29:36 GMT", "Sun Sep 27 19:29:36 2026", "Sun Sep 27 19:29:36 CEST 2026", "Mon, 27 Sep 2026 19:29:36 GMT", "Sun, 27 Sep 2026 19:29:36",
	"Sept 13, 2026", "13 September 2026", "September 13, 2026", "２０２６-07-28T10:11:12Z", "0000-00-00 00:00:00", "0000-00-00T00:00:00Z", "2026-07-28x", "P30D",
	"2026-07-28T10:11:12Z/2026-07-29T10:11:12Z", "9999-12-31T23:59:59-23:59", "0000-12-31T23:59:59Z", "2026-07-28T10:11:60",
}

func TestNoInstant(t *testing.T) {
	for _, text := range append(withoutInstant, "2026-06-26T14:08:51", "2026-07-28 10:11:12", "2026-07-28", "September 13, 2026 at 3:05 PM") {
		got := ParseTime(text)
		assert.True(t, got.IsZero(), text)
		assert.Equal(t, text, got.Raw, "kept as it came")
	}
	for _, text := range withoutInstant {
		got := ParseUTCTime(text)
		assert.True(t, got.IsZero(), text)
		assert.Equal(t, text, got.Raw, "kept as it came")
	}
}

// TestParseUTCTime: without a zone, where that is documented to be UTC.
func TestParseUTCTime(t *testing.T) {
	for text, want := range map[string]string{
		"2026-06-26T14:08:51":                "2026-06-26T14:08:51Z",
		"2026-06-26T14:08:51.123456":         "2026-06-26T14:08:51.123456Z",
		"2026-07-28 10:11:12":                "2026-07-28T10:11:12Z",
		"2026-07-28T10:11":                   "2026-07-28T10:11:00Z",
		"2026-07-28":                         "2026-07-28T00:00:00Z",
		"September 13, 2026 at 3:05 PM":      "2026-09-13T15:05:00Z",
		"September 13, 2026 at 3:05\u202fPM": "2026-09-13T15:05:00Z",
		"September 1, 2026 at 12:00\u00a0AM": "2026-09-01T00:00:00Z",
		" 2026-07-28\n":                      "2026-07-28T00:00:00Z",
		"2024-02-29":                         "2024-02-29T00:00:00Z",
	} {
		got := ParseUTCTime(text)
		assert.Equal(t, want, got.Format(time.RFC3339Nano), text)
		assert.Equal(t, time.UTC, got.Location())
		assert.Equal(t, text, got.Raw)
	}
}

func TestTimeInDocuments(t *testing.T) {
	for doc, want := range map[string]Time{
		`"2026-07-28T00:00:00Z"`: {Time: time.Date(2026, 7, 28, 0, 0, 0, 0, time.UTC), Raw: "2026-07-28T00:00:00Z"},
		`"in 30 days"`:           {Raw: "in 30 days"},
		`null`:                   {},
		`1767225600`:             {},
		`{"date":[1,2]}`:         {},
		`false`:                  {},
	} {
		out := Time{Raw: "before", Time: time.Now()}
		require.NoError(t, Decode([]byte(doc), &out), doc)
		assert.Equal(t, want, out, doc)
		utc := UTCTime{Raw: "before", Time: time.Now()}
		require.NoError(t, Decode([]byte(doc), &utc), doc)
		assert.Equal(t, want, Time(utc), doc)
	}
	for _, doc := range []string{"", `"2026`, "{", `{"a":1,"a":2}`, "\"\xff\""} {
		require.Error(t, Decode([]byte(doc), new(Time)), doc)
	}
}
