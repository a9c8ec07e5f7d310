package webhook_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/webhook"
)

func installed() esim.Event {
	return esim.Event{Kind: esim.EventInstalled, ICCID: anICCID, OrderID: anOrder, At: present, ID: "wh_1"}
}

func delivered() esim.Event {
	return esim.Event{
		Kind: esim.EventProvisioned, ICCID: anICCID, ItemID: aUnit, Reference: aReference, OrderID: anOrder,
		Order: &esim.Order{PackageID: anOption, ESIMs: []esim.ESIM{{Activation: anActivation()}}},
	}
}

// genuine is one webhook of each source.
func genuine() []simulator.Webhook {
	activated := esim.Event{Kind: esim.EventActivated, ICCID: anICCID, OrderID: anOrder, At: present}
	return []simulator.Webhook{
		simulator.ESIMFlyWebhook(flySecret, installed()),
		simulator.ESIMStoryWebhook(storySecret, delivered()),
		simulator.ESIMFXWebhook(fxToken, activated),
		simulator.StandardWebhook(standardName, standardKey, "msg_1", present, []byte(`{"type":"esim.born","timestamp":"2026-09-13T12:00:00Z"}`)),
	}
}

func TestHandlerTakesTheWebhooksOfAllSources(t *testing.T) {
	b := newBench(t)
	for _, w := range genuine() {
		for _, mount := range []string{"/hooks", "", "/a/b", "/esimfly/x", "/hooks/"} {
			require.Equal(t, 200, b.status(w.Request(t.Context(), mount)), "%s at %q", w.Path, mount)
		}
	}
	got := b.take()
	require.Len(t, got, 4, "each came five times")
	assert.Equal(t, esim.EventInstalled, got[0].Kind)
	assert.Equal(t, "wh_1", got[0].ID)
	assert.Equal(t, esim.EventProvisioned, got[1].Kind)
	assert.Equal(t, anActivation(), got[1].Order.ESIMs[0].Activation)
	assert.Equal(t, esim.EventActivated, got[2].Kind)
	assert.Equal(t, esim.EventUnknown, got[3].Kind)
	assert.Equal(t, "esim.born", got[3].Name)
	assert.Equal(t, esim.Provider(standardName), got[3].Provider)
	assert.True(t, got[3].At.Equal(present))
}

// The address in a partner account may end in a slash, at every source.
func TestSlashAtTheEnd(t *testing.T) {
	for _, w := range genuine() {
		b := newBench(t)
		require.Equal(t, 200, b.status(request(t, "POST", "/hooks/"+w.Path+"/", w.Header, bytes.NewReader(w.Body))), w.Path)
		require.Equal(t, 1, b.inbox.adds)
	}
}

func TestHandlerAnswers(t *testing.T) {
	fly, story := genuine()[0], genuine()[1]
	secret := "/hooks/" + story.Path
	full := bytes.Repeat([]byte(" "), 1<<20-len(story.Body))
	for _, c := range []struct {
		name, method, path string
		header             http.Header
		body               io.Reader
		want, adds         int
	}{
		{"genuine", "POST", "/hooks/esimfly", fly.Header, bytes.NewReader(fly.Body), 200, 1},
		{"slash at the end", "POST", "/hooks/esimfly/", fly.Header, bytes.NewReader(fly.Body), 200, 1},
		{"nothing there", "POST", "/hooks/", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"no path", "POST", "", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"no slash", "POST", "esimfly", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"unknown source", "POST", "/hooks/esimflyer", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"other case", "POST", "/hooks/ESIMFLY", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"something behind", "POST", "/hooks/esimfly/x", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"much behind", "POST", "/hooks/esimfly/x/y", fly.Header, bytes.NewReader(fly.Body), 404, 0},
		{"GET", "GET", "/hooks/esimfly", fly.Header, bytes.NewReader(fly.Body), 405, 0},
		{"no signature", "POST", "/hooks/esimfly", nil, bytes.NewReader(fly.Body), 401, 0},
		{"signature of another body", "POST", "/hooks/esimfly", fly.Header, strings.NewReader("{}"), 401, 0},
		{"secret path", "POST", secret, nil, bytes.NewReader(story.Body), 200, 1},
		{"older secret path", "POST", "/x/esimstory/" + olderStory.Reveal(), nil, bytes.NewReader(story.Body), 200, 1},
		{"slash behind the secret path", "POST", secret + "/", nil, bytes.NewReader(story.Body), 200, 1},
		{"two slashes", "POST", secret + "//", nil, bytes.NewReader(story.Body), 404, 0},
		{"wrong secret path", "POST", secret + "x", nil, bytes.NewReader(story.Body), 404, 0},
		{"no secret path", "POST", "/hooks/esimstory", nil, bytes.NewReader(story.Body), 404, 0},
		{"at the limit", "POST", secret, nil, io.MultiReader(bytes.NewReader(story.Body), bytes.NewReader(full)), 200, 1},
		{"above the limit", "POST", secret, nil, io.MultiReader(bytes.NewReader(story.Body), bytes.NewReader(full), strings.NewReader(" ")), 413, 0},
		{"above the limit as announced", "POST", secret, nil, bytes.NewReader(append(full, make([]byte, 1<<20)...)), 413, 0},
		{"endless", "POST", secret, nil, endless{}, 413, 0},
		{"nothing", "POST", secret, nil, http.NoBody, 200, 1},
		{"not JSON", "POST", secret, nil, strings.NewReader("topup_id=1"), 200, 1},
		{"broken off", "POST", secret, nil, io.MultiReader(bytes.NewReader(story.Body[:99]), iotest.ErrReader(io.ErrUnexpectedEOF)), 400, 1},
		{"broken off and forged", "POST", "/hooks/esimfly", fly.Header, io.MultiReader(bytes.NewReader(fly.Body[:99]), iotest.ErrReader(io.ErrUnexpectedEOF)), 401, 0},
	} {
		b := newBench(t)
		w := answerOf(b, request(t, c.method, c.path, c.header, c.body))
		require.Equal(t, c.want, w.Code, c.name)
		require.Zero(t, w.Body.Len(), c.name)
		require.Equal(t, c.adds, b.inbox.adds, c.name)
		require.Len(t, b.take(), c.adds, c.name)
		if c.want == 405 {
			require.Equal(t, "POST", w.Header().Get("Allow"))
		}
		if c.adds == 0 {
			require.Zero(t, b.parsed, "%s: nothing is parsed before it is verified", c.name)
		}
	}
}

// endless is a body without end.
type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// Whatever a body is, it reaches somebody.
func TestHandlerDropsNothing(t *testing.T) {
	b := newBench(t)
	bodies := []string{
		"", "null", "[]", "{}", "not JSON", `{"event":5}`, `{"event":"esim.new.thing","data":{"iccid":"8948010010092445039"}}`,
		`{"event":"esim.installed","event":"esim.installed"}`, "{\"event\":\"\xff\"}", `{"event":"esim.installed","data":7}`,
		strings.Repeat("[", 500), `{"event":"order.completed","data":{}}`,
	}
	for _, body := range bodies {
		header := http.Header{}
		header.Set("X-Webhook-Signature", simulator.SignESIMFly(flySecret, []byte(body)))
		require.Equal(t, 200, b.status(post(t, "/esimfly", header, []byte(body))), "%s", body)
		got := b.take()
		require.Len(t, got, 1, "%s", body)
		require.Equal(t, esim.EventUnknown, got[0].Kind, "%s", body)
		require.Equal(t, esimfly.Provider, got[0].Provider)
		require.Equal(t, body, got[0].Raw.Reveal())
		require.NotEmpty(t, got[0].Key)
	}
	for name, path := range map[string]string{"esimfx": "/esimfx", "esimstory": "/esimstory/" + storySecret.Reveal()} {
		require.Equal(t, 200, b.status(post(t, path, http.Header{"Token": {fxToken.Reveal()}}, []byte("CANARY"))))
		got := b.take()
		require.Len(t, got, 1)
		require.Equal(t, "CANARY", got[0].Raw.Reveal())
		got[0].Raw = esim.Secret{}
		require.Equal(t, esim.Event{Provider: esim.Provider(name), Key: got[0].Key}, got[0])
	}
}

// The sender hears 2xx only after the commit, and 503 as long as there is none.
func TestHandlerWithoutItsStore(t *testing.T) {
	b := newBench(t)
	b.inbox.set(func(s *spyInbox) { s.addErr = errBroken })
	for range 3 {
		for _, w := range genuine() {
			answer := answerOf(b, w.Request(t.Context(), "/hooks"))
			require.Equal(t, 503, answer.Code)
			require.Zero(t, answer.Body.Len())
		}
	}
	require.Empty(t, b.take())
	b.inbox.set(func(s *spyInbox) { s.addErr, s.nextErr = nil, errBroken })
	for _, w := range genuine() {
		require.Equal(t, 200, b.status(w.Request(t.Context(), "/hooks")), "it is stored")
	}
	require.Empty(t, b.take())
	b.inbox.set(func(s *spyInbox) { s.nextErr = nil })
	require.Equal(t, 200, b.status(genuine()[0].Request(t.Context(), "/hooks")))
	require.Len(t, b.take(), 4, "what was left is handled by the next one")
}

// What a sender that hangs up has sent counts all the same.
func TestHandlerGoesOnWithoutTheSender(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, 200, b.status(genuine()[0].Request(ctx, "/hooks")))
	require.Len(t, b.take(), 1)
}

func TestHandlerKeepsOnlyTheHeadersItNeeds(t *testing.T) {
	b := newBench(t)
	for _, w := range genuine() {
		require.Equal(t, 200, b.status(w.Request(t.Context(), "/hooks")))
	}
	require.Len(t, b.inbox.messages, 4)
	assert.Equal(t, http.Header{"X-Webhook-Id": {"wh_1"}}, b.inbox.messages[0].Header)
	assert.Equal(t, http.Header{}, b.inbox.messages[1].Header)
	assert.Equal(t, http.Header{}, b.inbox.messages[2].Header)
	assert.Equal(t, http.Header{"Webhook-Id": {"msg_1"}}, b.inbox.messages[3].Header)
	for _, m := range b.inbox.messages {
		assert.NotContains(t, fmt.Sprint(m.Key, m.Source), "canary")
	}
}

func TestNewRefuses(t *testing.T) {
	none := func(context.Context, esim.Event) error { return nil }
	inbox := webhook.NewMemoryInbox()
	good := esimfly.Webhooks(flySecret)
	for name, make := range map[string]func() (*webhook.Handler, error){
		"no inbox":       func() (*webhook.Handler, error) { return webhook.New(nil, none, good) },
		"no receiver":    func() (*webhook.Handler, error) { return webhook.New(inbox, nil, good) },
		"no source":      func() (*webhook.Handler, error) { return webhook.New(inbox, none) },
		"nil source":     func() (*webhook.Handler, error) { return webhook.New(inbox, none, good, nil) },
		"doubled source": func() (*webhook.Handler, error) { return webhook.New(inbox, none, good, good) },
		"no name":        func() (*webhook.Handler, error) { return webhook.New(inbox, none, webhook.Standard("", standardKey)) },
		"name with slash": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("a/b", standardKey))
		},
		"empty fly secret": func() (*webhook.Handler, error) { return webhook.New(inbox, none, esimfly.Webhooks(esim.Secret{})) },
		"empty older": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimfly.Webhooks(flySecret, esim.Secret{}))
		},
		"prefix alone": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimfly.Webhooks(esim.NewSecret("whsec_")))
		},
		"pasted fly secret": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimfly.Webhooks(esim.NewSecret("whsec_canary\n")))
		},
		"blank fly secret": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimfly.Webhooks(esim.NewSecret(" ")))
		},
		"empty token": func() (*webhook.Handler, error) { return webhook.New(inbox, none, esimfx.Webhooks(esim.Secret{})) },
		"pasted token": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimfx.Webhooks(esim.NewSecret(" canary")))
		},
		"empty older token": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimfx.Webhooks(fxToken, esim.Secret{}))
		},
		"empty path secret": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimstory.Webhooks(esimstory.WebhookConfig{}))
		},
		"short path secret": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: esim.NewSecret("canary")}))
		},
		"empty older path": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: storySecret, Older: []esim.Secret{{}}}))
		},
		"empty standard": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.Secret{}))
		},
		"standard prefix": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.NewSecret("whsec_")))
		},
		"standard no base64": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.NewSecret("whsec_canary_0123456789abcdefghi")))
		},
		"standard line break": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.NewSecret(standardKey.Reveal()+"\n")))
		},
		"standard too short": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.NewSecret("whsec_MfKQ9r8G")))
		},
		"standard private key": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.NewSecret("whsk_V0VCSE9PS0FTWU1NRVRSSUNURVNUUFJJVkFURUtFWTE=")))
		},
		"short public key": func() (*webhook.Handler, error) {
			return webhook.New(inbox, none, webhook.Standard("x", esim.NewSecret("whpk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")))
		},
	} {
		h, err := make()
		require.Error(t, err, name)
		require.Nil(t, h, name)
		require.NotContains(t, err.Error(), "canary", name)
		require.NotContains(t, err.Error(), "MfKQ9", name)
	}
	require.Panics(t, func() { webhook.NewHandler(inbox, none) })
	require.NotNil(t, webhook.NewHandler(inbox, none, good))
}

// A source that slipped past New takes nothing either.
func TestSourcesWithoutSecretTakeNothing(t *testing.T) {
	for _, s := range []webhook.Source{
		esimfly.Webhooks(esim.Secret{}), esimfx.Webhooks(esim.Secret{}),
		esimstory.Webhooks(esimstory.WebhookConfig{}), webhook.Standard("x", esim.Secret{}),
		esimfly.Webhooks(flySecret, esim.Secret{}), esimfx.Webhooks(fxToken, esim.Secret{}),
	} {
		require.Error(t, s.Check())
		for _, w := range append(genuine(),
			simulator.ESIMFlyWebhook(esim.Secret{}, installed()), simulator.ESIMFXWebhook(esim.Secret{}, installed()),
			simulator.StandardWebhook("x", esim.Secret{}, "msg_1", present, nil)) {
			require.Error(t, s.Verify(w.Header, "", w.Body, present))
			require.Error(t, s.Verify(http.Header{}, "", w.Body, present))
			require.Error(t, s.Verify(http.Header{"Token": {""}}, "", w.Body, present))
		}
	}
}

func TestSecretsInRotation(t *testing.T) {
	b := newBench(t)
	event := installed()
	for i, w := range []simulator.Webhook{
		simulator.ESIMFlyWebhook(flySecret, event), simulator.ESIMFlyWebhook(olderFly, event),
		simulator.ESIMFXWebhook(fxToken, event), simulator.ESIMFXWebhook(olderFX, event),
		simulator.ESIMStoryWebhook(storySecret, delivered()), simulator.ESIMStoryWebhook(olderStory, delivered()),
	} {
		require.Equal(t, 200, b.status(w.Request(t.Context(), "/hooks")), i)
	}
	h, err := webhook.New(b.inbox, b.receive, esimfly.Webhooks(flySecret), esimfx.Webhooks(fxToken),
		esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: storySecret}))
	require.NoError(t, err)
	for _, w := range []simulator.Webhook{
		simulator.ESIMFlyWebhook(olderFly, event), simulator.ESIMFXWebhook(olderFX, event), simulator.ESIMStoryWebhook(olderStory, delivered()),
	} {
		require.GreaterOrEqual(t, answerOf(h, w.Request(t.Context(), "/hooks")).Code, 400, "it is removed")
	}
}

// Nothing that is printed on the way tells a secret.
func TestNothingPrintsASecret(t *testing.T) {
	var out bytes.Buffer
	b := newBench(t)
	b.Logger = slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.failing(fmt.Errorf("it did not work"))
	var printed []any
	for _, w := range append(genuine(), simulator.Webhook{
		Path: "esimstory/" + storySecret.Reveal(), Header: http.Header{}, Body: []byte(aMatchingID + " CANARY"),
	}) {
		b.status(w.Request(t.Context(), "/hooks"))
		forged := w.Request(t.Context(), "/hooks")
		forged.Header.Set("X-Webhook-Signature", "sha256=canary")
		forged.Header.Set("Token", "canary")
		b.status(forged)
		printed = append(printed, w, &w)
	}
	b.inbox.set(func(s *spyInbox) { s.addErr = fmt.Errorf("disk full") })
	b.status(genuine()[0].Request(t.Context(), "/hooks"))
	b.inbox.set(func(s *spyInbox) { s.addErr = nil })
	b.failing(nil)
	synctest.Test(t, func(t *testing.T) { // the failed ones are due an hour later
		inner := newBench(t)
		for _, w := range genuine() {
			inner.status(w.Request(t.Context(), "/hooks"))
		}
		for _, e := range inner.take() {
			printed = append(printed, e, &e, []esim.Event{e})
		}
	})
	for _, m := range b.inbox.messages {
		printed = append(printed, m, &m, []webhook.Message{m})
	}
	for _, s := range sources() {
		printed = append(printed, s)
	}
	printed = append(printed, b.Handler, b.inbox.MemoryInbox, &webhook.Waiters{})
	require.Greater(t, len(printed), 30)
	for _, v := range printed {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("x", "v", v)
		if _, isMessage := v.(webhook.Message); isMessage {
			continue // its JSON form is for storing it
		}
		if e, isEvent := v.(esim.Event); isEvent {
			text, err := json.Marshal(e)
			require.NoError(t, err)
			out.Write(text)
		}
	}
	text := out.String()
	require.Contains(t, text, "webhook refused")
	require.Contains(t, text, "webhook not handled")
	require.Contains(t, text, "webhook not stored")
	require.Contains(t, text, "webhook cannot be read")
	for _, s := range []esim.Secret{flySecret, olderFly, storySecret, olderStory, fxToken, olderFX, standardKey, esim.NewSecret(aMatchingID), esim.NewSecret("CANARY")} {
		for _, form := range []string{s.Reveal(), hex.EncodeToString([]byte(s.Reveal()))} {
			if i := strings.Index(text, form); i >= 0 { // the text itself is too long to show
				t.Errorf("printed %s in: %s", form, text[max(i-500, 0):i+len(form)])
			}
		}
	}
}

// Over a real connection, as a mux mounts it.
func TestHandlerBehindAMux(t *testing.T) {
	b := newBench(t)
	mux := http.NewServeMux()
	mux.Handle("POST /hooks/", b)
	server := httptest.NewServer(mux)
	defer server.Close()
	client := server.Client()
	defer client.CloseIdleConnections()
	for _, w := range genuine() {
		res, err := client.Do(w.Request(t.Context(), server.URL+"/hooks"))
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, 200, res.StatusCode)
	}
	require.Len(t, b.take(), 4)
}

// The simulators' own webhooks arrive, at the simulator's time.
func TestHandlerWithTheSimulators(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithoutListeners(), simulator.WithClock(present))
	var events []esim.Event
	h := webhook.NewHandler(webhook.NewMemoryInbox(),
		func(_ context.Context, e esim.Event) error { events = append(events, e); return nil },
		esimfly.Webhooks(esim.NewSecret(sim.ESIMFly.WebhookSecret)), esimfx.Webhooks(esim.NewSecret(sim.ESIMFX.WebhookToken)),
		esimstory.Webhooks(esimstory.WebhookConfig{PathSecret: storySecret}))
	h.Now = sim.Now
	server := httptest.NewServer(h)
	defer server.Close()
	sim.ESIMFly.SetWebhook(server.URL + "/esimfly")
	sim.ESIMStory.SetWebhook(server.URL + "/esimstory/" + storySecret.Reveal())
	sim.ESIMFX.SetWebhook(server.URL + "/esimfx")
	fly := closing(t)(esimfly.New(esimfly.Config{
		AccessCode: sim.ESIMFly.AccessCode, SecretKey: esim.NewSecret(sim.ESIMFly.SecretKey),
		Settings: esim.Settings{BaseURL: sim.ESIMFly.URL(), Now: sim.Now, Transport: sim.ESIMFly.Transport()},
	}))
	order, err := fly.Order(t.Context(), esim.OrderRequest{PackageID: "RB85_4D", Reference: "cart-1"})
	require.NoError(t, err)
	require.Zero(t, order.Delivered())
	sim.Advance(time.Minute)
	require.NotEmpty(t, events)
	require.Equal(t, esim.EventProvisioned, events[0].Kind)
	require.Equal(t, order.ID, events[0].Order.ID)
	require.False(t, events[0].Order.ESIMs[0].Activation.IsZero())
	order, err = fly.Order(t.Context(), esim.OrderRequest{PackageID: "PHAJHEAYP", Reference: "cart-2"})
	require.NoError(t, err)
	sim.ESIMFly.UseData(string(order.ESIMs[0].ICCID), 600<<20)
	sim.Advance(26 * time.Hour)
	kinds := map[esim.EventKind]bool{}
	var progress esim.Progress
	for _, e := range events {
		kinds[e.Kind] = true
		if e.ICCID == order.ESIMs[0].ICCID {
			progress.Apply(e)
		}
	}
	require.True(t, kinds[esim.EventInstalled] && kinds[esim.EventActivated] && kinds[esim.EventUsage] && kinds[esim.EventDepleted], "%v", kinds)
	require.False(t, kinds[esim.EventUnknown])
	require.Equal(t, esim.ESIMDepleted, progress.Status)
	require.Equal(t, esim.GiB, progress.Total)
	for _, d := range sim.ESIMFly.Deliveries() {
		require.True(t, d.Delivered())
	}
}

// closing ends a client with the test.
func closing(t *testing.T) func(c *esimfly.Client, err error) *esimfly.Client {
	return func(c *esimfly.Client, err error) *esimfly.Client {
		require.NoError(t, err)
		t.Cleanup(c.CloseIdleConnections)
		return c
	}
}
