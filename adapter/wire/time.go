package wire

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// Time is an instant as the providers write them. Each common spelling that
// names one instant is read: ISO 8601 and RFC 3339 with an offset, as most
// programs write them, and the dates of mail and HTTP. What names none is zero,
// and kept in Raw: a text without a zone, a year of two digits, 03/04/2026. It
// does not fail the answer it stands in. Nor is a year beyond 9999 an instant, for
// no JSON holds it.
//
// A field that is documented to be in UTC without saying so is a [UTCTime].
type Time struct {
	time.Time
	Raw string
}

// UTCTime is a [Time] of a provider that leaves out the zone where it means UTC:
// such a text, and a date alone, is UTC too. So is the form that a person reads,
// "January 2, 2006 at 3:04 PM".
type UTCTime Time

// UnmarshalJSONFrom reads a string or null; whatever else is skipped. A number
// may count seconds or milliseconds, so it names no instant.
func (t *Time) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, err := textOrSkip(dec)
	*t = ParseTime(text)
	return err
}

// UnmarshalJSONFrom reads a string or null; whatever else is skipped.
func (t *UTCTime) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	text, err := textOrSkip(dec)
	*t = ParseUTCTime(text)
	return err
}

func textOrSkip(dec *jsontext.Decoder) (string, error) {
	if dec.PeekKind() != '"' {
		return "", dec.SkipValue()
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return "", err
	}
	return tok.String(), nil
}

// ParseTime reads a text that names one instant.
func ParseTime(text string) Time {
	at, _ := instant(text)
	return Time{Time: at, Raw: text}
}

// ParseUTCTime reads a text that names one instant if it is in UTC.
func ParseUTCTime(text string) UTCTime {
	at, plain := instant(text)
	if !at.IsZero() {
		return UTCTime{Time: at, Raw: text}
	}
	if c, rest, ok := cutDate(plain); ok {
		if rest != "" {
			rest, ok = c.cutClock(rest)
		}
		if ok && rest == "" && c.setZone("Z") {
			return UTCTime{Time: c.storable(), Raw: text}
		}
	}
	at, err := time.Parse("January 2, 2006 at 3:04 PM", plain)
	if err != nil {
		at = time.Time{}
	}
	return UTCTime{Time: at, Raw: text}
}

// blanks that JavaScript's locale formatting puts before AM and PM.
var blanks = strings.NewReplacer("\u202f", " ", "\u00a0", " ")

// written are the forms with names of days and months. Each has a weekday or
// none, and an offset: a zone's abbreviation may be that of several zones.
var written = []string{
	"Mon, 2 Jan 2006 15:04:05 -0700", // RFC 1123 and mail
	"2 Jan 2006 15:04:05 -0700",
	"Mon, 2-Jan-2006 15:04:05 -0700",
	"Mon Jan 2 15:04:05 -0700 2006", // date(1), Ruby
	"Mon Jan 2 2006 15:04:05 -0700", // JavaScript
	"Mon, 02 Jan 2006 15:04 -0700",
}

// instant returns the zero time for a text that names none, and the text
// without what stands around it.
func instant(text string) (at time.Time, plain string) {
	plain = Text(blanks.Replace(text)).Trimmed()
	if c, rest, ok := cutDate(plain); ok {
		if rest, ok = c.cutClock(rest); ok && c.setZone(rest) {
			return c.storable(), plain
		}
		return at, plain
	}
	named, _, _ := strings.Cut(plain, " (") // the zone's name, which JavaScript adds
	for _, zone := range [...]string{" GMT+", " GMT-", " UTC+", " UTC-"} {
		named = strings.Replace(named, zone, " "+zone[4:], 1)
	}
	for _, zone := range [...]string{" GMT", " UTC", " UT", " Z"} {
		if strings.HasSuffix(named, zone) || strings.Contains(named, zone+" ") {
			named = strings.Replace(named, zone, " +0000", 1)
			break
		}
	}
	for _, layout := range written {
		parsed, err := time.Parse(layout, named)
		if err != nil || strings.HasPrefix(layout, "Mon") && !strings.HasPrefix(strings.ToLower(named), strings.ToLower(parsed.Format("Mon"))) {
			continue
		}
		return parsed.UTC(), plain
	}
	return at, plain
}
