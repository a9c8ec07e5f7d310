package conformance

import (
	"errors"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// Run proves that a client keeps the promises of [esim.Client], above
// all this one, for every fault the harness can produce:
//
//   - an outcome of NotSent or Rejected leaves the ledger as it was;
//   - a success, and an error of outcome Accepted, means exactly one purchase;
//   - and no more purchases are sent than the provider's idempotency allows.
//
// It cannot be relaxed: what the client's Capabilities exclude must
// be unsupported and send nothing, and what they promise must work. A check
// that cannot run because the harness lacks an optional function is skipped
// by name.
//
// The suite runs its checks one after the other in one world, with a new client
// for each. It compares the ledger before and after each, so nothing else may
// buy in that world meanwhile. Expect it to spend the price of a few hundred
// packages.
func Run(t *testing.T, h esimtest.Harness) {
	t.Helper()
	if h.New == nil {
		t.Fatal("Harness.New is not set")
	}
	caps := h.New(t, esim.Settings{}).Capabilities()
	if err := lacks(&h, caps); err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) {
			for _, c := range g.checks(caps) {
				t.Run(c.name, func(t *testing.T) { c.run(newTrial(t, &h)) })
			}
		})
	}
}

// group is a part of the suite, made for what the client can do.
type group struct {
	name   string
	checks func(caps esim.Capabilities) []check
}

// check is one promise put to the test.
type check struct {
	name string
	run  func(t *trial)
}

// groups is the whole suite.
var groups = []group{
	{"capabilities", capabilityChecks},
	{"input", inputChecks},
	{"context", contextChecks},
	{"faults", faultChecks},
	{"repeat", repeatChecks},
	{"interference", interferenceChecks},
	{"price", priceChecks},
	{"catalogue", catalogueChecks},
	{"delivery", deliveryChecks},
	{"secrets", secretChecks},
	{"wrapped", wrappedChecks},
	{"concurrency", concurrencyChecks},
}

// only returns the checks if the client has what they are about.
func only(supported bool, list ...check) []check {
	if !supported {
		return nil
	}
	return list
}

// lacks names the first field that the client's capabilities call for.
func lacks(h *esimtest.Harness, c esim.Capabilities) error {
	required := []struct {
		needed, present bool
		field           string
	}{
		{true, h.Ledger != nil, "Ledger"},
		{true, h.Requests != nil, "Requests"},
		{true, h.PurchaseSends != nil, "PurchaseSends"},
		{true, h.Secrets != nil, "Secrets"},
		{c.Order || c.TopUp, h.Inject != nil, "Inject"},
		{h.Inject != nil, h.Heal != nil, "Heal"},
		{c.Order, h.Package.ID != "" && h.Other.ID != "" && h.Package.ID != h.Other.ID, "Package and Other"},
		{!c.Order && (c.GetOrder || c.GetESIM || c.Usage || c.ListTopUps || c.Cancel), h.Sold != nil, "Sold"},
		{c.Order && !c.GetOrder, h.Deliver != nil, "Deliver"},
		{c.TopUp, h.TopUpICCID != nil, "TopUpICCID"},
	}
	for _, r := range required {
		if r.needed && !r.present {
			return errors.New("Harness." + r.field + " is not set, and the client's capabilities call for it")
		}
	}
	return nil
}
