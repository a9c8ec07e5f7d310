package catalog

import (
	"math"
	"math/big"
	"math/bits"

	"github.com/esimkit/esim"
)

// Places after the point of what the catalogue computes. Both are rounded half
// to even, once, from the exact value.
const (
	comparedPlaces = 8 // an amount in another currency
	perPlaces      = 4 // a price per GB or per day
)

// maxPlaces is how many digits of an amount may follow the point.
const maxPlaces = 19

var pow10 = [maxPlaces + 1]uint64{
	1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
}

// convert returns amount x rate in units of the last of comparedPlaces. It is
// false if that does not fit: no price has eleven digits before the point.
func convert(amount esim.Money, rate esim.Rate) (int64, bool) {
	n, places, negative := amount.Parts()
	r, more := rate.Parts()
	q, ok := ratio{n, r, 1, places + more - comparedPlaces}.round()
	return signed(q, negative), ok
}

// lift is convert at a rate of 1, for an amount of no more places; false if it
// has more, or does not fit.
func lift(amount esim.Money) (int64, bool) {
	units, places, negative := amount.Parts()
	if places > comparedPlaces {
		return 0, false
	}
	over, n := bits.Mul64(units, pow10[comparedPlaces-places])
	return signed(int64(n), negative), over == 0 && n <= math.MaxInt64 //nolint:gosec // false if it does not fit
}

// per returns amount x factor / divisor in units of the last of perPlaces.
func per(amount esim.Money, factor, divisor uint64) (int64, bool) {
	if divisor == 0 {
		return 0, false
	}
	n, places, negative := amount.Parts()
	q, ok := ratio{n, factor, divisor, places - perPlaces}.round()
	return signed(q, negative), ok
}

func signed(n int64, negative bool) int64 {
	if negative {
		return -n
	}
	return n
}

// ratio is a x b / (c x 10^scale), exactly. Scale may be negative, c is not 0.
type ratio struct {
	a, b, c uint64
	scale   int
}

// round returns the integer next to the ratio, the even one of two; false if
// there is none of 63 bits.
func (r ratio) round() (int64, bool) {
	hi, lo := bits.Mul64(r.a, r.b)
	over, divisor := uint64(0), r.c
	switch {
	case r.scale > maxPlaces || r.scale < -maxPlaces:
		return r.roundBig()
	case r.scale >= 0:
		over, divisor = bits.Mul64(r.c, pow10[r.scale])
	default:
		shift := pow10[-r.scale]
		over, hi = bits.Mul64(hi, shift)
		carry, low := bits.Mul64(lo, shift)
		var c uint64
		lo = low
		hi, c = bits.Add64(hi, carry, 0)
		over += c
	}
	if over != 0 || hi >= divisor {
		return r.roundBig()
	}
	q, rest := bits.Div64(hi, lo, divisor)
	if half := divisor - rest; rest > half || rest == half && q&1 == 1 {
		q++
	}
	return int64(q), q <= math.MaxInt64 //nolint:gosec // false if it does not fit
}

// roundBig is round for what 128 bits do not hold.
func (r ratio) roundBig() (int64, bool) {
	n, d := new(big.Int).SetUint64(r.a), new(big.Int).SetUint64(r.c)
	n.Mul(n, new(big.Int).SetUint64(r.b))
	shift := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(r.scale, -r.scale))), nil)
	if r.scale >= 0 {
		d.Mul(d, shift)
	} else {
		n.Mul(n, shift)
	}
	q, rest := n.QuoRem(n, d, new(big.Int))
	if c := rest.Lsh(rest, 1).Cmp(d); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return q.Int64(), q.IsInt64()
}
