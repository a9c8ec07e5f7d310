package adapter

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
)

// Spec is what an adapter knows about its provider's wire as a whole.
type Spec struct {
	Provider esim.Provider
	BaseURL  string // used when Settings.BaseURL is empty; "" = the caller must give one

	// Pace and Burst of the default limiter, in requests a second. Purchases
	// go before reads in it, and a quarter of the burst is theirs alone.
	Pace  rate.Limit
	Burst int

	// Authorize puts fresh authentication headers on one attempt. It may
	// block (a login) and must then obey ctx. Its error means that nothing
	// was sent.
	Authorize func(ctx context.Context, r *http.Request, body []byte, now time.Time) (requestID string, err error)
	// RequestIDHeader names the header of an id that the provider accepts once,
	// "" if it has none. Authorize fills it where it is empty. A repeat of a
	// purchase in doubt carries the id of the send in doubt: the provider can
	// act on one of the two only.
	RequestIDHeader string
	// Disown is called for an attempt whose credentials were refused with
	// [Reauth], so that the next Authorize gets new ones.
	Disown func(r *http.Request)

	// Bearer is authentication by access tokens, in place of Authorize and Disown.
	Bearer *Bearer

	// Refuse classifies an answer that is not a success, see [Verdict].
	Refuse func(Answer) Verdict

	// Errors is the table that Refuse looks into, for New to check.
	Errors Table

	// Can is what the client tells of itself, see [API.Capabilities]. Inputs are
	// checked against it.
	Can esim.Capabilities

	// Spends lists the endpoints that spend money, as method and path template:
	// "POST /orders". No call to one is sent but by a [Purchase].
	Spends []string
	// Purchases are those of the client; New checks them.
	Purchases []Purchase

	// Inputs are the facts by which [Operate] checks neutral inputs.
	Inputs Inputs

	// Secrets are removed from every text the provider sends back.
	Secrets []esim.Secret
}

// API carries the calls of one client to one provider.
type API struct {
	spec     Spec
	base     *url.URL
	logger   *slog.Logger
	limiter  esim.Limiter // nil for logins
	observer esim.Observer
	target   esim.Exchange // what each exchange has in common
	timeout  time.Duration
	retries  int
	now      func() time.Time

	login   *API // of Spec.Bearer
	secrets []esim.Secret
	reads   *httpClient  // pooled connections
	checks  *httpClient  // the same, for reads that a purchase waits for
	effects *httpClient  // a fresh HTTP/1.1 connection for each request
	skew    atomic.Int64 // nanoseconds the provider's clock is ahead of ours
	budget  budget
	memory  memory
	facts   facts
	vain    vainTokens
	prepaid atomic.Bool // the account was seen above zero
}

// New checks facts and settings, and builds an API. It sends nothing. Facts that
// contradict each other are an error that names the row.
func New(spec Spec, s esim.Settings) (*API, error) {
	t := &API{
		spec:     spec,
		logger:   s.Logger,
		limiter:  s.Limiter,
		observer: s.Observer,
		timeout:  s.Timeout,
		retries:  s.MaxRetries,
		now:      s.Now,
		secrets:  redactable(spec.Secrets),
		budget:   budget{tokens: budgetSize},
		memory:   memory{entries: make(map[string]*entry), open: make(map[esim.ICCID]*effect)},
	}
	if why := spec.problem(); why != "" {
		return nil, Misconfigured(spec.Provider, "New", why)
	}
	var err error
	if t.base, err = parseBaseURL(firstText(s.BaseURL, spec.BaseURL)); err != nil {
		return nil, t.failIn("New", esim.ErrInvalidRequest, esim.OutcomeNotSent, "Settings.BaseURL "+err.Error())
	}
	t.target = target(t.base)
	if s.Timeout < 0 {
		return nil, t.failIn("New", esim.ErrInvalidRequest, esim.OutcomeNotSent, "Settings.Timeout is negative")
	}
	if t.logger == nil {
		t.logger = slog.New(slog.DiscardHandler)
	}
	if t.limiter == nil {
		t.limiter = newReserving(spec.Pace, spec.Burst)
	}
	if t.now == nil {
		t.now = time.Now
	}
	switch {
	case t.retries == 0:
		t.retries = 2
	case t.retries < 0:
		t.retries = 0
	}
	t.reads, t.checks, t.effects = newHTTPClients(s.Transport)
	if spec.Bearer != nil {
		if err := t.bear(s); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// Now returns the time by the provider's clock, as far as it is known.
func (t *API) Now() time.Time {
	return t.now().Add(time.Duration(t.skew.Load()))
}

// CloseIdleConnections closes connections kept for later reads.
func (t *API) CloseIdleConnections() {
	t.reads.CloseIdleConnections()
	t.checks.CloseIdleConnections()
	t.effects.CloseIdleConnections()
	if t.login != nil {
		t.login.CloseIdleConnections()
	}
}

// clientOf returns the client that has connections for the call.
func (t *API) clientOf(c *Call) *httpClient {
	switch {
	case c.Safety != Read:
		return t.effects
	case c.goesFirst():
		return t.checks
	}
	return t.reads
}

// Capabilities returns what the client can do, as its adapter states it.
func (t *API) Capabilities() esim.Capabilities { return t.spec.Can }

// Provider returns the provider's name.
func (t *API) Provider() esim.Provider { return t.spec.Provider }

func firstText(texts ...string) string {
	for _, s := range texts {
		if s != "" {
			return s
		}
	}
	return ""
}
