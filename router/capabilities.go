package router

import (
	"time"

	"github.com/esimkit/esim"
)

// Capabilities are those of all resellers together. What only some of them can
// do counts as something that the router can do, as far as a call finds its
// reseller by itself: a call about an order or an eSIM of one that cannot is
// unsupported there, and nothing is sent. What a purchase promises is what each
// of them promises: the weakest idempotency, the riskiest repeat, the weakest
// price guard, the slowest delivery. The balance is that of the only reseller;
// of several there is none.
func (r *Router) Capabilities() esim.Capabilities {
	var all esim.Capabilities
	sells, topsUp := true, true // of nobody yet
	for _, s := range r.core.sellers {
		c := &s.caps
		all.ListPackages = all.ListPackages || c.ListPackages
		all.ListTopUps = all.ListTopUps || c.ListTopUps
		all.GetOrder = all.GetOrder || c.GetOrder
		all.Cancel = all.Cancel || c.Cancel
		all.GetESIM = all.GetESIM || c.GetESIM
		all.Usage = all.Usage || c.Usage
		all.CallbackURL = all.CallbackURL || c.CallbackURL
		all.Balance = c.Balance && len(r.core.sellers) == 1
		all.PollInterval = max(all.PollInterval, c.PollInterval)
		all.KeyLife = shorter(all.KeyLife, c.KeyLife)
		if c.TopUp {
			all.TopUp = true
			all.TopUpIdempotency = weakest(topsUp, all.TopUpIdempotency, c.TopUpIdempotency)
			all.TopUpRepeat = riskiest(topsUp, all.TopUpRepeat, c.TopUpRepeat)
			topsUp = false
		}
		if !c.Order {
			continue
		}
		all.Order = true
		all.OrderIdempotency = weakest(sells, all.OrderIdempotency, c.OrderIdempotency)
		all.OrderRepeat = riskiest(sells, all.OrderRepeat, c.OrderRepeat)
		all.MaxRepeats = fewest(all.MaxRepeats, c.MaxRepeats)
		all.PriceGuard = weakest(sells, all.PriceGuard, c.PriceGuard)
		all.ContractVerified = (sells || all.ContractVerified) && c.ContractVerified
		all.Fulfilment = slowest(sells, all.Fulfilment, c.Fulfilment)
		all.MaxQuantity = largest(sells, all.MaxQuantity, c.MaxQuantity)
		sells = false
	}
	all.LookupByReference = all.Order && all.GetOrder // by the claim
	return all
}

func weakest[T esim.Idempotency | esim.PriceGuard](none bool, a, b T) T {
	if none {
		return b
	}
	return min(a, b)
}

// riskiest of what two resellers do with a repeat: one that buys before one of
// which that is unknown.
func riskiest(none bool, a, b esim.Repeat) esim.Repeat {
	switch {
	case none:
		return b
	case a == esim.RepeatBuys || b == esim.RepeatBuys:
		return esim.RepeatBuys
	case a == esim.RepeatSafe && b == esim.RepeatSafe:
		return esim.RepeatSafe
	}
	return esim.RepeatUnknown
}

// fewest of two bounds, of which 0 is none.
func fewest(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

// slowest of two ways of delivery, unknown if one is.
func slowest(none bool, a, b esim.Fulfilment) esim.Fulfilment {
	switch {
	case none:
		return b
	case a == esim.FulfilmentUnknown || b == esim.FulfilmentUnknown:
		return esim.FulfilmentUnknown
	}
	return max(a, b)
}

// largest of two maximums, of which 0 is the largest.
func largest(none bool, a, b int) int {
	switch {
	case none:
		return b
	case a == 0 || b == 0:
		return 0
	}
	return max(a, b)
}

// shorter of two times, of which 0 is not known.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}
