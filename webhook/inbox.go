package webhook

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"
)

// Message is a webhook as it came in. Its body may reveal an activation code,
// so it prints as no more than where it came from.
type Message struct {
	ID     int64  // given by the inbox
	Source string // name of the [Source] that has verified it
	Key    string // identity of the message at its source
	Body   []byte // as received, unparsed
	// Header holds those headers that the message cannot be understood
	// without, and none that authenticates it.
	Header http.Header

	ReceivedAt time.Time
	Attempts   int // how often it has been given out, this time included
}

// Format prints source, id and attempts, whatever the verb.
func (m Message) Format(f fmt.State, _ rune) {
	// A Formatter cannot report an error; fmt notices its writer's own.
	_, _ = io.WriteString(f, fmt.Sprintf("webhook.Message(%s %d, attempt %d)", m.Source, m.ID, m.Attempts))
}

// LogValue is what Format prints, as attributes.
func (m Message) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("source", m.Source), slog.Int64("id", m.ID),
		slog.Time("received_at", m.ReceivedAt), slog.Int("attempts", m.Attempts),
	)
}

// Inbox keeps messages from the moment they are received until they have had
// their effect, and remembers their keys afterwards. [NewMemoryInbox] is one
// that forgets with the process. All methods may be called at once, and where
// the inbox is shared, by several processes. Done and Retry of an id that the
// inbox has not given is [esim.ErrNotFound]. Package inboxtest has the tests.
type Inbox interface {
	// Add stores Source, Key, Body and Header of a message. It is durable once
	// Add has returned without an error. added is false if the inbox has, or
	// had, a message of the same source and key.
	Add(ctx context.Context, m Message) (added bool, err error)
	// Next gives out up to n messages that are due, those longest due first.
	// Nobody else gets them until the lease is over, Done or Retry decides.
	Next(ctx context.Context, n int, lease time.Duration) ([]Message, error)
	// Done says that a message has had its effect: it is not given out again.
	Done(ctx context.Context, id int64) error
	// Retry has a message given out again after this time, unless it is done.
	Retry(ctx context.Context, id int64, after time.Duration) error
}
