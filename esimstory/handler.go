package esimstory

import (
	"context"
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
// characters or more, best 32 from a random source. It is compared in
// constant time.
//
//	http.Handle("/esimstory/", esimstory.DeliveryHandler(secret, deliver))
//	// in the partner account: https://shop.example.com/esimstory/<secret>
//
// The provider is told 200 only after deliver has returned nil, so deliver
// should store the delivery and leave the rest for later. It is told 503 when
// deliver fails, 400 for a body that [ParseDelivery] refuses, 413 for one
// above 64 KiB, 405 for any method but POST, and 404 for a wrong secret. If
// pathSecret is too short or deliver is nil it is told 503, whatever comes.
//
// Whether the provider repeats what was not acknowledged, and how often it
// repeats what was, is not documented: deliver must take an equal delivery
// twice, as [Apply] does, and unknown units with a known reference, since a
// webhook may overtake the answer to its order.
func DeliveryHandler(pathSecret esim.Secret, deliver func(context.Context, *Delivery) error) http.Handler {
	if len(pathSecret.Reveal()) < minPathSecret || deliver == nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "this receiver is not configured", http.StatusServiceUnavailable)
		})
	}
	return &receiver{pathSecret: pathSecret, deliver: deliver}
}

type receiver struct {
	pathSecret esim.Secret
	deliver    func(context.Context, *Delivery) error
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	segment := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	if !h.pathSecret.Equal(esim.NewSecret(segment)) {
		http.NotFound(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxDelivery+1))
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if len(body) > maxDelivery {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	d, err := ParseDelivery(body)
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if err := h.deliver(r.Context(), d); err != nil {
		w.WriteHeader(http.StatusServiceUnavailable) // the error is the receiver's own business
		return
	}
	w.WriteHeader(http.StatusOK)
}
