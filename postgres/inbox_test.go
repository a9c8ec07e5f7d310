package postgres

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/webhook"
	"github.com/esimkit/esim/webhook/inboxtest"
)

func fill(t *testing.T, b *Inbox, n int) {
	t.Helper()
	for i := range n {
		added, err := b.Add(t.Context(), webhook.Message{Source: "esimfly", Key: fmt.Sprint("event-", i), Body: []byte("{}")})
		require.NoError(t, err)
		require.True(t, added)
	}
}

func TestInboxConforms(t *testing.T) {
	url := pgtest.URL(t)
	pool := pgtest.Connect(t, url)
	inboxes := 0
	inboxtest.Run(t, func(t testing.TB) webhook.Inbox {
		inboxes++
		in := WithSchema(fmt.Sprint("inbox ", inboxes)) // quicker than a database for each
		require.NoError(t, Migrate(t.Context(), pool, in))
		return replicaInbox{NewInbox(pool, in), t, url, in}
	})
}

// replicaInbox is an inbox that other replicas use too.
type replicaInbox struct {
	*Inbox

	t   testing.TB
	url string
	in  Option
}

// Share is another replica, with connections of its own.
func (r replicaInbox) Share() (webhook.Inbox, error) {
	return NewInbox(pgtest.Connect(r.t, r.url), r.in), nil
}

// Reopen is the same one after a restart.
func (r replicaInbox) Reopen() (webhook.Inbox, error) { return r.Share() }

// What is acknowledged is on the disk of the server even where that is not its
// habit.
func TestInboxIsDurableWhateverTheDefault(t *testing.T) {
	pool := migrated(t)
	database := pool.Config().ConnConfig.Database
	for _, setting := range []string{"on", "off"} {
		_, err := pool.Exec(t.Context(), `ALTER DATABASE `+database+` SET synchronous_commit = `+setting)
		require.NoError(t, err)
		pool.Reset()
		_, err = pool.Exec(t.Context(), `CREATE TABLE IF NOT EXISTS seen (setting text)`)
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), `
CREATE OR REPLACE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$`)
		require.NoError(t, err)
		_, err = pool.Exec(t.Context(), `CREATE OR REPLACE TRIGGER see BEFORE INSERT ON esim_inbox FOR EACH ROW EXECUTE FUNCTION see()`)
		require.NoError(t, err)
		added, err := NewInbox(pool).Add(t.Context(), webhook.Message{Source: "s", Key: setting})
		require.NoError(t, err)
		require.True(t, added)
	}
	var all, durable int
	require.NoError(t, pool.QueryRow(t.Context(), `SELECT count(*), count(*) FILTER (WHERE setting = 'on') FROM seen`).Scan(&all, &durable))
	assert.Equal(t, 2, all)
	assert.Equal(t, 2, durable)
}

// What is due is found in an index, however much is leased or done.
func TestInboxFindsWhatIsDueInAnIndex(t *testing.T) {
	pool := migrated(t)
	fill(t, NewInbox(pool), 1)
	_, err := pool.Exec(t.Context(), `INSERT INTO esim_inbox (source, key, header, body, next_at)
SELECT 'later', n::text, '{}', '', clock_timestamp() + n * interval '1 hour' FROM generate_series(1, 20000) AS n`)
	require.NoError(t, err)
	_, err = pool.Exec(t.Context(), `ANALYZE esim_inbox`)
	require.NoError(t, err)
	var plan []byte
	require.NoError(t, pool.QueryRow(t.Context(), `EXPLAIN (FORMAT JSON)
SELECT id FROM esim_inbox WHERE done_at IS NULL AND next_at <= `+dialect().After("0")+` ORDER BY next_at, id LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&plan))
	assert.Contains(t, string(plan), `"Index Cond": "(next_at <= `)
	assert.Contains(t, string(plan), "esim_inbox_due")
}

// The inbox serves the handler of package webhook: what is acknowledged is in
// the database, and has its effect once, whichever replica is told again.
func TestInboxServesTheHandler(t *testing.T) {
	pool := pgtest.Pool(t)
	require.NoError(t, Migrate(t.Context(), pool))
	secret := esim.NewSecret("a-path-nobody-can-guess")
	var told []esim.Event
	replica := func() http.Handler {
		h, err := webhook.New(NewInbox(pool), func(_ context.Context, e esim.Event) error {
			told = append(told, e)
			return nil
		}, esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: secret}))
		require.NoError(t, err)
		return h
	}
	post := func(h http.Handler, path string) int {
		body := strings.NewReader(`{"topup_id":"u1","external_order_id":"cart-1","option_id":"o1"}`)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, body))
		return w.Code
	}
	assert.Equal(t, http.StatusNotFound, post(replica(), "/hooks/esimstory/guessed"))
	for range 3 {
		assert.Equal(t, http.StatusOK, post(replica(), "/hooks/esimstory/"+secret.Reveal()))
	}
	require.Len(t, told, 1)
	assert.Equal(t, "u1", told[0].ItemID)
	assert.Equal(t, "cart-1", told[0].Order.Reference)
}
