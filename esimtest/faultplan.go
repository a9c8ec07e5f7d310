package esimtest

import (
	"math"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// FaultPlan decides which request suffers what. It is what stands behind the
// Inject and Schedule of the simulators, for whoever writes another one. Its
// methods are safe for concurrent use.
type FaultPlan struct {
	provider esim.Provider
	seed     int64
	armed    atomic.Bool // false = nothing to look up

	mu        sync.Mutex
	injected  []*Fault
	schedules []Schedule
	drawn     map[string]uint64 // requests an operation has seen since the start
}

// NewFaultPlan returns a plan without faults. What its schedules draw depends
// on the seed.
func NewFaultPlan(p esim.Provider, seed int64) *FaultPlan {
	return &FaultPlan{provider: p, seed: seed, drawn: map[string]uint64{}}
}

// Inject lets the next matching requests suffer the fault.
func (p *FaultPlan) Inject(f Fault) {
	f.Times = max(f.Times, 1)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.injected = append(p.injected, &f)
	p.armed.Store(true)
}

// Schedule lets requests suffer at random from now on, in addition to what was
// scheduled before.
func (p *FaultPlan) Schedule(s Schedule) {
	s.Kinds = slices.Clone(s.Kinds)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.schedules = append(p.schedules, s)
	p.armed.Store(true)
}

// Clear ends all faults.
func (p *FaultPlan) Clear() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.injected, p.schedules = nil, nil
	p.armed.Store(false)
}

// Next returns what the request that has just arrived suffers, nil for nothing.
func (p *FaultPlan) Next(op string) *Fault {
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
func (p *FaultPlan) take(op string) *Fault {
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

func (p *FaultPlan) roll(s Schedule, op string, number, n uint64) *Fault {
	if s.Op != "" && s.Op != op {
		return nil
	}
	kinds := slices.DeleteFunc(slices.Clone(s.Kinds), func(k FaultKind) bool { return !k.AppliesTo(p.provider, op) })
	x := random.Draw(p.seed, number, random.Hash(string(p.provider)), random.Hash(op), n)
	if len(kinds) == 0 || float64(x>>11)/math.Exp2(53) >= s.Rate {
		return nil
	}
	f := s.Fault
	f.Kind = kinds[random.Mix(x)%uint64(len(kinds))]
	return &f
}
