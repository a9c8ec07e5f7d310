package simulator

import (
	"net/http"
	"sync"
)

// pipeline is the way of one order or top-up through a provider: its key is
// looked at, the purchase takes its time, is charged, and its key is kept. The
// functions are called with the provider's lock held.
type pipeline[T any] struct {
	srv  *Server
	mu   *sync.Mutex // the provider's lock
	keys *keyStore[T]
	c    *call

	key     string // "" = the purchase has none
	subject string // what is bought, for purchases without a key
	lock    string // what two purchases in progress must not share; "" = nothing
	once    bool   // the key of an earlier purchase is refused, never replayed

	check  func() *reply                              // the refusal for its package or for the balance; nil = none
	commit func() (order T, answer *reply, made bool) // charges, unless check refuses
	replay func(order T) *reply                       // the answer to a repeat
	known  func(inProgress bool) *reply               // the refusal of a known key
}

// run is the provider's answer to the purchase.
func (b *pipeline[T]) run() *reply {
	if answer := b.begin(); answer != nil {
		return answer
	}
	defer b.end()
	b.c.process(b.srv.options.processing)
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.decide()
}

// begin marks the purchase as in progress, unless it is a repeat of an earlier
// one or of one that still is.
func (b *pipeline[T]) begin() *reply {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.srv.rules.checksFirst {
		if refusal := b.check(); refusal != nil {
			return refusal
		}
	}
	if k, ok := b.keys.find(b.key, b.c.now); ok {
		return b.again(k)
	}
	if b.lock != "" && !b.keys.begin(b.key, b.lock) {
		return b.known(true)
	}
	return nil
}

func (b *pipeline[T]) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys.end(b.lock)
}

// again is the answer to a key that was used earlier.
func (b *pipeline[T]) again(k keptKey[T]) *reply {
	switch {
	case b.once, k.refusal == nil && b.srv.rules.keys.replayFails:
		return b.known(false)
	case k.refusal != nil:
		return k.refusal
	}
	return b.replay(k.order)
}

// decide charges the purchase and keeps its key, and fails where the rules say
// so.
func (b *pipeline[T]) decide() *reply {
	rule := b.srv.rules.failure
	fails := rule.attempts > 0 && b.keys.attempt(b.attempted()) <= rule.attempts
	if fails && !rule.charges {
		answer := b.srv.failed(b.c, rule)
		if !rule.frees {
			b.refused(answer)
		}
		return answer
	}
	order, answer, made := b.commit()
	if !made {
		if b.srv.rules.keys.refusals {
			b.refused(answer)
		}
		return answer
	}
	if !fails || !rule.frees {
		b.keys.keep(b.key, keptKey[T]{order: order, at: b.srv.now()})
	}
	b.c.free = b.free
	if fails {
		return b.srv.failed(b.c, rule)
	}
	return answer
}

// free gives the key back.
func (b *pipeline[T]) free() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.keys.free(b.key)
}

// attempted is what failures are counted by.
func (b *pipeline[T]) attempted() string {
	if b.key != "" {
		return "key " + b.key
	}
	return b.c.op + " " + b.subject
}

func (b *pipeline[T]) refused(answer *reply) {
	b.keys.keep(b.key, keptKey[T]{refusal: answer, at: b.srv.now()})
}

// failed is the answer to a purchase that fails.
func (p *Server) failed(c *call, f failure) *reply {
	if f.gateway {
		return &reply{status: http.StatusBadGateway, ctype: "text/html", body: []byte(proxyPage)}
	}
	return p.api.failure(c, f.answer)
}
