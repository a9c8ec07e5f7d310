package esim

import (
	"strings"
	"unicode"
)

// trimBlank takes off what cannot be seen around a text: white space of any
// kind, and characters without width such as a byte order mark. They come
// along when a value was copied from a page or read from a file.
func trimBlank(s string) string { return strings.TrimFunc(s, isBlank) }

func isBlank(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) }

// isDash accepts the hyphen, its typographic relatives and the minus sign.
func isDash(r rune) bool { return unicode.Is(unicode.Pd, r) || r == '\u2212' }

func isDecimal(r rune) bool { return '0' <= r && r <= '9' }
