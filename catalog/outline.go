package catalog

import (
	"math/bits"

	"github.com/esimkit/esim"
)

// outline is the size and validity of a row, each in seven bits below a free
// one, so that those of a hundred thousand rows stay in a processor's cache
// and two bounds are checked at once: most rows are refused by it alone. Both
// parts keep the order of what they stand for, and what an outline lets pass
// is looked at again in the row.
type outline uint16

const freeBits outline = 0x8080

const (
	unlimitedClass = 127
	mostSize       = 126
	mostDays       = 127
)

func outlined(size, days uint8) outline { return outline(size)<<8 | outline(days) }

func outlineOf(r *row) outline {
	if r.flags&unlimited != 0 {
		return outlined(unlimitedClass, daysClass(r.days))
	}
	return outlined(sizeClass(r.data), daysClass(r.days))
}

// sizeClass has four classes between a MiB and twice that, as for each power
// of two; 0 is a size that is not stated.
func sizeClass(d esim.DataSize) uint8 {
	if d <= 0 {
		return 0
	}
	quarters := max(uint64(d)>>18, 4) // of a MiB
	exponent := bits.Len64(quarters) - 3
	return uint8(min(1+exponent*4+int(quarters>>exponent&3), mostSize)) //nolint:gosec // bounded
}

// daysClass is exact for what travellers buy.
func daysClass(days int32) uint8 { return uint8(min(max(days, 0), mostDays)) }

// outlines gives each row its own.
func (s *shelf) outlines() {
	s.outlined = make([]outline, len(s.rows))
	for n := range s.rows {
		s.outlined[n] = outlineOf(&s.rows[n])
	}
}

// frame holds the outlines between two corners.
type frame struct{ least, most outline }

// frame returns one around all that may suit.
func (f *filter) frame() frame {
	minSize, maxSize, minDays, maxDays := uint8(0), uint8(unlimitedClass), uint8(0), uint8(mostDays)
	if f.stack == 1 {
		minSize, minDays = sizeClass(f.minData), daysClass(f.minDays)
	}
	if f.maxData > 0 {
		minSize, maxSize = max(minSize, 1), sizeClass(f.maxData)
	}
	if f.maxDays > 0 {
		minDays, maxDays = max(minDays, 1), daysClass(f.maxDays)
	}
	if f.must&unlimited != 0 {
		minSize = unlimitedClass
	}
	if f.mustNot&unlimited != 0 {
		maxSize = min(maxSize, mostSize)
	}
	return frame{outlined(minSize, minDays), outlined(maxSize, maxDays)}
}

// next returns the index of the next row whose outline is within the frame. A
// part that is too small or too large borrows the free bit above it.
func (w frame) next(rows []uint32, outlined []outline) int {
	for i, n := range rows {
		o := outlined[n]
		if ((o|freeBits)-w.least)&((w.most|freeBits)-o)&freeBits == freeBits {
			return i
		}
	}
	return len(rows)
}
