package esimstory

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
)

// unit returns a delivery of the unit with the n-th ICCID and code.
func unit(t testing.TB, id string, n byte) *Delivery {
	t.Helper()
	digit := string('0' + rune(n))
	d, err := ParseDelivery([]byte(`{"topup_id":"` + id + `","option_id":"` + optionA + `","iccid":"8985234123456789012` + digit +
		`","download_link":"LPA:1$rsp1.cmlink.com$CODE` + digit + `","external_order_id":"ORDER-1"}`))
	require.NoError(t, err)
	require.True(t, d.Issued)
	return d
}

func pendingOrder() *esim.Order {
	return &esim.Order{
		Provider: Provider, Reference: "ORDER-1", PackageID: optionA, Quantity: 2, Status: esim.OrderPending,
		ESIMs: []esim.ESIM{{ItemID: unit12}, {ItemID: unit13}},
	}
}

func apply(t *testing.T, order *esim.Order, d *Delivery, wantChanged bool, wantErr error) {
	t.Helper()
	changed, err := Apply(order, d)
	require.Equal(t, wantChanged, changed)
	if wantErr == nil {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, wantErr)
}

func TestDeliveriesCompleteAnOrder(t *testing.T) {
	order := pendingOrder()
	apply(t, order, unit(t, unit13, 3), true, nil)
	require.Equal(t, esim.OrderPending, order.Status)
	require.Empty(t, order.ESIMs[0].ICCID)
	require.Equal(t, esim.ICCID("89852341234567890123"), order.ESIMs[1].ICCID)
	require.Equal(t, "LPA:1$rsp1.cmlink.com$CODE3", order.ESIMs[1].Activation.LPA())

	apply(t, order, unit(t, unit13, 3), false, nil)
	apply(t, order, unit(t, unit12, 2), true, nil)
	require.Equal(t, esim.OrderCompleted, order.Status)
	require.Equal(t, 2, order.Delivered())
	apply(t, order, unit(t, unit12, 2), false, nil)
	require.Len(t, order.ESIMs, 2)
}

// After a lost answer the webhooks alone make the order.
func TestDeliveriesWithoutAnAnswer(t *testing.T) {
	order := &esim.Order{Provider: Provider, Reference: "ORDER-1", PackageID: optionA, Quantity: 2}
	apply(t, order, unit(t, unit12, 2), true, nil)
	require.Equal(t, esim.OrderUnknown, order.Status)
	apply(t, order, unit(t, unit13, 3), true, nil)
	require.Equal(t, esim.OrderCompleted, order.Status)
	require.Len(t, order.ESIMs, 2)

	apply(t, order, unit(t, unit14, 4), true, ErrSurplusDelivery)
	require.Equal(t, 3, order.Delivered(), "a paid eSIM is kept")
	apply(t, order, unit(t, unit14, 4), false, nil)
}

func TestQuantityNotKnownIsNeverComplete(t *testing.T) {
	order := &esim.Order{Reference: "ORDER-1"}
	apply(t, order, unit(t, unit12, 2), true, nil)
	require.Equal(t, esim.OrderUnknown, order.Status)
}

func TestSurplusUnitKeepsTheOrderOpen(t *testing.T) {
	order := pendingOrder()
	stray := unit(t, unit14, 4)
	stray.Issued = false
	apply(t, order, stray, true, ErrSurplusDelivery)
	apply(t, order, unit(t, unit12, 2), true, nil)
	apply(t, order, unit(t, unit13, 3), true, nil)
	require.Equal(t, esim.OrderPending, order.Status, "a third unit was sold and is still to come")
	apply(t, order, unit(t, unit14, 4), true, nil)
	require.Equal(t, esim.OrderCompleted, order.Status)
}

func TestApplyRefuses(t *testing.T) {
	change := func(f func(*Delivery)) *Delivery {
		d := unit(t, unit12, 2)
		f(d)
		return d
	}
	filled := func() *esim.Order {
		order := pendingOrder()
		apply(t, order, unit(t, unit12, 2), true, nil)
		return order
	}
	otherProvider := pendingOrder()
	otherProvider.Provider = "esimfx"
	for _, c := range []struct {
		name  string
		order *esim.Order
		d     *Delivery
		want  error
	}{
		{"nil delivery", pendingOrder(), nil, ErrForeignDelivery},
		{"zero delivery", pendingOrder(), &Delivery{}, ErrForeignDelivery},
		{"order of another provider", otherProvider, unit(t, unit12, 2), ErrForeignDelivery},
		{"another reference", pendingOrder(), change(func(d *Delivery) { d.Reference = "ORDER-2" }), ErrForeignDelivery},
		{"another option", pendingOrder(), change(func(d *Delivery) { d.OptionID = optionB }), ErrForeignDelivery},
		{"unknown unit without reference", pendingOrder(), change(func(d *Delivery) { d.TopupID, d.Reference = unit14, "" }), ErrForeignDelivery},
		{"unknown unit, order without reference", &esim.Order{ESIMs: []esim.ESIM{{ItemID: unit13}}}, unit(t, unit12, 2), ErrForeignDelivery},
		{"another ICCID", filled(), change(func(d *Delivery) { d.ESIM.ICCID = "89852341234567890199" }), ErrChangedDelivery},
		{"another code", filled(), change(func(d *Delivery) { d.ESIM.Activation.MatchingID = "OTHER" }), ErrChangedDelivery},
		{"ICCID of another unit", filled(), change(func(d *Delivery) { d.TopupID = unit13 }), ErrChangedDelivery},
		{"ICCID of another unit, unit unknown", filled(), change(func(d *Delivery) { d.TopupID = unit14 }), ErrChangedDelivery},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := *c.order
			before.ESIMs = append([]esim.ESIM(nil), c.order.ESIMs...)
			apply(t, c.order, c.d, false, c.want)
			require.Equal(t, before, *c.order)
		})
	}
	apply(t, nil, unit(t, unit12, 2), false, ErrForeignDelivery)
}

func TestDeliveryThatIsNotIssued(t *testing.T) {
	order := pendingOrder()
	d, err := ParseDelivery([]byte(`{"topup_id":"` + unit12 + `","iccid":"89852341234567890123"}`))
	require.NoError(t, err)
	apply(t, order, d, false, nil)
	require.Zero(t, order.Delivered(), "an ICCID alone installs nothing")

	d, err = ParseDelivery([]byte(`{"topup_id":"` + unit14 + `","external_order_id":"ORDER-1"}`))
	require.NoError(t, err)
	apply(t, order, d, true, ErrSurplusDelivery)
	require.Equal(t, unit14, order.ESIMs[2].ItemID)
}

// An order kept as JSON has lost its codes; the same delivery brings them back.
func TestLostCodeComesBack(t *testing.T) {
	order := pendingOrder()
	order.ESIMs[0].ICCID = "89852341234567890122"
	apply(t, order, unit(t, unit12, 2), true, nil)
	require.Equal(t, "LPA:1$rsp1.cmlink.com$CODE2", order.ESIMs[0].Activation.LPA())
}

func TestOptionInAnotherLetterCase(t *testing.T) {
	order := pendingOrder()
	order.PackageID = "A1B2C3D4-E5F6-7890-ABCD-EF1234567890"
	apply(t, order, unit(t, unit12, 2), true, nil)
}

func TestFinalStatusStays(t *testing.T) {
	for _, status := range []esim.OrderStatus{esim.OrderCancelled, esim.OrderFailed} {
		order := pendingOrder()
		order.Status, order.Quantity, order.ESIMs = status, 1, order.ESIMs[:1]
		apply(t, order, unit(t, unit12, 2), true, nil)
		require.Equal(t, status, order.Status)
		require.Equal(t, 1, order.Delivered(), "the eSIM is kept all the same")
	}
}

// In whatever order deliveries of three units come, and however often, the
// end is the same.
func TestApplyCommutes(t *testing.T) {
	ids := []string{unit12, unit13, unit14}
	rapid.Check(t, func(rt *rapid.T) {
		order := &esim.Order{Reference: "ORDER-1", Quantity: 3, Status: esim.OrderPending}
		for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID[string]).Draw(rt, "named in the answer") {
			order.ESIMs = append(order.ESIMs, esim.ESIM{ItemID: id})
		}
		seen := map[int]bool{}
		for len(seen) < len(ids) {
			n := rapid.IntRange(0, len(ids)-1).Draw(rt, "unit")
			_, err := Apply(order, unit(t, ids[n], byte(n)))
			require.NoError(rt, err)
			seen[n] = true
			require.Equal(rt, len(seen), order.Delivered())
			require.Equal(rt, len(seen) == len(ids), order.Status == esim.OrderCompleted)
		}
		require.Len(rt, order.ESIMs, len(ids))
	})
}

// A code that could not be read completes an order, comes again in equal form
// without a change, and gives way to one that can be read.
func TestApplyKeepsTheRawCode(t *testing.T) {
	raw := func(link string) *Delivery {
		d, err := ParseDelivery([]byte(`{"topup_id":"` + unit12 + `","iccid":"89852341234567890122","download_link":"` + link + `"}`))
		require.NoError(t, err)
		return d
	}
	order := &esim.Order{Reference: "ORDER-1", Quantity: 1, Status: esim.OrderPending, ESIMs: []esim.ESIM{{ItemID: unit12}}}
	apply(t, order, raw("https://example.com/qr"), true, nil)
	require.Equal(t, esim.OrderCompleted, order.Status)
	require.Equal(t, "https://example.com/qr", order.ESIMs[0].RawActivation.Reveal())
	apply(t, order, raw("https://example.com/qr"), false, nil)
	apply(t, order, raw("https://example.com/other"), false, ErrChangedDelivery)
	require.Equal(t, "https://example.com/qr", order.ESIMs[0].RawActivation.Reveal())

	apply(t, order, unit(t, unit12, 2), true, nil)
	require.Equal(t, "LPA:1$rsp1.cmlink.com$CODE2", order.ESIMs[0].Activation.LPA())
	require.True(t, order.ESIMs[0].RawActivation.IsZero())
	apply(t, order, raw("https://example.com/qr"), false, ErrChangedDelivery)
}
