package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// meter reads how much data eSIMs have used, no more often than is polite, and
// writes it down by the day.
type meter struct {
	books     *books
	resellers *resellers
	pause     time.Duration // between two readings of one eSIM

	mu   sync.Mutex
	last map[esim.ICCID]*measure
}

// askAtMost is how long a page waits for a reseller: what there is to install
// must not wait for what is nice to know.
const askAtMost = 3 * time.Second

// measure is one reading, or why there is none. It is locked while the reseller
// is asked, so that a thousand who look are one question.
type measure struct {
	mu    sync.Mutex
	usage *esim.Usage
	err   error
	at    time.Time
}

func newMeter(b *books, r *resellers, live bool) *meter {
	m := &meter{books: b, resellers: r, pause: 2 * time.Second, last: make(map[esim.ICCID]*measure)}
	if live {
		m.pause = time.Minute
	}
	return m
}

// forget makes the next reading a fresh one.
func (m *meter) forget(iccid esim.ICCID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.last, iccid)
}

// read returns what the reseller says, or said a moment ago. An error that
// matches [errors.ErrUnsupported] means that this one never says.
func (m *meter) read(ctx context.Context, p esim.Provider, iccid esim.ICCID) (*esim.Usage, error) {
	kept := m.of(iccid)
	kept.mu.Lock()
	defer kept.mu.Unlock()
	if time.Since(kept.at) < m.pause {
		return kept.usage, kept.err
	}
	c, err := m.resellers.client(p)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askAtMost) // others wait for it too
	defer cancel()
	usage, err := c.Usage(ctx, iccid)
	if err == nil && !usage.Unlimited {
		err = m.books.note(ctx, iccid, m.resellers.now(), spent(usage))
	}
	kept.usage, kept.err, kept.at = usage, err, time.Now()
	return usage, err
}

func (m *meter) of(iccid esim.ICCID) *measure {
	m.mu.Lock()
	defer m.mu.Unlock()
	kept := m.last[iccid]
	if kept == nil {
		kept = new(measure)
		m.last[iccid] = kept
	}
	return kept
}

// spent is what an eSIM has ever used. [esim.Usage.Used] leaves out plans that
// have ended, so it falls when the next one begins.
func spent(u *esim.Usage) esim.DataSize {
	var sum esim.DataSize
	for _, p := range u.Plans {
		sum += p.Used
	}
	return max(sum, u.Used)
}

// readMeters reads every eSIM that was sold, so that no day is missing.
func (s *shop) readMeters(ctx context.Context) error {
	var errs []error
	for p, err := range s.journal.Purchases(ctx, journal.Query{States: []journal.State{journal.Delivered}}) {
		if err != nil {
			return err
		}
		if p.Kind != journal.OrderKind || p.Order == nil {
			continue
		}
		for _, e := range p.Order.ESIMs {
			_, err := s.meter.read(ctx, p.Provider, e.ICCID)
			if !errors.Is(err, errors.ErrUnsupported) {
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

// forgetAll makes every next reading a fresh one.
func (m *meter) forgetAll() {
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.last)
}
