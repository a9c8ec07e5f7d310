package catalog

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// numbers gives each distinct value a number, from 0.
type numbers[T comparable] struct {
	of  map[T]uint32
	all []T
}

func (n *numbers[T]) number(v T) uint32 {
	if i, ok := n.of[v]; ok {
		return i
	}
	if n.of == nil {
		n.of = make(map[T]uint32)
	}
	i := uint32(len(n.all)) //nolint:gosec // less than 2^32 rows name them
	n.of[v] = i
	n.all = append(n.all, v)
	return i
}

// lists gives each distinct list a number; the empty one has 0.
type lists[T comparable] struct {
	all    [][]T
	own    func([]T) []T // the list as it is kept: a copy, since its owner may write to it
	hash   func(*maphash.Hash, T)
	hasher maphash.Hash
	hashed map[uint64][]uint32
	// seen spares a second look at a list that many packages share.
	seen map[identity[T]]uint32
	// older are lists of the shelf before. Those still in use are not copied,
	// so that history and shelves share them.
	older map[uint64][][]T
}

// identity tells one list from another by where it lies.
type identity[T any] struct {
	first *T
	n     int
}

func newLists[T comparable](older [][]T, own func([]T) []T, hash func(*maphash.Hash, T)) lists[T] {
	l := lists[T]{
		all: [][]T{nil}, own: own, hash: hash,
		hashed: make(map[uint64][]uint32), seen: make(map[identity[T]]uint32), older: make(map[uint64][][]T, len(older)),
	}
	for _, list := range older {
		sum := l.sum(list)
		l.older[sum] = append(l.older[sum], list)
	}
	return l
}

func (l *lists[T]) number(list []T) uint32 {
	if len(list) == 0 {
		return 0
	}
	id := identity[T]{&list[0], len(list)}
	i, ok := l.seen[id]
	if !ok {
		i = l.find(l.own(list))
		l.seen[id] = i
	}
	return i
}

func (l *lists[T]) sum(list []T) uint64 {
	l.hasher.Reset()
	for _, v := range list {
		l.hash(&l.hasher, v)
	}
	return l.hasher.Sum64()
}

func (l *lists[T]) find(list []T) uint32 {
	sum := l.sum(list)
	for _, i := range l.hashed[sum] {
		if slices.Equal(l.all[i], list) {
			return i
		}
	}
	for _, older := range l.older[sum] {
		if slices.Equal(older, list) {
			list = older
		}
	}
	i := uint32(len(l.all)) //nolint:gosec // less than 2^32 rows name them
	l.hashed[sum] = append(l.hashed[sum], i)
	l.all = append(l.all, list)
	return i
}

// coverageLists are lists of countries, each kept sorted and without repeats.
func coverageLists(older [][]esim.Country) lists[esim.Country] {
	var texts numbers[esim.Country]
	own := func(list []esim.Country) []esim.Country {
		sorted := make([]esim.Country, len(list))
		for i, c := range list {
			sorted[i] = kept(&texts, c)
		}
		slices.Sort(sorted)
		return slices.Clip(slices.Compact(sorted))
	}
	return newLists(older, own, func(h *maphash.Hash, c esim.Country) { writeText(h, string(c)) })
}

// networkLists are lists of networks, each in the provider's order.
func networkLists(older [][]esim.Network) lists[esim.Network] {
	var texts numbers[string]
	own := func(list []esim.Network) []esim.Network {
		copied := make([]esim.Network, len(list))
		for i, n := range list {
			copied[i] = esim.Network{
				Country: esim.Country(kept(&texts, string(n.Country))), Name: kept(&texts, n.Name),
				MCC: kept(&texts, n.MCC), MNC: kept(&texts, n.MNC), Technology: kept(&texts, n.Technology),
			}
		}
		return copied
	}
	return newLists(older, own, func(h *maphash.Hash, n esim.Network) {
		for _, text := range []string{string(n.Country), n.Name, n.MCC, n.MNC, n.Technology} {
			writeText(h, text)
		}
	})
}

// kept returns a text that is stored once, apart from what it was cut from.
func kept[T ~string](texts *numbers[T], text T) T {
	if i, ok := texts.of[text]; ok {
		return texts.all[i]
	}
	text = T(strings.Clone(string(text)))
	texts.number(text)
	return text
}

// writeText writes a text so that no two lists of texts look the same.
func writeText(h *maphash.Hash, text string) {
	h.WriteString(text) //nolint:gosec // never fails
	h.WriteByte(0)      //nolint:gosec // never fails
}
