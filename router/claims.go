package router

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// ErrClaimConflict says that another process has written the claim meanwhile.
var ErrClaimConflict = errors.New("router: the claim has changed since it was read")

// Claim is the record of one reference: which resellers it was given to, and
// what became of it there.
type Claim struct {
	Reference string
	Version   int64  // counts the writes of this claim, from 1
	Document  []byte // JSON that only the router reads
}

// Claims keeps claims. It is safe for concurrent use. Whoever runs several
// processes gives them one store that they share.
type Claims interface {
	// Get returns the claim of a reference, [esim.ErrNotFound] if there is none.
	// It sees every Put that has returned, in any process.
	Get(ctx context.Context, reference string) (*Claim, error)
	// Put stores the claim as version c.Version, durably before it returns, if
	// the version stored is c.Version-1, where 0 means none. [ErrClaimConflict]
	// if it is another; nothing is stored then. After any other error the claim
	// may be stored or not.
	Put(ctx context.Context, c Claim) error
}

// MemoryClaims is a [Claims] that forgets with the process: for tests, and for
// a single process whose references are never used again after a restart.
type MemoryClaims struct {
	mu   sync.Mutex
	kept map[string]keptClaim
}

// keptClaim has few pointers, for the collector goes through all of them.
type keptClaim struct {
	version  int64
	document string
	at       int64 // Unix time in microseconds
}

var _ Claims = (*MemoryClaims)(nil)

// NewMemoryClaims returns an empty record.
func NewMemoryClaims() *MemoryClaims { return &MemoryClaims{kept: make(map[string]keptClaim)} }

// Get implements [Claims].
func (m *MemoryClaims) Get(ctx context.Context, reference string) (*Claim, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	kept, ok := m.kept[reference]
	if !ok {
		return nil, fmt.Errorf("router: no claim: %w", esim.ErrNotFound)
	}
	return &Claim{Reference: reference, Version: kept.version, Document: []byte(kept.document)}, nil
}

// Put implements [Claims].
func (m *MemoryClaims) Put(ctx context.Context, c Claim) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.kept[c.Reference].version != c.Version-1 {
		return ErrClaimConflict
	}
	m.kept[c.Reference] = keptClaim{c.Version, string(c.Document), time.Now().UnixMicro()}
	return nil
}

// Purge forgets the claims that were last written before a time, and returns
// how many. A reference that is used again after that counts as new, so keep
// them for as long as a shop may repeat an order.
func (m *MemoryClaims) Purge(ctx context.Context, before time.Time) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	n, limit := int64(0), before.UnixMicro()
	for reference, kept := range m.kept {
		if kept.at < limit {
			delete(m.kept, reference)
			n++
		}
	}
	return n, nil
}
