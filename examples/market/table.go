package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/esimkit/esim"
)

// inDollars is an amount in the shop's currency, to the cent. The rates cover
// all currencies of this market; another is a mistake in it.
func (m *market) inDollars(amount esim.Money) esim.Money {
	if amount.Currency() == currency {
		return amount.Estimate().Round(2)
	}
	converted, err := amount.Times(m.rates(amount.Currency(), currency))
	if err != nil {
		panic(err) // no rate, or beyond 19 digits
	}
	return converted.Round(2)
}

// printTable writes a row for each strategy.
func printTable(w io.Writer, accounts []account) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(table, "policy\tsales\torders sent\tdelivered %\taverage "+currency+"\tcharged "+currency+
		"\tcharged twice\tlost in silence\tin doubt\tresolved\topen\trefused\t")
	for _, s := range stalls() {
		fmt.Fprintf(table, "%s\t", s.name)
	}
	fmt.Fprintln(table)
	for _, a := range accounts {
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%d\t%d\t%d\t%d\t%d\t%d\t", a.strategy.name, a.sales, a.sent,
			percent(a.delivered, a.sales), a.average(), a.charged.Amount(), a.double, a.silent, a.doubt, a.resolved, a.open, a.refused)
		for _, s := range stalls() {
			fmt.Fprintf(table, "%d\t", a.by[s.name])
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// average is the cost of an eSIM in the hands of a traveller: what was charged
// for nothing counts too.
func (a *account) average() string {
	cents, err := strconv.ParseUint(strings.ReplaceAll(a.charged.Amount(), ".", ""), 10, 64)
	if err != nil {
		return "?"
	}
	each := uint64(max(a.delivered, 1))
	n := (cents*10 + each/2) / each
	return fmt.Sprintf("%d.%03d", n/1000, n%1000)
}

func percent(part, whole int) string {
	const basis = 10_000
	n := part * basis / max(whole, 1)
	return fmt.Sprintf("%d.%02d", n/100, n%100)
}
