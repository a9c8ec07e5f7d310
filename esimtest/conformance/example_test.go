package conformance_test

import (
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/conformance"
	"github.com/esimkit/esim/esimtest/memory"
)

// To prove an adapter of your own, fill in a Harness for the world it talks
// to. This one takes the in-memory client for the provider.
func ExampleRun() {
	test := func(t *testing.T) { // func TestConformance(t *testing.T)
		provider := memory.New()
		conformance.Run(t, esimtest.Harness{
			New: func(t testing.TB, s esim.Settings) esim.Client {
				return provider // yours: acme.New(acme.Config{Settings: s, …})
			},
			Ledger:        provider.Ledger(),
			Requests:      func() int { return provider.Requests("") },
			PurchaseSends: func() int { return provider.Requests("Order") },
			Package:       esim.Package{ID: "jp-1GB-7d"},
			Other:         esim.Package{ID: "kr-1GB-7d"},
			Inject:        func(f esimtest.Fault) bool { provider.Inject(f); return true },
			Heal:          provider.Heal,
			Secrets:       provider.Secrets,
		})
	}
	_ = test
}
