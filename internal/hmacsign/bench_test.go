package hmacsign_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"hash"
	"strings"
	"sync"
	"testing"
)

// BenchmarkConcat puts one signature beside the HMAC it cannot do without: the
// same bytes in one piece through a pooled keyed hash, with no text and no string
// made of it.
func BenchmarkConcat(b *testing.B) {
	head := []string{smsStamp, smsID, concatCode}
	for _, size := range []int{0, 139, 4096} {
		body := bytes.Repeat([]byte("x"), size)
		b.Run(fmt.Sprintf("body=%d/impl=bare", size), func(b *testing.B) { bare(b, strings.Join(head, "")+string(body)) })
		b.Run(fmt.Sprintf("body=%d/impl=signer", size), func(b *testing.B) {
			s := newSigner(b, concatKey)
			b.ReportAllocs()
			for b.Loop() {
				_ = s.Concat(head, body).Upper()
			}
		})
	}
}

// BenchmarkLines is BenchmarkConcat for the form with line feeds.
func BenchmarkLines(b *testing.B) {
	lines := []string{"POST", linesPath, linesStamp, linesAccess}
	b.Run("impl=bare", func(b *testing.B) { bare(b, strings.Join(lines, "\n")) })
	b.Run("impl=signer", func(b *testing.B) {
		s := newSigner(b, concatKey)
		b.ReportAllocs()
		for b.Loop() {
			_ = s.Lines(lines...).Lower()
		}
	})
}

func bare(b *testing.B, text string) {
	b.Helper()
	type state struct {
		mac hash.Hash
		sum [sha256.Size]byte
	}
	message := []byte(text)
	pool := sync.Pool{New: func() any { return &state{mac: hmac.New(sha256.New, []byte(concatKey))} }}
	b.ReportAllocs()
	for b.Loop() {
		st, ok := pool.Get().(*state)
		if !ok {
			b.Fatal("foreign item in pool")
		}
		st.mac.Write(message)
		st.mac.Sum(st.sum[:0])
		st.mac.Reset()
		pool.Put(st)
	}
}
