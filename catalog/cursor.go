package catalog

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/esimkit/esim"
)

// A cursor is the place of the last offer of a page, in terms that hold on any
// shelf, with a digest of itself and the query. So a search goes on after that
// place however the shelf has changed, and what was not made here for this
// query is told.

const (
	digestSize = 8
	maxCursor  = 4096 // bytes; bounds the work on a hostile text
)

// cursor names a place in the order of a query.
func (s *shelf) cursor(q *Query, at *seat) string {
	var space [256]byte
	r := &s.rows[at.row/2]
	place := space[:digestSize]
	place = append(place, flag(at.group == 0)|flag(at.without)<<1)
	place = binary.AppendVarint(place, at.value)
	place = binary.AppendVarint(place, at.compared)
	place = appendText(place, at.amount.Amount())
	place = appendText(place, s.currencies[r.currency])
	place = appendText(place, string(s.providers[r.provider]))
	place = appendText(place, r.id)
	digest := q.digest(place[digestSize:])
	copy(place, digest[:])
	return base64.RawURLEncoding.EncodeToString(place)
}

// readCursor returns the place that Query.After names.
func (s *shelf) readCursor(q *Query) (seat, error) {
	if len(q.After) > maxCursor {
		return seat{}, ErrCursor
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(q.After)
	if err != nil || len(raw) < digestSize+1 {
		return seat{}, ErrCursor
	}
	place := raw[digestSize:]
	if digest := q.digest(place); !bytes.Equal(raw[:digestSize], digest[:]) {
		return seat{}, ErrCursor
	}
	r := fields{rest: place[1:], ok: true}
	at := seat{without: place[0]&2 != 0, value: r.number(), compared: r.number()}
	number, currency, provider, id := r.text(), r.text(), r.text(), r.text()
	amount, err := esim.ParseMoney(number, currency)
	if err != nil || !r.ok || len(r.rest) > 0 {
		return seat{}, ErrCursor
	}
	n, found := s.find(esim.Provider(provider), id)
	at.amount, at.currency, at.row = amount, s.currencyOrdinal(currency), ordinal(int(n), found)
	if place[0]&1 == 0 {
		at.group = at.currency + 1
	}
	return at, nil
}

// digest tells a place in the answer to this query from any other text. How
// many offers a page has, and whether it counts facets, may change between two.
func (q *Query) digest(place []byte) (d [digestSize]byte) {
	var space [512]byte
	b := space[:0]
	b = appendTexts(b, q.Countries)
	b = appendTexts(b, q.AnyOf)
	b = appendTexts(b, q.Providers)
	b = binary.AppendUvarint(b, uint64(len(q.Kinds)))
	for _, k := range q.Kinds {
		b = binary.AppendVarint(b, int64(k))
	}
	for _, n := range [...]int64{
		int64(q.MinData), int64(q.MaxData), int64(q.MinDays), int64(q.MaxDays), int64(max(q.Stack, 1)),
		int64(q.Unlimited), int64(q.Rechargeable), int64(q.MinGeneration), int64(q.Sort),
	} {
		b = binary.AppendVarint(b, n)
	}
	b = appendText(b, q.MaxPrice.Amount())
	b = appendText(b, q.MaxPrice.Currency())
	b = appendText(b, q.Text)
	b = appendText(b, q.Currency)
	b = append(b, place...)
	sum := sha256.Sum256(b)
	copy(d[:], sum[:])
	return d
}

func appendTexts[T ~string](b []byte, texts []T) []byte {
	b = binary.AppendUvarint(b, uint64(len(texts)))
	for _, t := range texts {
		b = appendText(b, string(t))
	}
	return b
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// fields reads what a cursor is made of; ok is false once something is missing.
type fields struct {
	rest []byte
	ok   bool
}

func (r *fields) number() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.ok, r.rest = false, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *fields) text() string {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 || n > uint64(len(r.rest)-size) { //nolint:gosec // not negative
		r.ok, r.rest = false, nil
		return ""
	}
	text := string(r.rest[size : size+int(n)]) //nolint:gosec // not more than there is
	r.rest = r.rest[size+int(n):]              //nolint:gosec // likewise
	return text
}
