package proof

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/catalog"
	"github.com/esimkit/esim/journal"
)

// world is a case while it is played: the resellers, what outlives a process,
// the shop's books, and what has happened so far.
type world struct {
	t        testing.TB
	ctx      context.Context //nolint:containedctx // that of the case
	c        Case
	began    time.Time
	accounts []*stall // the cheapest first
	asked    *stall
	records  *Records
	auditor  *journal.Journal // looks only
	shelf    *catalog.Catalog
	over     chan struct{} // closed when nothing more is to be proven

	mu       sync.Mutex // guards what follows
	now      *house
	dead     []*house
	lives    int // processes so far
	seq      int
	shop     *shop
	log      []*send
	webhooks []string // bodies that the shop has acknowledged
	healed   bool
	stopped  bool // before it was at rest
	trace    []string
	findings []Finding
}

// stall is an account with its price.
type stall struct {
	*Account

	reseller Reseller
	price    esim.Money
	listed   bool     // in the catalogue, as the product that is asked for
	askedFor []string // references of purchases for which it got a request, guarded by world.mu
}

// steps between the prices of the resellers, in cents. The dearest is a tenth
// above the cheapest, which a failover may cost.
var pricesInCents = []int64{200, 210, 220}

func newWorld(t testing.TB, c Case, store Store, resellers []Reseller) *world {
	w := &world{t: t, ctx: t.Context(), c: c, began: time.Now(), over: make(chan struct{})}
	w.shop = &shop{w: w}
	i := slices.IndexFunc(resellers, func(r Reseller) bool { return r.Provider == c.At })
	if i < 0 {
		t.Fatalf("proof: there is no reseller %s", c.At)
	}
	i = (i + len(resellers) - c.turn()) % len(resellers)
	resellers = append(slices.Clone(resellers[i:]), resellers[:i]...)
	conditions := &Conditions{T: t, Post: post{w}, Worlds: map[esim.Provider]string{c.At: c.World.Name}}
	for i, r := range resellers {
		conditions.Form = ""
		if i == c.turn() {
			conditions.Form = c.Config
		}
		a := &stall{Account: r.Open(conditions), reseller: r, price: cents(pricesInCents[min(i, len(pricesInCents)-1)])}
		a.SetPrice(a.Package, a.price.Amount())
		if a.Source != nil {
			a.Webhooks("http://shop.example/hooks")
		}
		w.accounts = append(w.accounts, a)
	}
	for i := range max(c.Carts, 1) {
		w.shop.carts = append(w.shop.carts, &cart{
			reference: fmt.Sprintf("cart-%d", i+1), quantity: max(c.Quantity, 1) + i,
			inHand: make(map[string]bool), hooks: make(map[hookKind]int),
		})
	}
	w.records = store.Open(t)
	var err error
	if w.auditor, err = journal.New(w.records.Journal, journal.Config{}); err != nil {
		t.Fatal("proof: ", err)
	}
	return w
}

// turn is the place, by price, of the reseller that the case is about.
func (c Case) turn() int {
	if c.Ahead != Nothing && c.Form.Routed() {
		return 1
	}
	return 0
}

func cents(n int64) esim.Money {
	m, err := esim.ParseMoney(fmt.Sprintf("%d.%02d", n/100, n%100), "USD")
	if err != nil {
		panic(err)
	}
	return m
}

// choose is how the shop comes to the package that it orders: from the list of
// what the catalogue holds. An offer of which a fact has been lost on the way is a
// product of its own, for nothing says that it is the same.
func (w *world) choose() {
	var held []*stall
	offers := make(map[*stall]esim.Package)
	for _, a := range w.accounts {
		if offer, found := w.shelf.Package(a.reseller.Provider, a.Package); found {
			held, offers[a] = append(held, a), offer
		}
	}
	if len(held) == 0 {
		w.t.Fatal("proof: the catalogue lists the product of nobody")
	}
	if w.asked = held[0]; w.c.Form == Dearest || w.c.Form == DearList {
		w.asked = held[len(held)-1]
	}
	same := w.shelf.Equivalents(w.asked.reseller.Provider, w.asked.Package)
	for _, a := range held {
		a.listed = slices.ContainsFunc(same, func(p esim.Package) bool { return p.Provider == a.reseller.Provider && p.ID == a.Package })
		if want := a == w.asked || isProduct(offers[a]) && isProduct(offers[w.asked]); a.listed != want {
			w.t.Fatalf("proof: to the catalogue, %s and %s are the same product: %t", a.reseller.Provider, w.asked.reseller.Provider, a.listed)
		}
		if !isProduct(offers[a]) && !strings.HasSuffix(w.c.World.Name, "/odd-cells") {
			w.t.Fatalf("proof: a fact of the offer of %s is lost, and no world is to blame", a.reseller.Provider)
		}
	}
}

// isProduct reports whether an offer states all that makes it [Product].
func isProduct(p esim.Package) bool {
	return p.Data == esim.DataSize(Product.Bytes) && p.ValidityDays == Product.Days && slices.Equal(p.Countries, []esim.Country{Product.Country})
}

// offer is the package that the shop orders, as it is listed.
func (w *world) offer() esim.Package {
	offer, _ := w.shelf.Package(w.asked.reseller.Provider, w.asked.Package) // choose has seen it
	return offer
}

// ceiling is MaxTotal of a capped order: what the dearest reseller asks.
func (w *world) ceiling(quantity int) esim.Money {
	return times(w.accounts[len(w.accounts)-1].price, quantity)
}

func times(m esim.Money, n int) esim.Money {
	total, err := m.MulInt(n)
	if err != nil {
		panic(err)
	}
	return total
}

func (w *world) house() *house {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// begin starts a process. The first one may die at a step.
func (w *world) begin() {
	p := &process{w: w, died: make(chan struct{})}
	w.mu.Lock()
	w.lives++
	p.n = w.lives
	w.mu.Unlock()
	h, err := w.build(p)
	if err != nil {
		w.t.Fatal("proof: the shop does not start: ", err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.now != nil {
		w.dead = append(w.dead, w.now)
	}
	w.now = h
}

func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

// saleOf is the shop's reference for one that an attempt was made under.
func (w *world) saleOf(reference string) string {
	if w.now == nil {
		return reference
	}
	return w.now.saleOf(w.ctx, reference)
}

// asks notes that a reseller gets a request for a purchase, also a read.
func (w *world) asks(a *stall, reference string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !slices.Contains(a.askedFor, reference) {
		a.askedFor = append(a.askedFor, reference)
	}
}

// sends notes that a purchase is about to leave.
func (w *world) sends(a *stall, key, reference string, process int) *send {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seq++
	s := &send{seq: w.seq, provider: a.reseller.Provider, key: key, reference: reference, process: process, at: time.Now()}
	w.log = append(w.log, s)
	w.note(reference, "a purchase is sent to %s", s.provider)
	return s
}

// sent notes how it ended.
func (w *world) sent(s *send, charged bool, answer *http.Response, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.charged, s.unsent, s.ended = charged, errors.Is(err, syscall.ECONNREFUSED), time.Now()
	how := "no answer"
	if err == nil {
		how, s.status = answer.Status, answer.StatusCode
		seconds, _ := strconv.Atoi(answer.Header.Get("Retry-After")) // 0 = it asks for nothing
		s.wait = time.Duration(seconds) * time.Second
	}
	w.note(s.reference, "%s says %s (charged: %t)", s.provider, how, charged)
}

func (w *world) heard(body string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.webhooks = append(w.webhooks, body)
}

// note adds a line to the trace; the caller holds the lock.
func (w *world) note(who, format string, args ...any) {
	w.trace = append(w.trace, fmt.Sprintf("%10s  %-8s %s", time.Since(w.began).Round(time.Millisecond), who, fmt.Sprintf(format, args...)))
}

func (w *world) say(who, format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.note(who, format, args...)
}

// find adds a finding; the caller holds the lock.
func (w *world) find(rule string, c *cart, format string, args ...any) {
	f := Finding{Rule: rule, Text: fmt.Sprintf(format, args...)}
	if c != nil {
		f.Cart = c.reference
	}
	w.findings = append(w.findings, f)
	w.note(f.Cart, "FINDING %s: %s", f.Rule, f.Text)
}

// Finding is a promise that was not kept.
type Finding struct {
	Rule string // short and the same for every case, such as "second charge"
	Cart string
	Text string
}

func (f Finding) String() string { return strings.TrimSpace(f.Cart + " " + f.Rule + ": " + f.Text) }
