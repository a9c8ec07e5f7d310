package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"time"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// Store is a journal in a file, an inbox of webhooks, see [Store.Inbox], and the
// claims of a router, see [Store.Claims]. It is safe for concurrent use.
type Store struct {
	journal.Store

	inbox  *sqlstore.Inbox
	claims *sqlstore.Claims
	writer *writer
	reader *reader
	pool   *sql.DB // of the writer: one connection
	conn   *sql.Conn
	lock   *lock
	once   sync.Once
}

// dialect of SQLite. Its writers exclude one another, so nothing is locked.
func dialect() sqlstore.Dialect {
	return sqlstore.Dialect{KeyList: "json_group_array(key)", Time: func(t time.Time) any { return t.Format(timeFormat) }, Seal: true}
}

// timeFormat has times sort like text.
const timeFormat = "2006-01-02T15:04:05.000000Z"

// Close waits for the commit under way, closes the file and lets another
// process have it. What is called afterwards gets [journal.ErrClosed]. Closing
// again does nothing.
func (s *Store) Close() (err error) {
	s.once.Do(func() {
		close(s.writer.closing)
		<-s.writer.stopped
		err = errors.Join(s.reader.pool.Close(), s.writer.conn.close(), s.conn.Close(), s.pool.Close(), s.lock.release())
	})
	return err
}

func (s *Store) now(ctx context.Context) (time.Time, error) {
	if s.writer.isClosed() {
		return time.Time{}, journal.ErrClosed
	}
	return s.writer.clock.Now(ctx)
}
