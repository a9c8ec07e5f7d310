// Package sqlstore is what the SQL stores of package journal and the SQL
// inboxes of package webhook share: the tables, the statements and the
// translation between rows and entries or messages. It knows no database and
// no driver; those are a [DB] and a [Dialect].
//
// Statements are written with the parameters $1, $2, … that PostgreSQL and
// SQLite both understand.
package sqlstore
