package journal

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/esimkit/esim"
)

// Config is what [New] needs to know beside the store. The zero value of each
// field except Clients is a good default.
type Config struct {
	// Clients are the resellers, one client for each provider.
	Clients []esim.Client

	// OnDelivered, OnFailed, OnReview and OnLate are told of a purchase after
	// the commit that made it so, at least once: after a crash, or an error of
	// the hook, again. Run, Step and Reconcile call them, never a call that
	// buys. A nil hook is not called. Where processes share a store, each that
	// runs Run, Step or Reconcile needs them: any may be the one.
	//
	// OnFailed: it has ended with nothing charged, and nobody was told by a
	// return value. Its reference is closed before the call: ordering under it
	// again is [ErrReferenceEnded]. OnLate: paid, or perhaps paid, and not
	// delivered after LateAfter; called once.
	OnDelivered, OnFailed, OnLate func(context.Context, *Purchase) error
	// OnReview: a person must look at each of these, see [Journal.Decide]. All
	// have one cause: a provider and its error code, within one hour. The first
	// of a cause is told of at once, alone or with those that are due with it;
	// what follows in the same hour is one more call at its end. A purchase that
	// was charged after it had ended (Alarm) never waits. Called as the other
	// hooks are; an error is an error about all of them.
	OnReview func(context.Context, []*Purchase) error
	// OnUnmatched is told of evidence, such as a webhook, that for a quarter
	// of an hour fitted no purchase. It may be what is left of one that another
	// program made with this account.
	OnUnmatched func(context.Context, *esim.Order) error

	// DailyCap bounds what the purchases of one day (UTC, by the store's
	// clock) may cost at a provider. It is checked in the commit of the intent,
	// so replicas share it. With it a purchase must have a Quote or a MaxTotal
	// in the same currency.
	DailyCap map[esim.Provider]esim.Money
	// MaxDoubtful stops new purchases of an account, but for one a minute in each
	// process, while more than so many have come into doubt in the last 15
	// minutes and still are. 0 = 20, -1 = no such brake.
	MaxDoubtful int

	// ReceivesElsewhere names providers that deliver by webhook only, whose
	// webhooks another process of yours hands to its own journal on the same
	// store. Without a receiver, see [Journal.Receiver], they are not ordered
	// from.
	ReceivesElsewhere []esim.Provider
	// AllowVolatile lets live accounts be charged with a journal that forgets.
	AllowVolatile bool

	// LateAfter is how long after its latest request OnLate is told of a
	// purchase; 0 = 30 minutes.
	LateAfter time.Duration
	// ReviewAfter is when an open purchase goes to review at the latest, however
	// much could still be learnt; 0 = 72 hours. A top-up that could not be told
	// from another goes after a third of that.
	ReviewAfter time.Duration
	// Lease is how long a worker has a purchase for itself; 0 = 90 seconds.
	// One request may take two thirds of it.
	Lease time.Duration
	// Workers is how many purchases of each provider [Journal.Run] works on at
	// once; 0 = 4. A provider that hangs holds up its own purchases alone.
	Workers int
	// Tick is how often [Journal.Run] looks for work; 0 = one second.
	Tick time.Duration
	// BusyWait is how long a call waits for another process that has the same
	// reference in hand; 0 = as long as the context allows, -1 = not at all. With
	// -1 a call does not wait for a provider that asks to wait (429) either; the
	// refusal is its return value.
	BusyWait time.Duration

	Logger *slog.Logger // nil = silent
}

const (
	defaultLate      = 30 * time.Minute
	defaultReview    = 72 * time.Hour
	defaultLease     = 90 * time.Second
	defaultTick      = time.Second
	defaultWorkers   = 4
	defaultDoubtful  = 20
	unmatchedAfter   = 15 * time.Minute
	shareOfReviewFor = 3 // of ReviewAfter, for what has no key
)

func (c Config) withDefaults() Config {
	c.LateAfter = cmp.Or(c.LateAfter, defaultLate)
	c.ReviewAfter = cmp.Or(c.ReviewAfter, defaultReview)
	c.Lease = cmp.Or(c.Lease, defaultLease)
	c.Tick = cmp.Or(c.Tick, defaultTick)
	c.Workers = cmp.Or(c.Workers, defaultWorkers)
	c.MaxDoubtful = cmp.Or(c.MaxDoubtful, defaultDoubtful)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func (c *Config) check() error {
	seen := make(map[esim.Provider]bool)
	for _, client := range c.Clients {
		switch {
		case client == nil:
			return fmt.Errorf("%w: Config.Clients has a nil client", esim.ErrInvalidRequest)
		case client.Provider() == "":
			return fmt.Errorf("%w: Config.Clients has a client without a provider", esim.ErrInvalidRequest)
		case seen[client.Provider()]:
			return fmt.Errorf("%w: Config.Clients has two clients of %s; one journal keeps one account of each", esim.ErrInvalidRequest, client.Provider())
		}
		seen[client.Provider()] = true
	}
	for name, d := range map[string]time.Duration{
		"LateAfter": c.LateAfter, "ReviewAfter": c.ReviewAfter, "Lease": c.Lease, "Tick": c.Tick,
	} {
		if d < 0 {
			return fmt.Errorf("%w: Config.%s is negative", esim.ErrInvalidRequest, name)
		}
	}
	if c.Workers < 0 {
		return fmt.Errorf("%w: Config.Workers is negative", esim.ErrInvalidRequest)
	}
	for p, limit := range c.DailyCap {
		if limit.Currency() == "" || limit.Sign() < 0 {
			return fmt.Errorf("%w: Config.DailyCap of %s is not an amount with a currency", esim.ErrInvalidRequest, p)
		}
	}
	return nil
}
