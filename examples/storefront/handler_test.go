package main

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// asOperator adds the operator's password.
func (s *shop) asOperator(r *http.Request) *http.Request {
	r.SetBasicAuth("operator", s.password)
	return r
}

func (s *shop) operatorPage(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.base+"/operator", http.NoBody)
	require.NoError(t, err)
	answer, body := do(t, s.asOperator(r))
	require.Equal(t, http.StatusOK, answer.StatusCode)
	return body
}

// press presses a button of the operator page.
func (s *shop) press(t *testing.T, path string, form url.Values) reply {
	t.Helper()
	answer, _ := do(t, s.asOperator(s.request(t, path, form)))
	return answer
}

// TestPages reads every page for what the policy forbids: script and style in
// the page would not work, and headers must be there.
func TestPages(t *testing.T) {
	s := startShop(t)
	c := s.buyOne(t, esimfx.Provider)
	s.waitFor(t, c, journal.Delivered)
	inline := regexp.MustCompile(`(?i)<script(?: defer)?>|<style|\sstyle=|\son\w+=|javascript:`)
	for path, code := range map[string]int{
		"/": 200, "/?q=united": 200, "/?q=Atlantis": 200, "/?q=japan": 303, "/to/JP": 200, "/to/jp?sort=pergb&data=5": 200, "/to/XX": 404, "/to/AQ": 404,
		"/checkout?for=JP&offer=" + url.QueryEscape(s.cheapest(t, esimfx.Provider).Key()): 200, "/checkout?offer=none": 404,
		c.Path(): 200, c.Path() + "/top-up?package=none": 404, "/order/nobody": 404, "/order/" + string(newCart()): 404, "/order/" + c.Reference(): 404,
		"/nothing": 404, "/operator": 401, "/hooks/esimfly": 404, "/static/app.css": 200, "/static/app.js": 200, "/static/": 404,
	} {
		answer, page := s.get(t, path)
		assert.Equal(t, code, answer.StatusCode, path)
		h := answer.Header
		assert.Equal(t, policy, h.Get("Content-Security-Policy"), path)
		assert.Equal(t, "nosniff", h.Get("X-Content-Type-Options"), path)
		assert.Equal(t, "no-referrer", h.Get("Referrer-Policy"), path)
		assert.Empty(t, h.Values("Set-Cookie"), path)
		if strings.HasPrefix(path, "/static/") && code == http.StatusOK {
			assert.Equal(t, "no-cache", h.Get("Cache-Control"), path)
			continue
		}
		assert.Equal(t, "no-store", h.Get("Cache-Control"), path)
		assert.Empty(t, inline.FindString(page), path)
	}
	assert.Len(t, s.charges(esimfx.Provider), 1, "looking costs nothing")
}

// TestPayOnce posts one form many times at once and again later: the ledger of
// the reseller shows one charge.
func TestPayOnce(t *testing.T) {
	s := startShop(t)
	for _, p := range []esim.Provider{esimfly.Provider, esimstory.Provider, esimfx.Provider} {
		t.Run(string(p), func(t *testing.T) {
			form := s.form(t, "/checkout?for=JP&offer="+url.QueryEscape(s.cheapest(t, p).Key()))
			var clicking sync.WaitGroup
			requests := make([]*http.Request, 8)
			for i := range requests {
				requests[i] = s.request(t, "/buy", form)
			}
			locations := make([]string, len(requests))
			for i, r := range requests {
				clicking.Go(func() {
					if answer, err := client.Do(r); assert.NoError(t, err) {
						assert.NoError(t, answer.Body.Close())
						locations[i] = answer.Header.Get("Location")
					}
				})
			}
			clicking.Wait()
			c := cart(form.Get("cart"))
			for _, at := range locations {
				assert.Equal(t, c.Path(), at)
			}
			s.waitFor(t, c, journal.Delivered)
			answer, _ := s.post(t, "/buy", form) // a reload, long after
			assert.Equal(t, c.Path(), answer.Header.Get("Location"))
			require.NoError(t, s.settle(t.Context()))
			assert.Len(t, s.charges(p), 1)
			assert.Equal(t, 1, s.resellers.sim.Server(p).Requests("order"))

			form.Set("offer", "esimfx:another")
			answer, _ = s.post(t, "/buy", form)
			assert.Equal(t, http.StatusConflict, answer.StatusCode, "a cart is paid for one offer")
			form.Set("cart", "short")
			answer, _ = s.post(t, "/buy", form)
			assert.Equal(t, http.StatusBadRequest, answer.StatusCode)
			assert.Len(t, s.charges(p), 1)
		})
	}
}

// TestForeignPages posts as pages of other sites make a browser post.
func TestForeignPages(t *testing.T) {
	s := startShop(t)
	form := s.form(t, "/checkout?for=JP&offer="+url.QueryEscape(s.cheapest(t, esimfx.Provider).Key()))
	for path, form := range map[string]url.Values{"/buy": form, "/operator/demo": {"do": {"hold"}}} {
		for name, header := range map[string]http.Header{
			"cross-site":   {"Sec-Fetch-Site": {"cross-site"}},
			"same-site":    {"Sec-Fetch-Site": {"same-site"}},
			"other origin": {"Origin": {"https://example.com"}},
		} {
			r := s.asOperator(s.request(t, path, form))
			r.Header.Del("Sec-Fetch-Site")
			maps.Copy(r.Header, header)
			answer, _ := do(t, r)
			assert.Equal(t, http.StatusForbidden, answer.StatusCode, "%s %s", path, name)
		}
	}
	assert.False(t, s.demo.held.Load())
	_, err := s.books.sale(t.Context(), cart(form.Get("cart")).Reference())
	assert.True(t, isMissing(err))
	assert.Empty(t, s.charges(esimfx.Provider))
}

// TestLostAnswer sells while the answers of two resellers are lost: the page is
// honest, the books hold one charge, and the operator sees what is open.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	s := startShop(t)
	s.hold(true)
	s.loseNextAnswer()
	carts := map[esim.Provider]cart{}
	for _, p := range []esim.Provider{esimfly.Provider, esimstory.Provider} { // eSIMfx is asked again after a minute
		carts[p] = s.buyOne(t, p)
	}
	p := s.waitFor(t, carts[esimstory.Provider], journal.Unknown)
	_, page := s.get(t, carts[esimstory.Provider].Path())
	assert.Contains(t, page, "You have been charged once")
	behind := s.operatorPage(t)
	assert.Contains(t, behind, p.Reference)
	assert.Contains(t, behind, "Did you charge for this?")

	assert.Len(t, p.Attempts, 1, "nobody knows what a repeat would do")
	s.hold(false)
	for p, c := range carts {
		s.waitFor(t, c, journal.Delivered)
		assert.Len(t, s.charges(p), 1, p)
	}
	behind = s.operatorPage(t)
	assert.Contains(t, behind, "Nothing is open")
	assert.Contains(t, behind, "2 charged, and each is one purchase")
	for p, c := range carts {
		_, purchase, err := s.purchase(t.Context(), c.Reference())
		require.NoError(t, err)
		assert.NotContains(t, behind, string(c), "the address of an order page is not the operator's")
		assert.NotContains(t, behind, purchase.Order.ESIMs[0].Activation.MatchingID, p)
	}
}

// TestRefused buys what the balance does not cover: the money goes back.
func TestRefused(t *testing.T) {
	s := startShop(t)
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider} {
		s.resellers.sim.Server(p).SetBalance("0.10")
		c := s.buyOne(t, p)
		require.Eventually(t, func() bool {
			sold, err := s.books.sale(t.Context(), c.Reference())
			return err == nil && !sold.RefundedAt.IsZero()
		}, 15*time.Second, 20*time.Millisecond, p)
		_, page := s.get(t, c.Path())
		assert.Contains(t, page, "your money is back")
		assert.Empty(t, s.charges(p))
	}
}

// TestSettle finds a sale that the process died on before the journal knew.
func TestSettle(t *testing.T) {
	s := startShop(t)
	c := newCart()
	sold := &sale{Reference: c.Reference(), Package: s.cheapest(t, esimfx.Provider).Package, PaidAt: time.Now()}
	require.NoError(t, s.books.add(t.Context(), sold))
	_, page := s.get(t, c.Path())
	assert.Contains(t, page, "Ordering your eSIM")
	require.NoError(t, s.settle(t.Context()))
	s.waitFor(t, c, journal.Delivered)
	require.NoError(t, s.settle(t.Context()))

	gone := &sale{Reference: newCart().Reference(), Package: sold.Package, PaidAt: time.Now()}
	require.NoError(t, s.books.add(t.Context(), gone))
	require.NoError(t, s.books.refund(t.Context(), gone.Reference, time.Now()))
	require.NoError(t, s.sell(t.Context(), gone), "the form is sent again")
	_, err := s.journal.Lookup(t.Context(), gone.Package.Provider, gone.Reference)
	require.ErrorIs(t, err, journal.ErrNotFound, "paid back is not bought")
	assert.Len(t, s.charges(esimfx.Provider), 1)
}

// TestPriceMoves sends a form again after the price has changed: the sale is
// the one that was paid.
func TestPriceMoves(t *testing.T) {
	s := startShop(t)
	o := s.cheapest(t, esimfx.Provider)
	form := s.form(t, "/checkout?offer="+url.QueryEscape(o.Key()))
	s.post(t, "/buy", form)
	c := cart(form.Get("cart"))
	s.waitFor(t, c, journal.Delivered)
	s.resellers.sim.ESIMFX.SetPrice(o.ID, "99")
	require.NoError(t, s.shelf.Sync(t.Context()))
	got, _ := s.post(t, "/buy", form)
	assert.Equal(t, c.Path(), got.Header.Get("Location"))
	sold, err := s.books.sale(t.Context(), c.Reference())
	require.NoError(t, err)
	assert.True(t, sold.RefundedAt.IsZero())
	assert.Equal(t, o.Price, sold.Package.Price)
	assert.Len(t, s.charges(esimfx.Provider), 1)

	_, gone := s.offer(o.Key())
	require.False(t, gone, "a price that is off by so much is left off the shelf")

	// What is to be paid is what was shown.
	dearer := s.cheapest(t, esimfx.Provider)
	form = s.form(t, "/checkout?offer="+url.QueryEscape(dearer.Key()))
	form.Set("price", "0.01 USD")
	got, _ = s.post(t, "/buy", form)
	assert.Equal(t, http.StatusConflict, got.StatusCode)

	// A price that the shelf has not heard of is refused, and paid back.
	s.resellers.sim.ESIMFX.SetPrice(o.ID, "100")
	c = s.buyOne(t, esimfly.Provider)
	s.waitFor(t, c, journal.Delivered)
	late := &sale{Reference: newCart().Reference(), Package: o.Package, PaidAt: time.Now()}
	require.NoError(t, s.sell(t.Context(), late))
	require.Eventually(t, func() bool {
		kept, err := s.books.sale(t.Context(), late.Reference)
		return err == nil && !kept.RefundedAt.IsZero()
	}, 10*time.Second, 10*time.Millisecond)
	assert.Len(t, s.charges(esimfx.Provider), 1)
}

// TestNotPaidBack asks a journal that is closed: what it has bought is not
// paid back because of that.
func TestNotPaidBack(t *testing.T) {
	s := startShop(t)
	c := s.buyOne(t, esimfx.Provider)
	s.waitFor(t, c, journal.Delivered)
	require.NoError(t, s.journal.Close(t.Context()))
	require.NoError(t, s.buy(t.Context(), c.Reference()))
	sold, err := s.books.sale(t.Context(), c.Reference())
	require.NoError(t, err)
	assert.True(t, sold.RefundedAt.IsZero())

	fresh := &sale{Reference: newCart().Reference(), Package: s.cheapest(t, esimfx.Provider).Package, PaidAt: time.Now()}
	require.NoError(t, s.sell(t.Context(), fresh))
	sold, err = s.books.sale(t.Context(), fresh.Reference)
	require.NoError(t, err)
	assert.False(t, sold.RefundedAt.IsZero(), "never ordered")
	assert.Len(t, s.charges(esimfx.Provider), 1)
}

// TestTopUpOnce sells more data for an eSIM, with a double click.
func TestTopUpOnce(t *testing.T) {
	s := startShop(t)
	for _, p := range []esim.Provider{esimfly.Provider, esimfx.Provider} {
		c := s.buyOne(t, p)
		bought := s.waitFor(t, c, journal.Delivered)
		s.resellers.sim.Server(p).UseData(string(bought.Order.ESIMs[0].ICCID), 0) // eSIMfly wants it installed
		_, page := s.get(t, c.Path())
		m := regexp.MustCompile(`href="(/order/[^"]+/top-up\?package=[^"]+)"`).FindStringSubmatch(page)
		require.NotNil(t, m, p)
		form := s.form(t, m[1])
		paid := cart(form.Get("cart"))
		for range 3 {
			answer, _ := s.post(t, c.Path()+"/top-up", form)
			assert.Equal(t, c.Path(), answer.Header.Get("Location"))
		}
		s.waitFor(t, paid, journal.Delivered)
		_, page = s.get(t, c.Path())
		assert.Contains(t, page, "Topped up")
		answer, _ := s.get(t, paid.Path())
		assert.Equal(t, http.StatusNotFound, answer.StatusCode, "a top-up has no page of its own")
		form.Set("cart", string(c))
		answer, _ = s.post(t, c.Path()+"/top-up", form)
		assert.Equal(t, http.StatusBadRequest, answer.StatusCode)

		charges := s.charges(p)
		require.Len(t, charges, 2, p)
		assert.Equal(t, esimtest.ChargeOrder, charges[0].Kind)
		assert.Equal(t, esimtest.ChargeTopUp, charges[1].Kind)
	}
	c := s.buyOne(t, esimstory.Provider)
	s.waitFor(t, c, journal.Delivered)
	_, page := s.get(t, c.Path())
	assert.NotContains(t, page, "/top-up?", "this reseller has none")
	assert.Contains(t, page, "does not tell how much is used")
}

// TestReview lets a person end what the journal could not.
func TestReview(t *testing.T) {
	s := startShop(t)
	s.hold(true)
	c := s.buyOne(t, esimstory.Provider)
	p := s.waitFor(t, c, journal.Provisioning)
	id := url.Values{"id": {string(p.ID)}}
	assert.Equal(t, http.StatusConflict, s.press(t, "/operator/decide", url.Values{
		"id": {string(p.ID)}, "verdict": {"refunded"}, "by": {"Ada"}, "why": {"told so"},
	}).StatusCode, "not under review")
	assert.Equal(t, http.StatusSeeOther, s.press(t, "/operator/escalate", id).StatusCode)
	s.waitFor(t, c, journal.Review)
	_, page := s.get(t, c.Path())
	assert.Contains(t, page, "a person finds out")
	assert.Contains(t, s.operatorPage(t), "On what evidence")
	for _, bad := range []url.Values{
		{"verdict": {"refunded"}, "by": {"Ada"}, "why": {" "}},
		{"verdict": {"refunded"}, "by": {""}, "why": {"told so"}},
		{"verdict": {"review"}, "by": {"Ada"}, "why": {"told so"}},
	} {
		bad.Set("id", string(p.ID))
		assert.Equal(t, http.StatusBadRequest, s.press(t, "/operator/decide", bad).StatusCode)
	}
	assert.Equal(t, http.StatusSeeOther, s.press(t, "/operator/decide", url.Values{
		"id": {string(p.ID)}, "verdict": {"refunded"}, "by": {"Ada"}, "why": {"credit note 17"},
	}).StatusCode)
	p = s.waitFor(t, c, journal.Refunded)
	assert.Equal(t, "Ada", p.Decision.By)
	_, page = s.get(t, c.Path())
	assert.Contains(t, page, "was taken back")
	sold, err := s.books.sale(t.Context(), c.Reference())
	require.NoError(t, err)
	assert.False(t, sold.RefundedAt.IsZero(), "the customer's money too")

	// The process ends between the decision and the customer's money.
	c = s.buyOne(t, esimstory.Provider)
	p = s.waitFor(t, c, journal.Provisioning)
	_, err = s.journal.Escalate(t.Context(), p.ID, "the customer has called")
	require.NoError(t, err)
	_, err = s.journal.Decide(t.Context(), p.ID, journal.Decision{Verdict: journal.Refunded, By: "Ada", Why: "credit note 18"})
	require.NoError(t, err)
	require.NoError(t, s.giveUp(t.Context(), patience))
	sold, err = s.books.sale(t.Context(), c.Reference())
	require.NoError(t, err)
	assert.False(t, sold.RefundedAt.IsZero())
}

func TestOperatorPassword(t *testing.T) {
	s := startShop(t)
	for name, set := range map[string]func(r *http.Request){
		"none":       func(*http.Request) {},
		"wrong":      func(r *http.Request) { r.SetBasicAuth("operator", s.password+"x") },
		"empty":      func(r *http.Request) { r.SetBasicAuth("operator", "") },
		"wrong user": func(r *http.Request) { r.SetBasicAuth("admin", s.password) },
	} {
		for _, path := range []string{"/operator/demo", "/operator/decide", "/operator/escalate"} {
			r := s.request(t, path, url.Values{"do": {"hold"}})
			set(r)
			answer, _ := do(t, r)
			assert.Equal(t, http.StatusUnauthorized, answer.StatusCode, "%s %s", name, path)
		}
	}
	assert.False(t, s.demo.held.Load())
	assert.Equal(t, http.StatusBadRequest, s.press(t, "/operator/demo", url.Values{"do": {"dance"}}).StatusCode)
	assert.Equal(t, http.StatusNotFound, s.press(t, "/operator/demo", url.Values{"do": {"use"}, "iccid": {simulator.ForeignICCID}}).StatusCode)
	assert.Equal(t, http.StatusSeeOther, s.press(t, "/operator/demo", url.Values{"do": {"hold"}}).StatusCode)
	assert.True(t, s.demo.held.Load())
}

// TestWebhookLog sends a forged webhook: it has no effect, and is in the log.
func TestWebhookLog(t *testing.T) {
	s := startShop(t)
	s.hold(true)
	c := s.buyOne(t, esimstory.Provider)
	p := s.waitFor(t, c, journal.Provisioning)
	forged := esim.Event{Kind: esim.EventProvisioned, Reference: p.Reference, ICCID: "8985234000000000001", Order: &esim.Order{
		ESIMs: []esim.ESIM{{Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "FORGED"}}},
	}}
	for _, hook := range []simulator.Webhook{
		simulator.ESIMStoryWebhook(esim.NewSecret("a-path-that-was-guessed-0123456789"), forged),
		simulator.ESIMFlyWebhook(esim.NewSecret("whsec_wrong"), forged),
		simulator.ESIMFXWebhook(esim.NewSecret("wrong"), forged),
	} {
		answer, _ := do(t, hook.Request(t.Context(), s.base+"/hooks"))
		assert.Contains(t, []int{http.StatusUnauthorized, http.StatusNotFound}, answer.StatusCode)
	}
	page := s.operatorPage(t)
	assert.Equal(t, 3, strings.Count(page, "refused</span>"))
	assert.NotContains(t, page, "FORGED")
	s.waitFor(t, c, journal.Provisioning)
	s.hold(false)
	p = s.waitFor(t, c, journal.Delivered)
	assert.NotEqual(t, "FORGED", p.Order.ESIMs[0].Activation.MatchingID)
	require.Eventually(t, func() bool { return len(s.hookLog.latest()) == 4 }, 5*time.Second, 10*time.Millisecond)
	assert.Contains(t, s.operatorPage(t), "provisioned")
	for i := range 2 * maxHookLines {
		s.hookLog.add(hookLine{Kind: string(rune('a' + i%26))})
	}
	assert.Len(t, s.hookLog.latest(), maxHookLines+1)
	assert.Contains(t, s.operatorPage(t), "provisioned", "a flood of forged ones does not push it out")
}

// TestRealAccounts points the live shop at a simulator: it shows prices, and
// sells only with -buy and within its cap.
func TestRealAccounts(t *testing.T) {
	sim := simulator.ForTest(t)
	for name, value := range map[string]string{
		"ESIMFLY_ACCESS_CODE": "", "ESIMSTORY_ACCESS_KEY": "", "ESIMFX_WEBHOOK_TOKEN": sim.ESIMFX.WebhookToken,
		"ESIMFX_BASE_URL": sim.ESIMFX.URL(), "ESIMFX_CLIENT_ID": sim.ESIMFX.ClientID, "ESIMFX_CLIENT_KEY": sim.ESIMFX.ClientKey,
	} {
		t.Setenv(name, value)
	}
	buy := func(s *shop) (reply, cart) {
		require.Eventually(t, func() bool { return s.stocked(esimfx.Provider) }, 10*time.Second, 10*time.Millisecond)
		form := s.form(t, "/checkout?offer="+url.QueryEscape(s.cheapest(t, esimfx.Provider).Key()))
		answer, _ := s.post(t, "/buy", form)
		return answer, cart(form.Get("cart"))
	}
	answer, _ := buy(serveShop(t, options{live: true}, esim.Money{}))
	assert.Equal(t, http.StatusForbidden, answer.StatusCode)
	assert.Empty(t, sim.ESIMFX.Ledger().Charges())

	s := serveShop(t, options{live: true, buy: true}, usd(t, "0.50"))
	answer, c := buy(s)
	assert.Equal(t, http.StatusSeeOther, answer.StatusCode)
	_, page := s.get(t, c.Path())
	assert.Contains(t, page, "your money is back", "over the cap of the day")
	assert.Empty(t, sim.ESIMFX.Ledger().Charges())

	s = serveShop(t, options{live: true, buy: true}, usd(t, "20"))
	_, c = buy(s)
	s.waitFor(t, c, journal.Delivered)
	assert.Len(t, sim.ESIMFX.Ledger().Charges(), 1)
}

// TestRestart ends the shop and opens it again on the same files, while the
// reseller goes on: the eSIM is where it was, and nothing is bought again.
func TestRestart(t *testing.T) {
	sim := simulator.ForTest(t)
	for name, value := range map[string]string{
		"ESIMFLY_ACCESS_CODE": "", "ESIMSTORY_ACCESS_KEY": "",
		"ESIMFX_BASE_URL": sim.ESIMFX.URL(), "ESIMFX_CLIENT_ID": sim.ESIMFX.ClientID, "ESIMFX_CLIENT_KEY": sim.ESIMFX.ClientKey,
	} {
		t.Setenv(name, value)
	}
	data, kept := t.TempDir(), false
	begin := func(buy bool) (*shop, func()) {
		s, err := open(t.Context(), options{live: true, buy: buy, address: "127.0.0.1:0", data: data}, esim.Money{}, slog.New(slog.DiscardHandler))
		require.NoError(t, err)
		assert.Equal(t, kept, s.stocked(esimfx.Provider), "the shelf is kept over a restart")
		kept = true
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.serve(ctx) }()
		require.Eventually(t, func() bool { return s.stocked(esimfx.Provider) }, 10*time.Second, 10*time.Millisecond)
		return s, func() { stop(); require.NoError(t, <-ended) }
	}
	s, end := begin(true)
	c := s.buyOne(t, esimfx.Provider)
	p := s.waitFor(t, c, journal.Delivered)
	lost := newCart() // paid, and the process ends before the journal has it
	require.NoError(t, s.books.add(t.Context(), &sale{Reference: lost.Reference(), Package: s.cheapest(t, esimfx.Provider).Package, PaidAt: time.Now()}))
	end()

	// Without -buy nothing is spent, whatever was paid for before.
	s, end = begin(false)
	queued := &sale{Reference: newCart().Reference(), Package: s.cheapest(t, esimfx.Provider).Package}
	require.NoError(t, s.enqueue(t.Context(), queued)) // the process ended before the journal sent it
	assert.Never(t, func() bool { return sim.ESIMFX.Requests("order") > 1 }, 1500*time.Millisecond, 50*time.Millisecond)
	_, page := s.get(t, lost.Path())
	assert.Contains(t, page, "Ordering your eSIM")
	end()

	s, end = begin(true)
	defer end()
	_, page = s.get(t, c.Path())
	assert.Contains(t, page, "Your eSIM is ready")
	assert.Contains(t, page, p.Order.ESIMs[0].Activation.MatchingID)
	s.waitFor(t, lost, journal.Delivered)
	require.Eventually(t, func() bool {
		p, err := s.journal.Lookup(t.Context(), esimfx.Provider, queued.Reference)
		return err == nil && p.State == journal.Delivered
	}, 15*time.Second, 20*time.Millisecond)
	assert.Len(t, sim.ESIMFX.Ledger().Charges(), 3)
}

func TestOptions(t *testing.T) {
	for name, c := range map[string]struct {
		o  options
		ok bool
	}{
		"nothing":          {options{}, true},
		"prices":           {options{live: true}, true},
		"buy":              {options{live: true, buy: true, dayCap: "20 USD"}, true},
		"buy without live": {options{buy: true, dayCap: "20 USD"}, false},
		"buy without cap":  {options{live: true, buy: true}, false},
		"a cap of nothing": {options{live: true, buy: true, dayCap: "0 USD"}, false},
		"half a cap":       {options{live: true, buy: true, dayCap: "20"}, false},
		"tour for money":   {options{live: true, tour: true}, false},
	} {
		_, err := c.o.check()
		assert.Equal(t, c.ok, err == nil, name)
	}
	for _, name := range []string{"ESIMFLY_ACCESS_CODE", "ESIMSTORY_ACCESS_KEY", "ESIMFX_CLIENT_ID"} {
		t.Setenv(name, "")
	}
	t.Setenv("STOREFRONT_PASSWORD", "correct horse")
	require.ErrorContains(t, run(t.Context(), new(bytes.Buffer), options{}), "less than 16")
	t.Setenv("STOREFRONT_PASSWORD", "")
	assert.ErrorContains(t, run(t.Context(), new(bytes.Buffer), options{live: true}), "no credentials")
}

// TestTour runs what CI runs, and reads its end.
func TestTour(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), &out, options{tour: true, seed: testSeed}))
	for _, line := range []string{"Pay (twice)", inDoubtAsking, "Your eSIM is ready", "one charge"} {
		assert.Contains(t, out.String(), line)
	}
	assert.Equal(t, 1, strings.Count(out.String(), "Charged:"))
}

// TestServeEnds stops a shop whose pages are being watched.
func TestServeEnds(t *testing.T) {
	s, err := open(t.Context(), options{address: "127.0.0.1:0", seed: testSeed}, esim.Money{}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	var out bytes.Buffer
	s.greet(&out)
	assert.Contains(t, out.String(), s.base)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.serve(ctx) }()
	require.Eventually(t, func() bool { return s.stocked(esimfx.Provider) }, 10*time.Second, 10*time.Millisecond)
	c := s.buyOne(t, esimfx.Provider)
	v := &visitor{base: s.base, client: &http.Client{}}
	watching := make(chan error, 1)
	seen := make(chan string, 16)
	go func() {
		watching <- v.watch(t.Context(), c.Path()+"/live", func(headline string) bool { seen <- headline; return false })
	}()
	<-seen
	stop()
	assert.Error(t, <-watching)
	select {
	case err := <-ended:
		assert.NoError(t, err)
	case <-time.After(5 * time.Second):
		t.Fatal("a page that is watched keeps the shop open")
	}
	assert.NoDirExists(t, s.scratch)
}
