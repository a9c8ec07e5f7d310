// Package wire reads and writes the JSON of resellers. It is strict about the
// document, so that nothing that decides over money can be read two ways. It is
// tolerant about the cells of a list or of one eSIM, which decide nothing about
// money.
//
// # Documents
//
// [Decode] refuses duplicate names, invalid UTF-8, text after the document, a
// document that ends early, deep nesting and long lists; a byte order mark before it
// is skipped. Errors never quote the document. The kit decodes the answer of a
// purchase, and of a read that decides over one, with [DecodeRows]: what it cannot
// read makes the outcome unknown.
//
// # Odd cells
//
// The answer of any other read goes through [DecodeTolerant]. A cell that its
// type cannot read counts as not stated, in a row as beside the rows. A row
// that cannot be read at all is the zero value in its place. So an adapter
// counts a row without an id as lost (esim.PackagePage.Lost). Both are
// [Findings], which the kit logs once an answer, with the place and without the
// value. Anything else in the place of [Rows] is an error: it would read as an
// empty list. A list of which a row was lost shows what exists, and proves no
// absence.
//
// # Which type for which field
//
//	an id, an ICCID, a word        Text       a string, or a number with its digits
//	money, a size, a count         Number     a number, or one in quotes; exact, without the noise of a double
//	yes or no                      Flag       true, 1, "1", "yes"; tells not stated from unreadable
//	an instant                     Time       whatever names one instant; zone-less text is none
//	an instant, zone left out      UTCTime    where the reseller's documents mean UTC
//	calls, texts                   Allowance  not stated, none, a number, unlimited
//	the rows of an answer          Rows       a page of a list
//	several values of one fact     List       coverage, networks
//	a country                      Country    a code or a name, in any form
//	hundreds of flat objects       Columns    networks of worldwide packages, sharing their texts
//	an object, or the list in it   Either     where two editions of an API differ
//	beside the point of a purchase Optional   what cannot be read must not spoil what was paid for
//	not known yet                  Raw        the value as it came
//
// Fields of plain Go types (string, bool, int) are read as encoding/json/v2
// does: in no other form. [Text.ID] is an id that can be sent back;
// [Text.ICCID] and [PutActivation] read what installs an eSIM: in groups or
// padded, plain or in a link. They keep raw what they cannot read, for it was
// paid for. [Arena] is for whoever turns a page of hundreds of packages into
// slices.
//
// # The JSON library
//
// This package is the one place that knows it. It is the standard library's
// encoding/json/v2: its own copy on Go 1.26, the standard one on Go 1.27 and under
// GOEXPERIMENT=jsonv2, which differ in small ways. The gate tests all three.
package wire
