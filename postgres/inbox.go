package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/webhook"
)

// Inbox is the [webhook.Inbox] of a database: it keeps webhooks from the moment
// they are received until they have had their effect, and remembers them
// afterwards so that the same one again has none. Replicas share it: each
// message is given to one of them at a time. A process that dies with a message
// leaves it to the next after the lease. An id that it has not given is
// esim.ErrNotFound.
type Inbox struct {
	webhook.Inbox

	inbox *sqlstore.Inbox
}

// NewInbox returns the inbox of the database, of which it asks nothing before
// it is used.
func NewInbox(pool *pgxpool.Pool, opts ...Option) *Inbox {
	b := sqlstore.NewInbox(&lazy{pool: pool, place: settingsOf(opts).place}, dialect(), nil)
	return &Inbox{Inbox: b, inbox: b}
}

// Purge removes messages that were done before a time, and returns how many.
// Those that are not done stay, whatever their age. Leave messages in for as
// long as a sender may repeat them: months, where it signs no time.
func (b *Inbox) Purge(ctx context.Context, before time.Time) (int64, error) {
	return b.inbox.Purge(ctx, before)
}
