package catalog

import (
	"errors"
	"fmt"

	"github.com/esimkit/esim"
)

// Sort is the order of offers. Amounts of different currencies have none, so
// whatever the sort, offers that [Query.Currency] and [Rates] make comparable
// come first, and the others after them, one currency after the other in
// alphabetical order, those of unstated currency last. Within such a group the
// order is that of the sort; then come the compared amount, the currency, the
// amount, the provider and the ID.
type Sort int

const (
	ByPrice       Sort = iota // the total, the lowest first
	ByPricePerGB              // as Offer.PerGB; offers it does not apply to are last in their group
	ByPricePerDay             // as Offer.PerDay, likewise
)

// Want is a wish about something an offer has or has not.
type Want int

const (
	Either Want = iota // no matter
	Yes                // it has
	No                 // it is stated that it has not
)

// Query says which offers suit. The zero value takes all, the cheapest first.
type Query struct {
	Countries []esim.Country // covers all of these
	AnyOf     []esim.Country // covers at least one of these

	Providers []esim.Provider    // one of these; none = any
	Kinds     []esim.PackageKind // one of these; none = any

	// MinData to MaxData and MinDays to MaxDays are what the whole offer
	// gives; 0 = no bound. Unlimited data meets any MinData and no MaxData. A
	// size or validity that is not stated meets no bound.
	MinData, MaxData esim.DataSize
	MinDays, MaxDays int

	// Stack is how many of one package, used one after the other, may make up
	// MinDays and MinData: an offer has as few as it takes. 0 = 1; at most
	// 1000.
	Stack int

	Unlimited     Want // fair-use limits may still apply, as for Package.Unlimited
	Rechargeable  Want // where it is not stated, neither Yes nor No fits
	MinGeneration int  // 4, 5: at least one network of that generation or a later one is stated

	// MaxPrice is the highest Offer.Total; the zero Money = any. An amount in
	// another currency is converted through Rates; one that cannot be is not
	// within.
	MaxPrice esim.Money

	// Text has words, at most 32: each must occur, in any letter case, in the
	// name, the ID, the region or the name of a covered country.
	Text string

	Sort     Sort
	Currency string // to compare amounts in, ISO 4217; "" = each in its own

	Limit  int    // offers a page; 0 = 20, at most 1000
	After  string // Page.Next of the page before; "" = the first page
	Facets bool   // count what the whole result has
}

// ErrQuery is matched by every [Page.Err], [TripResult.Err] and error of
// [Query.Validate] and [TripQuery.Validate].
var ErrQuery = errors.New("catalog: the query cannot be answered as asked")

// ErrCursor says that Query.After was not made by this catalogue for this query.
var ErrCursor = fmt.Errorf("%w: After is no Page.Next of the same query", ErrQuery)

const (
	defaultLimit = 20
	maxLimit     = 1000
	maxStack     = 1000
	maxWords     = 32
	maxText      = 1000 // bytes
)

// Validate reports why the query cannot be answered, or nil. It does not look
// at After, which only a shelf can tell about.
func (q *Query) Validate() error {
	for _, bound := range [...]struct {
		name   string
		value  int64
		at, to int64
	}{
		{"MinData", int64(q.MinData), 0, maxInt64},
		{"MaxData", int64(q.MaxData), 0, maxInt64},
		{"MinDays", int64(q.MinDays), 0, maxInt64},
		{"MaxDays", int64(q.MaxDays), 0, maxInt64},
		{"Stack", int64(q.Stack), 0, maxStack},
		{"Unlimited", int64(q.Unlimited), 0, int64(No)},
		{"Rechargeable", int64(q.Rechargeable), 0, int64(No)},
		{"MinGeneration", int64(q.MinGeneration), 0, maxInt64},
		{"Sort", int64(q.Sort), 0, int64(ByPricePerDay)},
		{"Limit", int64(q.Limit), 0, maxLimit},
		{"the length of Text", int64(len(q.Text)), 0, maxText},
	} {
		if bound.value < bound.at || bound.value > bound.to {
			return fmt.Errorf("%w: %s is %d, not %d to %d", ErrQuery, bound.name, bound.value, bound.at, bound.to)
		}
	}
	if !q.MaxPrice.IsZero() && (q.MaxPrice.Currency() == "" || q.MaxPrice.Sign() < 0) {
		return fmt.Errorf("%w: MaxPrice is negative or without a currency", ErrQuery)
	}
	if err := checkCountries(q.Countries); err != nil {
		return err
	}
	if err := checkCountries(q.AnyOf); err != nil {
		return err
	}
	if err := checkWords(q.Text); err != nil {
		return err
	}
	return checkCurrency(q.Currency)
}

const maxInt64 = 1<<63 - 1

func checkCountries(countries []esim.Country) error {
	for _, c := range countries {
		if !c.Valid() {
			return fmt.Errorf("%w: %q is no ISO 3166-1 alpha-2 code in upper case", ErrQuery, string(c))
		}
	}
	return nil
}

func checkCurrency(currency string) error {
	if currency == "" {
		return nil
	}
	if _, err := fixed(0, 0, currency); err != nil {
		return fmt.Errorf("%w: Currency: %w", ErrQuery, err)
	}
	return nil
}

func (q *Query) limit() int {
	if q.Limit == 0 {
		return defaultLimit
	}
	return q.Limit
}
