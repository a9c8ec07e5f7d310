package simulator

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// storyOrder is an order as it was sent.
type storyOrder struct {
	reference string
	lines     []storyLine
}

type storyLine struct {
	option string
	qty    int64
}

// storyUnit is one sold unit.
type storyUnit struct {
	topupID   string
	option    string // as it was ordered
	reference string
	sim       *sim
	sent      bool // its webhook is on its way or was sent
}

// parse reads and validates the body. A nil reply means it is well formed.
func (s *ESIMStory) parse(c *call) (storyOrder, *reply) {
	o, err := s.object(c, c.body, "external_order_id", "products")
	if err != nil && checkJSON(c.body) == nil {
		return storyOrder{}, s.malformed(c, err)
	}
	if err != nil || !strings.HasPrefix(c.r.Header.Get("Content-Type"), "application/json") {
		s.violate(c, "body is not valid JSON, or not called so")
		return storyOrder{}, asJSON(http.StatusBadRequest, map[string]string{"error": "Invalid JSON format"})
	}
	r := storyOrder{reference: o.str("external_order_id")}
	lines := o.list("products")
	if o.err != nil {
		return r, s.malformed(c, o.err)
	}
	var texts []string
	if strings.TrimSpace(r.reference) == "" {
		texts = append(texts, "External order id can't be blank")
	}
	if len(lines) == 0 {
		texts = append(texts, "Products can't be blank")
	}
	for _, raw := range lines {
		line, err := s.object(c, raw, "option_id", "qty")
		if err != nil {
			return r, s.malformed(c, err)
		}
		l := storyLine{line.str("option_id"), line.integer("qty", 0)}
		switch {
		case line.err != nil:
			return r, s.malformed(c, line.err)
		case l.option == "":
			texts = append(texts, "Option id can't be blank")
		case l.qty < 1:
			texts = append(texts, "Qty must be greater than 0")
		}
		r.lines = append(r.lines, l)
	}
	if texts != nil {
		s.violate(c, strings.Join(texts, ", "))
		return r, invalid(texts...)
	}
	return r, nil
}

func (s *ESIMStory) malformed(c *call, err error) *reply {
	s.violate(c, err.Error())
	return invalid("Request is invalid: " + err.Error())
}

func (s *ESIMStory) postOrder(c *call) *reply {
	r, refusal := s.parse(c)
	if refusal != nil {
		return refusal
	}
	var bought []*storyUnit
	b := pipeline[[]*storyUnit]{
		srv: s.Server, mu: &s.mu, keys: s.keys, c: c, key: storyKey(r.reference), lock: storyKey(r.reference), once: true,
		check: func() *reply { _, refusal := s.price(r); return refusal },
		commit: func() (units []*storyUnit, answer *reply, made bool) {
			units, answer, made = s.buy(r)
			bought = units
			return units, answer, made
		},
		known: func(bool) *reply { return invalid("External order id has already been taken") },
	}
	answer := b.run()
	s.dispatch(bought)
	return answer
}

// storyKey is a reference as it is compared: letter case does not count.
func storyKey(reference string) string { return strings.ToLower(reference) }

// buy charges all lines in one step.
func (s *ESIMStory) buy(r storyOrder) ([]*storyUnit, *reply, bool) {
	amount, refusal := s.price(r)
	if refusal != nil {
		return nil, refusal, false
	}
	units := s.prepare(r)
	if refusal := s.charge(r, units, amount); refusal != nil {
		return nil, refusal, false
	}
	s.units = append(s.units, units...)
	for _, u := range units {
		s.byICCID[u.sim.iccid] = u.sim
	}
	rows := make([]map[string]string, 0, len(units))
	for _, u := range units {
		rows = append(rows, map[string]string{"topup_id": u.topupID, "option_id": u.option})
	}
	return units, asJSON(http.StatusCreated, map[string]any{"products": rows}), true
}

// price is what all lines cost together, or the refusal of what cannot be
// bought.
func (s *ESIMStory) price(r storyOrder) (esim.Money, *reply) {
	amount := money.Of("0", "USD")
	for _, l := range r.lines {
		it, ok := s.catalogue.find(strings.ToLower(l.option))
		if !ok {
			return amount, invalid("Product with option_id not found")
		}
		if l.qty > 1000 {
			return amount, invalid("eSIM Request failed - Status: 400, Message: quantity too large")
		}
		amount = money.Plus(amount, money.Times(s.catalogue.price(*it), int(l.qty)))
	}
	if _, ok := s.ledger.Affords(amount); !ok {
		return amount, storyTooPoor()
	}
	return amount, nil
}

func storyTooPoor() *reply {
	return invalid("eSIM Request failed - Status: 402, Message: Insufficient balance")
}

// prepare makes the units of an order that has a price. Nothing of them exists
// until they are charged.
func (s *ESIMStory) prepare(r storyOrder) []*storyUnit {
	now := s.now()
	var units []*storyUnit
	for _, l := range r.lines {
		it, _ := s.catalogue.find(strings.ToLower(l.option))
		for range l.qty {
			u := &storyUnit{option: l.option, reference: r.reference, sim: s.fleet.issue(r.reference, it, now, now)}
			u.topupID = now.UTC().Format("20060102150405") + fmt.Sprintf("%012d", 123456000000+u.sim.number)
			units = append(units, u)
		}
	}
	return units
}

func (s *ESIMStory) charge(r storyOrder, units []*storyUnit, amount esim.Money) *reply {
	var iccids, options []string
	for _, u := range units {
		iccids = append(iccids, u.sim.iccid)
	}
	for _, l := range r.lines {
		options = append(options, l.option)
	}
	_, ok := s.ledger.Book(esimtest.Charge{
		Kind: esimtest.ChargeOrder, OrderID: strconv.Itoa(52730 + s.ledger.Count()), Reference: r.reference,
		PackageID: strings.Join(options, ","), Quantity: len(units), ICCIDs: iccids, Amount: amount,
	})
	if !ok {
		return storyTooPoor()
	}
	return nil
}

// StoryUnit is a sold unit as eSIM Story's support could list it.
type StoryUnit struct {
	TopUpID, OptionID, Reference string
	ICCID                        string
	WebhookSent                  bool // or on its way
}

// Units returns every unit sold so far, in order.
func (s *ESIMStory) Units() []StoryUnit {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]StoryUnit, len(s.units))
	for i, u := range s.units {
		list[i] = StoryUnit{u.topupID, u.option, u.reference, u.sim.iccid, u.sent}
	}
	return list
}

// expiry is the calendar date printed on a unit.
func (u *storyUnit) expiry() string {
	return u.sim.createdAt.UTC().AddDate(0, 0, 180).Format(time.DateOnly)
}
