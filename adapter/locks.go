package adapter

import (
	"context"
	"sync"
)

// locks is a mutex for each key, for which a caller waits as long as its context
// lasts. The zero value is ready.
type locks struct {
	mu   sync.Mutex
	busy map[string]chan struct{} // closed when released
}

// lock waits until no other call holds the key.
func (l *locks) lock(ctx context.Context, key string) (unlock func(), err error) {
	for {
		l.mu.Lock()
		busy := l.busy[key]
		if busy == nil {
			if l.busy == nil {
				l.busy = make(map[string]chan struct{})
			}
			busy = make(chan struct{})
			l.busy[key] = busy
			l.mu.Unlock()
			return func() { l.unlock(key, busy) }, nil
		}
		l.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (l *locks) unlock(key string, busy chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.busy, key)
	close(busy)
}
