// Package hmacsign turns canonical bytes into HMAC-SHA256 digests and checks
// the digests that others send.
//
// It knows forms, not providers. [Signer.Concat] joins its parts with nothing
// between them: eSIMfly signs requests so (upper-case hex) and the raw body of
// its webhooks (lower-case hex behind "sha256="). [Signer.Lines] joins its parts
// with line feeds: eSIM Story signs requests so (lower-case hex, under a key
// that [DecodeSecret] reads). What goes into the parts, and in what order, is
// the adapter's business.
package hmacsign

import (
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"hash"
	"slices"
	"sync"
)

// ErrEmptyKey is returned for a key or secret of no bytes: anybody can sign
// with that.
var ErrEmptyKey = errors.New("hmacsign: empty key")

// Signer computes digests under one key. It is safe for concurrent use. The
// zero value holds no key and panics when used; get one from [New].
type Signer struct {
	states sync.Pool // of *state. The key is held by the pool's closure, out of reach of fmt.
}

// New returns a Signer for key, of which it keeps a copy. It fails with
// [ErrEmptyKey] when key has no bytes.
func New(key []byte) (*Signer, error) {
	if len(key) == 0 {
		return nil, ErrEmptyKey
	}
	key = slices.Clone(key)
	return &Signer{states: sync.Pool{New: func() any {
		return &state{mac: hmac.New(sha256.New, key)}
	}}}, nil
}

// Concat digests the head's strings followed by body, with nothing between
// them. No boundary is signed, so {"ab", "c"} and {"a", "bc"} have one digest:
// fields whose length can vary under an attacker's hand do not belong next to
// each other.
func (s *Signer) Concat(head []string, body []byte) Digest {
	st := s.start()
	text := st.text[:0]
	for _, part := range head {
		text = append(text, part...)
	}
	if len(body) <= shortBody {
		text, body = append(text, body...), nil
	}
	return s.finish(st, text, body)
}

// Lines digests the lines with one line feed (0x0A) between neighbours and none
// at the end. A line must not contain a line feed itself, or two different
// lists would have one digest; callers check theirs where they accept them.
func (s *Signer) Lines(lines ...string) Digest {
	st := s.start()
	text := st.text[:0]
	for i, line := range lines {
		if i > 0 {
			text = append(text, '\n')
		}
		text = append(text, line...)
	}
	return s.finish(st, text, nil)
}

const (
	shortBody = 1 << 10 // up to here copying a body costs less than a second Write
	keptText  = 4 << 10 // a longer buffer is left to the garbage collector
)

// state is one computation's memory. Resetting a keyed hash costs a copy of two
// SHA-256 states, keying a new one two rounds of SHA-256 and eight allocations,
// so states are kept and reused.
type state struct {
	mac  hash.Hash
	sum  Digest // Sum appends here: mac is an interface, so an array on the stack would move to the heap
	text []byte // a hash takes no strings; they are gathered here
}

func (s *Signer) start() *state {
	st, ok := s.states.Get().(*state)
	if !ok {
		panic("hmacsign: Signer was not made by New")
	}
	return st
}

// finish digests text and then body, which is read where it lies.
func (s *Signer) finish(st *state, text, body []byte) Digest {
	// A hash.Hash never returns an error from Write; its documentation promises so.
	_, _ = st.mac.Write(text)
	if len(body) > 0 {
		_, _ = st.mac.Write(body)
	}
	st.mac.Sum(st.sum[:0])
	sum := st.sum
	st.mac.Reset()
	if cap(text) <= keptText {
		st.text = text
	}
	s.states.Put(st)
	return sum
}
