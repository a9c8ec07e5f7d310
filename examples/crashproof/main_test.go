package main

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestMain is the shop as well: the supervisor starts its own executable, which
// in a test is this one.
func TestMain(m *testing.M) {
	if os.Getenv(instructionsVariable) == "" {
		os.Exit(m.Run())
	}
	if err := sell(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestBooksBalance(t *testing.T) {
	s := settings{store: "sqlite", orders: 150, kills: 8, faults: 0.1, seed: 20261122}
	require.NoError(t, s.supervise(t.Context()))
}

func TestBooksBalanceInPostgreSQL(t *testing.T) {
	s := settings{store: "postgres", url: os.Getenv("ESIM_POSTGRES_URL"), orders: 150, kills: 8, faults: 0.1, seed: 20261122}
	if s.url == "" {
		t.Skip("SKIPPED: ESIM_POSTGRES_URL names no database, so the journal in PostgreSQL was NOT tested here")
	}
	require.NoError(t, s.supervise(t.Context()))
}

func TestAuditFindsWhatIsWrong(t *testing.T) {
	for _, tc := range []struct {
		name  string
		books books
		ok    bool
	}{
		{"all in hand", books{orders: 2, charges: 2, delivered: 2}, true},
		{"one open", books{orders: 2, charges: 2, delivered: 1, missing: 1, open: 1}, true},
		{"one under review", books{orders: 2, charges: 2, delivered: 1, missing: 1, review: 1}, true},
		{"charged twice", books{orders: 2, charges: 2, delivered: 1, twice: 1}, false},
		{"more charges than orders", books{orders: 2, charges: 3, delivered: 2}, false},
		{"lost", books{orders: 2, charges: 2, delivered: 1, missing: 1}, false},
	} {
		assert.Equal(t, tc.ok, tc.books.balance() == nil, tc.name)
	}
}

func TestSettings(t *testing.T) {
	good := settings{store: "sqlite", orders: 1}
	require.NoError(t, good.check())
	for name, bad := range map[string]settings{
		"another store":       {store: "floppy", orders: 1},
		"nowhere to write to": {store: "postgres", orders: 1},
		"nothing to sell":     {store: "sqlite"},
		"too many faults":     {store: "sqlite", orders: 1, faults: 0.9},
	} {
		assert.Error(t, bad.check(), name)
	}
}
