package esim

import (
	"errors"
	"slices"
)

// names holds the words of an enumeration whose values count from 0; the
// first word stands for the zero value and for every value out of range.
type names[E ~int] []string

func (n names[E]) text(e E) string {
	if int(e) < 0 || int(e) >= len(n) {
		return n[0]
	}
	return n[e]
}

func (n names[E]) parse(e *E, text []byte) error {
	i := slices.Index(n, string(text))
	if i < 0 {
		return errors.New("esim: unknown word for this enumeration")
	}
	*e = E(i)
	return nil
}
