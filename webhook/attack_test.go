package webhook_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/simulator"
)

// attack is a request that must be refused: before its body is parsed, and
// with nothing stored.
type attack struct {
	name, method, path string
	header             http.Header
	body               io.Reader
}

// attacked is a webhook and what an attacker makes of it.
type attacked struct {
	genuine simulator.Webhook
	list    []attack
}

func (a *attacked) with(name string, change func(*attack)) {
	one := attack{name, http.MethodPost, "/hooks/" + a.genuine.Path, a.genuine.Header.Clone(), bytes.NewReader(a.genuine.Body)}
	change(&one)
	a.list = append(a.list, one)
}

// run mounts the attacks, and the genuine webhook afterwards.
func (a *attacked) run(t *testing.T) {
	t.Helper()
	require.GreaterOrEqual(t, len(a.list), 500)
	b := newBench(t)
	for _, one := range a.list {
		code := b.status(request(t, one.method, one.path, one.header, one.body))
		require.True(t, code >= 400 && code < 500, "%s: HTTP %d", one.name, code)
		require.Zero(t, b.inbox.adds, "%s: stored", one.name)
		require.Zero(t, b.parsed, "%s: parsed", one.name)
	}
	require.Empty(t, b.take())
	require.Equal(t, 200, b.status(a.genuine.Request(t.Context(), "/hooks")))
	require.Len(t, b.take(), 1)
	t.Logf("%d attacks, 0 accepted", len(a.list))
}

// methods, sizes and paths are the same for all sources.
func (a *attacked) transport() {
	for _, m := range []string{"GET", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "post", "POST ", "", "QUERY", "PROPFIND"} {
		a.with("method "+m, func(x *attack) { x.method = m })
	}
	for _, more := range []int{1<<20 + 1 - len(a.genuine.Body), 1 << 20, 1<<20 + 1, 3 << 20} {
		a.with("oversized by "+strconv.Itoa(more), func(x *attack) {
			x.body = io.MultiReader(bytes.NewReader(a.genuine.Body), bytes.NewReader(make([]byte, more)))
		})
		a.with("oversized as announced", func(x *attack) {
			x.body = bytes.NewReader(append(bytes.Clone(a.genuine.Body), make([]byte, more)...))
		})
	}
	a.with("endless", func(x *attack) { x.body = endless{} })
	for _, path := range []string{
		"", "/", "/hooks", "/hooks/", "/hooks/unknown", "/hooks/" + a.genuine.Path + "/x", "/hooks/" + a.genuine.Path + "/x/y",
		"/hooks/" + a.genuine.Path + "%00", "/hooks/" + a.genuine.Path + "\x00", "/hooks/" + a.genuine.Path + "/..", "/hooks/" + a.genuine.Path + ";a",
		"/hooks/ " + a.genuine.Path, strings.ToUpper("/hooks/" + a.genuine.Path), "/hooks/" + a.genuine.Path + "/\u200b",
	} {
		a.with("path "+path, func(x *attack) { x.path = path })
	}
}

// mutations are texts that differ from a secret or signature by little.
func mutations(s string, bits ...byte) []string {
	var list []string
	for i := range len(s) {
		for _, bit := range bits {
			list = append(list, s[:i]+string([]byte{s[i] ^ bit})+s[i+1:])
		}
		list = append(list, s[:i]+s[i+1:], s[:i]+s[i:i+1]+s[i:], s[:i], s[i+1:])
		if i > 0 && s[i] != s[i-1] {
			list = append(list, s[:i-1]+s[i:i+1]+s[i-1:i]+s[i+1:])
		}
	}
	list = append(list,
		s+" ", " "+s, s+"\n", "\t"+s, s+"\x00", s+s, s+","+s, s+" "+s, s+";"+s, `"`+s+`"`, "'"+s+"'", "Bearer "+s, "Basic "+s,
		base64.StdEncoding.EncodeToString([]byte(s)), hex.EncodeToString([]byte(s)), "", " ", "null", "undefined", "0", "true",
		strings.Repeat("0", len(s)), strings.Repeat("A", 1<<16), "%00", "REDACTED", "*",
	)
	return list
}

func flyAttacks(t *testing.T) *attacked {
	t.Helper()
	a := &attacked{genuine: simulator.ESIMFlyWebhook(flySecret, installed())}
	const name = "X-Webhook-Signature"
	body, signature := a.genuine.Body, a.genuine.Header.Get(name)
	resigned := func(key string, body []byte, h func() hash.Hash) string {
		m := hmac.New(h, []byte(key))
		m.Write(body)
		return hex.EncodeToString(m.Sum(nil))
	}
	set := func(what, value string) {
		a.with(what, func(x *attack) { x.header.Set(name, value) })
	}
	for i, s := range mutations(signature, 1, 4, 64) {
		if s != "sha256=" && strings.EqualFold(s, signature) {
			continue // hex in the other case is the same signature
		}
		set(fmt.Sprintf("signature %d", i), s)
	}
	secret := flySecret.Reveal()
	for i, key := range []string{"", " ", "whsec_", strings.TrimPrefix(secret, "whsec_"), strings.ToUpper(secret), secret + "\n", "other", "esimfly", "null"} {
		set(fmt.Sprintf("key %d", i), "sha256="+resigned(key, body, sha256.New))
	}
	for prefix, h := range map[string]func() hash.Hash{"sha1=": sha1.New, "sha512=": sha512.New, "md5=": md5.New, "sha384=": sha512.New384, "sha256=": sha512.New512_256} {
		set("algorithm "+prefix, prefix+resigned(secret, body, h))
		set("algorithm of "+prefix, "sha256="+resigned(secret, body, h))
	}
	digest, _ := hex.DecodeString(strings.TrimPrefix(signature, "sha256="))
	bare := strings.TrimPrefix(signature, "sha256=")
	plain := sha256.Sum256(append([]byte(secret), body...))
	for i, s := range []string{
		bare, "SHA256=" + bare, "sha256:" + bare, "sha256 =" + bare, "sha256= " + bare, "v1," + bare, "v1=" + bare, "hmac-sha256=" + bare,
		"sha256=0x" + bare, "sha256=" + base64.StdEncoding.EncodeToString(digest), "sha256=" + hex.EncodeToString(plain[:]), "sha256=",
		"sha256=" + resigned(secret, nil, sha256.New), "sha256=" + resigned(secret, []byte("{}"), sha256.New),
		"sha256=" + resigned(secret, []byte(hex.EncodeToString(body)), sha256.New),
	} {
		set(fmt.Sprintf("form %d", i), s)
	}
	for i, values := range [][]string{{signature, signature}, {signature, "sha256=00"}, {"sha256=00", signature}, {"", signature}, {signature, ""}, {}, {signature, signature, signature}} {
		a.with(fmt.Sprintf("headers %d", i), func(x *attack) { x.header[name] = values })
	}
	for _, other := range []string{"X-eSIMfly-Signature", "X-Signature", "Signature", "X-Hub-Signature-256", "RT-Signature", "Webhook-Signature", "Token", "Authorization"} {
		a.with("in header "+other, func(x *attack) {
			x.header.Del(name)
			x.header.Set(other, signature)
		})
	}
	for i := range body { // forged: another body under the signature
		a.with(fmt.Sprintf("body byte %d", i), func(x *attack) {
			forged := bytes.Clone(body)
			forged[i] ^= 1
			x.body = bytes.NewReader(forged)
		})
		a.with(fmt.Sprintf("body cut at %d", i), func(x *attack) { x.body = bytes.NewReader(body[:i]) })
	}
	text := string(body)
	for i, forged := range []string{ // re-encoded: the same JSON, other bytes
		text + "\n", " " + text, text + " ", strings.ReplaceAll(text, ":", ": "), strings.ReplaceAll(text, ",", ", "),
		strings.ReplaceAll(text, "esim", `\u0065sim`), strings.ReplaceAll(text, "/", `\/`) + " ", "\ufeff" + text,
		strings.Replace(text, `{"event"`, `{"event":"esim.installed","event"`, 1), text + text, "[" + text + "]",
	} {
		a.with(fmt.Sprintf("re-encoded %d", i), func(x *attack) { x.body = strings.NewReader(forged) })
	}
	for _, off := range []time.Duration{ // stale and future, with a good signature
		61 * time.Minute, 90 * time.Minute, 25 * time.Hour, 31 * 24 * time.Hour, 40 * 365 * 24 * time.Hour,
		-61 * time.Minute, -25 * time.Hour, -31 * 24 * time.Hour, -50 * 365 * 24 * time.Hour,
	} {
		e := installed()
		e.At = present.Add(-off)
		w := simulator.ESIMFlyWebhook(flySecret, e)
		a.with("late by "+off.String(), func(x *attack) { x.header, x.body = w.Header, bytes.NewReader(w.Body) })
		a.with("late by "+off.String()+" with a fresh header", func(x *attack) {
			x.header, x.body = w.Header.Clone(), bytes.NewReader(w.Body)
			x.header.Set("X-Webhook-Timestamp", present.Format(time.RFC3339))
		})
	}
	a.transport()
	return a
}

func storyAttacks(*testing.T) *attacked {
	a := &attacked{genuine: simulator.ESIMStoryWebhook(storySecret, delivered())}
	for i, s := range mutations(storySecret.Reveal(), 1, 2, 3, 4, 5, 8, 16, 32, 64, 128) {
		a.with(fmt.Sprintf("secret %d", i), func(x *attack) { x.path = "/hooks/esimstory/" + s })
	}
	secret := storySecret.Reveal()
	for i, path := range []string{
		"/hooks/esimstory", "/hooks/esimstory/", "/hooks/esimstory//", "/hooks/" + secret, "/hooks/" + secret + "/esimstory",
		"/hooks/esimstory/x/" + secret, "/hooks/esimstory/" + secret + "//", "/hooks/esimstory/" + secret + "/x",
		"/hooks/esimfly/" + secret, "/hooks/esimfx/" + secret, "/" + secret, secret, "/hooks/esimstory/" + strings.ToUpper(secret),
	} {
		a.with(fmt.Sprintf("path %d", i), func(x *attack) { x.path = path })
	}
	for _, h := range []string{"Authorization", "Token", "X-Webhook-Signature", "X-Forwarded-Path", "X-Original-Url", "X-Rewrite-Url", "Cookie", "Host", "Referer", "X-Http-Method-Override"} {
		a.with("secret in header "+h, func(x *attack) {
			x.path = "/hooks/esimstory/none"
			x.header.Set(h, secret)
		})
	}
	a.transport()
	return a
}

func fxAttacks(*testing.T) *attacked {
	e := esim.Event{Kind: esim.EventActivated, ICCID: anICCID, OrderID: anOrder, At: present}
	a := &attacked{genuine: simulator.ESIMFXWebhook(fxToken, e)}
	token := fxToken.Reveal()
	for i, s := range mutations(token, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 32, 64, 128) {
		a.with(fmt.Sprintf("token %d", i), func(x *attack) { x.header.Set("Token", s) })
	}
	sum := sha256.Sum256([]byte(token))
	for i, s := range []string{hex.EncodeToString(sum[:]), string(sum[:]), strings.ToUpper(token), strings.ToLower(token), "esimfx", "canary", simulator.SignESIMFly(fxToken, a.genuine.Body)} {
		a.with(fmt.Sprintf("form %d", i), func(x *attack) { x.header.Set("Token", s) })
	}
	for i, values := range [][]string{{token, token}, {token, "x"}, {"x", token}, {"", token}, {token, ""}, {}, {token, token, token}} {
		a.with(fmt.Sprintf("headers %d", i), func(x *attack) { x.header["Token"] = values })
	}
	for _, other := range []string{"X-Token", "Authorization", "X-Webhook-Signature", "Cookie", "Access-Token", "Api-Key", "Secret", "tokens"} {
		a.with("in header "+other, func(x *attack) {
			x.header.Del("Token")
			x.header.Set(other, token)
		})
	}
	a.with("in the body", func(x *attack) {
		x.header.Del("Token")
		x.body = strings.NewReader(`{"token":"` + token + `"}`)
	})
	a.with("in the path", func(x *attack) {
		x.header.Del("Token")
		x.path += "/" + token
	})
	a.transport()
	return a
}

func standardAttacks(*testing.T) *attacked {
	body := []byte(`{"type":"esim.born","timestamp":"2026-09-13T12:00:00Z","data":{"iccid":"8948010010092445039"}}`)
	a := &attacked{genuine: simulator.StandardWebhook(standardName, standardKey, "msg_1", present, body)}
	const name = "Webhook-Signature"
	signature := a.genuine.Header.Get(name)
	for i, s := range mutations(signature, 1, 2, 4, 8, 16, 32, 64) {
		if !slices.Contains(strings.Split(s, " "), signature) { // a list with the right one in it is good
			a.with(fmt.Sprintf("signature %d", i), func(x *attack) { x.header.Set(name, s) })
		}
	}
	for i := range body {
		a.with(fmt.Sprintf("body byte %d", i), func(x *attack) {
			forged := bytes.Clone(body)
			forged[i] ^= 1
			x.body = bytes.NewReader(forged)
		})
	}
	for _, off := range []time.Duration{301 * time.Second, time.Hour, 31 * 24 * time.Hour, -301 * time.Second, -time.Hour, -31 * 24 * time.Hour} {
		w := simulator.StandardWebhook(standardName, standardKey, "msg_1", present.Add(-off), body)
		a.with("late by "+off.String(), func(x *attack) { x.header = w.Header })
		a.with("late by "+off.String()+", restamped", func(x *attack) {
			x.header = w.Header.Clone()
			x.header.Set("Webhook-Timestamp", a.genuine.Header.Get("Webhook-Timestamp"))
		})
	}
	stamp := a.genuine.Header.Get("Webhook-Timestamp")
	for _, s := range append(mutations(stamp, 1), "+"+stamp, "0"+stamp, stamp+".0", stamp+"000", "1e9", "-1", "99999999999999999999", "0x10") {
		a.with("timestamp "+s, func(x *attack) { x.header.Set("Webhook-Timestamp", s) })
	}
	for _, s := range mutations("msg_1", 1) {
		a.with("id "+s, func(x *attack) { x.header.Set("Webhook-Id", s) })
	}
	a.transport()
	return a
}

func TestAttacks(t *testing.T) {
	for name, build := range map[string]func(*testing.T) *attacked{
		"esimfly": flyAttacks, "esimstory": storyAttacks, "esimfx": fxAttacks, "standard": standardAttacks,
	} {
		t.Run(name, func(t *testing.T) { build(t).run(t) })
	}
}

// What is genuine and comes again has no second effect: as it was, under
// another delivery id, in other white space, reordered, from a new process.
func TestReplays(t *testing.T) {
	flyAgain := func(i int, w simulator.Webhook) simulator.Webhook {
		w.Header = w.Header.Clone()
		switch i % 3 {
		case 0:
			w.Header.Set("X-Webhook-Id", fmt.Sprintf("wh_forged_%d", i))
		case 1: // detected by a second source of the provider: signed anew, later
			w.Body = bytes.Replace(w.Body, []byte(`"timestamp":"2026-09-13T12:00`), []byte(`"timestamp":"2026-09-13T12:0`+strconv.Itoa(i%10)), 1)
			w.Header.Set("X-Webhook-Signature", simulator.SignESIMFly(flySecret, w.Body))
		}
		return w
	}
	storyAgain := func(i int, w simulator.Webhook) simulator.Webhook {
		w.Body = append(bytes.Clone(w.Body), bytes.Repeat([]byte(" "), i%7)...)
		w.Body = bytes.Replace(w.Body, []byte(anOption), []byte(strings.ToUpper(anOption)), i%2)
		return w
	}
	same := func(_ int, w simulator.Webhook) simulator.Webhook { return w }
	usage := esim.Event{Kind: esim.EventUsage, ICCID: anICCID, OrderID: anOrder, At: present, Total: esim.GiB, Used: esim.GiB / 2, ThresholdPercent: 50}
	for _, c := range []struct {
		name  string
		again func(int, simulator.Webhook) simulator.Webhook
		list  []simulator.Webhook
	}{
		{"esimfly", flyAgain, []simulator.Webhook{simulator.ESIMFlyWebhook(flySecret, installed()), simulator.ESIMFlyWebhook(flySecret, usage), simulator.ESIMFlyWebhook(flySecret, delivered2())}},
		{"esimstory", storyAgain, []simulator.Webhook{simulator.ESIMStoryWebhook(storySecret, delivered())}},
		{"esimfx", same, []simulator.Webhook{simulator.ESIMFXWebhook(fxToken, usage), genuine()[2]}},
		{"standard", same, []simulator.Webhook{genuine()[3]}},
	} {
		b := newBench(t)
		replays := 0
		for i := range 200 {
			for k := range c.list {
				w := c.again(i, c.list[(i+k)%len(c.list)])
				require.Equal(t, 200, b.status(w.Request(t.Context(), "/hooks")), c.name)
				replays++
			}
		}
		assert.Len(t, b.take(), len(c.list), "%s: %d replays, one effect each", c.name, replays)
	}
}

// delivered2 is an asynchronous order of eSIMfly that is ready.
func delivered2() esim.Event {
	e := delivered()
	e.At = present
	return e
}

// An event that differs in anything that matters is another event.
func TestDifferentEventsAreNotReplays(t *testing.T) {
	b := newBench(t)
	at := func(e esim.Event, d time.Duration) esim.Event { e.At = present.Add(d); return e }
	status := esim.Event{Kind: esim.EventDepleted, ICCID: anICCID, OrderID: anOrder}
	back := esim.Event{Kind: esim.EventStatusChanged, ICCID: anICCID, OrderID: anOrder, ProviderStatus: "ACTIVE"}
	usage := func(used esim.DataSize, order string) esim.Event {
		return esim.Event{Kind: esim.EventUsage, ICCID: anICCID, OrderID: order, At: present, Total: esim.GiB, Used: used, ThresholdPercent: int(used * 100 / esim.GiB)}
	}
	other := delivered()
	other.Order = &esim.Order{PackageID: anOption, ESIMs: []esim.ESIM{{Activation: esim.ActivationCode{SMDPAddress: "rsp1.cmlink.com", MatchingID: "OTHER"}}}}
	bare := delivered()
	bare.Order = nil
	noOrder := func(e esim.Event) esim.Event { e.OrderID = ""; return e }
	list := []simulator.Webhook{
		genuineAt(at(status, 0)), genuineAt(at(status, time.Minute)), genuineAt(at(back, time.Minute)), genuineAt(installed()),
		genuineAt(usage(esim.GiB/2, anOrder)), genuineAt(usage(esim.GiB/4, anOrder)), genuineAt(usage(esim.GiB/2, "order_2")),
		simulator.ESIMStoryWebhook(storySecret, delivered()), simulator.ESIMStoryWebhook(storySecret, other), simulator.ESIMStoryWebhook(storySecret, bare),
		simulator.ESIMFXWebhook(fxToken, usage(esim.GiB/2, anOrder)), simulator.ESIMFXWebhook(fxToken, usage(esim.GiB/4, anOrder)),
		simulator.ESIMFXWebhook(fxToken, usage(esim.GiB/2, "order_2")), simulator.ESIMFXWebhook(fxToken, usage(0, anOrder)),
		simulator.ESIMFXWebhook(fxToken, at(esim.Event{Kind: esim.EventExpired, ICCID: anICCID, OrderID: anOrder}, 0)),
		simulator.ESIMFXWebhook(fxToken, at(esim.Event{Kind: esim.EventExpired, ICCID: anICCID, OrderID: anOrder}, time.Minute)),
		simulator.ESIMFXWebhook(fxToken, noOrder(usage(esim.GiB/2, ""))), simulator.ESIMFXWebhook(fxToken, at(noOrder(usage(esim.GiB/2, "")), time.Minute)),
	}
	for _, w := range list {
		require.Equal(t, 200, b.status(w.Request(t.Context(), "/hooks")))
	}
	require.Len(t, b.take(), len(list))
}
