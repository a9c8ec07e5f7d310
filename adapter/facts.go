package adapter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/esimkit/esim"
)

// contradiction is a claim that facts must not make, and why.
type contradiction struct {
	holds bool
	why   string
}

// firstOf returns why the first contradiction holds, "" if none does.
func firstOf(all ...contradiction) string {
	i := slices.IndexFunc(all, func(c contradiction) bool { return c.holds })
	if i < 0 {
		return ""
	}
	return all[i].why
}

// problem says which facts contradict each other, "" for none.
func (s *Spec) problem() string {
	for i := range s.Errors {
		row := &s.Errors[i]
		if why := firstOf(s.ofRow(i, row)...); why != "" {
			return fmt.Sprintf("Spec.Errors row %d (%s) %s", i+1, row, why)
		}
	}
	for i := range s.Purchases {
		if why := firstOf(s.ofPurchase(&s.Purchases[i])...); why != "" {
			return fmt.Sprintf("Spec.Purchases[%d] %s", i, why)
		}
	}
	return firstOf(s.ofClient()...)
}

// String is what the row is for: "409 DUPLICATE".
func (r *Row) String() string {
	var parts []string
	if r.Status != 0 {
		parts = append(parts, fmt.Sprint(r.Status))
	}
	return strings.Join(slices.DeleteFunc(append(parts, append([]string{r.Code}, r.Texts...)...), func(s string) bool { return s == "" }), " ")
}

func (s *Spec) ofRow(i int, r *Row) []contradiction {
	settled := r.Outcome != esim.OutcomeUnknown
	twice := slices.ContainsFunc(s.Errors[:i], func(o Row) bool {
		return o.Status == r.Status && o.Code == r.Code && slices.Equal(o.Texts, r.Texts)
	})
	return []contradiction{
		{r.String() == "", "names neither status nor code nor text"},
		{twice, "stands in the table twice"},
		{r.Kind == "", "has no kind"},
		{r.Status >= 500 && settled, "calls a 5xx " + r.Outcome.String() + ": it may have failed after the charge"},
		{settled && r.Repeat != esim.RepeatUnknown, "says what a repeat would do, where nothing is in doubt"},
		{r.Burns && r.Outcome != esim.OutcomeRejected, "uses up the request id, and is not a refusal"},
		{(r.Burns || r.Retry == Renonce) && s.RequestIDHeader == "", "is about a request id, and Spec.RequestIDHeader names none"},
		{(r.Retry == InFlight || r.Retry == Renonce) && settled, "says that an earlier request arrived, and calls this one " + r.Outcome.String()},
		{r.Retry == Reauth && s.Bearer == nil && s.Disown == nil, "asks for new credentials, and there is no Spec.Bearer to get them"},
	}
}

func (s *Spec) ofPurchase(p *Purchase) []contradiction {
	r := p.Repeats
	keyed := p.Safety == Keyed || p.Safety == Replayed
	return []contradiction{
		{p.Send == nil, "has no Send"},
		{p.Safety == Read, "is no read"},
		{p.Safety == Once && p.Key != nil, "has a Key, and by its Safety the provider knows none"},
		{p.Safety == Once && (r.Lost == esim.RepeatSafe || r.Answered == esim.RepeatSafe), "calls a repeat safe, and has no key that would make it so"},
		{p.Safety == Replayed && r.Lost != esim.RepeatSafe, "has a key without replays: Safety is Replayed, and Repeats.Lost is " + r.Lost.String()},
		{r.Answered == esim.RepeatSafe && r.Lost != esim.RepeatSafe, "calls a repeat safe after an answer, and not after none"},
		{r.Most > 0 && r.Lost != esim.RepeatSafe, "bounds repeats by Most, and none is safe"},
		{p.Single && p.Max <= 1, "sells units one by one, and an order has one: there is no loop"},
		{p.Single && keyed && p.Key == nil, "sells units one by one under the same key: Key must tell them apart"},
		{p.Offer == nil && (p.Always || p.Balance != nil), "reads before a purchase, and has no Offer"},
		{p.Keyless != nil && p.Safety != Once, "is Keyless, and by its Safety the provider knows a key"},
		{p.Keyless != nil && (p.Single || p.Max > 1), "is Keyless and sells several: what the eSIM gains shows one"},
		{p.Keyless != nil && (p.Offer == nil || !p.Keyless.complete()), "is Keyless, and lacks Offer, Before, After, Shows, Find or Window"},
		{len(s.Spends) == 0, "spends at an endpoint that Spec.Spends does not declare"},
	}
}

// ofClient compares what callers are promised with what is done.
func (s *Spec) ofClient() []contradiction {
	most, safest := 0, esim.RepeatUnknown
	for i := range s.Purchases {
		most = max(most, cmp.Or(s.Purchases[i].Max, 1))
		if s.Purchases[i].Repeats.Lost == esim.RepeatSafe {
			safest = esim.RepeatSafe
		}
	}
	sells := s.Can.Order || s.Can.TopUp
	return []contradiction{
		{sells && len(s.Purchases) == 0, "Spec.Can sells, and Spec.Purchases has no purchase"},
		{s.Can.MaxQuantity > max(most, 1), fmt.Sprintf("Spec.Can.MaxQuantity is %d, and no purchase takes more than %d: units without a loop", s.Can.MaxQuantity, most)},
		{s.Can.OrderRepeat == esim.RepeatSafe && safest != esim.RepeatSafe, "Spec.Can.OrderRepeat is safe, and no purchase is repeated safely"},
		{len(s.Spends) > 0 && len(s.Purchases) == 0, "Spec.Spends declares " + strings.Join(s.Spends, ", ") + ", and there is no purchase"},
		{s.Bearer != nil && s.Bearer.Login == nil, "Spec.Bearer has no Login"},
		{s.Bearer == nil && s.Authorize == nil, "Spec has neither Authorize nor Bearer"},
		{s.Refuse == nil, "Spec has no Refuse"},
	}
}
