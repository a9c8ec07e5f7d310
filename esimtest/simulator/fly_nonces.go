package simulator

import (
	"crypto/sha256"
	"sync"
	"time"
)

// nonces remembers request ids for 24 hours, and which request had each first.
type nonces struct {
	mu    sync.Mutex
	seen  map[[16]byte]nonceUse
	sweep time.Time
}

type nonceUse struct {
	at   time.Time
	what [sha256.Size]byte
}

// nonceMemory is how long request ids are stored (eSIMfly docs: create-order).
const nonceMemory = 24 * time.Hour

// digest stands for what a request asks for.
func digest(c *call) [sha256.Size]byte {
	return sha256.Sum256(append([]byte(c.op+"\n"), c.body...))
}

// knows reports whether the id is remembered.
func (n *nonces) knows(id [16]byte, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	use, ok := n.seen[id]
	return ok && now.Sub(use.at) <= nonceMemory
}

// heldBy reports whether the request that had the id first asked for the same.
func (n *nonces) heldBy(id [16]byte, c *call) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	use, ok := n.seen[id]
	return ok && use.what == digest(c)
}

// claim reports whether the id is new, and keeps it.
func (n *nonces) claim(id [16]byte, c *call) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.seen == nil {
		n.seen = map[[16]byte]nonceUse{}
		n.sweep = c.now.Add(nonceMemory)
	}
	if c.now.After(n.sweep) {
		for k, use := range n.seen {
			if c.now.Sub(use.at) > nonceMemory {
				delete(n.seen, k)
			}
		}
		n.sweep = c.now.Add(nonceMemory)
	}
	if use, ok := n.seen[id]; ok && c.now.Sub(use.at) <= nonceMemory {
		return false
	}
	n.seen[id] = nonceUse{c.now, digest(c)}
	return true
}
