package esimfx

import (
	"context"
	"errors"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// tokenStore is Config.Tokens, of which nothing is believed that would break a
// request, and whose own trouble is not mistaken for refused credentials.
type tokenStore struct {
	shared esim.TokenStore
	c      *Client
}

// Token passes on what the shared store says.
func (s *tokenStore) Token(
	ctx context.Context, account string, refused esim.Secret, login func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	token, until, err := s.shared.Token(ctx, account, refused, login)
	if err != nil {
		return esim.Secret{}, time.Time{}, s.failure(err)
	}
	if err := adapter.Header(token.Reveal()); err != nil {
		return esim.Secret{}, time.Time{}, s.c.door.FailIn("Login", esim.ErrUnavailable, esim.OutcomeNotSent, "the token in Config.Tokens "+err.Error())
	}
	return token, until, nil
}

// failure keeps the error of a login as it is.
func (s *tokenStore) failure(err error) error {
	if _, ok := errors.AsType[*esim.Error](err); ok || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	e := s.c.door.FailIn("Login", esim.ErrUnavailable, esim.OutcomeNotSent, "Config.Tokens fails")
	e.Err = err
	return e
}
