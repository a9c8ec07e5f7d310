package esim

import (
	"context"
	"log/slog"
	"net/http"
	"time"
)

// Settings is what every adapter's Config embeds. The zero value of each
// field is a good default.
type Settings struct {
	// BaseURL replaces the provider's own. https only; plain http is accepted
	// for loopback hosts. No user info, query or fragment.
	BaseURL string

	// Transport carries the requests; nil = http.DefaultTransport. An
	// *http.Transport lends what it holds (proxy, TLS roots): it is copied, never
	// changed. Any other is called as it is, and must send each request once.
	// Redirects are not followed, and cookies not kept.
	//
	// Reads have at most 64 connections at a time. As many purchases are under
	// way at once, each on a connection of its own. The reads that a purchase
	// waits for have another 64. None of the three keeps another from
	// connecting. MaxConnsPerHost of an *http.Transport replaces the 64 of
	// each, -1 stands for no bound; its MaxIdleConnsPerHost is kept, too.
	Transport http.RoundTripper

	// Logger receives one record an exchange, without secrets or bodies;
	// nil = silent.
	Logger *slog.Logger

	// Limiter is asked before each exchange; nil = the provider's documented
	// pace, for this client alone. There purchases go before reads, and a
	// quarter of the burst is theirs: however many reads wait, a purchase waits
	// for one interval of the pace at most, and for the purchases before it.
	// Reads wait as long as purchases use up the pace.
	Limiter Limiter

	// Timeout bounds one exchange: connection, headers and body. 0 = a value
	// for each call, 30 seconds for reads and more for purchases.
	Timeout time.Duration

	// MaxRetries bounds how often a call is attempted again: a read, a
	// purchase of which nothing was sent or that was refused unprocessed, or
	// one that the provider is known to replay. 0 = 2, -1 = none. Correcting
	// the clock and renewing a token, once each, do not count.
	MaxRetries int

	// Now is the clock for signatures and token lifetimes; nil = time.Now.
	Now func() time.Time

	// Observer sees the start and the end of each operation, of each exchange and
	// of each wait for the Limiter.
	Observer Observer
}

// Limiter paces requests; [golang.org/x/time/rate.Limiter] is one. Wait
// blocks until a request may be sent, or returns an error when ctx ends first.
//
// A Limiter may also have WaitPurchase(ctx context.Context) error. That is
// called instead for requests with an effect, and for the reads that a purchase
// waits for. Without it purchases and reads wait in one queue.
type Limiter interface {
	Wait(ctx context.Context) error
}

// TokenStore shares the bearer token of an account among processes, so that
// many of them log in as often as one would. Without one every process logs in
// for itself: as correct, with more logins.
//
// It is safe for concurrent use and obeys its context. What it keeps is a
// credential.
type TokenStore interface {
	// Token returns the token of the account, named by its
	// [Account.Fingerprint], and until when it is good. That is the stored one,
	// unless it is over or nearly so, or is the one that the provider has
	// refused (refused is "" if none was). Otherwise Token calls login while it
	// locks the account, so that one process at a time logs in. It stores and
	// returns what came. valid counts from the moment login is called.
	//
	// A token is nearly over when a call begun now might outlast it; of an
	// hour the last five minutes are a good measure.
	//
	// It returns the error of login as it came. Nothing is stored then, and
	// the next caller may try.
	Token(ctx context.Context, account string, refused Secret,
		login func(context.Context) (token Secret, valid time.Duration, err error),
	) (token Secret, until time.Time, err error)
}
