// Package postgres keeps the journal in PostgreSQL 15 or newer, for any number
// of replicas, and holds what replicas must share besides: one rate limit and
// one bearer token for each API key, the inbox of webhooks, and the claims of
// package router.
//
//	pool, err := pgxpool.New(ctx, os.Getenv("DATABASE_URL"))
//	…
//	if err := postgres.Migrate(ctx, pool); err != nil { … } // at deployment, by the role that owns the tables
//	store, err := postgres.Open(ctx, pool)
//	…
//	j, err := journal.New(store, journal.Config{Clients: clients})
//
// An intent can commit with a transaction of the caller, see [Store.Tx] and
// [Store.SQLTx]: the row that says "paid" and the purchase it pays for are then
// on record together or not at all.
//
// All times are those of the database (clock_timestamp), so the clocks of
// replicas do not matter. Nothing here holds a transaction, a lock or a
// connection while a provider is being called.
//
// The pool stays the caller's: nothing here closes it. See docs/postgres.md
// for the roles, what to monitor and how to restore a backup.
package postgres
