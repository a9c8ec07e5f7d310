package main

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/require"
)

// browser is a tab, with what it has complained about.
type browser struct {
	ctx context.Context //nolint:containedctx // chromedp keeps the tab in it

	mu       sync.Mutex
	troubles []string
}

// chromium finds the browser, or skips.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("ESIM_REQUIRE_CHROMIUM") == "1" {
		t.Fatal("no chromium, chromium-browser or google-chrome")
	}
	t.Skip("SKIPPED: needs chromium, chromium-browser or google-chrome")
	return ""
}

// openBrowser starts one that talks to nobody but the shop.
func openBrowser(t *testing.T) *browser {
	t.Helper()
	options := slices.Concat(chromedp.DefaultExecAllocatorOptions[:], []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(chromium(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.NoFirstRun, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("hide-scrollbars", true),
	})
	allocator, stop := chromedp.NewExecAllocator(t.Context(), options...)
	ctx, closeTab := chromedp.NewContext(allocator)
	t.Cleanup(func() {
		closeTab()
		stop()
	})
	b := &browser{ctx: ctx}
	messages := chromedp.Console(ctx) // starts the browser
	var listening sync.WaitGroup
	listening.Go(func() {
		for m, err := range messages {
			if err == nil {
				b.listen(m)
			}
		}
	})
	t.Cleanup(listening.Wait)
	t.Cleanup(closeTab)
	call(t, b, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: countShifts})
	return b
}

// countShifts adds up layout shifts as the metric CLS does, less the rule of
// windows of five seconds: all of them count.
const countShifts = `window.shifts = 0;
new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value; })
	.observe({ type: "layout-shift", buffered: true });`

// listen collects what is not in order: errors, warnings, exceptions. A
// violation of the content security policy is an error.
func (b *browser) listen(m chromedp.ConsoleMessage) {
	if m.Type != "error" && m.Type != "warning" && !m.IsException() {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.troubles = append(b.troubles, m.String())
}

// quiet asserts that the browser had nothing to complain about.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	require.Empty(t, b.troubles)
}

// moment bounds one action.
const moment = 30 * time.Second

func (b *browser) run(t *testing.T, actions ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, moment)
	defer cancel()
	require.NoError(t, chromedp.Do(ctx, actions...))
}

// ask runs an action that has an answer.
func ask[T any](t *testing.T, b *browser, action chromedp.Action[T]) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, moment)
	defer cancel()
	v, err := chromedp.Run(ctx, action)
	require.NoError(t, err)
	return v
}

// eval evaluates an expression that gives a T.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	return ask(t, b, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func call[P, R any](t *testing.T, b *browser, command cdp.Command[P, R], params P) {
	t.Helper()
	_, err := chromedp.Call(b.ctx, command, params)
	require.NoError(t, err)
}

// show sets the window and the colours.
func (b *browser) show(t *testing.T, width, height int64, scheme string) {
	t.Helper()
	call(t, b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{
		Width: width, Height: height, DeviceScaleFactor: 1, Mobile: width < 600,
	})
	call(t, b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
	})
}

// at opens a page of the shop.
func (b *browser) at(t *testing.T, url string) {
	t.Helper()
	b.run(t, chromedp.Navigate(url))
}

// until waits until an expression is true. In the middle of a navigation there
// may be nobody to ask.
func (b *browser) until(t *testing.T, expression string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, moment)
	defer cancel()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for {
		is, err := chromedp.Run(ctx, chromedp.Evaluate[bool](expression))
		if is {
			return
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("never true: %s: %v\n%s", expression, err, eval[string](t, b, "document.body?.innerText ?? ''"))
		}
	}
}

// sees waits until the page shows a text.
func (b *browser) sees(t *testing.T, text string) {
	t.Helper()
	b.until(t, "(document.body?.innerText ?? '').includes(`"+text+"`)")
}

// picture takes a screenshot of the window, or of the whole page.
func (b *browser) picture(t *testing.T, whole bool) []byte {
	t.Helper()
	if whole {
		return ask(t, b, chromedp.FullScreenshot(100))
	}
	return ask(t, b, chromedp.CaptureScreenshot())
}

// press presses a key so many times.
func (b *browser) press(t *testing.T, key string) {
	t.Helper()
	b.run(t, chromedp.KeyEvent(key))
}

// tabTo presses Tab until the focus is on what a selector names.
func (b *browser) tabTo(t *testing.T, selector string) {
	t.Helper()
	const most = 200
	for range most {
		b.press(t, kb.Tab)
		if eval[bool](t, b, "document.activeElement.matches(`"+selector+"`)") {
			require.Equal(t, "solid", eval[string](t, b, "getComputedStyle(document.activeElement).outlineStyle"), "a focus that can be seen")
			return
		}
	}
	t.Fatalf("%d times Tab do not lead to %s", most, selector)
}
