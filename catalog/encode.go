package catalog

import (
	"encoding/binary"
	"time"

	"github.com/esimkit/esim"
)

// encoder writes a snapshot in two parts: numbers, among them the length of
// each text, and all texts one after the other. Read back, the texts are one
// piece of memory.
type encoder struct {
	numbers, texts []byte
}

// encode returns the snapshot file. The columns of the rows follow one
// another, not the rows.
func encode(s *saved) []byte {
	var e encoder
	e.uint(s.shelf.version)
	e.uint(ruleNumber(s.rule))
	e.uint(uint64(len(s.syncedAt)))
	for p, at := range s.syncedAt {
		e.text(string(p))
		e.int(at.Unix())
		e.uint(uint64(at.Nanosecond())) //nolint:gosec // not negative
	}
	e.shelf(s.shelf)
	e.shelf(s.withheld)
	return seal(e.numbers, e.texts)
}

func (e *encoder) uint(n uint64) { e.numbers = binary.AppendUvarint(e.numbers, n) }
func (e *encoder) int(n int64)   { e.numbers = binary.AppendVarint(e.numbers, n) }

func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.texts = append(e.texts, s...)
}

func texts[T ~string](e *encoder, list []T) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.text(string(s))
	}
}

func (e *encoder) shelf(s *shelf) {
	texts(e, s.providers)
	texts(e, s.currencies)
	texts(e, s.regions[1:])
	e.coverages(s.coverages[1:])
	e.networks(s.networks[1:])
	e.terms(s.terms[1:])
	e.uint(uint64(len(s.groups)))
	for _, g := range s.groups {
		e.numbers = binary.BigEndian.AppendUint64(e.numbers, g.key)
	}
	e.rows(s.rows)
}

func ruleNumber(e Equivalence) (n uint64) {
	if e.ExactBytes {
		n |= 1
	}
	if e.AnyNetwork {
		n |= 2
	}
	return n
}

// coverages and networks are lists of what repeats in many of them.

func (e *encoder) coverages(all [][]esim.Country) {
	var distinct numbers[esim.Country]
	members := listMembers(&distinct, all)
	texts(e, distinct.all)
	e.lists(members)
}

func (e *encoder) networks(all [][]esim.Network) {
	var distinct numbers[esim.Network]
	members := listMembers(&distinct, all)
	e.uint(uint64(len(distinct.all)))
	for _, n := range distinct.all {
		for _, s := range []string{string(n.Country), n.Name, n.MCC, n.MNC, n.Technology} {
			e.text(s)
		}
	}
	e.lists(members)
}

func listMembers[T comparable](distinct *numbers[T], all [][]T) [][]uint32 {
	members := make([][]uint32, len(all))
	for i, list := range all {
		for _, v := range list {
			members[i] = append(members[i], distinct.number(v))
		}
	}
	return members
}

func (e *encoder) lists(all [][]uint32) {
	e.uint(uint64(len(all)))
	for _, list := range all {
		e.uint(uint64(len(list)))
		for _, n := range list {
			e.uint(uint64(n))
		}
	}
}

func (e *encoder) rows(rows []row) {
	e.uint(uint64(len(rows)))
	for _, column := range []func(*row){
		func(r *row) { e.text(r.id) },
		func(r *row) { e.text(r.name) },
		func(r *row) { e.uint(uint64(r.provider)) },
		func(r *row) { e.uint(uint64(r.currency)) },
		func(r *row) { e.amount(r.price) },
		func(r *row) { e.int(int64(r.data)) },
		func(r *row) { e.uint(uint64(r.coverage)) },
		func(r *row) { e.uint(uint64(r.network)) },
		func(r *row) { e.uint(uint64(r.region)) },
		func(r *row) { e.uint(uint64(r.terms)) },
		func(r *row) { e.int(int64(r.days)) },
		func(r *row) { e.allowance(r.voice) },
		func(r *row) { e.allowance(r.sms) },
		func(r *row) { e.uint(uint64(r.kind)) },
		func(r *row) { e.uint(uint64(r.flags)) },
		func(r *row) { e.uint(uint64(r.group)) },
	} {
		for i := range rows {
			column(&rows[i])
		}
	}
}

func (e *encoder) terms(all []terms) {
	e.uint(uint64(len(all)))
	for _, t := range all {
		e.int(int64(t.fullSpeedPerDay))
		e.text(t.fairUse)
		e.int(int64(t.start))
		e.int(int64(t.installWithin))
		e.text(t.minPrice.Currency())
		e.amount(t.minPrice)
	}
}

// allowance is 0 for not stated, 1 for unlimited, else the number plus 2.
func (e *encoder) allowance(a esim.Allowance) {
	switch n, ok := a.Count(); {
	case ok:
		e.uint(uint64(n) + 2) //nolint:gosec // not negative
	case a.IsUnlimited():
		e.uint(1)
	default:
		e.uint(0)
	}
}

// amount is a decimal: twice the places after the point, plus one if it is
// negative, then all its digits.
func (e *encoder) amount(m esim.Money) {
	units, places, negative := m.Parts()
	head := uint64(places) << 1 //nolint:gosec // 0 to 19
	if negative {
		head++
	}
	e.uint(head)
	e.uint(units)
}

// moment reads back what encode writes of a time.
func moment(seconds int64, nanoseconds uint64) time.Time {
	return time.Unix(seconds, int64(nanoseconds)).UTC() //nolint:gosec // less than a second
}
