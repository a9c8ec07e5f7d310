package simulator

import "time"

// keyStore is a provider's memory of the keys of purchases: idempotency_key,
// external_order_id, X-Idempotency-Key. The caller holds the provider's lock.
type keyStore[T any] struct {
	rules  keyRules
	memory time.Duration // 0 = for ever

	kept     map[string]keptKey[T]
	busy     map[string]bool // purchases in progress
	attempts map[string]int
}

// keptKey is what a key was used for: an order, or a refusal.
type keptKey[T any] struct {
	order   T
	refusal *reply // nil = there is an order
	at      time.Time
}

func newKeyStore[T any](r keyRules, memory time.Duration) *keyStore[T] {
	if r.memory != 0 {
		memory = r.memory
	}
	return &keyStore[T]{
		rules: r, memory: memory, kept: map[string]keptKey[T]{}, busy: map[string]bool{}, attempts: map[string]int{},
	}
}

// find is what the key was used for earlier.
func (s *keyStore[T]) find(key string, now time.Time) (keptKey[T], bool) {
	k, ok := s.kept[key]
	if key == "" || !ok || s.rules.ignored || (s.memory != 0 && now.Sub(k.at) >= s.memory) {
		return keptKey[T]{}, false
	}
	return k, true
}

// keep remembers the key of an order, or of a refusal.
func (s *keyStore[T]) keep(key string, k keptKey[T]) {
	if key != "" {
		s.kept[key] = k
	}
}

func (s *keyStore[T]) free(key string) { delete(s.kept, key) }

// begin marks a purchase as in progress. It is false when that is known of an
// earlier one: of the same key or, where an order has no key, of the same
// package.
func (s *keyStore[T]) begin(key, lock string) bool {
	if s.rules.unseen || (key != "" && s.rules.ignored) {
		return true
	}
	if s.busy[lock] {
		return false
	}
	s.busy[lock] = true
	return true
}

func (s *keyStore[T]) end(lock string) { delete(s.busy, lock) }

// attempt counts the purchases that have got as far as being acted on.
func (s *keyStore[T]) attempt(lock string) int {
	s.attempts[lock]++
	return s.attempts[lock]
}
