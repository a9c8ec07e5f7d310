package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/webhook"
)

// Inbox is a [webhook.Inbox]: it keeps webhooks from the moment they are received until they have had
// their effect, and remembers them afterwards so that the same one again has
// none. Replicas share it: each message is given to one of them at a time.
type Inbox struct {
	pool                                 *pgxpool.Pool
	add, next, done, again, purge, count string
}

var _ webhook.Inbox = (*Inbox)(nil)

// NewInbox returns the inbox of the database.
func NewInbox(pool *pgxpool.Pool, opts ...Option) *Inbox {
	p := settingsOf(opts).place
	return &Inbox{
		pool:  pool,
		add:   p.in(inboxAdd),
		next:  p.in(inboxNext),
		done:  p.in(`UPDATE esim_inbox SET done_at = clock_timestamp() WHERE id = $1 AND done_at IS NULL`),
		again: p.in(`UPDATE esim_inbox SET next_at = clock_timestamp() + $2::bigint * interval '1 microsecond' WHERE id = $1 AND done_at IS NULL`),
		purge: p.in(`DELETE FROM esim_inbox WHERE done_at < $1`),
		count: p.in(`SELECT count(*) FROM esim_inbox WHERE id = $1`),
	}
}

const inboxAdd = `
INSERT INTO esim_inbox (source, key, header, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (source, key) DO NOTHING`

// inboxNext takes the lease in the statement that chooses: the transaction is
// over before anybody works on the message.
const inboxNext = `
WITH due AS (
	SELECT id FROM esim_inbox
	WHERE done_at IS NULL AND next_at <= clock_timestamp()
	ORDER BY next_at, id
	LIMIT $1
	FOR UPDATE SKIP LOCKED
), taken AS (
	UPDATE esim_inbox AS i
	SET attempts = i.attempts + 1, next_at = clock_timestamp() + $2::bigint * interval '1 microsecond'
	FROM due WHERE i.id = due.id
	RETURNING i.*
)
SELECT id, source, key, header, body, received_at, attempts FROM taken ORDER BY received_at, id`

var errMessage = errors.New("postgres: a message needs a source and a key")

// Add puts a message into the inbox: Source, Key, Body and Header of it. It is
// durable once Add returns without an error, and only then may the sender be
// told that it has arrived. added is false if the inbox has, or had, a message
// of the same source and key.
func (b *Inbox) Add(ctx context.Context, m webhook.Message) (added bool, err error) {
	if m.Source == "" || m.Key == "" {
		return false, errMessage
	}
	header, err := json.Marshal(m.Header)
	if err != nil {
		return false, fmt.Errorf("postgres: header of a message: %w", err)
	}
	body := m.Body
	if body == nil {
		body = []byte{} // NULL is another thing
	}
	tag, err := b.pool.Exec(ctx, b.add, m.Source, m.Key, header, body)
	if err != nil {
		return false, named(err)
	}
	return tag.RowsAffected() == 1, nil
}

// Next gives out up to n messages that are due, in the order in which they
// were received. Nobody else gets one of them until the lease is over, [Inbox.Done]
// or [Inbox.Retry] decides about it. A process that dies with a message leaves
// it to the next after the lease, so messages are given out at least once.
func (b *Inbox) Next(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
	rows, err := b.pool.Query(ctx, b.next, n, lease.Microseconds())
	if err != nil {
		return nil, named(err)
	}
	messages, err := pgx.CollectRows(rows, scanMessage)
	if err != nil {
		return nil, named(err)
	}
	return messages, nil
}

func scanMessage(row pgx.CollectableRow) (webhook.Message, error) {
	var m webhook.Message
	var header []byte
	if err := row.Scan(&m.ID, &m.Source, &m.Key, &header, &m.Body, &m.ReceivedAt, &m.Attempts); err != nil {
		return webhook.Message{}, err
	}
	m.ReceivedAt = m.ReceivedAt.UTC()
	if err := json.Unmarshal(header, &m.Header); err != nil {
		return webhook.Message{}, fmt.Errorf("postgres: header of message %d: %w", m.ID, err)
	}
	return m, nil
}

// Done says that a message has had its effect. It is not given out again, but
// kept so that the same one is known, see [Inbox.Purge]. Done again is no
// error; journal.ErrNotFound says that there is no such message.
func (b *Inbox) Done(ctx context.Context, id int64) error {
	return b.settle(ctx, id, b.done, id)
}

// Retry says that a message could not be dealt with: it is given out again
// after this time. One that is done stays done.
func (b *Inbox) Retry(ctx context.Context, id int64, after time.Duration) error {
	return b.settle(ctx, id, b.again, id, after.Microseconds())
}

func (b *Inbox) settle(ctx context.Context, id int64, query string, args ...any) error {
	tag, err := b.pool.Exec(ctx, query, args...)
	if err != nil {
		return named(err)
	}
	if tag.RowsAffected() > 0 {
		return nil
	}
	var n int
	if err := b.pool.QueryRow(ctx, b.count, id).Scan(&n); err != nil {
		return named(err)
	}
	if n == 0 {
		return fmt.Errorf("postgres: message %d: %w", id, journal.ErrNotFound)
	}
	return nil
}

// Purge removes messages that were done before a time, and returns how many.
// Those that are not done stay, whatever their age. Leave messages in for as
// long as a sender may repeat them: months, where it signs no time.
func (b *Inbox) Purge(ctx context.Context, before time.Time) (int64, error) {
	tag, err := b.pool.Exec(ctx, b.purge, before)
	if err != nil {
		return 0, named(err)
	}
	return tag.RowsAffected(), nil
}
