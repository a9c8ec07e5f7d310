package simulator

import (
	"cmp"
	"container/heap"
	"slices"
	"time"
)

// timerHeap holds the eSIMs that time alone will change, the next one first, so
// that the passing of time costs nothing for all others.
type timerHeap []*sim

// expect puts the eSIM where it belongs in the heap. It is called after
// whatever may have changed what time will do to it.
func (w *fleet) expect(s *sim, now time.Time) {
	at := w.nextChange(s, now)
	listed := !s.dueAt.IsZero()
	switch s.dueAt = at; {
	case at.IsZero() && listed:
		heap.Remove(&w.timers, s.index)
	case at.IsZero():
	case listed:
		heap.Fix(&w.timers, s.index)
	default:
		heap.Push(&w.timers, s)
	}
}

// due takes the eSIMs that are due out of the heap, the oldest first.
func (w *fleet) due(now time.Time) []*sim {
	var list []*sim
	for len(w.timers) > 0 && !w.timers[0].dueAt.After(now) {
		s := w.timers[0]
		heap.Pop(&w.timers)
		s.dueAt = time.Time{}
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *sim) int { return cmp.Compare(a.number, b.number) })
	return list
}

// nextChange is the earliest time at which settle may find a change, zero for
// never.
func (w *fleet) nextChange(s *sim, now time.Time) time.Time {
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
func (a timerHeap) Len() int { return len(a) }

// Less implements [heap.Interface].
func (a timerHeap) Less(i, j int) bool { return a[i].dueAt.Before(a[j].dueAt) }

// Swap implements [heap.Interface].
func (a timerHeap) Swap(i, j int) {
	a[i], a[j] = a[j], a[i]
	a[i].index, a[j].index = i, j
}

// Push implements [heap.Interface].
func (a *timerHeap) Push(x any) {
	if s, ok := x.(*sim); ok {
		s.index = len(*a)
		*a = append(*a, s)
	}
}

// Pop implements [heap.Interface].
func (a *timerHeap) Pop() any {
	last := len(*a) - 1
	s := (*a)[last]
	(*a)[last] = nil
	*a = (*a)[:last]
	return s
}
