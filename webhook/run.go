package webhook

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/esimkit/esim"
)

const (
	runTimeout = 30 * time.Second
	lease      = time.Minute // longer than anybody works on a message
	workers    = 4
	tick       = time.Second
)

// Run hands on again what onEvent failed on, after a pause that grows from one
// second to ten minutes, and what a crash left behind. It returns when ctx
// ends, with its error. Any number of processes may run it on a shared inbox.
func (h *Handler) Run(ctx context.Context) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for ctx.Err() == nil {
		messages, err := h.inbox.Next(ctx, workers, lease)
		if err != nil && ctx.Err() == nil {
			h.log(ctx, slog.LevelError, "webhook inbox cannot be read", "error", err)
		}
		var group sync.WaitGroup
		for _, m := range messages {
			group.Go(func() { h.handle(ctx, &m, runTimeout) })
		}
		group.Wait()
		if len(messages) > 0 {
			continue
		}
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	return ctx.Err()
}

// drain works on what is due, which is the message that was just stored unless
// somebody else has taken it, while the sender waits.
func (h *Handler) drain(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, inlineTimeout)
	defer cancel()
	for ctx.Err() == nil {
		messages, err := h.inbox.Next(ctx, 1, lease)
		if err != nil {
			h.log(ctx, slog.LevelError, "webhook inbox cannot be read", "error", err)
		}
		if len(messages) == 0 {
			return
		}
		h.handle(ctx, &messages[0], inlineTimeout)
	}
}

// handle gives the events of a message to onEvent, and notes how that ended.
// The note is written even if the time for the rest is over.
func (h *Handler) handle(ctx context.Context, m *Message, timeout time.Duration) {
	err := h.deliver(ctx, m, timeout)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), addTimeout)
	defer cancel()
	if err == nil {
		err = h.inbox.Done(ctx, m.ID)
		if err != nil { // it will be delivered once more, when the lease is over
			h.log(ctx, slog.LevelError, "webhook inbox cannot be written", "message", m, "error", err)
		}
		return
	}
	h.log(ctx, slog.LevelError, "webhook not handled", "message", m, "error", err)
	if err := h.inbox.Retry(ctx, m.ID, pause(m.Attempts)); err != nil {
		h.log(ctx, slog.LevelError, "webhook inbox cannot be written", "message", m, "error", err)
	}
}

func (h *Handler) deliver(ctx context.Context, m *Message, timeout time.Duration) error {
	source := h.sources[m.Source]
	if source == nil {
		return fmt.Errorf("webhook: there is no source %q any more", m.Source)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	for _, e := range h.read(ctx, source, m) {
		if err := h.call(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// call runs what the host has given, which may panic.
func (h *Handler) call(ctx context.Context, e esim.Event) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("webhook: the receiver of events panicked: %v", r)
		}
	}()
	return h.onEvent(ctx, e)
}

const maxPause = 10 * time.Minute

// pause doubles from one second on.
func pause(attempts int) time.Duration {
	if attempts > 10 {
		return maxPause
	}
	return min(time.Second<<max(attempts-1, 0), maxPause)
}
