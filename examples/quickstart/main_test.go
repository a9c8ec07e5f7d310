package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// TestSimulatedShop runs the tour and reads the proof at its end: each
// reference once, and nothing that was not asked for.
func TestSimulatedShop(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, simulatedShop(t.Context(), &out))
	text := out.String()
	_, proof, found := strings.Cut(text, "== The proof")
	require.True(t, found)
	charges := regexp.MustCompile(`(?m)^  (esim\w+) +(order|topup) +(\S+)`).FindAllStringSubmatch(proof, -1)
	count := map[string]int{}
	for _, c := range charges {
		count[c[1]+" "+c[2]]++
		count[c[3]]++
	}
	assert.Equal(t, 2, count["esimfly order"])
	assert.Equal(t, 1, count["esimfly topup"])
	assert.Equal(t, 1, count["esimstory order"])
	assert.Equal(t, 1, count["esimfx order"])
	assert.Equal(t, 1, count["esimfx topup"])
	assert.Len(t, charges, 6)
	for _, reference := range []string{"cart-0001", "cart-0002", "cart-0004"} {
		assert.Equal(t, 1, count[reference], reference)
	}
	assert.Contains(t, text, "█", "a QR code was drawn")
	assert.NotRegexp(t, `LPA:1\$[^$\s]+\$[^\[\s]`, text, "activation codes are masked")
}

// TestSellSendsOnce: whatever leaves a purchase in doubt, one request and at most
// one charge, since nobody has verified what a repeat would do.
func TestSellSendsOnce(t *testing.T) {
	for _, kind := range []esimtest.FaultKind{
		esimtest.FaultCutAfterCommit, esimtest.FaultCutBeforeCommit, esimtest.Fault500After, esimtest.Fault502HTMLAfter, esimtest.FaultHTML200,
	} {
		s, err := openShop()
		require.NoError(t, err)
		t.Cleanup(s.close)
		for _, c := range []esim.Client{s.fly, s.story} {
			server := s.sim.Server(c.Provider())
			server.Inject(esimtest.Fault{Op: "order", Kind: kind, Times: 9})
			_, err = sell(t.Context(), c, "JP", "test-1")
			assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err), kind)
			assert.Equal(t, 1, server.Requests("order"), "%s at %s", kind, c.Provider())
			assert.LessOrEqual(t, server.Ledger().Count(), 1)
		}
		_, err = sell(t.Context(), s.fly, "JP", "")
		require.Error(t, err, "without a reference a repeat would be another purchase")
		assert.Equal(t, 1, s.sim.ESIMFly.Requests("order"))
	}
}

// TestSellAfterAFailureCode: an order that was charged and answered with
// ORDER_PROCESSING_ERROR is requested once, replays verified or not.
func TestSellAfterAFailureCode(t *testing.T) {
	for _, verified := range []bool{false, true} {
		charges := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if r.Method == http.MethodPost {
				charges++
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, `{"success":false,"code":"ORDER_PROCESSING_ERROR","message":"x"}`)
				return
			}
			_, _ = io.WriteString(w, `{"success":true,"data":{"packages":[{"package_code":"p","name":"Japan","cost":2.5,"currency":"USD",`+
				`"data_amount_gb":1,"validity_days":7,"region":"Japan","coverage_countries":["JP"]}],"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`)
		}))
		c, err := esimfly.New(esimfly.Config{
			Settings:   esim.Settings{BaseURL: server.URL, MaxRetries: 5},
			AccessCode: "esf_x", SecretKey: esim.NewSecret("sk_x"), ReplaysVerified: verified,
		})
		require.NoError(t, err)
		_, err = sell(t.Context(), onShelf{c}, "JP", "test-1")
		assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
		assert.Equal(t, 1, charges, "verified: %t", verified)
		c.CloseIdleConnections()
		server.Close()
	}
}

// onShelf lists one package.
type onShelf struct{ esim.Client }

func (onShelf) ListPackages(context.Context, esim.PackageQuery) (*esim.PackagePage, error) {
	price, err := esim.ParseMoney("2.5", "USD")
	p := esim.Package{Provider: esimfly.Provider, ID: "p", Name: "Japan", Price: price}
	return &esim.PackagePage{Packages: []esim.Package{p}}, err
}

// TestSellRepeatsWhereThatIsSafe: once, a minute later, and as long as the
// context lasts.
func TestSellRepeatsWhereThatIsSafe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, times := range []int{1, 9} {
			sim := simulator.ForTest(t, simulator.WithoutListeners())
			c, err := esimfx.New(esimfx.Config{
				Settings: esim.Settings{BaseURL: sim.ESIMFX.URL(), Transport: sim.ESIMFX.Transport()},
				ClientID: sim.ESIMFX.ClientID, ClientKey: esim.NewSecret(sim.ESIMFX.ClientKey),
			})
			require.NoError(t, err)
			sim.ESIMFX.Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit, Times: times})
			begun := time.Now()
			order, err := sell(t.Context(), c, "JP", "test-1")
			assert.GreaterOrEqual(t, time.Since(begun), time.Minute)
			assert.Equal(t, 2, sim.ESIMFX.Requests("order"))
			assert.Equal(t, 1, sim.ESIMFX.Ledger().Count())
			if times == 1 {
				require.NoError(t, err)
				assert.Equal(t, 1, order.Delivered())
				continue
			}
			assert.Equal(t, esim.OutcomeUnknown, esim.OutcomeOf(err))
			assert.False(t, esim.MayRepeat(err))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		assert.False(t, pause(ctx, &esim.Error{RetryAfter: time.Minute}))
	})
}

func TestBuyWantsLive(t *testing.T) {
	require.Error(t, run(t.Context(), false, "esimfly"))
	for _, name := range []string{"ESIMFLY_ACCESS_CODE", "ESIMSTORY_ACCESS_KEY", "ESIMFX_CLIENT_ID"} {
		t.Setenv(name, "")
	}
	err := run(t.Context(), true, "")
	require.Error(t, err)
	_, ours := errors.AsType[*esim.Error](err)
	assert.False(t, ours, "no credentials is no error of a provider")
}

// TestLiveShop lets the live shop speak with the simulator: it buys only what
// it is told to.
func TestLiveShop(t *testing.T) {
	sim := simulator.ForTest(t)
	for name, value := range map[string]string{
		"ESIMFLY_ACCESS_CODE": "", "ESIMSTORY_ACCESS_KEY": "",
		"ESIMFX_BASE_URL": sim.ESIMFX.URL(), "ESIMFX_CLIENT_ID": sim.ESIMFX.ClientID, "ESIMFX_CLIENT_KEY": sim.ESIMFX.ClientKey,
	} {
		t.Setenv(name, value)
	}
	var out bytes.Buffer
	require.NoError(t, realShop(t.Context(), &out, ""))
	assert.Empty(t, sim.ESIMFX.Ledger().Charges())
	assert.Contains(t, out.String(), "Nothing was bought")
	require.NoError(t, realShop(t.Context(), &out, "esimfx"))
	assert.Len(t, sim.ESIMFX.Ledger().Charges(), 1)
	require.Error(t, realShop(t.Context(), &out, "esimfly"), "no credentials for it")
}
