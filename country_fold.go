package esim

import (
	"unicode"
	"unicode/utf8"
)

// foldCountry appends what tells the names of countries apart to dst: the
// letters and digits of s in upper case, without accents, and without the
// words that some write and others do not.
func foldCountry(dst []byte, s string) []byte {
	word := len(dst)
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && (isLetter(byte(r)) || isDigit(byte(r))): //nolint:gosec // below RuneSelf
			dst = append(dst, upper(byte(r))) //nolint:gosec // below RuneSelf
		case isApostrophe(r): // "d'Ivoire" is a word
		case r >= utf8.RuneSelf && unicode.Is(unicode.Mn, r): // an accent of the letter before it
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			dst = appendPlain(dst, r)
		default:
			dst = foldWord(dst, word)
			word = len(dst)
		}
	}
	return foldWord(dst, word)
}

// foldWord leaves out the last word, which begins at a place in dst, or writes
// it as other spellings do.
func foldWord(dst []byte, at int) []byte {
	switch string(dst[at:]) {
	case "AND", "THE", "OF":
		return dst[:at]
	case "ST":
		return append(dst[:at], "SAINT"...)
	case "IS", "ISL", "ISLANDS":
		return append(dst[:at], "ISLAND"...)
	case "REP":
		return append(dst[:at], "REPUBLIC"...)
	case "DEM":
		return append(dst[:at], "DEMOCRATIC"...)
	case "UTD":
		return append(dst[:at], "UNITED"...)
	}
	return dst
}

func isApostrophe(r rune) bool {
	switch r {
	case '\'', '`', '´', '‘', '’', 'ʻ', 'ʼ', '′':
		return true
	}
	return false
}

// plainLatin are the letters U+00C0 to U+017F without their accents; a lower
// case letter stands for two.
const plainLatin = "AAAAAAaCEEEEIIIIDNOOOOO OUUUUYtsAAAAAAaCEEEEIIIIDNOOOOO OUUUUYtY" +
	"AAAAAACCCCCCCCDDDDEEEEEEEEEEGGGGGGGGHHHHIIIIIIIIIIiiJJKKKLLLLLLLLLLNNNNNNNNNOOOOOOooRRRRRRSSSSSSSSTTTTTTUUUUUUUUUUUUWWYYYZZZZZZS"

// appendPlain appends a letter without its accent, in upper case.
func appendPlain(dst []byte, r rune) []byte {
	const first, last = 'À', 'ſ'
	if 'Ạ' <= r && r <= 'ỹ' { // Vietnamese
		for _, group := range [...]struct {
			last  rune
			plain byte
		}{{'ặ', 'A'}, {'ệ', 'E'}, {'ị', 'I'}, {'ợ', 'O'}, {'ự', 'U'}, {'ỹ', 'Y'}} {
			if r <= group.last {
				return append(dst, group.plain)
			}
		}
	}
	if r < first || r > last {
		return utf8.AppendRune(dst, unicode.ToUpper(r))
	}
	switch plain := plainLatin[r-first]; plain {
	case 'a':
		return append(dst, "AE"...)
	case 'o':
		return append(dst, "OE"...)
	case 't':
		return append(dst, "TH"...)
	case 's':
		return append(dst, "SS"...)
	case 'i':
		return append(dst, "IJ"...)
	default:
		return append(dst, plain)
	}
}
