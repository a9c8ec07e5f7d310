package journal_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

func unit(n int, parts string) esim.ESIM {
	var e esim.ESIM
	if strings.Contains(parts, "i") {
		e.ItemID = fmt.Sprintf("item-%d", n)
	}
	if strings.Contains(parts, "c") {
		e.ICCID = esim.ICCID(fmt.Sprintf("8999000000000000%03d", n))
	}
	if strings.Contains(parts, "a") {
		e.Activation = esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: fmt.Sprintf("M-%d", n)}
	}
	return e
}

// piece is one piece of evidence: names of the order ("o" its id, "r" the
// reference, "t" the total) and units.
func piece(names string, units ...esim.ESIM) *esim.Order {
	o := &esim.Order{Provider: "memory", Status: esim.OrderPending, ESIMs: units}
	if strings.Contains(names, "o") {
		o.ID = "o-1"
	}
	if strings.Contains(names, "r") {
		o.Reference = "cart-1"
	}
	if strings.Contains(names, "t") {
		o.Total, o.PackageID = usd("2.50"), small.ID
	}
	return o
}

// clues are what may come in about an order of so many units.
var clues = []struct {
	name     string
	quantity int
	mode     esim.Idempotency
	pieces   []*esim.Order
}{
	{"webhooks of three units", 3, esim.IdempotencyRejects, []*esim.Order{
		piece("rt", unit(1, "i"), unit(2, "i"), unit(3, "i")),
		piece("r", unit(1, "ica")), piece("r", unit(2, "ica")), piece("r", unit(3, "ica")),
		piece("r", unit(2, "ica")), // delivered twice
		piece("", unit(3, "ica")),  // without the reference
		piece("", unit(1, "ica")),
	}},
	{"a list, a read and webhooks", 2, esim.IdempotencyReplays, []*esim.Order{
		piece("ot"), piece("rot"), piece("o", unit(1, "ic"), unit(2, "ic")),
		piece("r", unit(2, "ica")), piece("", unit(1, "ia")), piece("ro", unit(1, "ica")),
	}},
	{"units by ICCID alone", 2, esim.IdempotencyRejects, []*esim.Order{
		piece("r", unit(1, "ca")), piece("r", unit(2, "ca")), piece("ro", unit(2, "c")),
		piece("r", unit(1, "ic")), piece("r", unit(2, "ic")), piece("o", unit(1, "c")),
	}},
	{"one unit never comes", 2, esim.IdempotencyRejects, []*esim.Order{
		piece("rot", unit(1, "i"), unit(2, "i")), piece("r", unit(1, "ica")), piece("", unit(1, "ica")),
		piece("o"), piece("o", unit(2, "i")), piece("r"),
	}},
}

// TestEvidenceInAnyOrder: whatever comes first, the end is the same.
func TestEvidenceInAnyOrder(t *testing.T) {
	for _, c := range clues {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pieces := c.pieces
			if testing.Short() {
				pieces = pieces[:5]
			}
			want, cases := "", 0
			for order := range permutations(len(pieces)) {
				got := settle(t, c.quantity, c.mode, pieces, order)
				if want == "" {
					want = got
				}
				if got != want {
					t.Fatalf("in the order %v: %s\nin the first: %s", order, got, want)
				}
				cases++
			}
			t.Logf("%d orders, all end with %s", cases, want)
		})
	}
}

// Evidence that is repeated at random, in a random order, changes nothing.
func TestEvidenceRepeated(t *testing.T) {
	for _, c := range clues {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			all := make([]int, len(c.pieces))
			for i := range all {
				all[i] = i
			}
			want := settle(t, c.quantity, c.mode, c.pieces, all)
			rapid.Check(t, func(r *rapid.T) {
				more := rapid.SliceOfN(rapid.IntRange(0, len(c.pieces)-1), 0, 12).Draw(r, "more")
				order := rapid.Permutation(append(slices.Clone(all), more...)).Draw(r, "order")
				if got := settle(t, c.quantity, c.mode, c.pieces, order); got != want {
					r.Fatalf("in the order %v: %s\nwant: %s", order, got, want)
				}
			})
		})
	}
}

// settle lets evidence come in about an order in doubt, and tells the end.
func settle(t *testing.T, quantity int, mode esim.Idempotency, pieces []*esim.Order, order []int) string {
	t.Helper()
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC)
	store := journal.NewVolatileAt(func() time.Time { return now })
	client := &silent{mode: mode}
	unmatched := 0
	j, err := journal.New(store, journal.Config{Clients: []esim.Client{client}, OnUnmatched: func(context.Context, *esim.Order) error {
		unmatched++
		return nil
	}})
	require.NoError(t, err)
	ctx := context.WithoutCancel(t.Context())
	_, err = j.Client("memory").Order(ctx, esim.OrderRequest{PackageID: small.ID, Quantity: quantity, Reference: "cart-1"})
	require.True(t, esim.MaybeCharged(err))
	for _, i := range order {
		if _, err = j.Observe(ctx, pieces[i]); err != nil {
			t.Fatalf("piece %d of %v: %v", i, order, err)
		}
	}
	for range 2 { // what was kept finds its place when the purchase is looked at
		now = now.Add(time.Hour)
		if _, err = j.Step(ctx, 10); err != nil {
			t.Fatal(err)
		}
	}
	p, err := j.Lookup(ctx, "memory", "cart-1")
	require.NoError(t, err)
	if unmatched > 0 {
		t.Fatalf("in the order %v somebody is told of evidence that fits", order)
	}
	return told(p)
}

// told is what is known in the end, in one form.
func told(p *journal.Purchase) string {
	var units []string
	for _, e := range p.Order.ESIMs {
		units = append(units, fmt.Sprintf("%s/%s/%s", e.ItemID, e.ICCID, e.Activation.LPA()))
	}
	slices.Sort(units)
	return fmt.Sprintf("%s, order %q for %s: %s", p.State, p.Order.ID, p.Order.Total, strings.Join(units, ", "))
}

// permutations yields the orders of n things (Heap's algorithm).
func permutations(n int) func(yield func([]int) bool) {
	return func(yield func([]int) bool) {
		order := make([]int, n)
		for i := range order {
			order[i] = i
		}
		counters := make([]int, n)
		if !yield(order) {
			return
		}
		for i := 1; i < n; {
			if counters[i] >= i {
				counters[i] = 0
				i++
				continue
			}
			if i%2 == 0 {
				order[0], order[i] = order[i], order[0]
			} else {
				order[counters[i]], order[i] = order[i], order[counters[i]]
			}
			if !yield(order) {
				return
			}
			counters[i]++
			i = 1
		}
	}
}

// silent is a provider that never answers.
type silent struct {
	esim.UnimplementedClient
	mode esim.Idempotency
}

func (silent) Provider() esim.Provider { return "memory" }

func (s silent) Capabilities() esim.Capabilities {
	return esim.Capabilities{Order: true, OrderIdempotency: s.mode, Fulfilment: esim.FulfilmentPolled}
}

func (silent) Order(context.Context, esim.OrderRequest) (*esim.Order, error) {
	return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: esim.ErrUnavailable}
}
