package esim

import (
	"context"
	"crypto/sha256"
	"iter"
)

// maxPages ends an iteration over a catalogue that has no end: a million
// packages at 100 a page is more than all resellers list together.
const maxPages = 10_000

// Packages iterates over all pages of the catalogue of c, one request a page,
// and holds one page at a time. A package of the same provider and ID that
// appears twice, because the catalogue shifted between two pages, is yielded
// once. An error is yielded
// once, with a zero Package, and ends the iteration: a list cut short is an
// error, never a short list. A cursor that repeats is such an error.
//
// The sequence can be ranged over again; it then starts over at q.Cursor.
func Packages(ctx context.Context, c Client, q PackageQuery) iter.Seq2[Package, error] {
	return func(yield func(Package, error) bool) {
		cursors, ids := make(digests), make(digests)
		q := q
		for range maxPages {
			cursors.add(q.Cursor)
			page, err := c.ListPackages(ctx, q)
			if err != nil {
				yield(Package{}, err)
				return
			}
			for _, p := range page.Packages {
				if !ids.add(p.Key()) {
					continue
				}
				if !yield(p, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			if cursors.has(page.Next) {
				yield(Package{}, listError(c, "the catalogue's cursor repeats"))
				return
			}
			q.Cursor = page.Next
		}
		yield(Package{}, listError(c, "the catalogue has no end"))
	}
}

func listError(c Client, why string) *Error {
	return &Error{
		Provider: c.Provider(), Op: "ListPackages", Kind: ErrMalformedResponse,
		Outcome: OutcomeRejected, Message: why,
	}
}

// digests is a set of texts of which only 16 bytes each are kept.
type digests map[[16]byte]struct{}

func (d digests) key(text string) [16]byte {
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:16])
}

func (d digests) has(text string) bool {
	_, ok := d[d.key(text)]
	return ok
}

// add reports whether text is new.
func (d digests) add(text string) bool {
	k := d.key(text)
	if _, ok := d[k]; ok {
		return false
	}
	d[k] = struct{}{}
	return true
}
