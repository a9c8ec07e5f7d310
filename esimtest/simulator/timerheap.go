package simulator

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// agenda is the eSIMs that time alone will change, the next one first, so that
// the passing of time costs nothing for all others.
type agenda []*sim

// expect puts the eSIM where it belongs in the agenda. It is called after
// whatever may have changed what time will do to it.
func (w *profiles) expect(s *sim, now time.Time) {
	at := w.nextChange(s, now)
	listed := !s.lookAt.IsZero()
	switch s.lookAt = at; {
	case at.IsZero() && listed:
		heap.Remove(&w.agenda, s.place)
	case at.IsZero():
	case listed:
		heap.Fix(&w.agenda, s.place)
	default:
		heap.Push(&w.agenda, s)
	}
}

// due takes the eSIMs to look at now out of the agenda, the oldest first.
func (w *profiles) due(now time.Time) []*sim {
	var list []*sim
	for len(w.agenda) > 0 && !w.agenda[0].lookAt.After(now) {
		s := w.agenda[0]
		heap.Pop(&w.agenda)
		s.lookAt = time.Time{}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *sim) int { return cmp.Compare(a.number, b.number) })
	return list
}

// nextChange is the earliest time at which settle may find a change, zero for
// never.
func (w *profiles) nextChange(s *sim, now time.Time) time.Time {
	var next time.Time
	sooner := func(t time.Time) {
		if next.IsZero() || t.Before(next) {
			next = t
		}
	}
	if s.cancelled {
		return next
	}
	if !s.delivered(now) {
		return s.readyAt
	}
	if !s.installed() && w.installAfter >= 0 {
		sooner(s.readyAt.Add(w.installAfter))
	}
	for _, b := range s.bundles {
		if b.expiresAt.After(now) {
			sooner(b.expiresAt)
		}
		if !b.endedAt.IsZero() {
			continue
		}
		switch {
		case s.installed() && (b.activatedAt.IsZero() || w.perHour > 0):
			sooner(now) // begins, or is in use all the time
		case b.activatedAt.IsZero() && w.startAfter > 0:
			sooner(b.createdAt.Add(w.startAfter))
		}
		return next // those behind it wait
	}
	return next
}

// Len implements [heap.Interface].
func (a agenda) Len() int { return len(a) }

// Less implements [heap.Interface].
func (a agenda) Less(i, j int) bool { return a[i].lookAt.Before(a[j].lookAt) }

// Swap implements [heap.Interface].
func (a agenda) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].place, a[j].place = i, j
}

// Push implements [heap.Interface].
func (a *agenda) Push(x any) {
	if s, ok := x.(*sim); ok {
		s.place = len(*a)
		*a = append(*a, s)
	}
}

// Pop implements [heap.Interface].
func (a *agenda) Pop() any {
	last := len(*a) - 1
	s := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return s
}
