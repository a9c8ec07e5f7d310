package main

import "sync"

// seats bounds how many pages are watched at once, in all and of one order:
// each costs a look at the books now and then.
type seats struct {
	mu    sync.Mutex
	taken map[cart]int
	all   int
}

const (
	maxSeats      = 1000
	seatsPerOrder = 8
)

// take returns what gives the seat back.
func (s *seats) take(c cart) (leave func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxSeats || s.taken[c] >= seatsPerOrder {
		return nil, false
	}
	if s.taken == nil {
		s.taken = make(map[cart]int)
	}
	s.all++
	s.taken[c]++
	return func() { s.leave(c) }, true
}

func (s *seats) leave(c cart) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.taken[c]--; s.taken[c] == 0 {
		delete(s.taken, c)
	}
}
