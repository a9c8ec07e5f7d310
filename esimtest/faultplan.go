package esimtest

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/esimkit/esim"
)

// plan decides which request suffers what.
type plan struct {
	provider esim.Provider
	seed     int64
	armed    atomic.Bool // false = nothing to look up

	mu        sync.Mutex
	injected  []*Fault
	schedules []Schedule
	drawn     map[string]uint64 // requests an operation has seen since the start
}

func (p *plan) inject(f Fault) {
	f.Times = max(f.Times, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.injected = append(p.injected, &f)
	p.armed.Store(true)
}

func (p *plan) schedule(s Schedule) {
	s.Kinds = slices.Clone(s.Kinds)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.schedules = append(p.schedules, s)
	p.armed.Store(true)
}

func (p *plan) clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.injected, p.schedules = nil, nil
	p.armed.Store(false)
}

// next is what the request that just arrived suffers, nil for nothing.
func (p *plan) next(op string) *Fault {
	if !p.armed.Load() {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.drawn[op]
	p.drawn[op] = n + 1
	if f := p.take(op); f != nil {
		return f
	}
	for i, s := range p.schedules {
		if f := p.roll(s, op, uint64(i), n); f != nil {
			return f
		}
	}
	return nil
}

// take is the first injected fault for the operation, used up by one.
func (p *plan) take(op string) *Fault {
	for i, f := range p.injected {
		if (f.Op != "" && f.Op != op) || !f.Kind.AppliesTo(p.provider, op) {
			continue
		}
		if f.Skip > 0 {
			f.Skip--
			continue
		}
		taken := *f
		if f.Times--; f.Times == 0 {
			p.injected = slices.Delete(p.injected, i, i+1)
		}
		return &taken
	}
	return nil
}

func (p *plan) roll(s Schedule, op string, number, n uint64) *Fault {
	if s.Op != "" && s.Op != op {
		return nil
	}
	kinds := slices.DeleteFunc(slices.Clone(s.Kinds), func(k FaultKind) bool { return !k.AppliesTo(p.provider, op) })
	x := draw(p.seed, number, hash(string(p.provider)), hash(op), n)
	if len(kinds) == 0 || float64(x>>11)/math.Exp2(53) >= s.Rate {
		return nil
	}
	f := s.Fault
	f.Kind = kinds[mix(x)%uint64(len(kinds))]
	return &f
}
