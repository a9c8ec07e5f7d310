package sqlite

import (
	"context"
	"time"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/webhook"
)

// Inbox is the [webhook.Inbox] of a file. It shares all with the journal there:
// the lock, the commits, what refuses a damaged file, and what ends writing. An
// id that it has not given is esim.ErrNotFound.
type Inbox struct {
	webhook.Inbox

	inbox *sqlstore.Inbox
}

// Inbox returns the inbox of webhooks in the file. A message is on disk when
// Add returns without an error; messages that are added at the same time share
// a flush. It ends with the store.
func (s *Store) Inbox() *Inbox { return &Inbox{Inbox: s.inbox, inbox: s.inbox} }

// Purge removes messages that were done before a time, and returns how many.
// Those that are not done stay, whatever their age. Leave messages in for as
// long as a sender may repeat them: months, where it signs no time.
func (b *Inbox) Purge(ctx context.Context, before time.Time) (int64, error) {
	return b.inbox.Purge(ctx, before)
}

// inboxSchema is the table of webhooks. An id is never given a second time: who
// is slow to say that a message is done must not mean another.
var inboxSchema = [...]string{
	`CREATE TABLE esim_inbox (
  id          INTEGER PRIMARY KEY AUTOINCREMENT,
  source      TEXT    NOT NULL,
  key         TEXT    NOT NULL,
  header      TEXT    NOT NULL,
  body        BLOB    NOT NULL,
  received_at TEXT    NOT NULL,
  attempts    INTEGER NOT NULL DEFAULT 0,
  next_at     TEXT    NOT NULL,
  done_at     TEXT,
  seal        TEXT    NOT NULL,
  UNIQUE (source, key)
) STRICT`,
	`CREATE INDEX esim_inbox_due ON esim_inbox (next_at, id) WHERE done_at IS NULL`,
	`CREATE INDEX esim_inbox_done ON esim_inbox (done_at) WHERE done_at IS NOT NULL`,
}
