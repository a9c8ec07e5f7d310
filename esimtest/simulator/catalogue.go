package simulator

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/atlas"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// PackageInfo is a package of a simulated catalogue as plain data.
type PackageInfo struct {
	ID           string
	Name         string
	Region       string   // the provider's words for where it works
	Countries    []string // ISO 3166-1 alpha-2
	Price        esim.Money
	Bytes        int64 // 0 for unlimited ones
	Days         int
	Unlimited    bool
	Async        bool // delivered some time after the order
	Rechargeable bool
}

const gib = 1 << 30

// item is a package before it takes the provider's shape.
type item struct {
	index        int
	id, name     string
	region       string
	kind         string // local, regional, global
	members      []int  // places in countries
	gb           int64  // 0 for unlimited ones
	days         int
	price        string // decimal, in the account's currency
	unlimited    bool
	async        bool
	rechargeable bool
	network      bool   // eSIMfly: sold from the provider's own network
	carrier      string // eSIMfly: a carrier whose plans can recur
	voice, sms   int
	profile      string // eSIMfx: imsi_profile
}

func (i item) bytes() int64 { return i.gb * gib }

// catalogue is what a provider sells: a function from a position to an item,
// so that its size costs nothing. What is computed from it is kept.
type catalogue struct {
	size     int
	currency string
	make     func(i int) item
	index    func() map[string]int // position of each id

	mu      sync.Mutex
	prices  map[string]string // changed since the start
	changes int               // how often prices have changed
	pages   map[string]*reply // encoded lists
	picks   map[string][]int  // positions a filter leaves
	found   map[string]*item  // those asked for
}

// maxPages bounds the encoded lists that are kept.
const maxPages = 4096

// maxFound bounds the items that are kept.
const maxFound = 4096

func newCatalogue(size int, currency string, generate func(i int) item) *catalogue {
	c := &catalogue{
		size: size, currency: currency, make: generate,
		prices: map[string]string{}, pages: map[string]*reply{}, picks: map[string][]int{}, found: map[string]*item{},
	}
	c.index = sync.OnceValue(func() map[string]int {
		m := make(map[string]int, size)
		for i := range size {
			m[generate(i).id] = i
		}
		return m
	})
	return c
}

// named gives the first packages the ids that were asked for.
func (o *options) named(generate func(i int) item) func(i int) item {
	if len(o.ids) == 0 {
		return generate
	}
	return func(i int) item {
		it := generate(i)
		if i < len(o.ids) {
			it.id = o.ids[i]
		}
		return it
	}
}

// at is the item in a position, at its present price.
func (c *catalogue) at(i int) item {
	it := c.make(i)
	it.index = i
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.prices[it.id]; ok {
		it.price = p
	}
	return it
}

// find is the item with that id, at its present price. Those of most orders
// are one and the same, so that an order is small.
func (c *catalogue) find(id string) (*item, bool) {
	i, ok := c.index()[id]
	if !ok {
		return nil, false
	}
	c.mu.Lock()
	kept, changes := c.found[id], c.changes
	c.mu.Unlock()
	if kept != nil {
		return kept, true
	}
	it := c.at(i)
	c.mu.Lock()
	defer c.mu.Unlock()
	if changes == c.changes && len(c.found) < maxFound {
		c.found[it.id] = &it
	}
	return &it, true
}

func (c *catalogue) price(it item) esim.Money { return money.Of(it.price, c.currency) }

func (c *catalogue) setPrice(id, amount string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.prices[id] = amount
	c.changes++
	clear(c.pages)
	clear(c.found)
}

// page keeps an encoded list under a key.
func (c *catalogue) page(key string, encode func() *reply) *reply {
	c.mu.Lock()
	kept, changes := c.pages[key], c.changes
	c.mu.Unlock()
	if kept != nil {
		return kept
	}
	made := encode()
	c.mu.Lock()
	defer c.mu.Unlock()
	if made.status == http.StatusOK && changes == c.changes && len(c.pages) < maxPages {
		c.pages[key] = made
	}
	return made
}

// pick keeps the positions that a filter leaves under a key.
func (c *catalogue) pick(key string, wanted func(item) bool) []int {
	c.mu.Lock()
	kept, ok := c.picks[key]
	c.mu.Unlock()
	if ok {
		return kept
	}
	var list []int
	for i := range c.size {
		if wanted(c.make(i)) {
			list = append(list, i)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.picks[key] = list
	return list
}

// Packages returns the catalogue as data, at present prices. Unlike the
// provider's own API it is complete for eSIM Story too, as the partner's
// price sheet.
func (p *Server) Packages() []PackageInfo {
	list := make([]PackageInfo, p.catalogue.size)
	for i := range list {
		it := p.catalogue.at(i)
		info := PackageInfo{
			ID: it.id, Name: it.name, Region: it.region, Price: p.catalogue.price(it), Bytes: it.bytes(),
			Days: it.days, Unlimited: it.unlimited, Async: it.async, Rechargeable: it.rechargeable,
		}
		for _, m := range it.members {
			info.Countries = append(info.Countries, atlas.Countries[m].ISO)
		}
		list[i] = info
	}
	return list
}

// SetPrice changes the price of a package, as happens between listing and
// order. It panics when there is no such package.
func (p *Server) SetPrice(packageID, amount string) {
	if _, ok := p.catalogue.find(packageID); !ok {
		panic("simulator: no package " + packageID)
	}
	p.catalogue.setPrice(packageID, money.Of(amount, p.catalogue.currency).Amount())
}

// size is what a package of the generated catalogue holds; gb 0 = unlimited.
type size struct {
	gb   int64
	days int
}

// sizes are the packages offered in every place, smallest first.
var sizes = [...]size{{1, 7}, {3, 30}, {5, 30}, {10, 30}, {0, 3}, {20, 30}, {0, 7}, {50, 90}, {2, 15}, {0, 15}, {100, 180}, {0, 30}}

// generator makes the generated part of a catalogue.
type generator struct {
	total  int
	seed   int64
	groups []atlas.Region
}

func newGenerator(total int, seed int64) generator {
	return generator{total: total, seed: seed, groups: atlas.Regions()}
}

// draft is the i-th item without what only the provider can say: most are for
// one country, the last ones for regions and the world. The variant counts how
// often the same place, size and duration came before.
func (s generator) draft(i int) (it item, variant int) {
	wide := max(s.total/12, 2)
	local := s.total - wide
	n := len(atlas.Countries)
	if i >= local {
		i -= local
		n = len(s.groups)
	}
	round := i / n
	size := sizes[round%len(sizes)]
	it = item{gb: size.gb, days: size.days, unlimited: size.gb == 0}
	if n == len(atlas.Countries) {
		it.kind, it.region, it.members = "local", atlas.Countries[i%n].Name, []int{i % n}
		return it, round / len(sizes)
	}
	g := s.groups[i%n]
	it.kind, it.region, it.members = "regional", g.Name, g.Members
	if g.Global {
		it.kind = "global"
	}
	return it, round / len(sizes)
}

// cost is an invented price in cents that rises with data, days and reach.
func (s generator) cost(it item, variant int) string {
	cents := 55 + 82*it.gb + 6*int64(it.days) + 9*int64(len(it.members)) + int64(variant%50)
	if it.unlimited {
		cents = 190*int64(it.days) + 25*int64(len(it.members)) + int64(variant%50)
	}
	cents += int64(random.Draw(s.seed, random.Hash(it.region), uint64(it.gb), uint64(it.days)) % 97) //nolint:gosec // all small
	return decimal(cents)
}

func decimal(cents int64) string {
	s := strconv.FormatInt(cents, 10)
	if len(s) < 3 {
		s = strings.Repeat("0", 3-len(s)) + s
	}
	return s[:len(s)-2] + "." + s[len(s)-2:]
}

// sells reports whether the item works in the country.
func (i item) sells(iso string) bool {
	return slices.ContainsFunc(i.members, func(m int) bool { return atlas.Countries[m].ISO == iso })
}
