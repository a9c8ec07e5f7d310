package proof

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// Resellers are those of this module.
func Resellers() []Reseller { return []Reseller{eSIMfly(), eSIMStory(), eSIMfx()} }

const (
	verified = "verified" // eSIMfly: Config.ReplaysVerified
	taught   = "taught"   // eSIMfx: Config.Codes

	pathSecret = "a-path-that-nobody-can-guess-0123456789" //nolint:gosec // of a simulator
	// shelfSize is how many packages each sells; they reach [Product].
	shelfSize = 12
)

// asksToWait is longer than a journal pauses by itself.
const asksToWait = 100 * time.Second

// plenty is a balance that covers every case.
const plenty = "100000"

func eSIMfly() Reseller {
	failure := func(kind esimtest.FaultKind, status int) esimtest.Fault {
		return esimtest.Fault{Kind: kind, Status: status, Code: "ORDER_PROCESSING_ERROR", Message: "Order processing failed"}
	}
	return Reseller{
		Provider: esimfly.Provider, Forms: []string{"", verified}, Refuses: []Ahead{Down, Empty, Dearer}, Worlds: worldsOf(esimfly.Provider),
		Faults: append(faultsOf(esimfly.Provider),
			failure(esimtest.FaultErrorBefore, http.StatusInternalServerError),
			failure(esimtest.FaultErrorAfter, http.StatusInternalServerError),
			esimtest.Fault{Kind: esimtest.FaultDuplicateRequest, Status: http.StatusConflict},
		),
		MaxCharges: func(form string) int { return map[string]int{"": 2, verified: 4}[form] },
		Open: func(c *Conditions) *Account {
			sim := c.Simulator().ESIMFly
			a := account(sim.Server, "idempotency_key", "/esims/order")
			a.NewClient = func(s esim.Settings) (esim.Client, error) {
				return esimfly.New(esimfly.Config{
					Settings: s, AccessCode: sim.AccessCode, SecretKey: esim.NewSecret(sim.SecretKey), ReplaysVerified: c.Form == verified,
				})
			}
			a.Source = esimfly.Webhooks(esim.NewSecret(sim.WebhookSecret))
			return a
		},
	}
}

func eSIMStory() Reseller {
	failure := func(kind esimtest.FaultKind, status int, text string) esimtest.Fault {
		return esimtest.Fault{Kind: kind, Status: status, Message: text}
	}
	const supplier = "eSIM Request failed - Status: 500, Message: Internal error"
	return Reseller{
		Provider: esimstory.Provider, Refuses: []Ahead{Down}, Worlds: worldsOf(esimstory.Provider),
		Faults: append(faultsOf(esimstory.Provider),
			failure(esimtest.FaultErrorBefore, http.StatusUnprocessableEntity, supplier),
			failure(esimtest.FaultErrorAfter, http.StatusUnprocessableEntity, supplier),
		),
		MaxCharges: func(string) int { return 1 },
		Open: func(c *Conditions) *Account {
			sim := c.Simulator().ESIMStory
			a := account(sim.Server, "external_order_id", "/api_partner/orders")
			sheet := sync.OnceValue(func() []esim.Package {
				list := sim.Catalog()
				for i := range list { // the same product has the same network, which a partner's sheet says
					list[i].Networks = []esim.Network{{Technology: "5G"}}
				}
				return list
			})
			a.NewClient = func(s esim.Settings) (esim.Client, error) {
				return esimstory.New(esimstory.Config{
					Settings: s, AccessKey: sim.AccessKey, SecretKey: esim.NewSecret(sim.SecretKey), Catalog: sheet(),
				})
			}
			a.Source = esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: esim.NewSecret(pathSecret)})
			a.Webhooks = func(url string) { sim.SetWebhook(url + "/" + string(esimstory.Provider) + "/" + pathSecret) }
			return a
		},
	}
}

func eSIMfx() Reseller {
	codes := map[int]esimfx.Code{
		simulator.FXCodeInsufficientBalance: {Kind: esim.ErrInsufficientBalance, Refused: true},
		simulator.FXCodeProductNotFound:     {Kind: esim.ErrPackageUnavailable, Refused: true},
	}
	return Reseller{
		Provider: esimfx.Provider, Forms: []string{"", taught}, Refuses: []Ahead{Down, Empty, Dearer}, Worlds: worldsOf(esimfx.Provider),
		Faults: append(faultsOf(esimfx.Provider),
			esimtest.Fault{Kind: esimtest.FaultErrorBefore, Code: "50001", Message: "Internal error"},
			esimtest.Fault{Kind: esimtest.FaultErrorAfter, Code: "50001", Message: "Internal error"},
		),
		MaxCharges: func(string) int { return 2 },
		Open: func(c *Conditions) *Account {
			sim := c.Simulator().ESIMFX
			a := account(sim.Server, "", "/create_order")
			a.NewClient = func(s esim.Settings) (esim.Client, error) {
				config := esimfx.Config{Settings: s, ClientID: sim.ClientID, ClientKey: esim.NewSecret(sim.ClientKey)}
				if c.Form == taught {
					config.Codes = codes
				}
				return esimfx.New(config)
			}
			a.Source = esimfx.Webhooks(esim.NewSecret(sim.WebhookToken))
			return a
		},
	}
}

// faultsOf are all that a purchase can suffer, but for the errors of the
// provider itself, which need a code.
func faultsOf(p esim.Provider) []esimtest.Fault {
	var list []esimtest.Fault
	for _, k := range esimtest.AllFaults() {
		if k != esimtest.FaultErrorBefore && k != esimtest.FaultErrorAfter && k.AppliesTo(p, "order") {
			list = append(list, esimtest.Fault{Kind: k})
		}
	}
	return append(list, esimtest.Fault{Kind: esimtest.Fault429, RetryAfter: asksToWait})
}

func worldsOf(p esim.Provider) []World {
	var list []World
	for _, w := range simulator.Worlds() {
		if w.Provider == p {
			list = append(list, World{w.Name, w.Breaks, w.Recharges})
		}
	}
	return list
}

// account is what the simulated resellers have in common. The key stands in a
// member of the body, or in the header.
func account(s *simulator.Server, member, path string) *Account {
	a := &Account{
		BaseURL: s.URL(), Transport: s.Transport(), Package: productOf(s),
		SetPrice: s.SetPrice, SetBalance: s.SetBalance, Heal: s.Heal,
		Charges: s.Ledger().Charges, Violations: s.Violations,
		Inject: func(f esimtest.Fault) {
			f.Op = "order"
			s.Inject(f)
		},
		Webhooks: func(url string) { s.SetWebhook(url + "/" + string(s.Provider())) },
	}
	a.Key = func(r *http.Request, body []byte) (key string, buys bool) {
		if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, path) {
			return "", false
		}
		if member == "" {
			return r.Header.Get("X-Idempotency-Key"), true
		}
		var document map[string]json.RawMessage
		if json.Unmarshal(body, &document) != nil || json.Unmarshal(document[member], &key) != nil {
			return "", true
		}
		return key, true
	}
	return a
}

func productOf(s *simulator.Server) string {
	list := s.Packages()
	i := slices.IndexFunc(list, func(p simulator.PackageInfo) bool {
		return p.Bytes == Product.Bytes && p.Days == Product.Days && slices.Equal(p.Countries, []string{string(Product.Country)})
	})
	return list[i].ID
}

// Simulator is that of the resellers of this package, one for a case.
func (c *Conditions) Simulator() *simulator.Simulator {
	if c.simulator == nil {
		options := []simulator.Option{
			simulator.WithoutListeners(), simulator.WithPackages(shelfSize), simulator.WithBalance(plenty), simulator.WithTravel(-1, 0),
			simulator.WithWebhookClient(&http.Client{Transport: c.Post}),
		}
		for _, w := range simulator.Worlds() {
			if c.Worlds[w.Provider] == w.Name {
				options = append(options, simulator.WithWorld(w))
			}
		}
		c.simulator = simulator.ForTest(c.T, options...)
	}
	return c.simulator
}
