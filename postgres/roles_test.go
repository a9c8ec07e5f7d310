package postgres

import (
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/router"
)

// documented returns the SQL that docs/postgres.md has under a name. Roles
// are those of a whole server, so they get names of this test.
func documented(t *testing.T, name, suffix string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/postgres.md")
	require.NoError(t, err)
	_, text, ok := strings.Cut(string(page), "<!-- "+name+" -->\n```sql\n")
	require.True(t, ok, name)
	text, _, ok = strings.Cut(text, "```\n<!-- /"+name+" -->")
	require.True(t, ok, name)
	return strings.NewReplacer("esim_owner", "owner_"+suffix, "esim_app", "app_"+suffix).Replace(text)
}

// as returns connections of another role to the same database.
func as(t *testing.T, role, address string) *pgxpool.Pool {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	u.User = url.User(role)
	return pgtest.Connect(t, u.String())
}

func TestDocumentedRightsSuffice(t *testing.T) {
	if os.Getenv("ESIM_POSTGRES_URL") != "" {
		t.Skip("needs a server that lets every role in")
	}
	address, suffix, in := pgtest.URL(t), strings.ToLower(rand.Text()), WithSchema("esim")
	admin := pgtest.Connect(t, address)
	_, err := admin.Exec(t.Context(), documented(t, "roles", suffix))
	require.NoError(t, err)

	owner, app := as(t, "owner_"+suffix, address), as(t, "app_"+suffix, address)
	require.NoError(t, Migrate(t.Context(), owner, in))
	_, err = Open(t.Context(), app, in)
	require.ErrorContains(t, err, "docs/postgres.md", "not before the rights are granted")
	_, err = owner.Exec(t.Context(), documented(t, "rights", suffix))
	require.NoError(t, err)

	s, err := Open(t.Context(), app, in)
	require.NoError(t, err)
	useAll(t, s)
	tx, err := app.Begin(t.Context())
	require.NoError(t, err)
	joint := intent("cart-joint", "item:9")
	joint.Budget = "today"
	_, _, err = s.Tx(tx).Create(t.Context(), joint, &journal.Budget{Limit: "100"})
	require.NoError(t, err)
	require.NoError(t, tx.Commit(t.Context()))

	require.NoError(t, NewLimiter(app, "x", 10, 1, in).Wait(t.Context()))
	require.NoError(t, NewLimiter(app, "x", 10, 1, in).Wait(t.Context()))
	wantToken(t, NewTokenStore(app, in), &provider{valid: time.Hour}, "", "token-1")
	wantToken(t, NewTokenStore(app, in), &provider{valid: time.Hour}, "token-1", "token-1")

	inbox := NewInbox(app, in)
	fill(t, inbox, 1)
	messages, err := inbox.Next(t.Context(), 1, time.Minute)
	require.NoError(t, err)
	require.NoError(t, inbox.Retry(t.Context(), messages[0].ID, 0))
	require.NoError(t, inbox.Done(t.Context(), messages[0].ID))
	n, err := NewInbox(owner, in).Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, int64(1), n)

	claims := NewClaims(app, in)
	for v := range int64(2) {
		require.NoError(t, claims.Put(t.Context(), router.Claim{Reference: "cart-1", Version: v + 1, Document: []byte("{}")}))
	}
	_, err = claims.Get(t.Context(), "cart-1")
	require.NoError(t, err)
	n, err = NewClaims(owner, in).Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, int64(1), n)

	for _, forbidden := range []string{
		`DELETE FROM esim.esim_purchase`, `DELETE FROM esim.esim_claim`, `TRUNCATE esim.esim_purchase`, `DROP TABLE esim.esim_key`,
		`ALTER TABLE esim.esim_purchase DROP COLUMN doubt`, `UPDATE esim.esim_schema SET version = 1`, `CREATE TABLE esim.mine (id int)`,
	} {
		_, err = app.Exec(t.Context(), forbidden)
		assert.Equal(t, insufficientRights, stateOf(err), forbidden)
	}

	_, err = owner.Exec(t.Context(), `REVOKE INSERT ON esim.esim_purchase FROM app_`+suffix)
	require.NoError(t, err)
	_, _, err = s.Create(t.Context(), intent("cart-refused"), nil)
	require.ErrorIs(t, err, journal.ErrReadOnly, "a missing right is proof that nothing was written")
	_, err = s.Get(t.Context(), intent("cart-refused").ID)
	require.ErrorIs(t, err, journal.ErrNotFound)
}

// useAll calls every method of a store, with all that can be in it.
func useAll(t *testing.T, s *Store) {
	t.Helper()
	ctx := t.Context()
	e := intent("cart-1", "topup:8900", "item:1")
	e.Budget = "today"
	e, created, err := s.Create(ctx, e, &journal.Budget{Limit: "10"})
	require.NoError(t, err)
	require.True(t, created)
	leased, err := s.Lease(ctx, journal.Slots{"esimfly": 1, "": 1}, time.Minute)
	require.NoError(t, err)
	require.Len(t, leased, 1)
	e = begun(leased[0])
	e.Keys = []string{"order:2", "item:1"}
	e, err = s.Save(ctx, e)
	require.NoError(t, err)
	n, err := s.Doubtful(ctx, e.Account, e.DoubtAt)
	require.NoError(t, err)
	assert.Equal(t, 1, n)
	e.State, e.Doubt = journal.Rejected, 0
	e, err = s.Save(ctx, e)
	require.NoError(t, err)

	got, err := s.Get(ctx, e.ID)
	require.NoError(t, err)
	assert.Equal(t, e, got)
	byName, err := s.Named(ctx, "esimfly", []string{"order:2"})
	require.NoError(t, err)
	assert.Equal(t, []journal.Entry{e}, byName)
	all, err := s.List(ctx, journal.Query{Provider: "esimfly", States: []journal.State{journal.Rejected}})
	require.NoError(t, err)
	assert.Equal(t, []journal.Entry{e}, all)

	h := journal.Held{Provider: "esimfly", Key: "evt", Names: []string{"order:3"}, At: e.CreatedAt, Document: []byte("{}")}
	require.NoError(t, s.Hold(ctx, h))
	require.NoError(t, s.Warned(ctx, "esimfly", "evt"))
	held, err := s.Held(ctx, journal.HeldQuery{Names: h.Names})
	require.NoError(t, err)
	assert.Len(t, held, 1)
	require.NoError(t, s.Release(ctx, "esimfly", "evt"))
	_, err = s.Now(ctx)
	require.NoError(t, err)
}
