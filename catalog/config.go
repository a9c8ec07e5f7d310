package catalog

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/esimkit/esim"
)

// Config says what a [Catalog] is made of. Only Clients is needed.
type Config struct {
	// Clients are the resellers, at most one of each provider's name and 255
	// in all. Without any, the catalogue is what the snapshot holds.
	Clients []esim.Client
	// Snapshot is the file that keeps the shelf over a restart; "" = none. It
	// belongs to one process at a time.
	Snapshot string
	// Every is the time between two syncs of a provider; 0 = 1 hour. It is
	// jittered by a tenth. After a failure the next try comes after one
	// minute, then two, four and so on, up to Every.
	Every time.Duration
	// Rates compare currencies; nil = they are never compared.
	Rates esim.Rates
	// Guards hold back what cannot be right; zero = their defaults.
	Guards Guards
	// Equivalence is the rule for what is the same product; zero = default.
	Equivalence Equivalence
	// History is how many changes are kept for [Catalog.Changes]; 0 =
	// 100,000, negative = none. One takes 100 to 250 bytes beside its ID and
	// name, twice if there is a before and an after, and each version with
	// changes about 1 kB.
	History int
	// OnProgress, if not nil, is called after each page of a sync and at its
	// end, by one goroutine a provider. As OnReport, it may not call Sync.
	OnProgress func(Progress)
	// OnReport, if not nil, is called at the end of each sync, by one
	// goroutine a provider, and before the next sync of that provider begins.
	// It may call any method but Sync, which would wait for that end.
	OnReport func(Report)
	// Logger receives one record a sync, without prices; nil = silent.
	Logger *slog.Logger
	// Now is the clock; nil = time.Now.
	Now func() time.Time
}

const (
	defaultEvery   = time.Hour
	defaultHistory = 100_000
)

// check returns the configuration with its defaults filled in.
func (c Config) check() (Config, error) {
	seen := make(map[esim.Provider]bool, len(c.Clients))
	for _, client := range c.Clients {
		if client == nil {
			return c, errors.New("catalog: a client is nil")
		}
		p := client.Provider()
		if p == "" || seen[p] {
			return c, fmt.Errorf("catalog: two clients are named %q, or one has no name", string(p))
		}
		seen[p] = true
	}
	if len(seen) > maxProviders {
		return c, fmt.Errorf("catalog: %d clients are more than %d", len(seen), maxProviders)
	}
	if c.Every < 0 {
		return c, fmt.Errorf("catalog: Every is negative: %v", c.Every)
	}
	if c.Every == 0 {
		c.Every = defaultEvery
	}
	if c.History == 0 {
		c.History = defaultHistory
	}
	c.History = max(c.History, 0)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	return c, nil
}
