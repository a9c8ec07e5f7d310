package esim

import (
	"errors"
	"math"
	"math/bits"
	"strconv"
	"strings"
)

// DataSize is an amount of data in bytes. In JSON it is a plain number.
//
// Resellers disagree about what a gigabyte is, and shops write "1 GB" for
// both sizes. Here the two keep their own names: GB is 10⁹ bytes, GiB is 2³⁰.
type DataSize int64

// Units of data: powers of ten and, with an i, powers of two.
const (
	KB DataSize = 1_000
	MB DataSize = 1_000 * KB
	GB DataSize = 1_000 * MB
	TB DataSize = 1_000 * GB

	KiB DataSize = 1 << 10
	MiB DataSize = 1 << 20
	GiB DataSize = 1 << 30
	TiB DataSize = 1 << 40
)

var (
	errDataSize      = errors.New(`esim: a data size is a number and a unit, such as "1.5 GB" or "500 MiB"`)
	errDataSizeRange = errors.New("esim: data size too large")
	errDataSizeExact = errors.New("esim: data size is not a whole number of bytes")
)

// dataUnits holds the units from the largest to the byte.
var dataUnits = [...]struct {
	name string
	size uint64
}{
	{"TiB", uint64(TiB)},
	{"TB", uint64(TB)},
	{"GiB", uint64(GiB)},
	{"GB", uint64(GB)},
	{"MiB", uint64(MiB)},
	{"MB", uint64(MB)},
	{"KiB", uint64(KiB)},
	{"KB", uint64(KB)},
	{"B", 1},
}

// String writes the size as people do: "1 GB", "500 MB", "1.23 GB", "1 GiB".
//
// The unit is the largest, decimal or binary, that states the size exactly
// with at most two decimals and four digits before them. A size that no unit
// states so briefly is written out in the largest decimal unit,
// "1.073741825 GB". Nothing is rounded: [ParseDataSize] reads the same size
// back.
func (d DataSize) String() string {
	sign, size := "", uint64(d) //nolint:gosec // two's complement is undone below
	if d < 0 {
		sign, size = "-", -size
	}
	for _, u := range dataUnits {
		hundredths := size % u.size * 100 // no overflow: units stay below 2⁴¹
		if size >= u.size && size/u.size < 10_000 && hundredths%u.size == 0 {
			return sign + decimalText(size/u.size, hundredths/u.size, 2) + " " + u.name
		}
	}
	for _, u := range decimalUnits {
		if size >= u.size {
			return sign + decimalText(size/u.size, size%u.size, u.places) + " " + u.name
		}
	}
	return "0 B"
}

// placedUnit is a unit, and the places after which any number of bytes ends in
// it; 0 for units of which that is no use.
type placedUnit struct {
	name   string
	size   uint64
	places int
}

var binaryUnits = [...]placedUnit{
	{"TiB", uint64(TiB), 0},
	{"GiB", uint64(GiB), 0},
	{"MiB", uint64(MiB), 0},
	{"KiB", uint64(KiB), 0},
	{"B", 1, 0},
}

// decimalUnits are those in which any number of bytes ends after some places.
var decimalUnits = [...]placedUnit{
	{"TB", uint64(TB), 12},
	{"GB", uint64(GB), 9},
	{"MB", uint64(MB), 6},
	{"KB", uint64(KB), 3},
	{"B", 1, 0},
}

// Human writes the size for people, in three digits or so: "10.6 GiB", "300 MB".
// It is rounded, and in units of the kind in which another size is stated, so
// that what is left reads like the whole: usage.Remaining.Human(usage.Total).
// A size that nothing else stands beside is like itself.
func (d DataSize) Human(like DataSize) string {
	sign, size := "", uint64(d) //nolint:gosec // two's complement is undone below
	if d < 0 {
		sign, size = "-", -size
	}
	units := decimalUnits[:]
	if strings.HasSuffix(like.String(), "iB") {
		units = binaryUnits[:]
	}
	larger := placedUnit{size: math.MaxUint64}
	for _, u := range units {
		if size < u.size {
			larger = u
			continue
		}
		text := threeDigits(size, u.size, larger.size)
		if text == "" { // 999.9 MB are 1 GB
			return sign + "1 " + larger.name
		}
		return sign + text + " " + u.name
	}
	return "0 B"
}

// threeDigits writes size / unit; "" if that rounds to the next larger unit.
func threeDigits(size, unit, next uint64) string {
	factor, places := uint64(1), 0
	for places < 2 && size/unit < 100/factor {
		factor, places = factor*10, places+1
	}
	n := size/unit*factor + (size%unit*factor+unit/2)/unit // no overflow: units stay below 2⁴¹
	if n >= next/unit*factor {
		return ""
	}
	return decimalText(n/factor, n%factor, places)
}

// decimalText writes whole and, after the point, fraction as so many places
// without the zeros at its end.
func decimalText(whole, fraction uint64, places int) string {
	text := strconv.FormatUint(whole, 10)
	if fraction == 0 {
		return text
	}
	digits := strconv.FormatUint(fraction, 10)
	return text + "." + strings.TrimRight(strings.Repeat("0", places-len(digits))+digits, "0")
}

// ParseDataSize reads a number, an optional space and a unit: "1GB", "1 GB",
// "1.5 GiB", "1024 B", "-3 MB". The unit is B, KB, MB, GB, TB or KiB, MiB,
// GiB, TiB, in that spelling or all in upper or lower case; "Gb" is refused,
// since that may mean a gigabit, and so is a number without a unit.
//
// The result is exact. It is an error if the size is not a whole number of
// bytes, does not fit, or has more than 19 significant digits.
func ParseDataSize(s string) (DataSize, error) {
	end := strings.IndexFunc(s, func(r rune) bool { return !strings.ContainsRune("-.0123456789", r) })
	if end < 0 {
		return 0, errDataSize
	}
	unit, ok := dataUnit(strings.TrimPrefix(s[end:], " "))
	if !ok {
		return 0, errDataSize
	}
	n, err := parseNumeral(s[:end])
	if err != nil {
		return 0, err
	}
	return n.dataSize(unit)
}

// dataUnit returns the bytes in the unit of that name.
func dataUnit(name string) (uint64, bool) {
	if name == "kB" { // the SI spelling
		return uint64(KB), true
	}
	for _, u := range dataUnits {
		if name == u.name || name == strings.ToUpper(u.name) || name == strings.ToLower(u.name) {
			return u.size, true
		}
	}
	return 0, false
}

// dataSize returns n units of so many bytes, exactly or not at all.
func (n numeral) dataSize(unit uint64) (DataSize, error) {
	hi, lo := bits.Mul64(n.coef, unit)
	divisor := pow10[n.scale]
	if hi >= divisor {
		return 0, errDataSizeRange
	}
	size, rest := bits.Div64(hi, lo, divisor)
	if rest != 0 {
		return 0, errDataSizeExact
	}
	if n.neg && size <= -math.MinInt64 {
		return DataSize(-size), nil //nolint:gosec // two's complement of a size in range
	}
	if n.neg || size > math.MaxInt64 {
		return 0, errDataSizeRange
	}
	return DataSize(size), nil
}
