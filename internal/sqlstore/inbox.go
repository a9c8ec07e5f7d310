package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/webhook"
)

// Inbox is a [webhook.Inbox] in the table esim_inbox of an SQL database.
type Inbox struct{ singles }

var _ webhook.Inbox = (*Inbox)(nil)

// NewInbox makes an inbox of a database. now is its clock, as that of [New],
// and not needed where the dialect knows that of the database.
func NewInbox(db DB, d Dialect, now func(context.Context) (time.Time, error)) *Inbox {
	return &Inbox{singles{db: db, d: d, now: now}}
}

var errMessage = errors.New("inbox: a message needs a source and a key")

// Add implements [webhook.Inbox].
func (b *Inbox) Add(ctx context.Context, m webhook.Message) (added bool, err error) {
	if m.Source == "" || m.Key == "" {
		return false, errMessage
	}
	header, err := encodeHeader(m.Header)
	if err != nil {
		return false, err
	}
	now, err := b.time(ctx)
	if err != nil {
		return false, err
	}
	body := append([]byte{}, m.Body...) // nil would be NULL; and the write may outlive the call
	args := []any{m.Source, m.Key, header, body}
	at := b.after(&args, now, 0)
	columns, values := "source, key, header, body, received_at, next_at", "$1, $2, $3, $4, "+at+", "+at
	if b.d.Seal {
		columns, values = columns+", seal", values+", "+param(&args, messageSeal(m.Source, m.Key, header, body, now))
	}
	rows, err := b.atOnce(ctx, "INSERT INTO esim_inbox ("+columns+") VALUES ("+values+") ON CONFLICT (source, key) DO NOTHING", args)
	return rows == 1, err
}

// Next implements [webhook.Inbox]. The lease is taken in the statement that
// chooses: the transaction is over before anybody works on a message.
func (b *Inbox) Next(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
	if n <= 0 {
		return nil, ctx.Err()
	}
	now, err := b.time(ctx)
	if err != nil {
		return nil, err
	}
	var args []any
	present, until := b.after(&args, now, 0), b.after(&args, now, lease)
	query := `WITH due AS MATERIALIZED (
  SELECT id, next_at FROM esim_inbox WHERE done_at IS NULL AND next_at <= ` + present + `
  ORDER BY next_at, id LIMIT ` + param(&args, n) + " " + b.d.SkipLocked + `
)
UPDATE esim_inbox SET attempts = attempts + 1, next_at = ` + until + `
WHERE id IN (SELECT id FROM due)
RETURNING ` + b.columns() + `, (SELECT due.next_at FROM due WHERE due.id = esim_inbox.id)`
	var given []dueMessage
	err = single(b.db)(ctx, func(tx Tx) (err error) {
		given, err = b.messages(tx.Query(ctx, query, args...))
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(given, func(a, b dueMessage) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.ID, b.ID))
	})
	all := make([]webhook.Message, len(given))
	for i, m := range given {
		all[i] = m.Message
	}
	return all, nil
}

// Done implements [webhook.Inbox]. An id that it has not given is
// [esim.ErrNotFound].
func (b *Inbox) Done(ctx context.Context, id int64) error {
	return b.settle(ctx, id, 0, "done_at = COALESCE(done_at, ", ")")
}

// Retry implements [webhook.Inbox]. An id that it has not given is
// [esim.ErrNotFound].
func (b *Inbox) Retry(ctx context.Context, id int64, after time.Duration) error {
	return b.settle(ctx, id, after, "next_at = CASE WHEN done_at IS NULL THEN ", " ELSE next_at END")
}

// settle puts a time from now into a message, between two pieces of SQL.
func (b *Inbox) settle(ctx context.Context, id int64, after time.Duration, before, behind string) error {
	now, err := b.time(ctx)
	if err != nil {
		return err
	}
	args := []any{id}
	rows, err := b.atOnce(ctx, "UPDATE esim_inbox SET "+before+b.after(&args, now, after)+behind+" WHERE id = $1", args)
	if err == nil && rows == 0 {
		return fmt.Errorf("inbox: message %d: %w", id, esim.ErrNotFound)
	}
	return err
}

// Purge removes messages that were done before a time, and returns how many.
func (b *Inbox) Purge(ctx context.Context, before time.Time) (int64, error) {
	return b.atOnce(ctx, "DELETE FROM esim_inbox WHERE done_at < $1", []any{b.d.time(precise(before))})
}
