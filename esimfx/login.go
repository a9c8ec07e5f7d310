package esimfx

import (
	"context"
	"net/http"
	"strings"
	"time"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/adapter/wire"
)

// newDoor returns the transport of the login. It waits for no limiter: behind
// the calls that wait for the token it would stand in a queue that it is to
// end. Nothing storms the door all the same, for there is one login at a time,
// and a failed one is repeated at most once, if the trouble may pass.
func (c *Client) newDoor(spec adapter.Spec, s esim.Settings) (*adapter.API, error) {
	spec.Refuse = c.refuseLogin
	spec.Authorize = func(context.Context, *http.Request, []byte, time.Time) (string, error) { return "", nil }
	spec.Disown = nil
	s.Limiter = rate.NewLimiter(rate.Inf, 1)
	s.MaxRetries = min(s.MaxRetries, 1)
	if s.MaxRetries == 0 {
		s.MaxRetries = 1
	}
	return adapter.New(spec, s)
}

// login fetches a token (eSIMfx docs: POST /account/api/v1/auth). The place of
// the token in the answer, and expires_in, are not in the documents.
func (c *Client) login(ctx context.Context) (esim.Secret, time.Duration, error) {
	body, err := wire.Encode(credentials{ClientID: c.id.Reveal(), ClientKey: c.secret.Reveal()})
	if err != nil {
		return esim.Secret{}, 0, err
	}
	session, err := fetch[sessionData](ctx, c.door, adapter.Call{
		Op: "Login", Method: http.MethodPost, Path: "/account/api/v1/auth", Body: body, Safety: adapter.Read,
	})
	if err != nil {
		return esim.Secret{}, 0, err
	}
	token := string(session.AccessToken)
	if err := adapter.Header(token); err != nil {
		return esim.Secret{}, 0, c.door.FailIn("Login", esim.ErrMalformedResponse, esim.OutcomeNotSent, "access_token "+err.Error())
	}
	life := tokenLife
	if seconds := session.ExpiresIn.Int(); seconds > 0 {
		life = min(life, time.Duration(seconds)*time.Second)
	}
	return esim.NewSecret(token), life, nil
}

func (c *Client) authorize(ctx context.Context, r *http.Request, _ []byte, _ time.Time) (string, error) {
	token, err := c.token.Get(ctx)
	if err != nil {
		return "", err
	}
	r.Header.Set("Authorization", c.scheme+token.Reveal())
	return "", nil
}

// disown drops the token that r was refused with, unless there is a newer one.
func (c *Client) disown(r *http.Request) {
	c.token.Drop(esim.NewSecret(strings.TrimPrefix(r.Header.Get("Authorization"), c.scheme)))
}
