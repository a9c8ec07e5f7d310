package journal

import (
	"fmt"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// SupportNote is what to send to the provider's support about a purchase that
// is stuck: which one it is, what was sent and answered, and what they are to
// say or do. It holds no activation code and no credential. It is "" for a
// purchase that needs nobody.
func (p *Purchase) SupportNote() string {
	ask, ok := supportAsks[p.State]
	if !ok {
		return ""
	}
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s of package %s, our reference %s", p.what(), p.PackageID, p.Reference)
	if p.Order != nil && p.Order.ID != "" {
		line("Your order id: %s", p.Order.ID)
	}
	for _, unit := range p.units() {
		line("%s", unit)
	}
	for i := range p.Attempts {
		line("Request %d: %s", p.Attempts[i].Number, p.Attempts[i].story())
	}
	if f := p.Foreign; f != nil {
		line("You sent order %s of package %s with %d eSIMs, which is not what we ordered.", f.OrderID, f.PackageID, f.ESIMs)
	}
	line("%s", ask(p))
	return b.String()
}

// supportAsks is what there is to ask in each state that may need somebody.
var supportAsks = map[State]func(p *Purchase) string{
	Sending:      askWhetherCharged,
	Unknown:      askWhetherCharged,
	Provisioning: askForTheRest,
	Review: func(p *Purchase) string {
		if p.Doubt > 0 || p.Order == nil {
			return askWhetherCharged(p)
		}
		return askForTheRest(p)
	},
}

func askWhetherCharged(*Purchase) string {
	return "Did you charge for this? If so, please tell the order id and deliver it; if not, please confirm that nothing was and will be charged."
}

func askForTheRest(p *Purchase) string {
	if p.Kind == TopUpKind {
		return "It was accepted, and we do not see its effect. Please complete it or refund it."
	}
	return fmt.Sprintf("It was accepted, and %d of %d eSIMs have come. Please send the rest, with its webhook once more if you deliver by webhook, or refund it.",
		p.delivered(), p.Quantity)
}

func (p *Purchase) what() string {
	if p.Kind == TopUpKind {
		return "Top-up of eSIM " + string(p.ICCID)
	}
	return fmt.Sprintf("Order of %d", p.Quantity)
}

func (p *Purchase) delivered() int {
	if p.Order == nil {
		return 0
	}
	return p.Order.Delivered()
}

// units says of each unit that the provider has named what has come of it.
func (p *Purchase) units() []string {
	if p.Order == nil {
		return nil
	}
	var list []string
	for i := range p.Order.ESIMs {
		list = append(list, unitLine(&p.Order.ESIMs[i]))
	}
	return list
}

func unitLine(e *esim.ESIM) string {
	name := "Unit " + e.ItemID
	if e.ItemID == "" {
		name = "Unit"
	}
	if e.ICCID == "" {
		return name + ": not delivered"
	}
	return name + ": ICCID " + string(e.ICCID)
}

// story is an attempt in a line.
func (a *Attempt) story() string {
	s := "sent " + a.At.UTC().Format(time.RFC3339)
	switch {
	case a.Failure != "":
		return s + ", " + a.Failure
	case a.Outcome != "":
		return s + ", " + a.Outcome
	}
	return s + ", no answer"
}
