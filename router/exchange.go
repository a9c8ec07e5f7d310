package router

import "github.com/esimkit/esim"

// in returns an amount in another currency; false = there is no rate, or the
// amount is not known.
func (c *Config) in(m esim.Money, currency string) (esim.Estimate, bool) {
	switch {
	case m.Currency() == "" || currency == "":
		return esim.Estimate{}, false
	case m.Currency() == currency:
		return m.Estimate(), true
	case c.Rates == nil:
		return esim.Estimate{}, false
	}
	converted, err := m.Times(c.Rates(m.Currency(), currency))
	return converted, err == nil && converted.Currency() == currency
}

// above reports whether an amount exceeds a limit of the same currency.
func above(m, limit esim.Estimate) bool {
	c, err := m.Cmp(limit)
	return err != nil || c > 0
}
