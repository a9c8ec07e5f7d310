package catalog

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// decoder reads what encoder writes. The first thing that cannot be right
// ends it: from then on every read returns zero.
type decoder struct {
	numbers []byte
	texts   string
	err     error
}

// decode reads a snapshot file.
func decode(file []byte, rule Equivalence) (*saved, error) {
	numbers, texts, err := unseal(file)
	if err != nil {
		return nil, err
	}
	d := decoder{numbers: numbers, texts: string(texts)}
	s := &saved{syncedAt: make(map[esim.Provider]time.Time), rule: rule}
	version, number := d.uint(math.MaxUint64), d.uint(math.MaxUint64)
	for range d.count() {
		p := esim.Provider(d.text())
		s.syncedAt[p] = moment(d.int(math.MinInt64, math.MaxInt64), d.uint(uint64(time.Second)-1))
	}
	s.shelf, s.withheld = d.shelf(), d.shelf()
	if len(d.numbers) > 0 || len(d.texts) > 0 {
		d.fail("something follows its end")
	}
	if d.err != nil {
		return nil, d.err
	}
	s.shelf.version = version
	s.shelf.index(func() { s.shelf.recall(rule, number == ruleNumber(rule)) })
	return s, nil
}

// recall keeps the products that a snapshot names, unless the rule for what
// is the same has changed: that of the configuration, or that of this library,
// which a sample tells. To find all of them anew is half of a cold start.
func (s *shelf) recall(rule Equivalence, sameRule bool) {
	const sample = 64
	for n := 0; n < len(s.rows) && sameRule; n += sample {
		sameRule = s.groups[s.rows[n].group].key == s.productOf(n, rule)
	}
	if !sameRule {
		s.regroup(rule)
	}
}

func (d *decoder) fail(why string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", ErrSnapshotDamaged, why)
	}
	d.numbers, d.texts = nil, ""
}

// uint reads a number up to a limit.
func (d *decoder) uint(limit uint64) uint64 {
	n, size := binary.Uvarint(d.numbers)
	if size <= 0 || n > limit {
		d.fail("a number is missing or too large")
		return 0
	}
	d.numbers = d.numbers[size:]
	return n
}

func (d *decoder) int(low, high int64) int64 {
	n, size := binary.Varint(d.numbers)
	if size <= 0 || n < low || n > high {
		d.fail("a number is missing or out of bounds")
		return 0
	}
	d.numbers = d.numbers[size:]
	return n
}

// count reads how many things follow. Each takes a byte or more, so a wrong
// count cannot ask for more memory than the file has earned.
func (d *decoder) count() int { return int(d.uint(uint64(len(d.numbers)))) } //nolint:gosec // no more than a length

func (d *decoder) text() string {
	n := d.uint(uint64(len(d.texts)))
	if d.err != nil {
		return ""
	}
	text := d.texts[:n]
	d.texts = d.texts[n:]
	return text
}

func textsOf[T ~string](d *decoder, before ...T) []T {
	n := d.count()
	list := append(make([]T, 0, len(before)+n), before...)
	for range n {
		list = append(list, T(d.text()))
	}
	return list
}

func (d *decoder) shelf() *shelf {
	s := &shelf{providers: textsOf[esim.Provider](d), currencies: textsOf[string](d), regions: textsOf(d, "")}
	if len(s.providers) > maxProviders || len(s.currencies) > maxCurrencies || !ascends(s.providers) || !ascends(s.currencies) {
		d.fail("its providers or currencies are not in order")
	}
	s.coverages = listsOf(d, d.distinctCountries())
	for _, coverage := range s.coverages {
		if !ascends(coverage) {
			d.fail("countries are not in order")
		}
	}
	s.networks = listsOf(d, d.distinctNetworks())
	s.terms = d.terms()
	s.groups = d.groups()
	d.rows(s)
	return s
}

// ascends reports whether a list is sorted, with nothing twice.
func ascends[T cmp.Ordered](list []T) bool {
	for i := 1; i < len(list); i++ {
		if list[i-1] >= list[i] {
			return false
		}
	}
	return true
}

// Lists go from shelf to shelf, so their texts must not keep the file's.

func (d *decoder) ownText() string { return strings.Clone(d.text()) }

func (d *decoder) distinctCountries() []esim.Country {
	all := make([]esim.Country, d.count())
	for i := range all {
		all[i] = esim.Country(d.ownText())
	}
	return all
}

func (d *decoder) distinctNetworks() []esim.Network {
	all := make([]esim.Network, d.count())
	for i := range all {
		all[i] = esim.Network{Country: esim.Country(d.ownText()), Name: d.ownText(), MCC: d.ownText(), MNC: d.ownText(), Technology: d.ownText()}
	}
	return all
}

// listsOf reads lists of what is distinct, after the empty one.
func listsOf[T any](d *decoder, distinct []T) [][]T {
	n := d.count()
	all := make([][]T, 1, 1+n)
	for range n {
		list := make([]T, d.count())
		for i := range list {
			if k := d.uint(uint64(len(distinct))); k < uint64(len(distinct)) {
				list[i] = distinct[k]
				continue
			}
			d.fail("a list names what there is not")
			return all
		}
		all = append(all, list)
	}
	return all
}

func (d *decoder) groups() []group {
	const size = 8
	all := make([]group, d.uint(uint64(len(d.numbers)/size)))
	if len(d.numbers) < size*len(all) {
		d.fail("products are missing")
		return nil
	}
	for i := range all {
		all[i].key = binary.BigEndian.Uint64(d.numbers)
		d.numbers = d.numbers[size:]
	}
	return all
}

func (d *decoder) rows(s *shelf) {
	s.rows = make([]row, d.rowCount())
	best := make([]uint8, len(s.networks))
	for i, list := range s.networks {
		best[i] = uint8(generation(list)) //nolint:gosec // 0 to 5
	}
	for _, column := range []func(*row){
		func(r *row) { r.id = d.text() },
		func(r *row) { r.name = d.text() },
		func(r *row) { r.provider = uint8(d.below(len(s.providers))) },  //nolint:gosec // at most 255
		func(r *row) { r.currency = uint8(d.below(len(s.currencies))) }, //nolint:gosec // at most 255
		func(r *row) { r.price = d.amount(s.currencies[r.currency]) },   //
		func(r *row) { r.data = esim.DataSize(d.int(math.MinInt64, math.MaxInt64)) },
		func(r *row) { r.coverage = d.below(len(s.coverages)) },
		func(r *row) { r.network = d.below(len(s.networks)) },
		func(r *row) { r.region = d.below(len(s.regions)) },
		func(r *row) { r.terms = d.below(len(s.terms)) },
		func(r *row) { r.days = d.int32() },
		func(r *row) { r.voice = d.allowance() },
		func(r *row) { r.sms = d.allowance() },
		func(r *row) { r.kind = uint8(d.uint(math.MaxUint8)) },                                       //nolint:gosec // at most 255
		func(r *row) { r.flags = flags(d.uint(uint64(unlimited | rechargeable | notRechargeable))) }, //nolint:gosec // at most 7
		func(r *row) { r.group = d.below(len(s.groups)) },
		func(r *row) { r.generation = best[r.network] },
	} {
		for i := range s.rows {
			if column(&s.rows[i]); d.err != nil {
				return
			}
		}
	}
	if !slices.IsSortedFunc(s.rows, func(a, b row) int { return cmp.Or(compareRows(a, b), -1) }) {
		d.fail("its packages are not in order")
	}
}

// rowCount reads how many rows follow: each takes a byte of every column.
func (d *decoder) rowCount() int {
	const columns = 17 // of numbers: an amount has two
	n := d.uint(min(uint64(len(d.numbers)/columns), maxRows))
	return int(n) //nolint:gosec // no more than a length
}

// below reads the place of something in a table.
func (d *decoder) below(n int) uint32 {
	k := d.uint(math.MaxUint32)
	if k >= uint64(n) { //nolint:gosec // a length
		d.fail("a row names what there is not")
		return 0
	}
	return uint32(k) //nolint:gosec // just compared
}

func (d *decoder) int32() int32 {
	return int32(d.int(math.MinInt32, math.MaxInt32)) //nolint:gosec // just compared
}

// allowance reads 0 for not stated, 1 for unlimited, else the number plus 2.
func (d *decoder) allowance() esim.Allowance {
	switch n := d.uint(math.MaxInt32 + 1); n {
	case 0:
		return esim.Allowance{}
	case 1:
		return esim.UnlimitedAllowance()
	default:
		return esim.AllowanceOf(int(n) - 2) //nolint:gosec // just compared
	}
}

// terms reads those of the shelf, the first of which is zero and not written.
func (d *decoder) terms() []terms {
	all := append(make([]terms, 0, 8), terms{})
	for range d.count() {
		all = append(all, terms{
			fullSpeedPerDay: esim.DataSize(d.int(math.MinInt64, math.MaxInt64)), fairUse: d.ownText(),
			start:         esim.ValidityStart(d.int(math.MinInt64, math.MaxInt64)),
			installWithin: int(d.int(math.MinInt64, math.MaxInt64)), minPrice: d.amount(d.ownText()),
		})
	}
	return all
}

func (d *decoder) amount(currency string) esim.Money {
	head, digits := d.uint(2*maxPlaces+1), d.uint(math.MaxUint64)
	if d.err != nil {
		return esim.Money{}
	}
	money, err := moneyOf(digits, int(head>>1), head&1 == 1, currency)
	if err != nil {
		d.fail("an amount is none")
	}
	return money
}

func moneyOf(digits uint64, places int, negative bool, currency string) (esim.Money, error) {
	if digits > math.MaxInt64 {
		return largeMoney(digits, places, negative, currency)
	}
	units := int64(digits)
	if negative {
		units = -units
	}
	return esim.MoneyOf(units, places, currency)
}

// largeMoney is for the nineteen digits that an int64 has no room for.
func largeMoney(digits uint64, places int, negative bool, currency string) (esim.Money, error) {
	text := fmt.Sprintf("%0*d", places+1, digits)
	text = text[:len(text)-places] + "." + text[len(text)-places:]
	if negative {
		text = "-" + text
	}
	return esim.ParseMoney(strings.TrimSuffix(text, "."), currency)
}
