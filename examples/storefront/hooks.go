package main

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/webhook"
)

// openHooks makes the receiver of webhooks, for those that can be verified.
func (s *shop) openHooks() (err error) {
	s.hookLog = new(hookLog)
	if len(s.resellers.sources) == 0 {
		return nil
	}
	receivers := make(map[esim.Provider]func(context.Context, *esim.Order) error)
	for _, source := range s.resellers.sources {
		p := esim.Provider(source.Name())
		receivers[p] = s.journal.Receiver(p)
	}
	s.hooks, err = webhook.New(s.store.Inbox(), func(ctx context.Context, e esim.Event) error {
		if e.Order != nil {
			if failed := receivers[e.Provider](ctx, e.Order); again(failed) {
				return failed // Run repeats it
			}
		}
		s.meter.forget(e.ICCID) // a hint: what it says is read again from the reseller
		s.hookLog.add(hookLine{
			At: time.Now(), Source: title(e.Provider), Verified: true, Kind: e.Kind.String(), About: about(e),
		})
		s.waiters.Tell(e)
		return nil
	}, s.resellers.sources...)
	if err != nil {
		return err
	}
	s.hooks.Now = s.resellers.now
	s.hooks.Logger = slog.New(refusals{s.hookLog})
	return nil
}

// again reports whether the journal may take in later what it did not now. What
// contradicts its record it keeps for somebody to look at; to repeat that would
// not help.
func again(err error) bool { return err != nil && !errors.Is(err, journal.ErrContradiction) }

// about says what an event is about, in the first of its names that it has.
func about(e esim.Event) string {
	for _, name := range []string{string(e.ICCID), e.Reference, e.OrderID} {
		if name != "" {
			return name
		}
	}
	return "nothing that we know"
}

// tellViewers wakes the order pages that are being looked at.
func (s *shop) tellViewers(_ context.Context, p *journal.Purchase) error {
	s.waiters.Tell(esim.Event{Provider: p.Provider, Reference: p.Reference})
	return nil
}

// tellViewersOfAll wakes those of purchases that a person must look at.
func (s *shop) tellViewersOfAll(ctx context.Context, list []*journal.Purchase) error {
	for _, p := range list {
		if err := s.tellViewers(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// hookLine is one webhook for the operator.
type hookLine struct {
	At       time.Time
	Source   string
	Verified bool
	Kind     string
	About    string // or why it was refused
}

// hookLog holds the latest webhooks: so many that were verified, and so many
// that were not, lest forged ones push out the others.
type hookLog struct {
	mu    sync.Mutex
	lines []hookLine
}

const maxHookLines = 50

func (l *hookLog) add(line hookLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
	alike := func(other hookLine) bool { return other.Verified == line.Verified }
	same := 0
	for _, other := range l.lines {
		if alike(other) {
			same++
		}
	}
	if same > maxHookLines {
		i := slices.IndexFunc(l.lines, alike)
		l.lines = slices.Delete(l.lines, i, i+1)
	}
}

// latest returns the lines, the last one first.
func (l *hookLog) latest() []hookLine {
	l.mu.Lock()
	defer l.mu.Unlock()
	list := slices.Clone(l.lines)
	slices.Reverse(list)
	return list
}

// refusals is the log of the webhook handler, read for what it has refused.
type refusals struct{ log *hookLog }

// Enabled implements [slog.Handler].
func (refusals) Enabled(_ context.Context, level slog.Level) bool { return level >= slog.LevelWarn }

// Handle implements [slog.Handler].
func (r refusals) Handle(_ context.Context, record slog.Record) error { //nolint:gocritic // the interface has it so
	line := hookLine{At: record.Time, Kind: record.Message}
	record.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "source":
			line.Source = title(esim.Provider(a.Value.String()))
		case "error":
			line.About = a.Value.String()
		}
		return true
	})
	r.log.add(line)
	return nil
}

// WithAttrs implements [slog.Handler].
func (r refusals) WithAttrs([]slog.Attr) slog.Handler { return r }

// WithGroup implements [slog.Handler].
func (r refusals) WithGroup(string) slog.Handler { return r }
