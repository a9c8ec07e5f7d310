package sqlstore

import (
	"strings"

	"github.com/esimkit/esim/journal"
)

// Types are the column types of a database, and what ends a table.
type Types struct {
	Text  string // compared byte by byte
	Int   string // 64 bits
	Bool  string
	Time  string // microseconds, UTC
	Table string // options of a table, such as STRICT
}

// unsettled selects what is neither finished nor known to be uncharged. It
// stands in an index and, word for word, in the queries that use it.
const unsettled = `state IN ('ready', 'sending', 'unknown', 'provisioning', 'review')`

// doubtful selects the purchases that may have been charged without being on
// record; likewise word for word.
const doubtful = `doubt > 0 AND state IN ('sending', 'unknown', 'review')`

// Schema returns the statements that create the tables and indexes of the
// journal. Operators read these tables when something is wrong, so
// their columns have plain names and plain values.
func Schema(t Types) []string { return t.fill(schema[:]) }

// ClaimSchema returns those of the claims.
func ClaimSchema(t Types) []string { return t.fill(claimSchema[:]) }

func (t *Types) fill(schema []string) []string {
	words := strings.NewReplacer(
		"TEXT", t.Text, "INT", t.Int, "BOOL", t.Bool, "TIME", t.Time, "OPTIONS", t.Table, "STATES", stateList())
	all := make([]string, len(schema))
	for i, statement := range schema {
		all[i] = strings.TrimSpace(words.Replace(statement))
	}
	return all
}

// Names returns the names of the tables and indexes that such statements
// create.
func Names(schema []string) []string {
	all := make([]string, len(schema))
	for i, statement := range schema {
		all[i] = strings.Fields(statement)[2] // CREATE TABLE name, CREATE INDEX name
	}
	return all
}

func stateList() string {
	names := make([]string, 0, len(journal.States()))
	for _, s := range journal.States() {
		names = append(names, "'"+s.String()+"'")
	}
	return strings.Join(names, ", ")
}

var schema = [...]string{
	`CREATE TABLE esim_purchase (
  id           TEXT PRIMARY KEY,
  version      INT  NOT NULL CHECK (version >= 1),
  provider     TEXT NOT NULL,
  account      TEXT NOT NULL,
  kind         TEXT NOT NULL,
  reference    TEXT NOT NULL,
  content      TEXT NOT NULL,
  package_id   TEXT NOT NULL,
  state        TEXT NOT NULL CHECK (state IN (STATES)),
  attempts     INT  NOT NULL CHECK (attempts >= 0),
  doubt        INT  NOT NULL CHECK (doubt >= 0),
  arrived      BOOL NOT NULL,
  keys         TEXT NOT NULL,
  created_at   TIME NOT NULL,
  updated_at   TIME NOT NULL,
  next_at      TIME,
  lease_until  TIME,
  resend_until TIME,
  deadline_at  TIME,
  doubt_at     TIME,
  cost         TEXT NOT NULL,
  currency     TEXT NOT NULL,
  budget       TEXT NOT NULL,
  taken        TEXT NOT NULL,
  document     TEXT NOT NULL,
  origin       TEXT NOT NULL,
  seal         TEXT NOT NULL,
  CHECK (doubt <= attempts),
  UNIQUE (provider, reference)
) OPTIONS`,
	`CREATE INDEX esim_purchase_due ON esim_purchase (provider, next_at, id) WHERE next_at IS NOT NULL`,
	`CREATE INDEX esim_purchase_doubtful ON esim_purchase (account, doubt_at) WHERE ` + doubtful,
	`CREATE INDEX esim_purchase_unsettled ON esim_purchase (created_at, id) WHERE ` + unsettled,
	`CREATE INDEX esim_purchase_age ON esim_purchase (created_at, id)`,
	`CREATE TABLE esim_key (
  provider TEXT NOT NULL,
  key      TEXT NOT NULL,
  purchase TEXT NOT NULL REFERENCES esim_purchase (id),
  PRIMARY KEY (provider, key)
) OPTIONS`,
	`CREATE INDEX esim_key_purchase ON esim_key (purchase)`,
	`CREATE TABLE esim_budget (
  name  TEXT PRIMARY KEY,
  spent TEXT NOT NULL
) OPTIONS`,
	`CREATE TABLE esim_held (
  provider TEXT NOT NULL,
  key      TEXT NOT NULL,
  names    TEXT NOT NULL,
  at       TIME NOT NULL,
  warned   BOOL NOT NULL,
  document TEXT NOT NULL,
  PRIMARY KEY (provider, key)
) OPTIONS`,
	`CREATE INDEX esim_held_at ON esim_held (at, provider, key)`,
	`CREATE TABLE esim_held_name (
  provider TEXT NOT NULL,
  name     TEXT NOT NULL,
  key      TEXT NOT NULL,
  PRIMARY KEY (provider, name, key),
  FOREIGN KEY (provider, key) REFERENCES esim_held (provider, key) ON DELETE CASCADE
) OPTIONS`,
	`CREATE INDEX esim_held_name_key ON esim_held_name (provider, key)`,
	`CREATE TABLE esim_meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) OPTIONS`,
}

var claimSchema = [...]string{
	`CREATE TABLE esim_claim (
  reference  TEXT PRIMARY KEY,
  version    INT  NOT NULL CHECK (version >= 1),
  document   TEXT NOT NULL,
  created_at TIME NOT NULL,
  updated_at TIME NOT NULL,
  seal       TEXT NOT NULL
) OPTIONS`,
	`CREATE INDEX esim_claim_age ON esim_claim (created_at)`,
}
