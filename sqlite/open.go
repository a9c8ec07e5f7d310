package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"github.com/esimkit/esim/internal/sqlstore"
	"github.com/esimkit/esim/journal"
)

// Open opens the journal in a file, and creates the file, readable by its
// owner alone, if there is none or an empty one. It checks the whole file
// first. See the documentation of the package for what it refuses.
func Open(path string, opts ...Option) (*Store, error) {
	o := options{now: time.Now}
	for _, opt := range opts {
		opt(&o)
	}
	path, err := resolve(path)
	if err != nil {
		return nil, err
	}
	l, err := take(path + ".lock")
	if err != nil {
		return nil, err
	}
	s, err := openLocked(context.Background(), path, l, o)
	if err != nil {
		return nil, joined(err, l.close())
	}
	return s, nil
}

// resolve follows links, so that a file has one lock under all its names.
func resolve(path string) (string, error) {
	if path == "" {
		return "", errors.New("sqlite: the path of the journal is empty")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	directory, err := filepath.EvalSymlinks(filepath.Dir(path))
	if err != nil {
		return "", err
	}
	path = filepath.Join(directory, filepath.Base(path))
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file, nil
	}
	return path, nil
}

func openLocked(ctx context.Context, path string, l *lock, o options) (*Store, error) {
	if err := prepare(ctx, path, l); err != nil {
		return nil, err
	}
	pool, c, err := open(ctx, path, "journal_mode(WAL)", "synchronous(FULL)", "fullfsync(1)", "checkpoint_fullfsync(1)",
		"wal_autocheckpoint(0)", "foreign_keys(1)", "cache_size(-16384)", "temp_store(MEMORY)")
	if err != nil {
		return nil, explain(path, err)
	}
	s, err := start(ctx, path, pool, c, l, o)
	if err != nil {
		return nil, joined(explain(path, err), c.Close(), pool.Close())
	}
	return s, nil
}

// prepare sees to it that there is a journal to open.
func prepare(ctx context.Context, path string, l *lock) error {
	exists, err := inspect(path)
	if err == nil && !exists {
		err = mayBegin(path, l)
	}
	switch {
	case err != nil:
		return err
	case exists:
		return unwritable(l.sign())
	}
	if err := create(ctx, path); err != nil {
		return explain(path, err)
	}
	return unwritable(l.sign())
}

// mayBegin refuses to begin anew where there has been a journal.
func mayBegin(path string, l *lock) error {
	had, err := l.hadDatabase()
	if err != nil {
		return err
	}
	if !had && !hasLog(path) {
		return nil
	}
	return fmt.Errorf("%w: there was a journal at %s, and now the file is missing or empty; restore it, "+
		"or remove %s.lock and %s-wal to begin with an empty journal", journal.ErrForeign, path, path, path)
}

// start checks the file and sets the store going.
func start(ctx context.Context, path string, pool *sql.DB, c *sql.Conn, l *lock, o options) (*Store, error) {
	on := newConn(c)
	from, err := examine(ctx, path, on, o.quick)
	if err != nil {
		return nil, err
	}
	if err = migrate(ctx, c, from); err != nil {
		return nil, err
	}
	k := &clock{now: o.now}
	if err = k.load(ctx, on); err != nil {
		return nil, err
	}
	readers, err := sql.Open("sqlite", source(path, "query_only(1)"))
	if err != nil {
		return nil, err
	}
	readers.SetMaxOpenConns(maxReaders)
	readers.SetMaxIdleConns(maxReaders)
	w := newWriter(on, k)
	r := &reader{path: path, pool: readers, closing: w.closing}
	s := &Store{writer: w, reader: r, pool: pool, conn: c, lock: l}
	db := database{w, r}
	s.Store = sqlstore.New(db, dialect(), s.now)
	s.inbox, s.claims = sqlstore.NewInbox(db, dialect(), s.now), sqlstore.NewClaims(db, dialect(), s.now)
	go w.run() //nolint:contextcheck // it serves many callers and ends with the store
	return s, nil
}

const maxReaders = 4

// open opens a file with one connection to it.
func open(ctx context.Context, path string, pragmas ...string) (*sql.DB, *sql.Conn, error) {
	pool, err := sql.Open("sqlite", source(path, pragmas...))
	if err != nil {
		return nil, nil, err
	}
	pool.SetMaxOpenConns(1)
	c, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return pool, c, nil
}

// source names a file and the settings of its connections. A person may have
// it open in another tool, which is waited for. Nothing in the file is code.
func source(path string, pragmas ...string) string {
	path = filepath.ToSlash(path)
	if path[0] != '/' { // a drive letter
		path = "/" + path
	}
	q := url.Values{
		"mode": {"rw"}, "_error_rc": {"1"}, "_dqs": {"0"},
		"_pragma": append([]string{"busy_timeout(5000)", "trusted_schema(0)", "cell_size_check(1)"}, pragmas...),
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}
