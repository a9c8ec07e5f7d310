package simulation

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
)

// Mode is a provider and how far its keys can be relied on.
type Mode int

// The modes.
const (
	FlyKey   Mode = iota // eSIMfly that honours keys, and is known to
	FlyNonce             // eSIMfly that does not: only the request id is taken once
	Story                // eSIM Story: refuses a second order, delivers by webhook only
	FX                   // eSIMfx: honours keys, sells one eSIM a request
)

var modeNames = [...]string{FlyKey: "fly-key", FlyNonce: "fly-nonce", Story: "story", FX: "fx"}

// Modes returns all modes.
func Modes() []Mode { return []Mode{FlyKey, FlyNonce, Story, FX} }

// String returns "fly-key", "fly-nonce", "story" or "fx".
func (m Mode) String() string { return modeNames[m] }

// ParseMode reads what String has written.
func ParseMode(text string) (Mode, error) {
	for _, m := range Modes() {
		if m.String() == text {
			return m, nil
		}
	}
	return 0, errors.New("simulation: no mode is called " + text)
}

func (m Mode) provider() esim.Provider {
	switch m {
	case Story:
		return esimstory.Provider
	case FX:
		return esimfx.Provider
	case FlyKey, FlyNonce:
	}
	return esimfly.Provider
}

// packages are what the shops sell: one that arrives at once and can be topped
// up, and others.
func (m Mode) packages() []string {
	switch m {
	case Story:
		return []string{"a1b2c3d4-e5f6-7890-abcd-ef1234567890", "b2c3d4e5-f6a7-8901-bcde-f12345678901"}
	case FX:
		return []string{"esimfx_10G_7D_JP", "esimfx_10G_7D_BR"}
	case FlyKey, FlyNonce:
	}
	return []string{"PHAJHEAYP", "RB85_4D", "merhaba-7days-1gb"}
}

// lists reports whether orders are found in a list that does not know the
// reference, so that purchases that are alike may get each other's.
func (m Mode) lists() bool { return m == FlyKey || m == FlyNonce }

func (m Mode) topUps() bool { return m != Story }

const receiverSecret = "0123456789abcdef0123456789abcdef"

// start is when every world begins.
var start = time.Date(2026, time.March, 1, 9, 0, 0, 0, time.UTC)

// provider is one account at a simulated provider.
type provider struct {
	mode  Mode
	sim   *simulator.Simulator
	front *simulator.Server
	road  http.RoundTripper
	stock map[string]*esim.Package
	token sharedToken // eSIMfx
}

func newProvider(m Mode, seed uint64, webhooks http.RoundTripper) (*provider, error) {
	options := []simulator.Option{
		simulator.WithClock(start), simulator.WithoutListeners(), simulator.WithSeed(int64(seed >> 2)),
		simulator.WithBalance(plenty), simulator.WithTravel(-1, 0), simulator.WithPackages(10),
	}
	if m == FlyNonce {
		options = append(options, simulator.WithWorld(simulator.WorldNamed("esimfly/keys-ignored")))
	}
	if m == Story {
		options = append(options, simulator.WithWebhookClient(&http.Client{Transport: webhooks}),
			simulator.WithWebhookURL("http://127.0.0.1:9/esimstory/"+receiverSecret))
	}
	sim, err := simulator.New(options...)
	if err != nil {
		return nil, err
	}
	// Every simulator has the same credentials, and two accounts have not: a
	// journal knows an account by them.
	mark := fmt.Sprintf("_%x", seed)
	sim.ESIMFly.AccessCode += mark
	sim.ESIMStory.AccessKey += mark
	sim.ESIMFX.ClientID += mark
	p := &provider{mode: m, sim: sim, stock: make(map[string]*esim.Package)}
	p.front = p.sim.Server(m.provider())
	p.road = p.front.Transport()
	for _, offer := range p.front.Catalog() {
		p.stock[offer.ID] = &offer
	}
	return p, nil
}

const plenty = "1000000"

// unlimited is a limiter that never waits, as one does in real time.
type unlimited struct{}

// Wait implements [esim.Limiter].
func (unlimited) Wait(ctx context.Context) error { return ctx.Err() }

// client makes a client with an empty memory, as a new process has.
func (p *provider) client(road http.RoundTripper) (esim.Client, error) {
	s := esim.Settings{
		BaseURL: p.front.URL(), Transport: road, Limiter: unlimited{}, MaxRetries: -1, Now: p.sim.Now,
	}
	switch p.mode {
	case Story:
		return esimstory.New(esimstory.Config{
			Settings: s, AccessKey: p.sim.ESIMStory.AccessKey, SecretKey: esim.NewSecret(p.sim.ESIMStory.SecretKey),
			Catalog: p.front.Catalog(),
		})
	case FX:
		return esimfx.New(esimfx.Config{
			Settings: s, ClientID: p.sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(p.sim.ESIMFX.ClientKey),
			Currency: "USD", ContractVerified: true, Tokens: &p.token,
			Postpaid: true, // two reads side by side would draw their faults in any order
			Codes: map[int]esimfx.Code{
				simulator.FXCodeInsufficientBalance: {Kind: esim.ErrInsufficientBalance, Refused: true},
				simulator.FXCodeProductNotFound:     {Kind: esim.ErrPackageUnavailable, Refused: true},
				simulator.FXCodeIncompatibleTopUp:   {Kind: esim.ErrNotEligible, Refused: true},
				simulator.FXCodeRateLimited:         {Kind: esim.ErrRateLimited, Refused: true},
				simulator.FXCodeInFlight:            {Kind: esim.ErrUnavailable},
			},
		})
	case FlyKey, FlyNonce:
	}
	return esimfly.New(esimfly.Config{
		Settings: s, AccessCode: p.sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(p.sim.ESIMFly.SecretKey),
		ReplaysVerified: p.mode == FlyKey,
	})
}

// isPurchase reports whether a request may spend money.
func (m Mode) isPurchase(r *http.Request) bool {
	if r.Method != http.MethodPost {
		return false
	}
	for _, path := range []string{"/esims/order", "/topup/order", "/api_partner/orders", "/create_order"} {
		if strings.HasSuffix(r.URL.Path, path) {
			return true
		}
	}
	return false
}

// sharedToken keeps the token of eSIMfx for all replicas. It never says that
// one is still good for a while, for then clients would renew it on goroutines
// of their own, and a run would not be the same twice.
type sharedToken struct {
	token   esim.Secret
	fetched time.Time
	now     func() time.Time
}

// Token implements [esim.TokenStore].
func (s *sharedToken) Token(
	ctx context.Context, _ string, refused esim.Secret, login func(context.Context) (esim.Secret, time.Duration, error),
) (esim.Secret, time.Time, error) {
	now := s.now()
	if s.token.IsZero() || s.token.Equal(refused) || now.Sub(s.fetched) > 50*time.Minute {
		token, _, err := login(ctx)
		if err != nil {
			return esim.Secret{}, time.Time{}, err
		}
		s.token, s.fetched = token, now
	}
	return s.token, now, nil
}
