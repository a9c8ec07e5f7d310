package main

import (
	"github.com/govalues/decimal"

	"github.com/esimkit/esim"
)

// perGB is the price of one gigabyte, 10⁹ bytes, rounded to a hundredth. It is
// zero where the question makes no sense.
func perGB(p esim.Package) esim.Money {
	if p.Unlimited || p.Data <= 0 || p.Price.Currency() == "" {
		return esim.Money{}
	}
	whole, err := decimal.New(int64(p.Data), 9) // bytes with nine decimals are gigabytes
	if err != nil {
		return esim.Money{}
	}
	each, err := p.Price.Amount().Quo(whole)
	if err != nil {
		return esim.Money{}
	}
	price, err := esim.NewMoney(each.Round(2), p.Price.Currency())
	if err != nil {
		return esim.Money{}
	}
	return price
}
