package main

import (
	"encoding/json"
	"flag"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/journal"
)

var updateScreenshots = flag.Bool("update-screenshots", false, "write docs/img/storefront-*.png")

// axe is the accessibility checker, which is fetched by scripts/axe.
func axe(t *testing.T) string {
	t.Helper()
	path := os.Getenv("ESIM_AXE")
	if path == "" {
		if os.Getenv("ESIM_REQUIRE_AXE") == "1" {
			t.Fatal("ESIM_AXE names no axe.min.js; see scripts/axe")
		}
		return ""
	}
	source, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(source)
}

// finding is a rule of axe that a page breaks.
type finding struct {
	ID, Impact string
	Where      []string
}

const askAxe = `axe.run(document).then((r) => JSON.stringify(r.violations.map((v) => (
	{ ID: v.id, Impact: v.impact, Where: v.nodes.map((n) => n.target.join(" ") + " " + n.failureSummary) }))))`

// tooSmall lists what is to be pressed and is smaller than a finger. Links in
// the middle of a sentence may be.
const tooSmall = `[...document.querySelectorAll("button, .button, input:not([type=hidden], [type=checkbox]), select, summary, .top a, .tile, .places a, .more a")]
	.filter((e) => e.getClientRects().length && !e.hidden).map((e) => [e.outerHTML.slice(0, 60), e.getBoundingClientRect()])
	.filter(([, r]) => r.height < 44 || r.width < 44).map(([name]) => name)`

// tooWide lists what sticks out of the window, other than in a table that
// scrolls by itself.
const tooWide = `[...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, svg, .hidden") &&
	e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map((e) => e.outerHTML.slice(0, 80))`

// TestLook opens every page on a phone, a small phone and a desk, by day and
// by night: nothing sticks out, everything can be pressed, axe finds nothing.
func TestLook(t *testing.T) {
	t.Parallel()
	source := axe(t)
	s := startShop(t)
	b := openBrowser(t)
	pages := s.furnish(t)
	for _, scheme := range []string{"light", "dark"} {
		for _, size := range []struct {
			name          string
			width, height int64
		}{{"desk", 1280, 800}, {"phone", 390, 844}, {"small phone", 320, 568}} {
			b.show(t, size.width, size.height, scheme)
			for _, p := range pages {
				b.at(t, p.url)
				where := p.name + ", " + size.name + ", " + scheme
				assert.Empty(t, eval[[]string](t, b, tooWide), "%s: sticks out", where)
				assert.LessOrEqual(t, eval[int](t, b, "document.documentElement.scrollWidth"), int(size.width), "%s: scrolls sideways", where)
				assert.Empty(t, eval[[]string](t, b, tooSmall), "%s: too small to press", where)
				b.steady(t)
				b.keep(t, p.name, size.name, scheme)
				if source == "" || size.name == "small phone" {
					continue
				}
				b.run(t, chromedp.Evaluate[chromedp.Void](source))
				var found []finding
				require.NoError(t, json.Unmarshal([]byte(eval[string](t, b, askAxe)), &found))
				assert.Empty(t, found, where)
			}
		}
	}
	b.quiet(t)
	if source == "" {
		t.Log("NOT CHECKED: accessibility; ESIM_AXE names no axe.min.js")
	}
}

type place struct{ name, url string }

// furnish fills the shop, and names its pages.
func (s *shop) furnish(t *testing.T) []place {
	t.Helper()
	ready := s.buyOne(t, esimfx.Provider)
	p := s.waitFor(t, ready, journal.Delivered)
	iccid := p.Order.ESIMs[0].ICCID
	more, err := s.topUpsFor(t.Context(), &orderView{Purchase: p, Kit: &kit{ICCID: iccid}})
	require.NoError(t, err)
	plus := newCart()
	require.NoError(t, s.sell(t.Context(), &sale{
		Reference: plus.Reference(), Parent: ready.Reference(), ICCID: iccid, Package: more[1], PaidAt: time.Now(),
	}))
	s.waitFor(t, plus, journal.Delivered)
	for i, mb := range []int64{130, 410, 95, 260, 180} {
		if i > 0 {
			s.resellers.sim.Advance(24 * time.Hour)
		}
		s.resellers.sim.ESIMFX.UseData(string(iccid), mb<<20)
		s.meter.forgetAll()
		require.NoError(t, s.readMeters(t.Context()))
	}
	s.hold(true)
	s.loseNextAnswer()
	doubt := s.buyOne(t, esimstory.Provider)
	s.waitFor(t, doubt, journal.Unknown)
	review := s.buyOne(t, esimstory.Provider)
	q := s.waitFor(t, review, journal.Provisioning)
	_, err = s.journal.Escalate(t.Context(), q.ID, "the customer has called")
	require.NoError(t, err)
	s.upset(t, esimfly.Provider)
	key := url.QueryEscape(s.cheapest(t, esimfx.Provider).Key())
	return []place{
		{"home", s.base + "/"},
		{"offers", s.base + "/to/JP?sort=pergb&days=15"},
		{"checkout", s.base + "/checkout?for=JP&offer=" + key},
		{"order", s.base + ready.Path()},
		{"doubt", s.base + doubt.Path()},
		{"top-up", s.base + ready.Path() + "/top-up?package=" + url.QueryEscape(more[0].ID)},
		{"operator", s.operatorURL()},
	}
}

// keep writes the pictures that the documentation shows.
func (b *browser) keep(t *testing.T, page, size, scheme string) {
	t.Helper()
	name, wanted := map[string]string{
		"home desk light":     "storefront.png",
		"offers desk light":   "storefront-offers.png",
		"order desk light":    "storefront-order.png",
		"doubt phone dark":    "storefront-doubt.png",
		"operator desk light": "storefront-operator.png",
	}[page+" "+size+" "+scheme]
	if !*updateScreenshots || !wanted {
		return
	}
	const most = 150_000
	if page == "order" { // all of what there is to install
		b.show(t, 1280, 1080, scheme)
		defer b.show(t, 1280, 800, scheme)
	}
	data := b.picture(t, false)
	require.Less(t, len(data), most, name)
	directory := filepath.Join("..", "..", "docs", "img")
	require.NoError(t, os.MkdirAll(directory, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(directory, name), data, 0o644))
}
