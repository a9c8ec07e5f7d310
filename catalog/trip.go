package catalog

import (
	"fmt"
	"math"

	"github.com/esimkit/esim"
)

// Leg is a stay in one country.
type Leg struct {
	Country esim.Country
	Days    int           // at least 1
	Data    esim.DataSize // needed in all; 0 = no matter
}

// TripQuery asks for the cheapest set of packages for a journey.
type TripQuery struct {
	Legs     []Leg  // in the order of travel; 1 to 12
	Currency string // to compare amounts in, ISO 4217; "" = one answer for each currency
	Stack    int    // as Query.Stack, for each plan

	Providers     []esim.Provider    // one of these; none = any
	Kinds         []esim.PackageKind // one of these; none = any
	Rechargeable  Want               // as Query.Rechargeable
	MinGeneration int                // as Query.MinGeneration
}

// TripResult is the answer to a [TripQuery].
type TripResult struct {
	Trips   []Trip   // one if TripQuery.Currency is set, else one a currency in alphabetical order
	Unrated []string // currencies left out, for there is no rate to TripQuery.Currency; "" = not stated
	Version uint64   // of the shelf
	Err     error    // why the query cannot be answered as asked; it matches ErrQuery
}

// Trip is the cheapest set of plans for a journey, among the offers of one
// currency or those that can be compared in it.
//
// A plan serves a set of legs if its package covers their countries, is valid
// from the first day of the first of them to the last day of the last, legs in
// between included, for validity runs on, and has the data of all of them
// together. Each leg is served by exactly one plan. Of sets with the same total
// the one with fewer plans is taken, then the one whose plans, in the order of
// their first legs, come first by provider and ID.
type Trip struct {
	Currency string        // of Total
	Plans    []Plan        // in the order of their first legs; none if a leg is not served
	Total    esim.Estimate // exactly the sum, of Offer.Compared if TripQuery.Currency is set, else of Offer.Total
	Unserved []int         // legs that no offer serves, by index

	Locals *Alternative // the cheapest plan for each leg on its own; nil if a leg is not served
	Single *Alternative // the cheapest plan for all legs at once; nil if there is none

	Why string // in one sentence
}

// Plan is an offer and the legs it serves, by index.
type Plan struct {
	Offer
	Legs []int
}

// Alternative is another set of plans for the same journey.
type Alternative struct {
	Plans []Plan
	Total esim.Estimate
}

const (
	maxLegs     = 12
	maxLegDays  = math.MaxInt32 / maxLegs
	maxLegBytes = math.MaxInt64 / maxLegs
)

// Trip finds the cheapest set of packages that covers every leg for its days.
// The answer is exact, not a guess. Packages of a negative price, which can
// only be a mistake, are left out.
func (c *Catalog) Trip(q TripQuery) TripResult {
	return c.shelf.Load().journey(&q, c.config.Rates)
}

// Validate reports why the query cannot be answered, or nil.
func (q *TripQuery) Validate() error {
	if len(q.Legs) == 0 || len(q.Legs) > maxLegs {
		return fmt.Errorf("%w: a trip has 1 to %d legs, not %d", ErrQuery, maxLegs, len(q.Legs))
	}
	for i, leg := range q.Legs {
		if !leg.Country.Valid() {
			return fmt.Errorf("%w: leg %d: %q is no ISO 3166-1 alpha-2 code in upper case", ErrQuery, i, string(leg.Country))
		}
		if leg.Days < 1 || leg.Days > maxLegDays || leg.Data < 0 || leg.Data > maxLegBytes {
			return fmt.Errorf("%w: leg %d: %d days, %d bytes", ErrQuery, i, leg.Days, leg.Data)
		}
	}
	same := Query{Stack: q.Stack, Currency: q.Currency, Rechargeable: q.Rechargeable, MinGeneration: q.MinGeneration}
	return same.Validate()
}

func (s *shelf) journey(q *TripQuery, rates esim.Rates) TripResult {
	result := TripResult{Version: s.version}
	if result.Err = q.Validate(); result.Err != nil {
		return result
	}
	j := s.newJourney(q, rates)
	var served []uint8
	for i, currency := range s.currencies {
		switch {
		case q.Currency == "" && currency == "":
			result.Unrated = append(result.Unrated, currency) // a price in no known currency is no answer
		case q.Currency == "":
			j.collect([]uint8{uint8(i)})
			result.Trips = append(result.Trips, j.trip(currency))
		case !j.tariffs[i].rate.IsZero():
			served = append(served, uint8(i))
		default:
			result.Unrated = append(result.Unrated, currency)
		}
	}
	if q.Currency != "" {
		j.collect(served)
		result.Trips = append(result.Trips, j.trip(q.Currency))
	}
	return result
}
