package catalog

import (
	"fmt"
	"strings"

	"github.com/esimkit/esim"
)

// textFilter finds words, in any letter case. Which of them are in a list of
// countries, or in a region, is found out once for all packages that share it.
type textFilter struct {
	words     []string // in lower case
	coverages []words  // by number; 0 = not looked at yet
	regions   []words
	countries [26 * 26]words // by the letters of the code
}

// words has a bit for each word that was found, and the bit looked.
type words uint64

const looked words = 1 << 63

func checkWords(text string) error {
	n := 0
	for range strings.FieldsSeq(text) {
		n++
	}
	if n > maxWords {
		return fmt.Errorf("%w: Text has %d words, more than %d", ErrQuery, n, maxWords)
	}
	return nil
}

// textFilter returns nil for a text without words.
func (s *shelf) textFilter(text string) *textFilter {
	found := strings.Fields(strings.ToLower(text))
	if len(found) == 0 {
		return nil
	}
	return &textFilter{
		words: found, coverages: make([]words, len(s.coverages)), regions: make([]words, len(s.regions)),
	}
}

// match reports whether all words are somewhere in the package.
func (t *textFilter) match(s *shelf, r *row) bool {
	if t.coverages[r.coverage] == 0 {
		t.coverages[r.coverage] = t.inCountries(s.coverages[r.coverage])
	}
	if t.regions[r.region] == 0 {
		t.regions[r.region] = t.in(s.regions[r.region])
	}
	found := t.coverages[r.coverage] | t.regions[r.region]
	all := looked | 1<<len(t.words) - 1
	if found != all {
		found |= t.in(r.name)
	}
	if found != all {
		found |= t.in(r.id)
	}
	return found == all
}

func (t *textFilter) inCountries(countries []esim.Country) words {
	found := looked
	for _, c := range countries {
		if !c.Valid() {
			continue // it has no name
		}
		known := &t.countries[int(c[0]-'A')*26+int(c[1]-'A')]
		if *known == 0 {
			*known = t.in(c.Name())
		}
		found |= *known
	}
	return found
}

func (t *textFilter) in(text string) words {
	text = strings.ToLower(text)
	found := looked
	for i, word := range t.words {
		if strings.Contains(text, word) {
			found |= 1 << i
		}
	}
	return found
}
