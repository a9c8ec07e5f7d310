package esimtest

import (
	"crypto/rand"
	"strconv"
)

// draw turns a seed and a position into 64 bits that look random and are the
// same in every run (splitmix64).
func draw(seed int64, position ...uint64) uint64 {
	x := uint64(seed) //nolint:gosec // any bits will do
	for _, p := range position {
		x = mix(x + 0x9e3779b97f4a7c15*(p+1))
	}
	return mix(x)
}

func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// hash is the FNV-1a hash of a name.
func hash(name string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * 1099511628211
	}
	return h
}

// letters is n characters of the alphabet, chosen by the bits.
func letters(n int, alphabet string, seed int64, position ...uint64) string {
	out := make([]byte, n)
	x := draw(seed, position...)
	for i := range out {
		out[i] = alphabet[x%uint64(len(alphabet))]
		x = mix(x + 0x9e3779b97f4a7c15)
	}
	return string(out)
}

const (
	upperAlphabet  = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	lowerAlphabet  = "abcdefghijkmnpqrstuvwxyz23456789"
	hexAlphabet    = "0123456789ABCDEF"
	digitAlphabet  = "0123456789"
	base32Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // as rand.Text has them
)

// secret is a new unguessable word behind a prefix that tests can search for.
func secret(prefix string) string { return prefix + rand.Text() }

// secret is the n-th secret behind a prefix. In a run that is to be the same
// every time it can be guessed.
func (o *options) secret(prefix string, n int) string {
	if o.start.IsZero() {
		return secret(prefix)
	}
	return prefix + letters(26, base32Alphabet, o.seed, hash(prefix), uint64(n)) //nolint:gosec // counts from 0
}

// luhn appends the check digit of an ICCID (ITU-T E.118).
func luhn(digits string) string {
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
