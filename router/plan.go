package router

import (
	"errors"
	"slices"

	"github.com/esimkit/esim"
)

var errUnsupported = errors.ErrUnsupported

// plan looks at everything that could be bought for the sale and ranks it. It
// leaves the candidates in s.left and how it came to them in s.trail.
func (s *sale) plan() *esim.Error {
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
	if len(fit) == 0 {
		fit = guesses
		for i := range guesses {
			s.considered(&guesses[i]).Excluded = ""
		}
	}
	s.left = s.rank(s.Policy, fit)
	s.noteRanks()
	s.shadow(fit)
	return nil
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
	ranked := make([]Candidate, 0, len(fit))
	for _, c := range p(sale, slices.Clone(fit)) {
		is := func(d Candidate) bool { return d.key() == c.key() }
		if i := slices.IndexFunc(fit, is); i >= 0 && !slices.ContainsFunc(ranked, is) {
			ranked = append(ranked, fit[i])
		}
	}
	return ranked
}

// noteRanks writes the ranks into the trail.
func (s *sale) noteRanks() {
	for i := range s.left {
		s.considered(&s.left[i]).Rank = i + 1
	}
	for i := range s.trail.Candidates {
		if c := &s.trail.Candidates[i]; c.Rank == 0 && c.Excluded == "" {
			c.Excluded = leftOut
		}
	}
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
	if s.Shadow == nil {
		return
	}
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
