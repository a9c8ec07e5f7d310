package router

import "github.com/esimkit/esim"

// in returns an amount in another currency; false = there is no rate, or the
// amount is not known.
func (c *Config) in(m esim.Money, currency string) (esim.Money, bool) {
	switch {
	case m.Currency() == "" || currency == "":
		return esim.Money{}, false
	case m.Currency() == currency:
		return m, true
	case c.Rates == nil:
		return esim.Money{}, false
	}
	rate, ok := c.Rates.Rate(m.Currency(), currency)
	if !ok || !rate.IsPos() {
		return esim.Money{}, false
	}
	amount, err := m.Amount().Mul(rate)
	if err != nil {
		return esim.Money{}, false
	}
	converted, err := esim.NewMoney(amount, currency)
	return converted, err == nil
}

// above reports whether an amount exceeds a limit of the same currency.
func above(m, limit esim.Money) bool {
	c, err := m.Cmp(limit)
	return err != nil || c > 0
}
