package webhook

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// maxBody is far above any webhook that is documented.
const maxBody = 1 << 20

// Handler receives webhooks. Get one from [New].
//
// It takes POST requests whose path ends in the name of a source, and, where
// the source says so, one more segment: whatever it is mounted under. It
// answers
//
//	200  stored, or known already
//	400  the body broke off; what came is stored if it is genuine
//	401  not from the sender: a wrong signature, an hour too old
//	404  no such source, or a wrong secret path
//	405  not POST
//	413  a body above 1 MiB
//	503  could not be stored: to be sent again
//
// with an empty body. A sender that waits no more than ten seconds gets its
// answer in time. The fields may be set before the first request, not later.
type Handler struct {
	Logger *slog.Logger     // told of what was refused, failed or could not be read; nil = silent
	Now    func() time.Time // what signed times are compared with; nil = time.Now

	inbox   Inbox
	onEvent func(context.Context, esim.Event) error
	sources table
}

// New returns a handler for the webhooks of the sources.
//
// onEvent is called with each event after its message is in the inbox, at
// least once: until it has returned nil, and again if the process dies before
// that is noted. It should obey its context, which gives it a few seconds
// while the sender waits and half a minute otherwise. It may be called at once
// from several goroutines, and in any order.
//
// A body that its source cannot read is an event too, of kind
// [esim.EventUnknown], with nothing but Provider, Key and Raw.
//
// The error says what is missing: a secret, for instance.
func New(inbox Inbox, onEvent func(context.Context, esim.Event) error, sources ...Source) (*Handler, error) {
	if inbox == nil {
		return nil, errNoInbox
	}
	if onEvent == nil {
		return nil, errNoReceive
	}
	t, err := tableOf(sources)
	if err != nil {
		return nil, err
	}
	return &Handler{inbox: inbox, onEvent: onEvent, sources: t}, nil
}

// NewHandler is [New], and panics where that returns an error: at the start of
// a program, which had better not run without its secrets.
func NewHandler(inbox Inbox, onEvent func(context.Context, esim.Event) error, sources ...Source) *Handler {
	h, err := New(inbox, onEvent, sources...)
	if err != nil {
		panic(err)
	}
	return h
}

// Of the ten seconds that a sender may wait, the commit and the effects have a
// part each.
const (
	addTimeout    = 4 * time.Second
	inlineTimeout = 4 * time.Second
)

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	source, rest := h.sources.at(r.URL.Path)
	if source == nil {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, status := receive(w, r)
	if status == http.StatusRequestEntityTooLarge {
		h.log(r.Context(), slog.LevelWarn, "webhook refused", "source", source.Name(), "error", "larger than 1 MiB")
		w.WriteHeader(status)
		return
	}
	if err := source.Verify(r.Header, rest, body, h.now()); err != nil {
		h.log(r.Context(), slog.LevelWarn, "webhook refused", "source", source.Name(), "error", err)
		w.WriteHeader(refusal(err))
		return
	}
	// From here on the sender hanging up changes nothing: it may not repeat.
	ctx := context.WithoutCancel(r.Context())
	if err := h.store(ctx, source, r.Header, body); err != nil {
		h.log(ctx, slog.LevelError, "webhook not stored", "source", source.Name(), "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	h.drain(ctx)
	w.WriteHeader(status)
}

// receive reads the body once, and says what to answer if all goes well.
func receive(w http.ResponseWriter, r *http.Request) (body []byte, status int) {
	if r.ContentLength > maxBody {
		return nil, http.StatusRequestEntityTooLarge
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return nil, http.StatusRequestEntityTooLarge
	}
	if err != nil {
		return body, http.StatusBadRequest
	}
	return body, http.StatusOK
}

func refusal(err error) int {
	if errors.Is(err, esim.ErrNotFound) {
		return http.StatusNotFound
	}
	return http.StatusUnauthorized
}

// store puts a verified webhook into the inbox, if it is not there.
func (h *Handler) store(ctx context.Context, source Source, header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, addTimeout)
	defer cancel()
	m := Message{Source: source.Name(), Body: body, Header: http.Header{}}
	for _, name := range source.Headers() {
		if values := header.Values(name); len(values) > 0 {
			m.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	m.Key = keyOf(h.read(ctx, source, &m), body)
	_, err := h.inbox.Add(ctx, m)
	return err
}

// read returns the events of a message: one that is unknown, if it cannot be
// read.
func (h *Handler) read(ctx context.Context, source Source, m *Message) []esim.Event {
	events, err := source.Parse(m.Header, m.Body)
	if err == nil && len(events) > 0 {
		return events
	}
	h.log(ctx, slog.LevelWarn, "webhook cannot be read", "source", m.Source, "error", err)
	return []esim.Event{{Provider: esim.Provider(m.Source), Key: digest(m.Body), Raw: esim.NewSecret(string(m.Body))}}
}

// maxKey is what any database takes as part of an index.
const maxKey = 200

// keyOf is the identity of a message: that of its events. Where one has none
// the body must do, or messages that differ would be taken for one.
func keyOf(events []esim.Event, body []byte) string {
	keys := make([]string, len(events))
	for i, e := range events {
		if keys[i] = e.Key; e.Key == "" {
			return digest(body)
		}
	}
	key := strings.Join(keys, "\n")
	if len(key) > maxKey || !utf8.ValidString(key) || strings.ContainsRune(key, 0) { // no text for a database
		return digest([]byte(key))
	}
	return key
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func (h *Handler) now() time.Time {
	if h.Now != nil {
		return h.Now()
	}
	return time.Now()
}

func (h *Handler) log(ctx context.Context, level slog.Level, text string, args ...any) {
	if h.Logger != nil {
		h.Logger.Log(ctx, level, text, args...)
	}
}
