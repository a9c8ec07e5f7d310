package sqlite

import "time"

// Option changes how a store is opened.
type Option func(*options)

type options struct {
	now   func() time.Time
	quick bool
}

// WithNow sets the clock that the store reads instead of [time.Now], for
// tests.
func WithNow(now func() time.Time) Option {
	return func(o *options) { o.now = now }
}

// WithQuickCheck has Open check the structure of the file alone, and neither
// the indexes nor the checksum of each purchase, which is still compared
// whenever a purchase is read. The full check takes about half a minute for a
// million purchases, this one a few seconds.
func WithQuickCheck() Option {
	return func(o *options) { o.quick = true }
}
