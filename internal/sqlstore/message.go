package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/esimkit/esim/journal"
	"github.com/esimkit/esim/webhook"
)

// dueMessage is a message and since when it has been due.
type dueMessage struct {
	webhook.Message

	since time.Time
}

// columns are those of a message in the order in which message reads them.
func (b *Inbox) columns() string {
	const all = "id, source, key, header, body, received_at, attempts"
	if b.d.Seal {
		return all + ", seal"
	}
	return all
}

// messages reads all rows of a query for [Inbox.columns] and what more is
// returned.
func (b *Inbox) messages(rows Rows, err error) ([]dueMessage, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []dueMessage
	for rows.Next() {
		var m dueMessage
		if m.Message, err = b.message(rows, moment{&m.since}); err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, rows.Err()
}

func (b *Inbox) message(rows Rows, more ...any) (m webhook.Message, err error) {
	var header, seal string
	dest := []any{&m.ID, &m.Source, &m.Key, &header, &m.Body, moment{&m.ReceivedAt}, &m.Attempts}
	if b.d.Seal {
		dest = append(dest, &seal)
	}
	if err = rows.Scan(append(dest, more...)...); err != nil {
		return m, fmt.Errorf("inbox: cannot read a message: %w", err)
	}
	if b.d.Seal && seal != messageSeal(m.Source, m.Key, header, m.Body, m.ReceivedAt) {
		return m, damagedMessage(m.ID, nil)
	}
	if m.Header, err = decodeHeader(header); err != nil {
		return m, damagedMessage(m.ID, err)
	}
	return m, nil
}

// messageSeal is the checksum over what is written once. Not under it is when
// a message is due and how often it was given out, which operators may change.
func messageSeal(source, key, header string, body []byte, received time.Time) string {
	var s sum
	s.text(source, key, header, string(body))
	s.time(received)
	return s.String()
}

func damagedMessage(id int64, why error) error {
	err := fmt.Errorf("%w: webhook %d is damaged on disk; stop the program, keep a copy of the database and restore a backup", journal.ErrForeign, id)
	return errors.Join(err, why)
}

// VerifyInbox reads all messages and compares their checksums.
func VerifyInbox(ctx context.Context, tx Tx, d Dialect) error {
	b := &Inbox{singles{d: d}}
	rows, err := tx.Query(ctx, "SELECT "+b.columns()+" FROM esim_inbox")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := b.message(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// encodeHeader writes a header as JSON. Its values are bytes, of which HTTP
// says no more than that they used to be ISO 8859-1; as such they go into text
// and come out again whatever they are.
func encodeHeader(h http.Header) (string, error) {
	text, err := json.Marshal(each(h, latin))
	return string(text), err
}

func decodeHeader(text string) (http.Header, error) {
	var h http.Header
	if err := json.Unmarshal([]byte(text), &h); err != nil {
		return nil, err
	}
	return each(h, unlatin), nil
}

// each is the header with other values.
func each(h http.Header, change func(string) string) http.Header {
	changed := make(http.Header, len(h))
	for name, values := range h {
		all := make([]string, len(values))
		for i, v := range values {
			all[i] = change(v)
		}
		changed[name] = all
	}
	return changed
}

// latin has a character for each byte.
func latin(value string) string {
	var text []byte
	for i := range len(value) {
		text = utf8.AppendRune(text, rune(value[i]))
	}
	return string(text)
}

// unlatin has a byte for each character again.
func unlatin(text string) string {
	var value []byte
	for _, r := range text {
		value = append(value, byte(r)) //nolint:gosec // latin makes no greater ones
	}
	return string(value)
}
