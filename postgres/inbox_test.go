package postgres

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres/internal/pgtest"
	"github.com/esimkit/esim/webhook"
)

func fill(t *testing.T, b *Inbox, n int) {
	t.Helper()
	for i := range n {
		added, err := b.Add(t.Context(), webhook.Message{Source: "esimfly", Key: fmt.Sprint("event-", i), Body: []byte("{}")})
		require.NoError(t, err)
		require.True(t, added)
	}
}

func TestInboxKeepsAMessageAsItCame(t *testing.T) {
	b := NewInbox(migrated(t))
	in := webhook.Message{
		Source: "esimfx", Key: "evt_1", Body: []byte{0, 0xff, '"', '\n'},
		Header: http.Header{"X-Event": {"a", "b"}},
	}
	added, err := b.Add(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, added)

	out, err := b.Next(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, out, 1)
	assert.WithinDuration(t, time.Now(), out[0].ReceivedAt, time.Minute)
	assert.Equal(t, time.UTC, out[0].ReceivedAt.Location())
	assert.Positive(t, out[0].ID)
	in.ID, in.ReceivedAt, in.Attempts = out[0].ID, out[0].ReceivedAt, 1
	assert.Equal(t, in, out[0])
}

func TestInboxKnowsWhatItHasHad(t *testing.T) {
	b := NewInbox(migrated(t))
	fill(t, b, 1)
	again := webhook.Message{Source: "esimfly", Key: "event-0", Body: []byte("another")}
	added, err := b.Add(t.Context(), again)
	require.NoError(t, err)
	assert.False(t, added)

	out, err := b.Next(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, out, 1)
	assert.Equal(t, "{}", string(out[0].Body), "the first one counts")
	require.NoError(t, b.Done(t.Context(), out[0].ID))
	added, err = b.Add(t.Context(), again)
	require.NoError(t, err)
	assert.False(t, added, "done is not forgotten")

	added, err = b.Add(t.Context(), webhook.Message{Source: "esimfx", Key: "event-0"})
	require.NoError(t, err)
	assert.True(t, added, "keys are those of a source")

	for _, m := range []webhook.Message{{Key: "x"}, {Source: "x"}} {
		_, err = b.Add(t.Context(), m)
		assert.ErrorIs(t, err, errMessage)
	}
}

func TestInboxGivesEachMessageToOne(t *testing.T) {
	const messages = 300
	url := pgtest.URL(t)
	require.NoError(t, Migrate(t.Context(), pgtest.Connect(t, url)))
	fill(t, NewInbox(pgtest.Connect(t, url)), messages)

	var mu sync.Mutex
	given := make(map[int64]int)
	var wg sync.WaitGroup
	for range 3 {
		b := NewInbox(pgtest.Connect(t, url))
		for range 3 {
			wg.Go(func() {
				for {
					out, err := b.Next(t.Context(), 7, time.Minute)
					if !assert.NoError(t, err) || len(out) == 0 {
						return
					}
					for _, m := range out {
						mu.Lock()
						given[m.ID]++
						mu.Unlock()
						assert.NoError(t, b.Done(t.Context(), m.ID))
					}
				}
			})
		}
	}
	wg.Wait()
	assert.Len(t, given, messages)
	for id, n := range given {
		assert.Equal(t, 1, n, "message %d", id)
	}
}

func TestInboxGivesAgainWhatNobodyFinished(t *testing.T) {
	b := NewInbox(migrated(t))
	fill(t, b, 2)
	first, err := b.Next(t.Context(), 2, time.Microsecond) // its worker dies at once
	require.NoError(t, err)
	require.Len(t, first, 2)
	assert.Equal(t, []string{"event-0", "event-1"}, []string{first[0].Key, first[1].Key})

	second, err := b.Next(t.Context(), 2, time.Minute)
	require.NoError(t, err)
	require.Len(t, second, 2)
	assert.Equal(t, 2, second[0].Attempts)

	none, err := b.Next(t.Context(), 2, time.Minute)
	require.NoError(t, err)
	assert.Empty(t, none, "both are leased")

	require.NoError(t, b.Retry(t.Context(), second[0].ID, 0))
	require.NoError(t, b.Retry(t.Context(), second[1].ID, time.Hour))
	third, err := b.Next(t.Context(), 2, time.Minute)
	require.NoError(t, err)
	require.Len(t, third, 1)
	assert.Equal(t, second[0].ID, third[0].ID)
	assert.Equal(t, 3, third[0].Attempts)
}

func TestInboxDoneIsFinal(t *testing.T) {
	b := NewInbox(migrated(t))
	fill(t, b, 2)
	out, err := b.Next(t.Context(), 1, time.Minute)
	require.NoError(t, err)
	id := out[0].ID
	require.NoError(t, b.Done(t.Context(), id))
	require.NoError(t, b.Done(t.Context(), id), "twice, by one who was slow")
	require.NoError(t, b.Retry(t.Context(), id, 0), "and then thought better of it")
	rest, err := b.Next(t.Context(), 10, time.Minute)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	assert.NotEqual(t, id, rest[0].ID)

	require.ErrorIs(t, b.Done(t.Context(), 12345), journal.ErrNotFound)
	require.ErrorIs(t, b.Retry(t.Context(), 12345, 0), journal.ErrNotFound)

	n, err := b.Purge(t.Context(), time.Now().Add(-time.Hour))
	require.NoError(t, err)
	assert.Zero(t, n)
	n, err = b.Purge(t.Context(), time.Now().Add(time.Hour))
	require.NoError(t, err)
	assert.Equal(t, int64(1), n, "what is not done stays")
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
