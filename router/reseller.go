package router

import (
	"context"
	"errors"
	"time"

	"github.com/sony/gobreaker/v2"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
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
		Name: string(s.provider), Timeout: c.Breaker.Cooldown, Interval: memoryOfBreaker, BucketPeriod: time.Minute,
		ReadyToTrip: func(n gobreaker.Counts) bool {
			return failures > 0 && n.ConsecutiveFailures >= uint32(failures) //nolint:gosec // positive
		},
		IsSuccessful: func(err error) bool { return !ailing(err) },
		IsExcluded:   silent,
	})
	return s
}

// memoryOfBreaker is how long a failure counts.
const memoryOfBreaker = 15 * time.Minute

// errNotAsked ends a permit of the breaker that was not used.
var errNotAsked = errors.New("router: not asked")

// silent reports whether the end of a purchase says nothing of how the reseller
// is doing: it was not sent, for what it asks, or the caller left.
func silent(err error) bool {
	switch {
	case err == nil:
		return false
	case errors.Is(err, errNotAsked), errors.Is(err, context.Canceled), errors.Is(err, esim.ErrReferenceConflict):
		return true
	case errors.Is(err, journal.ErrBraked), errors.Is(err, journal.ErrInHand), // the journal counts those
		errors.Is(err, journal.ErrNotOnRecord), errors.Is(err, journal.ErrStore): // the store is in trouble, and not the reseller
		return true
	}
	return esim.OutcomeOf(err) == esim.OutcomeNotSent && !unreachable(err)
}

// ailing reports whether an error that is not silent says that the reseller is
// in trouble. That it refuses for a reason says that it is well.
func ailing(err error) bool {
	return err != nil && (unreachable(err) || esim.OutcomeOf(err) == esim.OutcomeUnknown)
}

func unreachable(err error) bool {
	return errors.Is(err, esim.ErrUnavailable) || errors.Is(err, esim.ErrMalformedResponse) || errors.Is(err, context.DeadlineExceeded)
}

// permit asks the breaker. The function it returns is told how the purchase
// ended.
func (s *reseller) permit() (done func(error), ok bool) {
	done, err := s.breaker.Allow()
	return done, err == nil
}

// saw notes how a purchase ended.
func (s *reseller) saw(err error, took time.Duration) {
	if !silent(err) {
		s.window.add(ailing(err), took)
	}
}

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
