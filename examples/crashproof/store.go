package main

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/postgres"
	"github.com/esimkit/esim/sqlite"
)

func (in *instructions) schema() string { return "crashproof_" + in.Run }

// remove drops what the run has made in a database. A file is removed with its
// directory.
func (in *instructions) remove(ctx context.Context) error {
	if in.Store == "sqlite" {
		return nil
	}
	pool, err := pgxpool.New(ctx, in.Address)
	if err != nil {
		return err
	}
	defer pool.Close()
	_, err = pool.Exec(ctx, "DROP SCHEMA IF EXISTS "+pgx.Identifier{in.schema()}.Sanitize()+" CASCADE")
	return err
}

// open opens the journal's store, and tells how to close it.
func (in *instructions) open(ctx context.Context) (journal.Store, func() error, error) {
	if in.Store == "sqlite" {
		store, err := sqlite.Open(in.Address) //nolint:contextcheck // a store outlives the call that opens it
		if err != nil {
			return nil, nil, err
		}
		return store, store.Close, nil
	}
	pool, err := pgxpool.New(ctx, in.Address)
	if err != nil {
		return nil, nil, err
	}
	closePool := func() error { pool.Close(); return nil }
	schema := postgres.WithSchema(in.schema()) // each run has tables of its own
	if err = postgres.Migrate(ctx, pool, schema); err != nil {
		return nil, nil, errors.Join(err, closePool())
	}
	store, err := postgres.Open(ctx, pool, schema)
	if err != nil {
		return nil, nil, errors.Join(err, closePool())
	}
	return store, closePool, nil
}
