package webhook

import (
	"bytes"
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

// maxOpen is how many messages a [MemoryInbox] holds that have not had their
// effect: beyond it something is broken, and the sender does better to keep
// the next ones.
const maxOpen = 1 << 16

var (
	errFull    = errors.New("webhook: the inbox is full")
	errMessage = errors.New("webhook: a message needs a source and a key")
)

// MemoryInbox is an [Inbox] that forgets with the process: for tests, for a
// first try, and where every provider can be asked again. Of what is done it
// keeps the key, a few hundred bytes; see [MemoryInbox.Purge].
type MemoryInbox struct {
	mu     sync.Mutex
	keys   map[messageKey]int64
	byID   map[int64]*kept
	due    dueHeap
	lastID int64
}

type messageKey struct{ source, key string }

// kept is a message in the inbox.
type kept struct {
	Message
	nextAt time.Time
	doneAt time.Time // zero = not done
	place  int       // in the heap; -1 = not in it
}

var _ Inbox = (*MemoryInbox)(nil)

// NewMemoryInbox returns an empty inbox.
func NewMemoryInbox() *MemoryInbox {
	return &MemoryInbox{keys: make(map[messageKey]int64), byID: make(map[int64]*kept)}
}

// Add implements [Inbox]. While 65,536 messages have not had their effect it
// takes no more.
func (b *MemoryInbox) Add(ctx context.Context, m Message) (added bool, err error) {
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if m.Source == "" || m.Key == "" {
		return false, errMessage
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	key := messageKey{m.Source, m.Key}
	if _, known := b.keys[key]; known {
		return false, nil
	}
	if len(b.due) >= maxOpen {
		return false, errFull
	}
	b.lastID++
	k := &kept{nextAt: now, Message: Message{
		ID: b.lastID, Source: m.Source, Key: m.Key, ReceivedAt: now.UTC(),
		Body: bytes.Clone(m.Body), Header: m.Header.Clone(),
	}}
	b.keys[key] = k.ID
	b.byID[k.ID] = k
	heap.Push(&b.due, k)
	return true, nil
}

// Next implements [Inbox].
func (b *MemoryInbox) Next(ctx context.Context, n int, lease time.Duration) ([]Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	now := time.Now()
	b.mu.Lock()
	defer b.mu.Unlock()
	var list []Message
	for len(list) < n && len(b.due) > 0 && !b.due[0].nextAt.After(now) {
		k := b.due[0]
		k.Attempts++
		k.nextAt = now.Add(max(lease, time.Nanosecond)) // or it would be given out twice in this call
		heap.Fix(&b.due, k.place)
		m := k.Message
		m.Body, m.Header = bytes.Clone(m.Body), m.Header.Clone()
		list = append(list, m)
	}
	return list, nil
}

// Done implements [Inbox]. An id that it has not given is [esim.ErrNotFound].
func (b *MemoryInbox) Done(ctx context.Context, id int64) error {
	return b.settle(ctx, id, func(k *kept) {
		k.doneAt = time.Now()
		heap.Remove(&b.due, k.place)
		k.Body, k.Header = nil, http.Header(nil)
	})
}

// Retry implements [Inbox]. An id that it has not given is [esim.ErrNotFound].
func (b *MemoryInbox) Retry(ctx context.Context, id int64, after time.Duration) error {
	return b.settle(ctx, id, func(k *kept) {
		k.nextAt = time.Now().Add(after)
		heap.Fix(&b.due, k.place)
	})
}

// settle changes a message that is not done.
func (b *MemoryInbox) settle(ctx context.Context, id int64, change func(*kept)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.byID[id]
	if k == nil {
		return fmt.Errorf("webhook: message %d: %w", id, esim.ErrNotFound)
	}
	if k.doneAt.IsZero() {
		change(k)
	}
	return nil
}

// Purge forgets messages that were done before a time, and returns how many.
// One of them that comes again has its effect again.
func (b *MemoryInbox) Purge(ctx context.Context, before time.Time) (int64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	var n int64
	for id, k := range b.byID {
		if !k.doneAt.IsZero() && k.doneAt.Before(before) {
			delete(b.byID, id)
			delete(b.keys, messageKey{k.Source, k.Key})
			n++
		}
	}
	return n, nil
}

// dueHeap has the message that is due first at its top.
type dueHeap []*kept

func (h dueHeap) Len() int { return len(h) }

func (h dueHeap) Less(i, j int) bool {
	if c := h[i].nextAt.Compare(h[j].nextAt); c != 0 {
		return c < 0
	}
	return h[i].ID < h[j].ID
}

func (h dueHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place, h[j].place = i, j
}

// Push implements [heap.Interface].
func (h *dueHeap) Push(x any) {
	k, ok := x.(*kept)
	if !ok {
		panic("webhook: not a message")
	}
	k.place = len(*h)
	*h = append(*h, k)
}

// Pop implements [heap.Interface].
func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	k := (*h)[last]
	(*h)[last] = nil
	*h = (*h)[:last]
	k.place = -1
	return k
}
