package main

import (
	"bytes"
	"image/png"
	"net/url"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/journal"
)

// cartAt is the cart of the order page that a browser is on.
func (b *browser) cartAt(t *testing.T) cart {
	t.Helper()
	b.until(t, "/^.order.[A-Z2-7]+$/.test(location.pathname)")
	c, ok := parseCart(eval[string](t, b, "location.pathname.slice('/order/'.length)"))
	require.True(t, ok)
	return c
}

// steady asserts that nothing on the page has moved by itself.
func (b *browser) steady(t *testing.T) {
	t.Helper()
	assert.Less(t, eval[float64](t, b, "window.shifts"), 0.02, "layout shifts")
}

// scan reads the QR code off the screen, as a phone would.
func (b *browser) scan(t *testing.T) string {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(ask(t, b, chromedp.Screenshot(chromedp.CSS(".qr")))))
	require.NoError(t, err)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	require.NoError(t, err)
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	require.NoError(t, err)
	return result.GetText()
}

// TestSaleByKeyboard sells with Tab and Enter alone, while the answer of the
// reseller is lost and its webhook comes late. The page changes by itself.
func TestSaleByKeyboard(t *testing.T) {
	t.Parallel()
	s := startShop(t)
	b := openBrowser(t)
	b.show(t, 1280, 800, "light")
	s.hold(true)
	s.loseNextAnswer()

	b.at(t, s.base+"/")
	b.tabTo(t, ".skip")
	b.tabTo(t, "#q")
	b.press(t, "Japan")
	assert.Equal(t, 1, eval[int](t, b, "document.querySelectorAll('.places li:not([hidden])').length"), "the list gets shorter")
	b.press(t, kb.Enter)
	b.sees(t, "offers. A GiB")
	b.tabTo(t, "a[href*=esimstory]")
	b.press(t, kb.Enter)
	b.sees(t, "no card is asked for")
	b.tabTo(t, "form [type=submit]")
	b.press(t, kb.Enter)
	c := b.cartAt(t)
	b.sees(t, "You have been charged once")
	b.run(t, chromedp.Evaluate[chromedp.Void]("window.stayed = true"))
	p := s.waitFor(t, c, journal.Unknown)
	assert.Empty(t, p.Order, "nothing is claimed before the webhook")

	s.hold(false)
	b.sees(t, "Your eSIM is ready")
	assert.True(t, eval[bool](t, b, "window.stayed === true"), "it was no reload")
	assert.Equal(t, "Your eSIM is ready · Tern", eval[string](t, b, "document.title"))
	p = s.waitFor(t, c, journal.Delivered)
	lpa := p.Order.ESIMs[0].Activation.LPA()
	assert.True(t, lpa == b.scan(t), "the picture is another code")
	assert.True(t, lpa == eval[string](t, b, "document.getElementById('lpa').value"))
	assert.Equal(t, 2, eval[int](t, b, "document.querySelectorAll('.ways a[href^=https]').length"), "install links")
	b.sees(t, "does not tell how much is used")
	b.steady(t)

	charges := s.charges(esimstory.Provider)
	require.Len(t, charges, 1)
	assert.Equal(t, c.Reference(), charges[0].Reference)
	assert.Equal(t, 1, s.resellers.sim.ESIMStory.Requests("order"), "nobody knows what a repeat would do")
	b.quiet(t)
}

// TestJourneyOnAPhone sells by touch in the dark, uses data, tops up, and
// reads the books.
func TestJourneyOnAPhone(t *testing.T) {
	t.Parallel()
	s := startShop(t)
	b := openBrowser(t)
	b.show(t, 390, 844, "dark")
	o := s.cheapest(t, esimfx.Provider)

	b.at(t, s.base+"/to/JP?sort=pergb")
	assert.Equal(t, "rgb(15, 23, 27)", eval[string](t, b, "getComputedStyle(document.body).backgroundColor"), "dark mode")
	b.run(t, chromedp.Click(chromedp.CSS(`a[href*="`+o.ID+`&"]`)))
	b.sees(t, "no card is asked for")
	b.run(t, chromedp.DoubleClick(chromedp.CSS("form [type=submit]")))
	c := b.cartAt(t)
	b.sees(t, "Your eSIM is ready")
	p := s.waitFor(t, c, journal.Delivered)
	assert.True(t, p.Order.ESIMs[0].Activation.LPA() == b.scan(t))
	b.sees(t, "Not installed yet")

	iccid := url.Values{"iccid": {string(p.Order.ESIMs[0].ICCID)}}
	traveller := func(what string) {
		form := url.Values{"do": {what}, "iccid": iccid["iccid"]}
		require.Equal(t, 303, s.press(t, "/operator/demo", form).StatusCode)
	}
	traveller("install")
	b.sees(t, "In use")
	traveller("use")
	b.sees(t, "300 MiB used")
	assert.Equal(t, 1, eval[int](t, b, "document.querySelectorAll('.chart .bar').length"))
	traveller("day")
	traveller("use")
	b.until(t, "document.querySelectorAll('.chart .bar').length === 2")
	b.steady(t)

	b.run(t, chromedp.Click(chromedp.CSS(".more a")))
	b.sees(t, "More data for your eSIM")
	b.run(t, chromedp.Click(chromedp.CSS("form [type=submit]")))
	assert.Equal(t, c, b.cartAt(t))
	b.sees(t, "Topped up")
	b.quiet(t)

	charges := s.charges(esimfx.Provider)
	require.Len(t, charges, 2)
	assert.Equal(t, esimtest.ChargeOrder, charges[0].Kind)
	assert.Equal(t, esimtest.ChargeTopUp, charges[1].Kind)
	b.at(t, s.operatorURL())
	b.sees(t, "2 charged, and each is one purchase in the journal")
	b.sees(t, "Nothing is open")
	b.sees(t, "activated")
	b.run(t, chromedp.Click(chromedp.CSS(`[value=hold]`)))
	b.sees(t, "Send what is held back")
	assert.True(t, s.demo.held.Load())
	b.quiet(t)
}

// operatorURL opens the operator page without a dialog.
func (s *shop) operatorURL() string {
	return "http://operator:" + s.password + "@" + s.listener.Addr().String() + "/operator"
}
