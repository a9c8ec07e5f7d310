package esimtest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// A simulator of your own keeps its charges in a ledger and its faults in a
// plan.
func ExampleNewLedger() {
	opening, err := esim.ParseMoney("100", "USD")
	if err != nil {
		fmt.Println(err)
		return
	}
	price, err := esim.ParseMoney("2.72", "USD")
	if err != nil {
		fmt.Println(err)
		return
	}
	ledger := esimtest.NewLedger(opening, time.Now)
	balance, paid := ledger.Book(esimtest.Charge{Kind: esimtest.ChargeOrder, Reference: "cart-8841", Quantity: 1, Amount: price})
	fmt.Println(balance, paid)
	fmt.Println(len(ledger.ByReference("cart-8841")), ledger.Total())
	// Output:
	// 97.28 USD true
	// 1 2.72 USD
}

func TestLedgerCoversWhatItHolds(t *testing.T) {
	money := func(amount string) esim.Money {
		m, err := esim.ParseMoney(amount, "USD")
		require.NoError(t, err)
		return m
	}
	charge := esimtest.Charge{Kind: esimtest.ChargeOrder, Amount: money("3")}

	prepaid := esimtest.NewLedger(money("5"), time.Now)
	_, paid := prepaid.Book(charge)
	require.True(t, paid)
	_, affords := prepaid.Affords(money("2.01"))
	require.False(t, affords)
	left, paid := prepaid.Book(charge)
	require.False(t, paid)
	require.Equal(t, money("2"), left)
	require.Equal(t, 1, prepaid.Count(), "a charge that is not covered leaves nothing behind")

	invoice := esimtest.NewInvoiceLedger("USD", time.Now)
	for range 2 {
		left, paid = invoice.Book(charge)
		require.True(t, paid)
	}
	require.Equal(t, money("-6"), left)
	require.Equal(t, money("6"), invoice.Total())
}

// A plan gives each fault to the request that it was injected for.
func TestFaultPlanTakesEachFaultOnce(t *testing.T) {
	p := esimtest.NewFaultPlan("acme", 1)
	require.Nil(t, p.Next("order"))
	p.Inject(esimtest.Fault{Kind: esimtest.FaultHang, Op: "order", Skip: 1, Times: 2})
	p.Inject(esimtest.Fault{Kind: esimtest.FaultNull})
	require.Equal(t, esimtest.FaultNull, p.Next("balance").Kind)
	require.Nil(t, p.Next("order"), "left alone")
	require.Equal(t, esimtest.FaultHang, p.Next("order").Kind)
	require.Equal(t, esimtest.FaultHang, p.Next("order").Kind)
	require.Nil(t, p.Next("order"))

	p.Schedule(esimtest.Schedule{Rate: 1, Kinds: []esimtest.FaultKind{esimtest.FaultStaleToken, esimtest.FaultNull}})
	require.Equal(t, esimtest.FaultNull, p.Next("order").Kind, "a token of eSIMfx cannot be stale elsewhere")
	p.Clear()
	require.Nil(t, p.Next("order"))
}
