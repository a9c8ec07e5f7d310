package proof_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// several is what orders of more than one eSIM add to a column.
type several struct {
	quantity int
	before   int // purchases of the order that go well before one suffers the fault
}

// fxOrderOfThree is one of columns.
const fxOrderOfThree = 12

// one is the order of a single eSIM.
var one = several{quantity: 1}

// sign is the end of a cell.
func (s several) sign(paid []esimtest.Charge, known []esim.ESIM) string {
	if s.quantity == 1 {
		return sign(len(paid))
	}
	units := 0
	for _, c := range paid {
		units += c.Quantity
	}
	return fmt.Sprintf("%s %d/%d %d", sign(min(len(paid), 1)), len(paid), units, len(known))
}

// known are the eSIMs that a purchase leaves the caller with.
func known(o *esim.Order, err error) []esim.ESIM {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		o = e.Order
	}
	if o == nil {
		return nil
	}
	return o.ESIMs
}

// checkKnown compares the eSIMs that the caller knows with the first of those
// that were paid; the cell says how many they must be.
func checkKnown(t *testing.T, list []esim.ESIM, paid []esimtest.Charge) {
	t.Helper()
	var iccids []string
	for _, c := range paid {
		require.Len(t, c.ICCIDs, c.Quantity)
		iccids = append(iccids, c.ICCIDs...)
	}
	require.LessOrEqual(t, len(list), len(iccids), "known and not paid")
	for i := range list {
		require.Equal(t, iccids[i], string(list[i].ICCID))
		require.False(t, list[i].Activation.IsZero(), "an eSIM that nobody can install")
	}
}

// stays asks again for what is in doubt for good, or known to be made where no key
// is to be relied on: nothing is sent, and nothing is charged.
func (c column) stays(t *testing.T, h esimtest.Harness, buy func(context.Context) (*esim.Order, error), charges int) {
	t.Helper()
	bought, sends := h.Ledger.Charges()[charges:], h.PurchaseSends()
	_, err := buy(t.Context())
	require.ErrorIs(t, err, esim.ErrDuplicate)
	require.True(t, esim.MaybeCharged(err))
	require.Equal(t, bought, h.Ledger.Charges()[charges:])
	require.Equal(t, sends, h.PurchaseSends())
}

// settle repeats the purchase now that nothing is wrong: whatever came of it
// before, the quantity ordered is paid in the end, once, and in hand.
func (c column) settle(t *testing.T, h esimtest.Harness, buy func(context.Context) (*esim.Order, error), charges int) *esim.Order {
	t.Helper()
	bought := h.Ledger.Charges()[charges:]
	var order *esim.Order
	err := repeated(t.Context(), func(ctx context.Context) (err error) {
		order, err = buy(ctx)
		return err
	})
	require.NoError(t, err)

	paid := h.Ledger.Charges()[charges:]
	require.Equal(t, bought, paid[:len(bought)])
	units, references := 0, map[string]bool{}
	for _, p := range paid {
		require.False(t, references[p.Reference], "%s is charged twice", p.Reference)
		require.Equal(t, h.Package.ID, p.PackageID)
		references[p.Reference] = true
		units += p.Quantity
	}
	require.Equal(t, c.quantity, units, "paid in the end")
	require.Equal(t, c.quantity, order.Quantity)
	require.Equal(t, esim.OrderCompleted, order.Status)
	require.Len(t, order.ESIMs, c.quantity, "in hand in the end")
	checkKnown(t, order.ESIMs, paid)
	return order
}

// atCall is the cell of an order of three, of which each eSIM is a call of its
// own and the call after so many good ones suffers the fault, by what a call
// alone comes to under it.
func atCall(before int, fault esimtest.FaultKind, alone cell) cell {
	if alone == "" || fault == esimtest.FaultRefuse { // no listener, so not even the first call is sent
		return alone.of(0, 0)
	}
	sends := int(alone[1] - '0')
	if alone.success() {
		return cell(fmt.Sprintf("A%d+ 3/3 3", sends+2))
	}
	paid, outcome := before, alone[0]
	if alone.charged() {
		paid++
	}
	if before > 0 && alone.outcome() != esim.OutcomeUnknown {
		outcome = 'a' // the others are bought
	}
	return cell(fmt.Sprintf("%c%d%s", outcome, before+sends, sign(min(paid, 1)))).of(paid, before)
}

// of adds to a cell what was paid, one by one, and what is known.
func (c cell) of(paid, known int) cell {
	if c == "" {
		return ""
	}
	return cell(fmt.Sprintf("%s %d/%d %d", c, paid, paid, known))
}

// An order of three at eSIMfx is three purchases, and it does not matter to
// what is true of it in the end which of them goes wrong.
func TestFaultMatrixAtEveryCall(t *testing.T) {
	for _, row := range matrix {
		require.Equal(t, row.cells[fxOrderOfThree], atCall(1, row.fault.Kind, row.cells[fxOrder]), row.fault.Kind)
	}
	sideBySide(t, []int{0, 2}, func(before int) string { return fmt.Sprint("after ", before) }, func(t *testing.T, _, before int) {
		sim := simulator.ForTest(t, simulator.WithBalance("1000000"))
		col := columns[fxOrderOfThree]
		col.before = before
		h := col.harness(sim)
		for _, row := range matrix {
			t.Run(row.fault.Kind.String(), func(t *testing.T) {
				fill(t, h, col, row.fault, atCall(before, row.fault.Kind, row.cells[fxOrder]))
			})
		}
		require.Empty(t, sim.Strays(), "a redirect was followed")
	})
}
