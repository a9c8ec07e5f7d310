package postgres

import (
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// seen is what the tables show at one moment: version and state by ID.
type seen map[string]seenRow

type seenRow struct {
	version int64
	state   string
}

const (
	rowsQuery = `SELECT id, version, state FROM ` + mainHouse + `.esim_purchase
UNION ALL SELECT id, version, state FROM ` + onceHouse + `.esim_purchase`

	// oddQuery finds rows of the shop without an intent, and intents that were
	// enqueued without a row of the shop.
	oddQuery = `SELECT coalesce(s.reference, p.reference) FROM shop s FULL JOIN (
SELECT reference FROM ` + mainHouse + `.esim_purchase UNION ALL SELECT reference FROM ` + onceHouse + `.esim_purchase
) p ON s.reference = p.reference WHERE p.reference IS NULL OR s.reference IS NULL AND p.reference = ANY ($1)`
)

// look reads the tables, and sees to it that no intent is without its row of
// the shop or the other way round.
func (f *fate) look(t *testing.T) seen {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), f.accounts.Database)
	require.NoError(t, err)
	defer conn.Close(t.Context()) //nolint:errcheck // nothing was written
	rows, err := conn.Query(t.Context(), oddQuery, f.enqueued)
	require.NoError(t, err)
	odd, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	assert.Empty(t, odd, "a row of the shop without an intent, or the other way round")
	rows, err = conn.Query(t.Context(), rowsQuery)
	require.NoError(t, err)
	now := make(seen)
	var id string
	var row seenRow
	_, err = pgx.ForEachRow(rows, []any{&id, &row.version, &row.state}, func() error {
		now[id] = row
		return nil
	})
	require.NoError(t, err)
	return now
}

// continues sees to it that later is the same history: nothing is gone, no
// version has gone back, and what was delivered stays so.
func (s seen) continues(t *testing.T, later seen) {
	t.Helper()
	for id, then := range s {
		now, ok := later[id]
		switch {
		case !ok:
			t.Errorf("purchase %s is gone", id)
		case now.version < then.version:
			t.Errorf("purchase %s has gone back from version %d to %d", id, then.version, now.version)
		case now.version == then.version && now.state != then.state, then.state == "delivered" && now.state != then.state:
			t.Errorf("purchase %s was %s and is %s", id, then.state, now.state)
		}
	}
}

// books are those of a house: the purchases of the journal beside the charges
// of the resellers.
type books struct {
	house     string
	purchases map[string]*journal.Purchase // by reference
	charges   map[string][]esimtest.Charge // by reference

	delivered, review, charged int
}

// enter takes the charges of a reseller, under the references of the journal.
func (b *books) enter(t *testing.T, server *simulator.Server, fx *simulator.ESIMFX) {
	t.Helper()
	reference := func(c esimtest.Charge) string { return c.Reference }
	switch {
	case server.Provider() == esimfx.Provider:
		known := b.keysOf(fx.ClientID)
		reference = func(c esimtest.Charge) string { return known[c.Reference] }
	case server.Provider() == esimfly.Provider:
		known := b.topUps()
		reference = func(c esimtest.Charge) string {
			if c.Kind == esimtest.ChargeTopUp { // which has no key
				return known[c.ICCIDs[0]]
			}
			return c.Reference
		}
	}
	for _, c := range server.Ledger().Charges() {
		b.charged++
		ref := reference(c)
		if p := b.purchases[ref]; p == nil || p.Provider != server.Provider() {
			t.Errorf("%s: a charge under %q has no purchase", server.Provider(), c.Reference)
			continue
		}
		b.charges[ref] = append(b.charges[ref], c)
	}
}

// keysOf are the keys that eSIMfx is sent, one for each unit, with the
// references that they are made of.
func (b *books) keysOf(clientID string) map[string]string {
	known := make(map[string]string)
	for ref, p := range b.purchases {
		for unit := range p.Quantity {
			name := "esimkit/esim/esimfx/" + clientID + "/" + ref + "/" + string(rune('0'+unit))
			known[uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String()] = ref
		}
	}
	return known
}

// topUps are the references of the top-ups of eSIMfly, each of another eSIM.
func (b *books) topUps() map[string]string {
	known := make(map[string]string)
	for ref, p := range b.purchases {
		if p.Provider == esimfly.Provider && p.Kind == journal.TopUpKind {
			known[string(p.ICCID)] = ref
		}
	}
	return known
}

// balance compares the books to the last eSIM.
func (b *books) balance(t *testing.T) {
	t.Helper()
	for ref, p := range b.purchases {
		switch p.State {
		case journal.Delivered:
			b.delivered++
		case journal.Review:
			b.review++
			assert.NotEmpty(t, p.Review, ref)
		default:
			t.Errorf("%s is %s", ref, p.State)
		}
		paid := 0
		for _, c := range b.charges[ref] {
			paid += c.Quantity
			assert.Truef(t, strings.EqualFold(c.PackageID, p.PackageID), "%s: charged for %s", ref, c.PackageID)
		}
		if paid > p.Quantity {
			t.Errorf("%s: %d eSIMs ordered, %d charged", ref, p.Quantity, paid)
		}
	}
	b.countAlike(t)
	for ref, p := range b.purchases {
		if b.alike(p) {
			continue
		}
		var bought, had []string
		for _, c := range b.charges[ref] {
			bought = append(bought, c.ICCIDs...)
		}
		if p.State != journal.Delivered { // what was charged is visible: it is in review
			continue
		}
		for i := range p.Order.ESIMs {
			had = append(had, string(p.Order.ESIMs[i].ICCID))
		}
		assert.ElementsMatch(t, bought, had, ref)
		assert.Len(t, had, p.Quantity, ref)
		b.compareTotal(t, ref)
	}
}

// alike reports whether the order of the purchase may have been found in a list,
// where orders of one package and quantity are alike.
func (b *books) alike(p *journal.Purchase) bool {
	return b.house == onceHouse || p.Provider == esimfly.Provider && p.Kind == journal.OrderKind
}

// compareTotal compares what was paid, where the provider has told.
func (b *books) compareTotal(t *testing.T, ref string) {
	t.Helper()
	total := b.purchases[ref].Order.Total
	if total.Currency() == "" {
		return
	}
	sum := b.charges[ref][0].Amount
	for _, c := range b.charges[ref][1:] {
		var err error
		sum, err = sum.Add(c.Amount)
		require.NoError(t, err)
	}
	assert.Truef(t, total.Equal(sum), "%s: %v is on record, %v was charged", ref, total, sum)
}

// countAlike compares the books of a reseller whose list of orders knows no
// references: orders of the same package are alike there, so who was given
// which does not matter, and no eSIM is given twice or kept back.
func (b *books) countAlike(t *testing.T) {
	t.Helper()
	bought := make(map[string]string) // ICCID to package
	for ref, charges := range b.charges {
		if p := b.purchases[ref]; p == nil || !b.alike(p) {
			continue
		}
		for _, c := range charges {
			for _, iccid := range c.ICCIDs {
				bought[iccid] = c.PackageID
			}
		}
	}
	lost := make(map[string]int) // charged and not in hand, by package
	for _, id := range bought {
		lost[id]++
	}
	owner := make(map[string]string)
	for ref, p := range b.purchases {
		if !b.alike(p) {
			continue
		}
		if p.State != journal.Delivered {
			lost[p.PackageID] -= p.Quantity // may have been charged, and is visible
			continue
		}
		assert.Len(t, p.Order.ESIMs, p.Quantity, ref)
		for i := range p.Order.ESIMs {
			iccid := string(p.Order.ESIMs[i].ICCID)
			assert.Emptyf(t, owner[iccid], "%s: an eSIM of another purchase", ref)
			assert.Equal(t, p.PackageID, bought[iccid], ref)
			owner[iccid] = ref
			lost[p.PackageID]--
		}
	}
	for id, n := range lost {
		assert.LessOrEqualf(t, n, 0, "%d eSIMs of package %s are charged and lost", n, id)
	}
}
