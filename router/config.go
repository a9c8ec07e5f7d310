package router

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
)

// Config is what [New] needs to know. The zero value of each field except
// Clients is a good default.
type Config struct {
	// Name is what Provider returns; "" = "router".
	Name esim.Provider
	// Clients are the resellers, one client for each provider. In anything that
	// spends money they are those of a journal: its record is what makes
	// failover safe against crashes and between replicas.
	Clients []esim.Client
	// Catalog knows what is on sale and which packages are the same product.
	// nil = only the package asked for is bought, from its own reseller.
	Catalog Shelf
	// Policy ranks what may be bought; nil = [Cheapest].
	Policy Policy
	// Claims is the record of which reseller a reference was given to. Replicas
	// share one. nil = [NewMemoryClaims], which forgets with the process.
	Claims Claims
	// Needs are those of every sale; see [Router.With].
	Needs Needs

	// Rates compare prices of different currencies; nil = they cannot be compared.
	Rates esim.Rates
	// Currency is what prices are compared in, an ISO 4217 code; "" = that of
	// the package asked for.
	Currency string

	// MaxDearer is how much dearer than the caller's Quote a reseller may be that
	// is asked after another one, in thousandths of the total: 100 is 10 %.
	// OrderRequest.MaxTotal takes its place. 0 = 100, -1 = no dearer at all.
	MaxDearer int

	// MinBalance is what must be left at a reseller after a sale. It holds as
	// long as the balance is known.
	MinBalance map[esim.Provider]esim.Money
	// BalanceAge is how old a balance may be before it is read again, beside
	// the sales and never in them. 0 = one minute, -1 = balances are not read.
	BalanceAge time.Duration
	// Breaker says when a reseller in trouble is left alone.
	Breaker Breaker

	// Shadow is another policy, which decides nothing: what it would have
	// chosen is noted in each [Decision].
	Shadow Policy
	// OnDecision is told of each decision when its call ends; nil = nobody. It
	// runs in that call, so it should be quick.
	OnDecision func(context.Context, Decision)
	// Owners tells which reseller an eSIM came from, from the shop's own
	// records; [esim.ErrNotFound] if they do not know it. nil = the resellers
	// are asked.
	Owners func(context.Context, esim.ICCID) (esim.Provider, error)

	Now    func() time.Time // the clock of decisions; nil = time.Now
	Logger *slog.Logger     // nil = silent
}

// Breaker says when a reseller is left alone. While it is open the reseller is
// asked only about sales that it has begun.
type Breaker struct {
	// Failures in a row within 15 minutes open it: purchases that ended in
	// doubt, and those of a reseller that could not be reached or read. Each
	// counts once, however often it is asked about; one that was not sent for
	// what it asks does not count. 0 = 5, -1 = never.
	Failures int
	// Cooldown is how long it stays open before one sale tries again; 0 = 30 s.
	Cooldown time.Duration
}

// Shelf knows what is on sale; a *catalog.Catalog is one.
type Shelf interface {
	// Package returns a package as it was last listed.
	Package(p esim.Provider, id string) (esim.Package, bool)
	// Absent reports whether a reseller is known not to sell a package: its
	// whole list was read and lacks it. A list that is held back, broke off or
	// lost a row proves no absence.
	Absent(p esim.Provider, id string) bool
	// Equivalents returns all packages that are the same product for the
	// traveller, of any reseller, itself included.
	Equivalents(p esim.Provider, id string) []esim.Package
}

const (
	defaultName       = "router"
	defaultBalanceAge = time.Minute
	defaultFailures   = 5
	defaultCooldown   = 30 * time.Second
	defaultMaxDearer  = 100
)

// Validate says what is wrong with the configuration; the error matches
// [esim.ErrInvalidRequest].
func (c Config) Validate() error {
	wrong := func(format string, args ...any) error {
		return fmt.Errorf("%w: router.Config.%s", esim.ErrInvalidRequest, fmt.Sprintf(format, args...))
	}
	if len(c.Clients) == 0 {
		return wrong("Clients is empty")
	}
	seen := make(map[esim.Provider]bool)
	for _, client := range c.Clients {
		if client == nil {
			return wrong("Clients has a nil client")
		}
		p := client.Provider()
		switch {
		case p == "" || strings.ContainsAny(string(p), ": "):
			return wrong("Clients has a client whose provider is %q, which cannot be part of an id", p)
		case seen[p]:
			return wrong("Clients has two clients of %s", p)
		}
		seen[p] = true
	}
	for p, least := range c.MinBalance {
		switch {
		case !seen[p]:
			return wrong("MinBalance has %q, of which there is no client", p)
		case least.Currency() == "" || least.Sign() < 0:
			return wrong("MinBalance of %s is not an amount with a currency", p)
		}
	}
	switch {
	case c.BalanceAge < 0 && c.BalanceAge != -1:
		return wrong("BalanceAge is negative")
	case c.MaxDearer < -1:
		return wrong("MaxDearer is negative")
	case c.Breaker.Failures < -1 || c.Breaker.Cooldown < 0:
		return wrong("Breaker is negative")
	case c.Currency != "" && len(c.Currency) != 3:
		return wrong("Currency is no ISO 4217 code")
	}
	if why := c.Needs.wrong(); why != "" {
		return wrong("Needs.%s", why)
	}
	return nil
}

// withDefaults also copies what it was lent.
func (c Config) withDefaults() Config {
	c.Clients = slices.Clone(c.Clients)
	c.Name = cmp.Or(c.Name, defaultName)
	c.BalanceAge = cmp.Or(c.BalanceAge, defaultBalanceAge)
	if c.MaxDearer = cmp.Or(c.MaxDearer, defaultMaxDearer); c.MaxDearer < 0 {
		c.MaxDearer = 0
	}
	c.Breaker.Failures = cmp.Or(c.Breaker.Failures, defaultFailures)
	c.Breaker.Cooldown = cmp.Or(c.Breaker.Cooldown, defaultCooldown)
	if c.Policy == nil {
		c.Policy = Cheapest
	}
	if c.Claims == nil {
		c.Claims = NewMemoryClaims()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// New returns a router over the clients. It sends nothing. It panics with the
// error of [Config.Validate] if the configuration makes no sense.
func New(c Config) *Router { return newRouter(c, allRules) }

func newRouter(config Config, rules rules) *Router {
	if err := config.Validate(); err != nil {
		panic(err)
	}
	config = config.withDefaults()
	c := &core{
		Config: config, rules: rules, name: uuid.NewString(), resellers: make(map[esim.Provider]*reseller),
		turns: turns{busy: make(map[string]*turn)},
	}
	for _, client := range config.Clients {
		s := newReseller(client, &c.Config)
		c.resellers[s.provider] = s
		c.sellers = append(c.sellers, s)
	}
	return &Router{core: c, needs: config.Needs}
}
