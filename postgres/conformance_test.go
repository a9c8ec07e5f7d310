package postgres

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/journal/journaltest"
	"github.com/esimkit/esim/postgres/internal/pgtest"
)

func TestStoreConforms(t *testing.T) {
	url := pgtest.URL(t)
	pool := pgtest.Connect(t, url)
	stores := 0
	journaltest.TestStore(t, func(t testing.TB) journal.Store {
		stores++
		in := WithSchema(fmt.Sprint("store ", stores)) // quicker than a database for each
		if err := Migrate(t.Context(), pool, in); err != nil {
			t.Fatal(err)
		}
		p, err := newProcess(context.WithoutCancel(t.Context()), url, in)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.pool.Close)
		return p
	})
}

// process is a store with a pool of its own, as each replica has.
type process struct {
	*Store

	ctx  context.Context //nolint:containedctx // of the test
	pool *pgxpool.Pool
	url  string
	in   Option
}

func newProcess(ctx context.Context, url string, in Option) (*process, error) {
	pool, err := pgxpool.New(ctx, url)
	if err != nil {
		return nil, err
	}
	s, err := Open(ctx, pool, in)
	if err != nil {
		pool.Close()
		return nil, err
	}
	return &process{Store: s, ctx: ctx, pool: pool, url: url, in: in}, nil
}

// Share is another replica.
func (p *process) Share() (journal.Store, error) { return newProcess(p.ctx, p.url, p.in) }

// Reopen is the same one after a restart.
func (p *process) Reopen() (journal.Store, error) {
	p.pool.Close()
	return newProcess(p.ctx, p.url, p.in)
}

// Close ends the process.
func (p *process) Close() error {
	p.pool.Close()
	return nil
}
