package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/sqlite"
)

// document is as long as that of a delivered order.
const document = `{"request":{"package_id":"1024_30_DE","quantity":1},"attempts":[{"at":"2026-05-04T10:20:30.123456Z","outcome":"accepted"}],` +
	`"order":{"id":"B2604","units":[{"item":"i-1","iccid":"8948010000000000001","activation":"LPA:1$rsp.example.com$04386-AGYFT-A74Y8-3F815"}]}}`

// entry makes the n-th entry of a test, about to be sent.
func entry(n int) journal.Entry {
	reference := fmt.Sprintf("cart-%06d", n)
	at := time.Date(2026, 5, 4, 10, 20, 30, 123456000, time.UTC).Add(time.Duration(n) * time.Second)
	return journal.Entry{
		ID: journal.IDOf("esimfly", reference), Version: 1, Provider: "esimfly", Account: "a1b2c3", Kind: journal.OrderKind,
		Reference: reference, Content: "c0ffee", PackageID: "1024_30_DE", State: journal.Sending, Attempts: 1, Doubt: 1,
		CreatedAt: at, UpdatedAt: at, NextAt: at.Add(time.Minute), LeaseUntil: at.Add(time.Minute),
		ResendUntil: at.Add(20 * time.Hour), DeadlineAt: at.Add(72 * time.Hour),
		Cost: "2.70", Currency: "USD", Document: []byte(document),
	}
}

// delivered is what becomes of an entry.
func delivered(e journal.Entry) journal.Entry {
	e.State, e.Doubt, e.Arrived = journal.Delivered, 0, true
	e.UpdatedAt = e.UpdatedAt.Add(time.Second)
	e.NextAt, e.LeaseUntil = time.Time{}, time.Time{}
	e.Keys = []string{"item:i-" + e.Reference, "order:" + e.Reference}
	return e
}

func open(t testing.TB, path string, opts ...sqlite.Option) *sqlite.Store {
	t.Helper()
	s, err := sqlite.Open(path, opts...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s
}

func newPath(t testing.TB) string { return filepath.Join(t.TempDir(), "purchases.db") }
