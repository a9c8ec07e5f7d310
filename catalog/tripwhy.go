package catalog

import (
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/esimkit/esim"
)

// trip works the candidates out into an answer in one currency.
func (j *journey) trip(currency string) Trip {
	j.offer()
	j.choose()
	t := Trip{Currency: currency}
	var single []legs
	for i := range j.query.Legs {
		single = append(single, 1<<i)
		if j.plans[1<<i].units == 0 {
			t.Unserved = append(t.Unserved, i)
		}
	}
	whole := legs(len(j.plans) - 1) //nolint:gosec // at most 4095
	if j.best[whole].plans == 0 {
		t.Why = j.whyNot(&t)
		return t
	}
	var chosen []legs
	for rest := whole; rest != 0; rest &^= j.best[rest].first {
		chosen = append(chosen, j.best[rest].first)
	}
	best := j.alternative(chosen, currency)
	t.Plans, t.Total = best.Plans, best.Total
	t.Locals = j.alternative(single, currency)
	if j.plans[whole].units > 0 {
		t.Single = j.alternative([]legs{whole}, currency)
	}
	t.Why = j.why(&t)
	return t
}

// alternative is what serving these sets with a plan each costs; nil if the
// sum has more digits than any amount.
func (j *journey) alternative(sets []legs, currency string) *Alternative {
	a := &Alternative{Plans: make([]Plan, len(sets))}
	total := mustFixed(0, 0, currency)
	for i, set := range sets {
		p := &j.plans[set]
		j.fill(&a.Plans[i].Offer, &p.pick, currency)
		for rest := set; rest != 0; rest &= rest - 1 {
			a.Plans[i].Legs = append(a.Plans[i].Legs, bits.TrailingZeros16(uint16(rest)))
		}
		cost, err := p.total.WithCurrency(currency)
		if err == nil {
			total, err = total.Add(cost)
		}
		if err != nil {
			return nil
		}
	}
	a.Total = total.Estimate()
	return a
}

func (j *journey) whyNot(t *Trip) string {
	if len(t.Unserved) == 0 {
		return "the total has more digits than an amount can have"
	}
	var missing []string
	for _, i := range t.Unserved {
		leg := j.query.Legs[i]
		text := string(leg.Country) + " for " + strconv.Itoa(leg.Days) + " days"
		if leg.Days == 1 {
			text = string(leg.Country) + " for 1 day"
		}
		if leg.Data > 0 {
			text += " with " + leg.Data.String()
		}
		missing = append(missing, text)
	}
	return "no offer in " + t.Currency + " serves " + join(missing, "or")
}

// why says what the best set beats.
func (j *journey) why(t *Trip) string {
	locals, single := t.Locals, t.Single
	best := j.priced(t.Plans, t.Total)
	switch n := len(t.Plans); {
	case len(j.query.Legs) == 1, locals == nil:
		return best + " is the cheapest"
	case n == 1:
		return best + beats(t.Total, locals, "s") + j.priced(locals.Plans, locals.Total)
	case n == len(j.query.Legs) && single == nil:
		return best + ", as no one plan serves the whole trip"
	case n == len(j.query.Legs):
		return best + beats(t.Total, single, "") + j.priced(single.Plans, single.Total)
	case single == nil:
		return best + beats(t.Total, locals, "") + j.priced(locals.Plans, locals.Total) + ", and no one plan serves the whole trip"
	default:
		return best + beats(t.Total, locals, "") + j.priced(locals.Plans, locals.Total) + ", and " + j.priced(single.Plans, single.Total)
	}
}

// beats is the verb between two sets of plans.
func beats(total esim.Estimate, other *Alternative, s string) string {
	if total == other.Total {
		return " need" + s + " fewer plans for the same money than "
	}
	return " beat" + s + " "
}

// priced names plans and what they cost: "one regional plan for JP and TW at
// 12.00 USD", "two local plans at 14.50 USD together".
func (j *journey) priced(plans []Plan, total esim.Estimate) string {
	kind := ""
	for i := range plans {
		if plans[i].Kind != plans[0].Kind {
			kind = ""
			break
		}
		kind = plans[i].Kind.String() + " "
	}
	if len(plans) > 0 && plans[0].Kind == esim.KindUnknown {
		kind = ""
	}
	if len(plans) != 1 {
		return inWords[len(plans)] + " " + kind + "plans at " + total.String() + " together"
	}
	var where []string
	for _, i := range plans[0].Legs {
		if c := string(j.query.Legs[i].Country); !slices.Contains(where, c) {
			where = append(where, c)
		}
	}
	return "one " + kind + "plan for " + join(where, "and") + " at " + total.String()
}

// inWords names up to as many plans as a trip has legs.
var inWords = [maxLegs + 1]string{"no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

func join(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + " " + last + " " + words[n]
}
