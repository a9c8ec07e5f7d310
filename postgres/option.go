package postgres

import (
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/esimkit/esim"
)

// Option is a choice for [Migrate], [Open] and the other constructors of this
// package. It has no effect where it does not apply.
type Option func(*settings)

// WithSchema puts the tables into a PostgreSQL schema of this name. Without
// it, they are where the search_path of the connections leads. Whatever shares
// the tables must be given the same.
func WithSchema(name string) Option {
	return func(s *settings) { s.place = placeIn(name) }
}

// WithTokenKey makes a [TokenStore] seal tokens with AES-256-GCM, so that who
// can read the table, or a backup of it, cannot use them. The key is text of
// high entropy, 32 characters or more, from where other credentials come from.
//
// Tokens sealed with an older key are still read. To change the key, give all
// replicas the new one as older first, and then as key with the former as
// older.
func WithTokenKey(key esim.Secret, older ...esim.Secret) Option {
	return func(s *settings) { s.keys = append([]esim.Secret{key}, older...) }
}

type settings struct {
	place place
	keys  []esim.Secret
}

func settingsOf(opts []Option) settings {
	var s settings
	for _, o := range opts {
		o(&s)
	}
	return s
}

// place is where the tables are.
type place struct {
	schema string // "" = search_path
	tables *strings.Replacer
}

// tables are the tables of this package, by the names that queries use.
var tables = [...]string{
	"esim_purchase", "esim_key", "esim_budget", "esim_held_name", "esim_held", "esim_meta",
	"esim_limit", "esim_token", "esim_inbox", "esim_claim", "esim_schema",
}

func placeIn(schema string) place {
	p := place{schema: schema}
	if schema == "" {
		return p
	}
	var pairs []string
	for _, t := range tables {
		pairs = append(pairs, t, p.quoted()+"."+t)
	}
	p.tables = strings.NewReplacer(pairs...)
	return p
}

// in returns the query with its tables qualified.
func (p place) in(query string) string {
	if p.tables == nil {
		return query
	}
	return p.tables.Replace(query)
}

func (p place) quoted() string { return pgx.Identifier{p.schema}.Sanitize() }
