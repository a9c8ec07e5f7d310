package esimstory

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/esimkit/esim"
)

// minPathSecret is what 128 random bits need in base64 without padding, less
// a little; shorter ones are guessed or slips.
const minPathSecret = 16

// DeliveryHandler receives the webhooks of eSIM Story and hands each to
// deliver. The provider signs nothing, so the URL set in the partner account
// must be https and end in a segment nobody can guess, pathSecret: 16
// letters, digits, - and _ or more, best 32 from a random source. It is
// compared in constant time.
//
//	http.Handle("/esimstory/", esimstory.DeliveryHandler(secret, deliver))
//	// in the partner account: https://shop.example.com/esimstory/<secret>
//
// The provider gets 200 only after deliver has returned nil, so deliver
// should store the delivery and leave the rest for later. It gets 503 when
// deliver fails, 405 for any method but POST, and 404 for a wrong secret. If
// pathSecret is too short, has other characters (a slash would never match) or
// deliver is nil it gets 503, whatever comes.
//
// Nothing that comes to the right URL is dropped: a body that [ParseDelivery]
// refuses, or that broke off, is handed to deliver as well, as a [Delivery]
// with Problem and Raw set. The provider then gets 400, or 413 for a body
// above 64 KiB, of which Raw has the beginning.
//
// Whether the provider repeats what was not acknowledged, and how often it
// repeats what was, is not documented: deliver must take an equal delivery
// twice, as [Apply] does, and unknown units with a known reference, since a
// webhook may overtake the answer to its order.
func DeliveryHandler(pathSecret esim.Secret, deliver func(context.Context, *Delivery) error) http.Handler {
	if !isPathSecret(pathSecret.Reveal()) || deliver == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "this receiver is not configured", http.StatusServiceUnavailable)
		})
	}
	return &receiver{pathSecret: pathSecret, deliver: deliver}
}

func isPathSecret(s string) bool {
	return len(s) >= minPathSecret && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}

type receiver struct {
	pathSecret esim.Secret
	deliver    func(context.Context, *Delivery) error
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/") // people end an address in a slash, or do not
	segment := path[strings.LastIndexByte(path, '/')+1:]
	if !h.pathSecret.Equal(esim.NewSecret(segment)) {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	d, status := receive(r.Body)
	if h.deliver(r.Context(), d) != nil { // the error is the receiver's own business
		status = http.StatusServiceUnavailable
	}
	w.WriteHeader(status)
}

// receive reads a delivery, and what to answer once it is stored.
func receive(from io.Reader) (d *Delivery, status int) {
	body, err := io.ReadAll(io.LimitReader(from, maxDelivery+1))
	status = http.StatusBadRequest
	if err != nil {
		err = fmt.Errorf("esimstory: delivery: %w: %w", esim.ErrMalformedResponse, err)
	} else if d, err = ParseDelivery(body); err == nil {
		return d, http.StatusOK
	}
	if len(body) > maxDelivery {
		body, status = body[:maxDelivery], http.StatusRequestEntityTooLarge
	}
	return &Delivery{Problem: err, Raw: esim.NewSecret(string(body))}, status
}
