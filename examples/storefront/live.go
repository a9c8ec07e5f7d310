package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// liveParts are the parts of an order page that change while it is watched.
var liveParts = [...]string{"status", "kit", "meter", "topups", "guide"}

// partEvent is what an event tells.
type partEvent struct {
	Part string `json:"part"` // id of the element
	HTML string `json:"html"`
}

const (
	liveTick  = time.Second      // between two looks, where no webhook tells
	liveLimit = 10 * time.Minute // then the browser connects anew
	liveWrite = 10 * time.Second // for one event
)

// live sends the parts of an order page that have changed, as server-sent
// events, each with the part as HTML. A webhook makes it look at once.
func (s *shop) live(w http.ResponseWriter, r *http.Request) {
	v, c, ok := s.find(w, r)
	if !ok {
		return
	}
	leave, ok := s.seats.take(c)
	if !ok {
		w.Header().Set("Retry-After", "10")
		http.Error(w, "too many are watching", http.StatusServiceUnavailable)
		return
	}
	defer leave()
	told, stop := s.waiters.Watch(v.Sale.Package.Provider, esim.OrderRef{Reference: v.Sale.Reference, ID: orderID(v)})
	defer stop()
	ctx, cancel := context.WithTimeout(r.Context(), liveLimit)
	defer cancel()
	stream := http.NewResponseController(w)
	_ = stream.SetReadDeadline(time.Time{}) // nothing more is read; a server without deadlines has none to lift
	w.Header().Set("Content-Type", "text/event-stream")
	sent := make(map[string]string)
	var more []esim.Package
	var asked time.Time
	for {
		if len(more) == 0 && v.Kit != nil && time.Since(asked) > s.meter.pause { // some take top-ups only once in use
			asked = time.Now()
			more, _ = s.topUpsFor(ctx, v) // a later look tries again
		}
		v.More = more
		if err := s.sendParts(w, stream, v, sent); err != nil {
			return // the viewer has left
		}
		select {
		case <-ctx.Done():
			return
		case <-s.closing:
			return
		case <-told:
		case <-time.After(s.nextLook(v)):
		}
		next, err := s.viewOf(ctx, c)
		if err != nil {
			return // the browser connects anew
		}
		v = next
	}
}

// nextLook is soon while something is under way; later on only usage moves.
func (s *shop) nextLook(v *orderView) time.Duration {
	if v.Status.Open || slices.ContainsFunc(v.TopUps, func(t topUpView) bool { return t.Status.Open }) {
		return liveTick
	}
	return max(liveTick, s.meter.pause)
}

func orderID(v *orderView) string {
	if v.Purchase == nil || v.Purchase.Order == nil {
		return ""
	}
	return v.Purchase.Order.ID
}

// sendParts writes those parts that differ from what was sent, or a comment
// that finds out whether anybody is there.
func (s *shop) sendParts(w http.ResponseWriter, stream *http.ResponseController, v *orderView, sent map[string]string) error {
	_ = stream.SetWriteDeadline(time.Now().Add(liveWrite)) // in place of the one for whole answers
	var events strings.Builder
	events.WriteString(":\n\n")
	for _, name := range liveParts {
		html, err := s.part("order", name, v)
		if err != nil {
			return err
		}
		if sent[name] == html {
			continue
		}
		sent[name] = html
		data, err := json.Marshal(partEvent{name, html})
		if err != nil {
			return err
		}
		fmt.Fprintf(&events, "event: part\ndata: %s\n\n", data)
	}
	if _, err := w.Write([]byte(events.String())); err != nil {
		return err
	}
	return stream.Flush()
}
