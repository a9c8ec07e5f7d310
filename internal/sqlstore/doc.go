// Package sqlstore is what the SQL stores of package journal, the SQL inboxes
// of package webhook and the SQL claims of package router share: the tables,
// the statements and the translation between rows and entries, messages or
// claims. It knows no database and no driver; those are a [DB] and a [Dialect].
//
// Statements are written with the parameters $1, $2, … that PostgreSQL and
// SQLite both understand.
package sqlstore
