package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// operatorView is what the people behind the shop see. It holds no activation
// code and no address of an order page.
type operatorView struct {
	Open     []openItem
	Shelf    []shelfView
	Balances []balance
	Ledger   []ledgerLine // simulators only
	Agree    bool         // every charge is a purchase, and none has two
	Hooks    []hookLine
	Demo     *demoView
}

// openItem is a purchase that is not settled, and what to do about it.
type openItem struct {
	*journal.Purchase

	Age string
}

// Decidable: the journal lets a person end it.
func (i openItem) Decidable() bool { return i.State == journal.Review }

// Escalatable: it can be put before a person now.
func (i openItem) Escalatable() bool {
	return i.State == journal.Unknown || i.State == journal.Provisioning
}

// shelfView is how a reseller's catalogue stands.
type shelfView struct{ catalog.ProviderStatus }

// Seen names the list that the operator looks at.
func (v shelfView) Seen() string {
	if v.Held != nil {
		return v.Held.Started.Format(time.RFC3339Nano)
	}
	return v.SyncedAt.Format(time.RFC3339Nano)
}

func shelves(status catalog.Status) []shelfView {
	list := make([]shelfView, len(status.Providers))
	for i, p := range status.Providers {
		list[i] = shelfView{p}
	}
	return list
}

type balance struct {
	Provider esim.Provider
	Amount   string
}

// ledgerLine is a charge at a reseller beside the purchase it belongs to.
type ledgerLine struct {
	esimtest.Charge

	Provider esim.Provider
	Purchase *journal.Purchase // nil = of none that the journal can name yet
}

func (s *shop) operator(w http.ResponseWriter, r *http.Request) {
	v, err := s.operatorView(r.Context())
	if err != nil {
		s.trouble(w, r, err)
		return
	}
	s.show(w, r, http.StatusOK, "operator", view{Title: "Behind the counter", Body: v})
}

func (s *shop) operatorView(ctx context.Context) (*operatorView, error) {
	v := &operatorView{Shelf: shelves(s.shelf.Status()), Hooks: s.hookLog.latest(), Balances: s.balances(ctx)}
	var all []*journal.Purchase
	for p, err := range s.journal.Purchases(ctx, journal.Query{}) {
		if err != nil {
			return nil, err
		}
		all = append(all, p)
		if p.State.Open() || p.State == journal.Review {
			v.Open = append(v.Open, openItem{p, age(time.Since(p.CreatedAt))})
		}
	}
	if s.resellers.sim != nil {
		v.Ledger, v.Agree = s.ledger(all)
		v.Demo = s.demoView(all)
	}
	return v, nil
}

// balances asks the resellers; one that does not answer says so in its place.
func (s *shop) balances(ctx context.Context) []balance {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var list []balance
	for _, c := range s.resellers.clients {
		amount, err := c.Balance(ctx)
		text := amount.String()
		switch {
		case errors.Is(err, errors.ErrUnsupported):
			text = "not told by this reseller"
		case err != nil:
			text = "no answer just now"
		case amount.Currency() == "":
			text = amount.Amount() + ", currency not stated"
		}
		list = append(list, balance{c.Provider(), text})
	}
	return list
}

// ledger lays the reseller's books beside the journal.
func (s *shop) ledger(all []*journal.Purchase) (lines []ledgerLine, agree bool) {
	used := make(map[journal.ID]int)
	for _, c := range s.resellers.clients {
		for _, charge := range s.resellers.sim.Server(c.Provider()).Ledger().Charges() {
			line := ledgerLine{Charge: charge, Provider: c.Provider()}
			i := slices.IndexFunc(all, func(p *journal.Purchase) bool {
				return p.Provider == line.Provider && (p.Order != nil && p.Order.ID == charge.OrderID || p.Reference == charge.Reference)
			})
			if i >= 0 {
				line.Purchase = all[i]
				used[all[i].ID]++
			}
			lines = append(lines, line)
		}
	}
	slices.SortStableFunc(lines, func(a, b ledgerLine) int { return a.Time.Compare(b.Time) })
	agree = len(used) == len(lines)
	for _, p := range all {
		if (p.State == journal.Delivered || p.State == journal.Provisioning) && used[p.ID] != 1 {
			agree = false
		}
	}
	return lines, agree
}

// verdicts are the decisions that a person can take, by their form value.
var verdicts = map[string]journal.State{
	"delivered": journal.Delivered, "not executed": journal.NotExecuted, "refunded": journal.Refunded,
}

// decide records what a person has found out about a purchase under review.
func (s *shop) decide(w http.ResponseWriter, r *http.Request) {
	verdict, ok := verdicts[r.PostFormValue("verdict")]
	by, why := strings.TrimSpace(r.PostFormValue("by")), strings.TrimSpace(r.PostFormValue("why"))
	if !ok || by == "" || why == "" {
		s.say(w, r, http.StatusBadRequest, "Something is missing", "A decision needs a verdict ("+
			strings.Join(slices.Sorted(maps.Keys(verdicts)), ", ")+"), a name and the evidence.")
		return
	}
	p, err := s.journal.Decide(r.Context(), journal.ID(r.PostFormValue("id")), journal.Decision{Verdict: verdict, By: by, Why: why})
	if err == nil && p.State != journal.Delivered { // the reseller has no money of ours, so the customer's goes back
		err = s.books.refund(r.Context(), p.Reference, time.Now())
	}
	s.back(w, r, err)
}

// escalate puts a purchase before a person at once.
func (s *shop) escalate(w http.ResponseWriter, r *http.Request) {
	_, err := s.journal.Escalate(r.Context(), journal.ID(r.PostFormValue("id")), "the operator wants to look at it")
	s.back(w, r, err)
}

// accept publishes what a guard holds back of a reseller's list, if it is still
// what the operator has looked at.
func (s *shop) accept(w http.ResponseWriter, r *http.Request) {
	list := shelves(s.shelf.Status())
	i := slices.IndexFunc(list, func(p shelfView) bool { return string(p.Provider) == r.PostFormValue("provider") })
	if i < 0 {
		s.say(w, r, http.StatusBadRequest, "Unknown", "There is no such reseller.")
		return
	}
	if list[i].Seen() != r.PostFormValue("seen") {
		s.say(w, r, http.StatusConflict, "Not possible any more", "The reseller was read again meanwhile. Look at what is held now.")
		return
	}
	s.back(w, r, s.shelf.Accept(list[i].Provider))
}

func (s *shop) back(w http.ResponseWriter, r *http.Request, err error) {
	switch {
	case err == nil:
		http.Redirect(w, r, "/operator", http.StatusSeeOther)
	case slices.ContainsFunc(tooLate, func(kind error) bool { return errors.Is(err, kind) }):
		s.say(w, r, http.StatusConflict, "Not possible any more", err.Error())
	default:
		s.trouble(w, r, err)
	}
}

// tooLate are errors of those who decide what has moved on meanwhile.
var tooLate = []error{journal.ErrState, journal.ErrNotFound, journal.ErrInHand, catalog.ErrNothingHeld}
