package simulator_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// answer is what came back, or the error of the exchange.
type answer struct {
	status int
	header http.Header
	body   []byte
	err    error
}

// at walks into the JSON of the answer: names of members, positions in arrays.
func (a answer) at(t *testing.T, path ...any) any {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(a.body))
	d.UseNumber()
	var v any
	require.NoError(t, d.Decode(&v), "%s", a.body)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			require.True(t, ok, "no object at %v of %s", path, a.body)
			v = m[p]
		case int:
			l, ok := v.([]any)
			require.True(t, ok && p < len(l), "no element %d at %v of %s", p, path, a.body)
			v = l[p]
		}
	}
	if n, ok := v.(json.Number); ok {
		return n.String()
	}
	return v
}

func (a answer) text(t *testing.T, path ...any) string {
	t.Helper()
	s, ok := a.at(t, path...).(string)
	require.True(t, ok, "no text at %v of %s", path, a.body)
	return s
}

func (a answer) rows(t *testing.T, path ...any) []any {
	t.Helper()
	l, ok := a.at(t, path...).([]any)
	require.True(t, ok, "no array at %v of %s", path, a.body)
	return l
}

// wire is a client that knows nothing but net/http and the recipes.
type wire struct {
	t    *testing.T
	sim  *simulator.Simulator
	http *http.Client
	fxMu sync.Mutex
	fx   string // token
}

func newWire(t *testing.T, opts ...simulator.Option) *wire {
	t.Helper()
	w := &wire{t: t, sim: simulator.ForTest(t, opts...)}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	w.http = &http.Client{
		Transport: transport, Timeout: 20 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return w
}

// count sends a request and returns the length of the answer and its end.
func (w *wire) count(url string, header map[string]string) (n int64, tail string) {
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(w.t, err)
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := w.http.Do(r)
	require.NoError(w.t, err)
	defer func() { _ = res.Body.Close() }()
	buf := make([]byte, 1<<20)
	for {
		k, err := res.Body.Read(buf)
		n += int64(k)
		tail = (tail + string(buf[max(0, k-2):k]))
		tail = tail[max(0, len(tail)-2):]
		if err != nil {
			require.ErrorIs(w.t, err, io.EOF)
			return n, tail
		}
	}
}

func (w *wire) send(method, url, body string, header map[string]string) answer {
	r, err := http.NewRequestWithContext(w.t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		return answer{err: err}
	}
	r.GetBody = nil
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := w.http.Do(r)
	if err != nil {
		return answer{err: err}
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20)) // as any client should
	return answer{res.StatusCode, res.Header, b, err}
}

func mac(key []byte, text string) string {
	m := hmac.New(sha256.New, key)
	m.Write([]byte(text))
	return hex.EncodeToString(m.Sum(nil))
}

// change alters headers before they are sent; "" removes one.
type change map[string]string

func (c change) apply(h map[string]string) map[string]string {
	for k, v := range c {
		h[k] = v
		if v == "" {
			delete(h, k)
		}
	}
	return h
}

func (w *wire) flyHeaders(body string) map[string]string {
	f := w.sim.ESIMFly
	id, stamp := uuid.NewString(), strconv.FormatInt(w.sim.Now().UnixMilli(), 10)
	return map[string]string{
		"RT-AccessCode": f.AccessCode, "RT-RequestID": id, "RT-Timestamp": stamp, "Content-Type": "application/json",
		"RT-Signature": strings.ToUpper(mac([]byte(f.SecretKey), stamp+id+f.AccessCode+body)),
	}
}

func (w *wire) fly(method, path, body string, changes ...change) answer {
	h := w.flyHeaders(body)
	for _, c := range changes {
		h = c.apply(h)
	}
	return w.send(method, w.sim.ESIMFly.URL()+path, body, h)
}

func (w *wire) flyGet(path string) answer { return w.fly(http.MethodGet, path, "") }

func (w *wire) flyPost(path, body string) answer { return w.fly(http.MethodPost, path, body) }

// flyOrder buys and returns the reference and the first ICCID.
func (w *wire) flyOrder(body string) (reference, iccid string) {
	w.t.Helper()
	a := w.flyPost("/esims/order", body)
	require.NoError(w.t, a.err)
	require.Equal(w.t, 200, a.status, "%s", a.body)
	return a.text(w.t, "orderReference"), a.text(w.t, "esims", 0, "iccid")
}

func (w *wire) storyHeaders() map[string]string {
	s := w.sim.ESIMStory
	key, err := base64.StdEncoding.DecodeString(s.SecretKey)
	require.NoError(w.t, err)
	stamp := strconv.FormatInt(w.sim.Now().Unix(), 10)
	return map[string]string{
		"X-Esim-Story-Access-Key": s.AccessKey, "X-Esim-Story-Timestamp": stamp, "Content-Type": "application/json",
		"X-Esim-Story-Signature": mac(key, "POST\n/api/v1/api_partner/orders\n"+stamp+"\n"+s.AccessKey),
	}
}

func (w *wire) story(body string, changes ...change) answer {
	h := w.storyHeaders()
	for _, c := range changes {
		h = c.apply(h)
	}
	return w.send(http.MethodPost, w.sim.ESIMStory.URL()+"/v1/api_partner/orders", body, h)
}

// storyFirst is the id of the first package on the price sheet.
const storyFirst = "a1b2c3d4-e5f6-7890-abcd-ef1234567890"

// storyOption is the id of the n-th package on the price sheet.
func (w *wire) storyOption(n int) string { return w.sim.ESIMStory.Packages()[n].ID }

func (w *wire) storyBody(ref string, qty int) string {
	return `{"external_order_id":"` + ref + `","products":[{"option_id":"` + storyFirst + `","qty":` + strconv.Itoa(qty) + `}]}`
}

func (w *wire) fxLogin() answer {
	f := w.sim.ESIMFX
	return w.send(http.MethodPost, f.URL()+"/account/api/v1/auth",
		`{"client_id":"`+f.ClientID+`","client_key":"`+f.ClientKey+`"}`, map[string]string{"Content-Type": "application/json"})
}

func (w *wire) fxToken() string {
	w.fxMu.Lock()
	defer w.fxMu.Unlock()
	if w.fx == "" {
		w.fx = w.fxLogin().text(w.t, "data", "access_token")
	}
	return w.fx
}

func (w *wire) fxCall(method, path, body string, changes ...change) answer {
	h := map[string]string{"Authorization": "Bearer " + w.fxToken(), "Content-Type": "application/json"}
	for _, c := range changes {
		h = c.apply(h)
	}
	return w.send(method, w.sim.ESIMFX.URL()+path, body, h)
}

func (w *wire) fxGet(path string) answer { return w.fxCall(http.MethodGet, path, "") }

func (w *wire) fxOrder(key, body string) answer {
	return w.fxCall(http.MethodPost, "/order/api/v1/create_order", body, change{"X-Idempotency-Key": key})
}

func (w *wire) fxNew(key string) (order, iccid string) {
	w.t.Helper()
	a := w.fxOrder(key, `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`)
	require.NoError(w.t, a.err)
	require.Equal(w.t, "0", a.at(w.t, "code"), "%s", a.body)
	return a.text(w.t, "data", "id"), a.text(w.t, "data", "esim", "iccid")
}

// checkMoney asserts the invariant of the ledger.
func checkMoney(t *testing.T, s *simulator.Server) {
	t.Helper()
	sum, err := esim.ParseMoney("0", s.Balance().Currency())
	require.NoError(t, err)
	for _, c := range s.Ledger().Charges() {
		sum, err = sum.Add(c.Amount)
		require.NoError(t, err)
	}
	assert.True(t, sum.Equal(s.Ledger().Total()), "sum %s, total %s", sum, s.Ledger().Total())
	back, err := sum.Add(s.Balance())
	require.NoError(t, err)
	assert.True(t, back.Equal(s.Ledger().Opening()), "charges and balance make %s of %s", back, s.Ledger().Opening())
}

// purchase is a way to spend money, under a reference of its own each time.
type purchase struct {
	provider esim.Provider
	op       string
	do       func(w *wire, ref string) answer
}

func purchases() []purchase {
	return []purchase{
		{esimtest.ESIMFly, "order", func(w *wire, ref string) answer {
			return w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","quantity":1,"idempotency_key":"`+ref+`"}`)
		}},
		{esimtest.ESIMFly, "topup", func(w *wire, _ string) answer {
			iccid := w.sim.ESIMFly.Ledger().Charges()[0].ICCIDs[0]
			return w.flyPost("/topup/order", `{"iccid":"`+iccid+`","packageCode":"TOPUP_PHAJHEAYP"}`)
		}},
		{esimtest.ESIMStory, "order", func(w *wire, ref string) answer { return w.story(w.storyBody(ref, 1)) }},
		{esimtest.ESIMFX, "order", func(w *wire, ref string) answer {
			return w.fxOrder(ref, `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`)
		}},
		{esimtest.ESIMFX, "topup", func(w *wire, ref string) answer {
			iccid := w.sim.ESIMFX.Ledger().Charges()[0].ICCIDs[0]
			return w.fxOrder(ref, `{"operation_type":"TOPUP","iccid":"`+iccid+`","product":{"id":"esimfx_10G_7D_JP"}}`)
		}},
	}
}

// flyAt asks for the balance with a clock that is off.
func (w *wire) flyAt(off time.Duration) answer {
	f := w.sim.ESIMFly
	h := w.flyHeaders("")
	stamp := strconv.FormatInt(w.sim.Now().Add(off).UnixMilli(), 10)
	h["RT-Timestamp"] = stamp
	h["RT-Signature"] = strings.ToUpper(mac([]byte(f.SecretKey), stamp+h["RT-RequestID"]+f.AccessCode))
	return w.send(http.MethodGet, f.URL()+"/balance", "", h)
}

// fxNewIgnoringAnswer follows redirects with the body, as careless clients do.
func (w *wire) fxNewIgnoringAnswer(key string) {
	body := `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.sim.ESIMFX.URL()+"/order/api/v1/create_order", strings.NewReader(body))
	require.NoError(w.t, err)
	r.Header.Set("Authorization", "Bearer "+w.fxToken())
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Idempotency-Key", key)
	res, err := w.http.Do(r)
	require.NoError(w.t, err)
	_ = res.Body.Close()
}
