package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/esimkit/esim"
)

// shelf lists what each client sells for a country, cheapest first.
func shelf(ctx context.Context, w io.Writer, clients []esim.Client, country esim.Country) error {
	heading(w, "Packages for %s, cheapest first", country.Name())
	var all []esim.Package
	for _, c := range clients {
		list, err := packagesFor(ctx, c, country)
		if errors.Is(err, errors.ErrUnsupported) {
			fmt.Fprintf(w, "  %s has no catalogue\n", c.Provider())
			continue
		}
		if err != nil {
			return err
		}
		all = append(all, list...)
	}
	// Amounts of different currencies do not compare: one block for each.
	slices.SortStableFunc(all, func(a, b esim.Package) int {
		return a.Price.Compare(b.Price)
	})
	const most = 8
	for _, p := range all[:min(most, len(all))] {
		fmt.Fprintf(w, "  %12s  %-9s  %3d days  %-10s %s\n", p.Price, size(p), p.ValidityDays, p.Provider, p.Name)
	}
	if more := len(all) - most; more > 0 {
		fmt.Fprintf(w, "  … and %d more\n", more)
	}
	return nil
}

func packagesFor(ctx context.Context, c esim.Client, country esim.Country) ([]esim.Package, error) {
	var list []esim.Package
	for p, err := range esim.Packages(ctx, c, esim.PackageQuery{Countries: []esim.Country{country}}) {
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, nil
}

func size(p esim.Package) string {
	if p.Unlimited {
		return "unlimited"
	}
	return p.Data.String()
}

func heading(w io.Writer, format string, args ...any) {
	fmt.Fprintf(w, "\n== "+format+"\n", args...)
}
