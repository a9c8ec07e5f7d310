// Package random makes what looks random and is the same in every run of one
// seed.
package random

import (
	"crypto/rand"
	"strconv"
)

// Draw turns a seed and a position into 64 bits that look random and are the
// same in every run (splitmix64).
func Draw(seed int64, position ...uint64) uint64 {
	x := uint64(seed) //nolint:gosec // any bits will do
	for _, p := range position {
		x = Mix(x + 0x9e3779b97f4a7c15*(p+1))
	}
	return Mix(x)
}

// Mix spreads each bit over all 64.
func Mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Hash is the FNV-1a hash of a name.
func Hash(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// Letters is n characters of the alphabet, chosen by the bits.
func Letters(n int, alphabet string, seed int64, position ...uint64) string {
	out := make([]byte, n)
	x := Draw(seed, position...)
	for i := range out {
		out[i] = alphabet[x%uint64(len(alphabet))]
		x = Mix(x + 0x9e3779b97f4a7c15)
	}
	return string(out)
}

const (
	Upper  = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	Lower  = "abcdefghijkmnpqrstuvwxyz23456789"
	Hex    = "0123456789ABCDEF"
	Digits = "0123456789"
	Base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // as rand.Text has them
)

// Secret is a new unguessable word behind a prefix that tests can search for.
func Secret(prefix string) string { return prefix + rand.Text() }

// Luhn appends the check digit of an ICCID (ITU-T E.118).
func Luhn(digits string) string {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return digits + strconv.Itoa((10-sum%10)%10)
}
