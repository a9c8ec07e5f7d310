package sqlstore

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"time"

	"github.com/esimkit/esim/journal"
)

// A row carries two checksums: origin over what is written once, seal over
// what each Save writes. Not under a seal are version, next_at and
// lease_until: a lease changes them in passing, operators may, and what they
// could do wrong is only to have somebody look too early or too late.

func (d *Dialect) origin(e *journal.Entry) string {
	if !d.Seal {
		return ""
	}
	var s sum
	s.text(string(e.ID), string(e.Provider), e.Account, string(e.Kind), e.Reference, e.Content, e.PackageID, e.Budget)
	s.time(e.CreatedAt)
	return s.String()
}

func (d *Dialect) seal(e *journal.Entry) string {
	if !d.Seal {
		return ""
	}
	var s sum
	s.text(string(e.ID), e.State.String(), e.Cost, e.Currency, string(e.Document))
	s.text(e.Keys...)
	s.number(int64(e.Attempts), int64(e.Doubt))
	if e.Arrived {
		s.number(1)
	}
	s.time(e.UpdatedAt, e.ResendUntil, e.DeadlineAt, e.DoubtAt)
	return s.String()
}

func (d *Dialect) check(e *journal.Entry, origin, seal string) error {
	if d.origin(e) == origin && d.seal(e) == seal || !d.Seal {
		return nil
	}
	return damaged(e.ID, nil)
}

func damaged(id journal.ID, why error) error {
	const say = "purchase %s is damaged on disk; stop the program, keep a copy of the database and restore a backup"
	if why != nil {
		return fmt.Errorf("%w: "+say+" (%w)", journal.ErrForeign, id, why)
	}
	return fmt.Errorf("%w: "+say, journal.ErrForeign, id)
}

// sum is a CRC-32C of values, each with its length.
type sum struct{ bytes []byte }

func (s *sum) text(all ...string) {
	for _, t := range all {
		s.bytes = binary.AppendUvarint(s.bytes, uint64(len(t)))
		s.bytes = append(s.bytes, t...)
	}
}

func (s *sum) number(all ...int64) {
	for _, n := range all {
		s.bytes = binary.AppendVarint(s.bytes, n)
	}
}

func (s *sum) time(all ...time.Time) {
	for _, t := range all {
		s.text(t.UTC().Format(time.RFC3339Nano))
	}
}

func (s *sum) String() string {
	return fmt.Sprintf("%08x", crc32.Checksum(slices.Clip(s.bytes), crc32.MakeTable(crc32.Castagnoli)))
}

// Verify reads all purchases and compares their checksums.
func Verify(ctx context.Context, tx Tx, d Dialect) error {
	rows, err := tx.Query(ctx, "SELECT "+columns+" FROM esim_purchase")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if _, err := d.entry(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
