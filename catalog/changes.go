package catalog

import (
	"context"
	"slices"
	"sort"

	"github.com/esimkit/esim"
)

// ChangeKind is what became of a package.
type ChangeKind int

// What becomes of packages.
const (
	Added        ChangeKind = iota + 1 // was not there before
	Gone                               // is not there any more
	PriceChanged                       // differs in its price alone
	Changed                            // differs in something else, perhaps in its price too
)

// String returns "added", "gone", "price changed", "changed" or "unknown".
func (k ChangeKind) String() string {
	words := [...]string{Added: "added", Gone: "gone", PriceChanged: "price changed", Changed: "changed"}
	if k < Added || int(k) >= len(words) {
		return "unknown"
	}
	return words[k]
}

// MarshalText writes the text of String.
func (k ChangeKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// Change is one package that differs from one version to the next. The lists
// of the packages are the catalogue's own: read only.
type Change struct {
	Kind    ChangeKind   `json:"kind"`
	Version uint64       `json:"version"` // the first that has it
	Before  esim.Package `json:"before"`  // zero if Added
	After   esim.Package `json:"after"`   // zero if Gone
}

// Changes is what a mirror of the catalogue has to catch up with.
type Changes struct {
	// List is in the order of versions, then provider and ID.
	List []Change `json:"list"`
	// Version is where List leads to, and what to ask for next time.
	Version uint64 `json:"version"`
	// Complete: List leads from the version asked for to Version. Otherwise
	// it is empty, for what is between is not known any more: reload with
	// [Catalog.All], after noting Version.
	Complete bool `json:"complete"`
}

// Changes returns what has changed since a version, which is 0 or one that
// Changes, [Catalog.Wait], [Catalog.Status] or a page has shown. Versions of an
// earlier process are known only if that was the last one of its snapshot.
func (c *Catalog) Changes(since uint64) Changes {
	c.mu.Lock()
	version := c.shelf.Load().version
	steps, known := c.history.after(since)
	c.mu.Unlock()
	if !known {
		return Changes{Version: version}
	}
	return Changes{List: tell(steps), Version: version, Complete: true}
}

// Wait returns the version of the shelf as soon as it is another than after, or
// the error of the context. A version later than the shelf's is of another
// process: that returns at once, and [Catalog.Changes] says to reload.
func (c *Catalog) Wait(ctx context.Context, after uint64) (uint64, error) {
	for {
		c.mu.Lock()
		version, newer := c.shelf.Load().version, c.newer
		c.mu.Unlock()
		if version != after {
			return version, nil
		}
		select {
		case <-ctx.Done():
			return version, ctx.Err()
		case <-newer:
		}
	}
}

// history is the way from an earlier version to that of today.
type history struct {
	base  uint64 // the version before the first step
	steps []step
	size  int // changes in all steps
}

// step leads from one version to the next. It keeps the rows that differ, and
// not the shelves they stood on, nor their texts.
type step struct {
	version       uint64
	kinds         []ChangeKind
	before, after shelf // the rows that were and are, in the order of kinds
}

func (h *history) add(s step, limit int) {
	h.steps = append(h.steps, s)
	h.size += len(s.kinds)
	for h.size > limit {
		h.base = h.steps[0].version
		h.size -= len(h.steps[0].kinds)
		h.steps = slices.Delete(h.steps, 0, 1)
	}
}

// after returns the steps that follow a version, unless it is not known. What
// is in a step never changes.
func (h *history) after(version uint64) (steps []step, known bool) {
	if version == h.base {
		return slices.Clone(h.steps), true
	}
	i := sort.Search(len(h.steps), func(i int) bool { return h.steps[i].version >= version })
	if i == len(h.steps) || h.steps[i].version != version {
		return nil, false
	}
	return slices.Clone(h.steps[i+1:]), true
}

func tell(steps []step) []Change {
	var list []Change
	for _, s := range steps {
		var before, after uint32
		for _, kind := range s.kinds {
			c := Change{Kind: kind, Version: s.version}
			if kind != Added {
				c.Before = s.before.pack(before)
				before++
			}
			if kind != Gone {
				c.After = s.after.pack(after)
				after++
			}
			list = append(list, c)
		}
	}
	return list
}

// stepBetween returns what differs between two shelves. Both are in the order
// of provider and ID, so one walk over both sees it all.
func stepBetween(before, after *shelf) step {
	s := step{version: after.version, before: before.tables(), after: after.tables()}
	i, k := 0, 0
	for i < len(before.rows) || k < len(after.rows) {
		switch order := compareAt(before, i, after, k); {
		case order < 0:
			s.add(Gone, &before.rows[i], nil)
			i++
		case order > 0:
			s.add(Added, nil, &after.rows[k])
			k++
		default:
			if kind := difference(before, &before.rows[i], after, &after.rows[k]); kind != 0 {
				s.add(kind, &before.rows[i], &after.rows[k])
			}
			i++
			k++
		}
	}
	s.kinds, s.before, s.after = slices.Clip(s.kinds), s.before.apart(len(before.rows)), s.after.apart(len(after.rows))
	return s
}

func (s *step) add(kind ChangeKind, before, after *row) {
	s.kinds = append(s.kinds, kind)
	if before != nil {
		s.before.rows = append(s.before.rows, *before)
	}
	if after != nil {
		s.after.rows = append(s.after.rows, *after)
	}
}

// count returns how many changes of a kind there are.
func (s *step) count(kind ChangeKind) (n int) {
	for _, k := range s.kinds {
		if k == kind {
			n++
		}
	}
	return n
}
