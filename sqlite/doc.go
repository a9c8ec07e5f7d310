// Package sqlite keeps a journal in one file: a [journal.Store] for one
// machine, with nothing to install. The engine is SQLite, so the file can be
// read with any of its tools; see the tables esim_purchase and esim_held. The
// inbox of webhooks is in the same file, in the table esim_inbox, and so are the
// claims of package router, in the table esim_claim.
//
//	store, err := sqlite.Open("purchases.db")
//	if err != nil {
//		return err // says what is wrong with the file and what to do
//	}
//	defer store.Close()
//	j, err := journal.New(store, journal.Config{Clients: clients})
//	h, err := webhook.New(store.Inbox(), onEvent, sources...)
//	best := router.New(router.Config{Clients: journalled, Claims: store.Claims()})
//
// # Durability
//
// What a method has confirmed is on disk: the file is in write-ahead mode with
// synchronous=FULL, so every commit ends with a flush (F_FULLFSYNC on macOS).
// Writers that come at the same time share one. Each purchase, webhook and
// claim carries a checksum, since SQLite has none for its pages, and one that
// does not match it is refused and never used. A copy of the file is a whole one only if
// it was made by "sqlite3 purchases.db '.backup copy.db'" or while the program
// was stopped.
//
// # One process
//
// The file has one program at a time, kept so by a lock on a file beside it,
// which the system releases when the program dies in whatever way. A second
// one gets [journal.ErrInUse]. Many replicas need the postgres module. The
// file must be on a local disk: network file systems do not keep the promises
// on locks and flushes that this rests on.
//
// # When something is wrong
//
// Open refuses what it cannot vouch for, with a sentence that tells what to
// do: a damaged or truncated file and the file of another program
// ([journal.ErrForeign]), a file of a newer version ([journal.ErrSchema]), a
// file or directory that cannot be written to ([journal.ErrReadOnly]): a
// journal that can only be read would find out too late.
//
// A write that finds the disk full is undone and gets [journal.ErrDiskFull].
// After any other error of the disk, nobody knows what a further flush would
// be worth, so the store writes nothing more until it is opened again
// ([journal.ErrPoisoned]); reading goes on.
package sqlite
