package router

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/esimkit/esim"
)

// reseller is a client and what this process knows of how it is doing.
type reseller struct {
	provider esim.Provider
	client   esim.Client
	caps     esim.Capabilities
	bar      barrer // nil = its purchases are not journalled

	breaker *gobreaker.TwoStepCircuitBreaker[struct{}]
	window  window
	balance balance
}

// barrer closes a reference for good, so that nobody can buy under it any more;
// the clients of a journal are such.
type barrer interface {
	Bar(ctx context.Context, req esim.OrderRequest) error
}

func newReseller(client esim.Client, c *Config) *reseller {
	s := &reseller{provider: client.Provider(), client: client, caps: client.Capabilities()}
	s.bar, _ = esim.As[barrer](client)
	s.balance.reads = s.caps.Balance && c.BalanceAge > 0
	failures := c.Breaker.Failures
	s.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		Name: string(s.provider), Timeout: c.Breaker.Cooldown,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			return failures > 0 && n.ConsecutiveFailures >= uint32(failures) //nolint:gosec // positive
		},
		IsSuccessful: func(err error) bool { return !ailing(err) },
		IsExcluded:   func(err error) bool { return errors.Is(err, errNotAsked) || errors.Is(err, context.Canceled) },
	})
	return s
}

// errNotAsked ends a permit of the breaker that was not used.
var errNotAsked = errors.New("router: not asked")

// ailing reports whether an error says that the reseller is in trouble. That it
// refuses for a reason says that it is well.
func ailing(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, context.Canceled): // the caller left
		return false
	case errors.Is(err, esim.ErrUnavailable), errors.Is(err, esim.ErrMalformedResponse), errors.Is(err, context.DeadlineExceeded):
		return true
	}
	return esim.OutcomeOf(err) == esim.OutcomeUnknown
}

// permit asks the breaker. The function it returns is told how the purchase
// ended.
func (s *reseller) permit() (done func(error), ok bool) {
	done, err := s.breaker.Allow()
	return done, err == nil
}

// saw notes how a purchase ended.
func (s *reseller) saw(err error, took time.Duration) { s.window.add(ailing(err), took) }

func (s *reseller) health() Health {
	h := s.window.health()
	switch s.breaker.State() {
	case gobreaker.StateClosed:
		h.Breaker = BreakerClosed
	case gobreaker.StateHalfOpen:
		h.Breaker = BreakerHalfOpen
	case gobreaker.StateOpen:
		h.Breaker = BreakerOpen
	}
	return h
}
