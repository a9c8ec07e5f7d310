package wire

import (
	"math/big"
	"strings"
	"testing"
)

// exact reads a number with a library that rounds nothing. Nothing times ten
// to whatever power is nothing, which that library would compute at length.
func exact(t testing.TB, text string) *big.Rat {
	t.Helper()
	digits, _, _ := strings.Cut(strings.ToLower(text), "e")
	if !strings.ContainsAny(digits, "123456789") {
		text = "0"
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return r
}
