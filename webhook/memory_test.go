package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/webhook"
)

func message(key string) webhook.Message {
	return webhook.Message{Source: "s", Key: key, Body: []byte(key), Header: http.Header{"X": {key}}}
}

func add(t testing.TB, b webhook.Inbox, keys ...string) {
	t.Helper()
	for _, key := range keys {
		added, err := b.Add(t.Context(), message(key))
		require.NoError(t, err)
		require.True(t, added)
	}
}

func keys(t testing.TB, b webhook.Inbox, n int, lease time.Duration) []string {
	t.Helper()
	list, err := b.Next(t.Context(), n, lease)
	require.NoError(t, err)
	var keys []string
	for _, m := range list {
		keys = append(keys, m.Key)
	}
	return keys
}

func TestMemoryInbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := webhook.NewMemoryInbox()
		add(t, b, "a", "b", "c")
		added, err := b.Add(t.Context(), message("b"))
		require.NoError(t, err)
		require.False(t, added)
		other := message("b")
		other.Source = "other"
		added, err = b.Add(t.Context(), other)
		require.NoError(t, err)
		require.True(t, added, "keys are those of a source")

		list, err := b.Next(t.Context(), 2, time.Minute)
		require.NoError(t, err)
		require.Len(t, list, 2)
		assert.Equal(t, webhook.Message{
			ID: 1, Source: "s", Key: "a", Body: []byte("a"), Header: http.Header{"X": {"a"}}, ReceivedAt: time.Now().UTC(), Attempts: 1,
		}, list[0])
		list[1].Body[0], list[1].Header["X"][0] = '?', "?" // the caller's own
		require.Equal(t, []string{"c", "b"}, keys(t, b, 9, time.Minute))
		require.Empty(t, keys(t, b, 9, time.Minute), "all are leased")

		require.NoError(t, b.Done(t.Context(), 1))
		require.NoError(t, b.Done(t.Context(), 1))
		require.NoError(t, b.Retry(t.Context(), 1, 0), "done stays done")
		require.NoError(t, b.Retry(t.Context(), 2, 10*time.Second))
		require.Empty(t, keys(t, b, 9, time.Minute))
		time.Sleep(10 * time.Second)
		list, err = b.Next(t.Context(), 9, time.Minute)
		require.NoError(t, err)
		require.Len(t, list, 1)
		assert.Equal(t, "b", string(list[0].Body))
		assert.Equal(t, http.Header{"X": {"b"}}, list[0].Header)
		assert.Equal(t, 2, list[0].Attempts)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"c", "b", "b"}, keys(t, b, 9, time.Minute), "those longest due first")

		added, err = b.Add(t.Context(), message("a"))
		require.NoError(t, err)
		require.False(t, added, "it is remembered")
		n, err := b.Purge(t.Context(), time.Now().Add(-2*time.Minute))
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = b.Purge(t.Context(), time.Now())
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
		add(t, b, "a")

		require.ErrorIs(t, b.Done(t.Context(), 99), esim.ErrNotFound)
		require.ErrorIs(t, b.Retry(t.Context(), 1, 0), esim.ErrNotFound, "forgotten")
		for _, m := range []webhook.Message{{Source: "s"}, {Key: "k"}} {
			_, err = b.Add(t.Context(), m)
			require.Error(t, err)
		}
		require.Equal(t, []string{"a"}, keys(t, b, 9, 0), "a lease of nothing is not given out twice at once")
	})
}

func TestMemoryInboxObeysItsContext(t *testing.T) {
	b := webhook.NewMemoryInbox()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.Add(ctx, message("a"))
	require.ErrorIs(t, err, context.Canceled)
	_, err = b.Next(ctx, 1, 0)
	require.ErrorIs(t, err, context.Canceled)
	_, err = b.Purge(ctx, time.Now())
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, keys(t, b, 1, 0))
}

func TestMemoryInboxIsBounded(t *testing.T) {
	b := webhook.NewMemoryInbox()
	for i := range 1 << 16 {
		added, err := b.Add(t.Context(), webhook.Message{Source: "s", Key: fmt.Sprint(i)})
		require.NoError(t, err)
		require.True(t, added)
	}
	_, err := b.Add(t.Context(), message("one more"))
	require.Error(t, err)
	added, err := b.Add(t.Context(), webhook.Message{Source: "s", Key: "7"})
	require.NoError(t, err, "this one it has")
	require.False(t, added)
	require.NoError(t, b.Done(t.Context(), 1))
	add(t, b, "one more")
}

// Each message is given to one, however many ask at once.
func TestMemoryInboxGivesEachToOne(t *testing.T) {
	b := webhook.NewMemoryInbox()
	const n = 2000
	var given [n]atomic.Int64
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := w; i < n; i += 4 { // two add each
				_, err := b.Add(t.Context(), webhook.Message{Source: "s", Key: fmt.Sprint(i % n)})
				assert.NoError(t, err)
				list, err := b.Next(t.Context(), 3, time.Hour)
				assert.NoError(t, err)
				for _, m := range list {
					given[m.ID-1].Add(1)
					assert.NoError(t, b.Done(t.Context(), m.ID))
				}
			}
		})
	}
	all.Wait()
	for i := range given {
		require.EqualValues(t, 1, given[i].Load(), i)
	}
}
