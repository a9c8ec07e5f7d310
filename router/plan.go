package router

import (
	"context"
	"slices"

	"github.com/esimkit/esim"
)

var errUnsupported = esim.ErrUnsupported

// plan looks at everything that could be bought for the sale and ranks it. It
// leaves the candidates in s.left and how it came to them in s.trail.
func (s *sale) plan(ctx context.Context) *esim.Error {
	if failed := s.findAsked(); failed != nil {
		return failed
	}
	packages := s.equivalents()
	var guesses []Candidate
	fit := make([]Candidate, 0, len(packages))
	s.trail = &trail{At: s.Now(), Candidates: make([]Considered, 0, len(packages))}
	s.excluded = make(map[Choice]*exclusion)
	var q question
	for i := range packages {
		r := s.resellers[packages[i].Provider]
		if r == nil {
			continue // of a reseller that this router does not sell from
		}
		fit = append(fit, s.candidate(r, packages[i]))
		c := &fit[len(fit)-1]
		s.question(&q, r, c)
		row, why := q.exclude()
		s.consider(c, why)
		if row == nil {
			continue
		}
		s.excluded[Choice{c.Provider, c.Package.ID}] = row
		if row.guess {
			guesses = append(guesses, *c)
		}
		fit = fit[:len(fit)-1]
	}
	if s.guesses = guesses; len(fit) == 0 {
		fit = s.takeGuesses()
	}
	s.left = s.rank(s.Policy, fit)
	s.noteRanks()
	if s.Shadow != nil {
		s.contained(ctx, "Shadow", func() { s.shadow(fit) })
	}
	return nil
}

// guess ranks those who were left out for a reason that may be out of date, and
// reports whether there are any.
func (s *sale) guess() bool {
	if len(s.guesses) == 0 {
		return false
	}
	s.left = s.rank(s.Policy, s.takeGuesses())
	s.noteRanks()
	return len(s.left) > 0
}

func (s *sale) takeGuesses() []Candidate {
	taken := s.guesses
	s.guesses = nil
	for i := range s.trail.Candidates {
		c := &s.trail.Candidates[i]
		if row := s.excluded[c.Choice]; row != nil && row.guess {
			c.Excluded = ""
			delete(s.excluded, c.Choice)
		}
	}
	return taken
}

// findAsked finds out what is known of the package asked for, and whether it
// still costs what the caller was told.
func (s *sale) findAsked() *esim.Error {
	s.askedFor = esim.Package{Provider: s.wish.provider, ID: s.wish.id}
	quote := s.req.Quote
	if quote != nil {
		s.askedFor = *quote
		s.askedFor.ID = s.wish.id
	}
	if s.Catalog != nil {
		onShelf, ok := s.Catalog.Package(s.wish.provider, s.wish.id)
		switch {
		case !ok && s.Catalog.Absent(s.wish.provider, s.wish.id):
			return s.refuse("Order", s.reference, esim.ErrPackageUnavailable, nil, "the catalogue does not list this package")
		case !ok: // the shelf may be behind
		case quote != nil && quote.Price.Currency() == "":
			return s.refuse("Order", s.reference, errUnsupported, nil, "Quote.Price has no currency, so it cannot be checked")
		case quote != nil && quote.Price != onShelf.Price:
			return s.refuse("Order", s.reference, esim.ErrPriceChanged, nil, "the price is "+onShelf.Price.String()+" now")
		default:
			s.askedFor, s.listed = onShelf, true
		}
	}
	s.currency = s.Currency
	if s.currency == "" {
		s.currency = s.askedFor.Price.Currency()
	}
	return nil
}

// equivalents are the packages that may be bought, the one asked for included.
func (s *sale) equivalents() []esim.Package {
	if s.Catalog == nil {
		return []esim.Package{s.askedFor}
	}
	list := s.Catalog.Equivalents(s.wish.provider, s.wish.id)
	isAsked := func(p esim.Package) bool { return p.Provider == s.wish.provider && p.ID == s.wish.id }
	if !slices.ContainsFunc(list, isAsked) {
		list = append([]esim.Package{s.askedFor}, list...)
	}
	return list
}

func (s *sale) candidate(r *reseller, p esim.Package) Candidate {
	c := Candidate{
		Provider: r.provider, Package: p, Price: p.Price,
		Balance: r.balance.known(), Health: r.health(), Capabilities: r.caps,
	}
	c.Compared, _ = s.in(p.Price, s.currency) // zero where it cannot be
	return c
}

func (s *sale) question(q *question, r *reseller, c *Candidate) {
	*q = question{sale: s, r: r, c: c, now: s.trail.At, asked: s.isAsked(c)}
	if total, err := c.Price.MulInt(s.wish.quantity); err == nil {
		q.total = total
	}
}

func (s *sale) isAsked(c *Candidate) bool {
	return c.Provider == s.wish.provider && c.Package.ID == s.wish.id
}

// rank asks a policy, and believes it only as far as policies may go.
func (s *sale) rank(p Policy, fit []Candidate) []Candidate {
	sale := Sale{Reference: s.reference, Asked: s.askedFor, Quantity: s.wish.quantity, Currency: s.currency, Needs: s.needs}
	at := make(map[packageKey]int, len(fit))
	for i := range fit {
		at[fit[i].key()] = i
	}
	ranked := make([]Candidate, 0, len(fit))
	for _, c := range p(sale, slices.Clone(fit)) {
		if i, ok := at[c.key()]; ok {
			ranked = append(ranked, fit[i])
			delete(at, c.key())
		}
	}
	return ranked
}

// noteRanks writes the ranks into the trail, after those that are there.
func (s *sale) noteRanks() {
	ranks := make(map[packageKey]int, len(s.left))
	for i := range s.left {
		ranks[s.left[i].key()] = i + 1
	}
	worst := 0
	for i := range s.trail.Candidates {
		worst = max(worst, s.trail.Candidates[i].Rank)
	}
	for i := range s.trail.Candidates {
		c := &s.trail.Candidates[i]
		switch rank := ranks[packageKey{c.Provider, c.PackageID}]; {
		case c.Rank > 0 || c.Excluded != "":
		case rank == 0:
			c.Excluded = leftOut
		default:
			c.Rank = worst + rank
		}
	}
	s.trail.text = nil
	slices.SortStableFunc(s.trail.Candidates, func(a, b Considered) int {
		if a.Rank == 0 || b.Rank == 0 {
			return first(a.Rank > 0, b.Rank > 0)
		}
		return a.Rank - b.Rank
	})
}

func (s *sale) consider(c *Candidate, why string) {
	s.trail.Candidates = append(s.trail.Candidates, Considered{
		Choice: Choice{c.Provider, c.Package.ID}, Price: c.Price, Compared: c.Compared,
		Balance: c.Balance, Health: c.Health, Excluded: why,
	})
}

// considered returns the place of a candidate in the trail.
func (s *sale) considered(c *Candidate) *Considered {
	i := slices.IndexFunc(s.trail.Candidates, func(k Considered) bool { return k.Choice == Choice{c.Provider, c.Package.ID} })
	return &s.trail.Candidates[i]
}

// shadow notes what another policy would have asked first.
func (s *sale) shadow(fit []Candidate) {
	ranked := s.rank(s.Shadow, fit)
	if len(ranked) == 0 {
		return
	}
	best := &ranked[0]
	s.trail.Shadow = &ShadowChoice{
		Choice: Choice{best.Provider, best.Package.ID}, Price: best.Price,
		Same: len(s.left) > 0 && s.left[0].key() == best.key(),
	}
}
