package webhook_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

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

// What every inbox must do is put to the test by package inboxtest. A clock
// that nobody else moves shows, besides, that times are exact.
func TestMemoryInboxIsExact(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := webhook.NewMemoryInbox()
		add(t, b, "a")
		list, err := b.Next(t.Context(), 2, time.Minute)
		require.NoError(t, err)
		require.Equal(t, []webhook.Message{{
			ID: 1, Source: "s", Key: "a", Body: []byte("a"), Header: http.Header{"X": {"a"}}, ReceivedAt: time.Now().UTC(), Attempts: 1,
		}}, list)
		time.Sleep(time.Minute - time.Nanosecond)
		require.Empty(t, keys(t, b, 9, time.Minute))
		time.Sleep(time.Nanosecond)
		require.Equal(t, []string{"a"}, keys(t, b, 9, time.Minute))
		require.NoError(t, b.Retry(t.Context(), 1, 10*time.Second))
		time.Sleep(10*time.Second - time.Nanosecond)
		require.Empty(t, keys(t, b, 9, time.Minute))
		time.Sleep(time.Nanosecond)
		require.Equal(t, []string{"a"}, keys(t, b, 9, time.Minute))
		require.NoError(t, b.Done(t.Context(), 1))
		n, err := b.Purge(t.Context(), time.Now())
		require.NoError(t, err)
		require.Zero(t, n, "before, not at")
		n, err = b.Purge(t.Context(), time.Now().Add(time.Nanosecond))
		require.NoError(t, err)
		require.EqualValues(t, 1, n)
	})
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
