package router

import (
	"slices"

	"github.com/esimkit/esim"
)

// Needs say what a sale asks for beside the package. The zero value asks for
// nothing.
type Needs struct {
	// TopUp: the eSIM must be rechargeable, and its reseller able to sell
	// top-ups. A package that does not say so is left out.
	TopUp bool
	// Instant: not from a reseller that delivers by webhook only.
	Instant bool
	// Providers are the only ones that may be asked; empty = all.
	Providers []esim.Provider
	// MaxPrice is the most that one package may cost the shop. Zero = no
	// ceiling of this kind.
	MaxPrice esim.Money
	// SellingPrice is what the traveller pays for the whole order. Zero = not
	// known, and margins do not matter.
	SellingPrice esim.Money
	// MinMargin is how much of SellingPrice must be left after the cost, in
	// thousandths: 150 is 15 %. It may be negative.
	MinMargin int
}

const whole = 1000 // thousandths

func (n *Needs) wrong() string {
	switch {
	case n.MaxPrice.Sign() < 0 || !n.MaxPrice.IsZero() && n.MaxPrice.Currency() == "":
		return "MaxPrice is not an amount with a currency"
	case n.SellingPrice.Sign() < 0 || !n.SellingPrice.IsZero() && n.SellingPrice.Currency() == "":
		return "SellingPrice is not an amount with a currency"
	case n.MinMargin > whole || n.MinMargin < -whole*whole:
		return "MinMargin is not in thousandths"
	case n.MinMargin != 0 && n.SellingPrice.IsZero():
		return "MinMargin has no SellingPrice"
	case slices.Contains(n.Providers, ""):
		return "Providers has an empty name"
	}
	return ""
}

// leavesMargin reports whether a cost, in the currency of SellingPrice, leaves
// enough of it.
func (n *Needs) leavesMargin(cost esim.Estimate) bool {
	spent, err := cost.MulInt(whole)
	if err != nil {
		return false
	}
	most, err := n.SellingPrice.Estimate().MulInt(whole - n.MinMargin)
	if err != nil {
		return false
	}
	c, err := spent.Cmp(most)
	return err == nil && c <= 0
}
