package esim

import (
	"context"
	"time"
)

// TokenStore shares the bearer token of an account among processes, so that
// many of them log in as often as one would. Without one every process logs in
// for itself, which is as correct and only knocks more often.
//
// It is safe for concurrent use and obeys its context. What it keeps is a
// credential.
type TokenStore interface {
	// Token returns the token of the account, named by its
	// [Account.Fingerprint], and until when it is good. That is the stored one
	// unless there is none, it is over or nearly so, or it is the one the
	// provider has refused (refused is empty if none was). Otherwise it calls
	// login while it holds the account, so that nobody else does, and stores
	// and returns what came. valid counts from the moment login is called.
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
