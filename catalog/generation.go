package catalog

import (
	"strings"
	"unicode"

	"github.com/esimkit/esim"
)

// generations are the words resellers use for a network's technology, in
// upper case.
var generations = [...]struct {
	word       string
	generation int
}{
	{"5G", 5},
	{"NR", 5},
	{"5GNR", 5},
	{"5GSA", 5},
	{"5GNSA", 5},
	{"4G", 4},
	{"LTE", 4},
	{"LTEA", 4},
	{"4GLTE", 4},
	{"3G", 3},
	{"UMTS", 3},
	{"WCDMA", 3},
	{"HSPA", 3},
	{"HSDPA", 3},
	{"2G", 2},
	{"GSM", 2},
	{"GPRS", 2},
	{"EDGE", 2},
}

// generation returns that of the best network: 2 to 5, or 0 if none is stated
// in a word that is known.
func generation(networks []esim.Network) int {
	best := 0
	for i := range networks {
		for word := range strings.FieldsFuncSeq(networks[i].Technology, betweenWords) {
			best = max(best, generationOf(word))
		}
	}
	return best
}

func generationOf(word string) int {
	for _, g := range generations {
		if strings.EqualFold(word, g.word) {
			return g.generation
		}
	}
	return 0
}

func betweenWords(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
