package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	stdhash "hash"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/esimkit/esim/esimtest"
)

// authenticate checks the four headers of a request in the order of the
// documentation and keeps its request id for 24 hours. It returns nil when
// all is well.
func (f *ESIMFly) authenticate(c *call) *reply {
	var ( // canonical names, for looking up without a copy
		code      = c.r.Header.Get("Rt-Accesscode")
		id        = c.r.Header.Get("Rt-Requestid")
		stamp     = c.r.Header.Get("Rt-Timestamp")
		signature = c.r.Header.Get("Rt-Signature")
	)
	f.remember(signature)
	switch {
	case code == "" && id == "" && stamp == "" && signature == "":
		return f.unauthorized(c, http.StatusUnauthorized, "", "Authentication required")
	case code == "" || id == "" || stamp == "" || signature == "":
		return f.unauthorized(c, http.StatusUnauthorized, "HMAC_REQUIRED", "HMAC authentication headers are incomplete")
	case code != f.AccessCode:
		return f.unauthorized(c, http.StatusUnauthorized, "INVALID_API_KEY", "Invalid or inactive access code")
	}
	nonce, ok := parseUUID(id)
	if !ok {
		return f.unauthorized(c, http.StatusBadRequest, "INVALID_REQUEST_ID", "RT-RequestID must be a UUID v4")
	}
	if !randomUUID(nonce) {
		f.violate(c, "RT-RequestID is not a UUID of version 4")
	}
	if f.rules.requestIDs == idReceived && !f.nonces.claim(nonce, c) {
		return f.usedBefore(c, nonce)
	}
	millis, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil || !f.inTime(c, time.UnixMilli(millis)) {
		return f.outOfTime(c)
	}
	if !f.macs.verify(signature, true, stamp, id, code, signedBody(c)) {
		return f.unauthorized(c, http.StatusUnauthorized, "INVALID_SIGNATURE", "Invalid signature")
	}
	switch c.requestID = nonce; f.rules.requestIDs {
	case idReceived:
	case idActedOn:
		if f.nonces.knows(nonce, c.now) {
			return f.usedBefore(c, nonce)
		}
	case idChecked:
		if !f.nonces.claim(nonce, c) {
			return f.usedBefore(c, nonce)
		}
	}
	return f.throttle(c)
}

// signedBody is what the signature covers. A GET has no body, whatever it
// carries: some HTTP clients send one.
func signedBody(c *call) string {
	if c.r.Method == http.MethodGet {
		return ""
	}
	return string(c.body)
}

// usedBefore is no violation for an order that is repeated under its key and its
// request id, byte for byte: of all its sends one alone can be acted on.
func (f *ESIMFly) usedBefore(c *call, nonce [16]byte) *reply {
	const code, text = "DUPLICATE_REQUEST", "Request ID has already been used"
	if isKeyed(c) && f.nonces.heldBy(nonce, c) {
		return unauthorizedFly(http.StatusBadRequest, code, text)
	}
	return f.unauthorized(c, http.StatusBadRequest, code, text)
}

// isKeyed reports whether the call is an order with an idempotency key.
func isKeyed(c *call) bool {
	var doc struct {
		Key string `json:"idempotency_key"`
	}
	return c.op == "order" && json.Unmarshal(c.body, &doc) == nil && doc.Key != ""
}

func (f *ESIMFly) unauthorized(c *call, status int, code, text string) *reply {
	f.violate(c, text)
	return unauthorizedFly(status, code, text)
}

func unauthorizedFly(status int, code, text string) *reply {
	list := []member{{"success", encode(false)}, {"error", encode(text)}}
	switch code {
	case "":
		list = append(list, member{"message", encode("Please provide either Bearer token or complete HMAC signature authentication")})
	case "HMAC_REQUIRED":
		list = append(list, member{"message", encode("Every request must carry RT-AccessCode, RT-RequestID, RT-Timestamp and RT-Signature")})
	}
	if code != "" {
		list = append(list, member{"code", encode(code)})
	}
	return &reply{status: status, body: join(list)}
}

// outOfTime is no violation when the fault lies with the server's clock.
func (f *ESIMFly) outOfTime(c *call) *reply {
	const text = "Timestamp is too old or invalid"
	if c.skew == 0 {
		f.violate(c, text)
	}
	return asJSON(http.StatusUnauthorized, flyRefusal{Error: text, Code: "INVALID_TIMESTAMP"})
}

type flyRefusal struct {
	Success bool   `json:"success"`
	Error   string `json:"error"`
	Code    string `json:"code"`
}

// rateWindow counts the requests of a minute.
type rateWindow struct {
	minute time.Time
	count  int
}

// throttle refuses what is above the limit, if one is set.
func (f *ESIMFly) throttle(c *call) *reply {
	limit := f.options.rateLimit
	if limit == 0 {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if m := c.now.Truncate(time.Minute); !m.Equal(f.window.minute) {
		f.window = rateWindow{minute: m}
	}
	if f.window.count++; f.window.count <= limit {
		return nil
	}
	c.reset = f.window.minute.Add(time.Minute)
	return f.failure(c, problem{status: http.StatusTooManyRequests, kind: esimtest.Fault429})
}

// hourHeader is the usual X-RateLimit-Reset, written once an hour.
type hourHeader struct {
	end  time.Time
	text []string
}

var (
	flyLimit     = []string{"1000"}
	flyRemaining = []string{"999"}
	flyNone      = []string{"0"}
)

// head announces the rate limit. Only a request that has hit it sees a
// remainder of 0.
func (f *ESIMFly) head(h http.Header, c *call) {
	h["X-Ratelimit-Limit"], h["X-Ratelimit-Remaining"] = flyLimit, flyRemaining
	if c.fault.Kind == esimtest.Fault429 {
		c.reset = c.now.Add(c.fault.RetryAfter)
	}
	if !c.reset.IsZero() {
		h["X-Ratelimit-Remaining"] = flyNone
		h["X-Ratelimit-Reset"] = []string{resetText(c)}
		return
	}
	known := f.hour.Load()
	if known == nil || !c.now.Before(known.end) {
		end := c.now.Truncate(time.Hour).Add(time.Hour)
		known = &hourHeader{end, []string{iso(end)}}
		f.hour.Store(known)
	}
	h["X-Ratelimit-Reset"] = known.text
}

func resetText(c *call) string {
	switch c.fault.Reset {
	case esimtest.ResetUnix:
		return strconv.FormatInt(c.reset.Unix(), 10)
	case esimtest.ResetUnixMilli:
		return strconv.FormatInt(c.reset.UnixMilli(), 10)
	case esimtest.ResetDelta:
		return strconv.FormatInt(int64(c.reset.Sub(c.now)/time.Second), 10)
	case esimtest.ResetISO:
	}
	return iso(c.reset)
}

// parseUUID reads the hyphenated form.
func parseUUID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	digits := make([]byte, 0, 32)
	for _, part := range [...]string{s[:8], s[9:13], s[14:18], s[19:23], s[24:]} {
		digits = append(digits, part...)
	}
	if _, err := hex.Decode(id[:], digits); err != nil {
		return id, false
	}
	return id, true
}

// randomUUID reports whether the id has version 4 and the variant of RFC 9562.
// The provider asks for it, and one of its own samples makes others.
func randomUUID(id [16]byte) bool { return id[6]>>4 == 4 && id[8]>>6 == 2 }

// macPool computes HMAC-SHA256 under one key, keeping its state between uses.
type macPool struct{ pool sync.Pool }

type mac struct {
	hash stdhash.Hash
	text []byte
	sum  []byte
	hex  []byte
}

func newMACPool(key []byte) *macPool {
	return &macPool{sync.Pool{New: func() any { return &mac{hash: hmac.New(sha256.New, key)} }}}
}

// verify compares a signature in hexadecimal, upper or lower case as the
// provider demands, with that of the parts put together.
func (p *macPool) verify(signature string, upper bool, parts ...string) bool {
	m, ok := p.pool.Get().(*mac)
	if !ok {
		return false
	}
	defer p.pool.Put(m)
	m.text = m.text[:0]
	for _, part := range parts {
		m.text = append(m.text, part...)
	}
	m.hash.Reset()
	m.hash.Write(m.text)
	m.sum = m.hash.Sum(m.sum[:0])
	m.hex = hex.AppendEncode(m.hex[:0], m.sum)
	if upper {
		for i, c := range m.hex {
			if c >= 'a' {
				m.hex[i] = c - 'a' + 'A'
			}
		}
	}
	return hmac.Equal(m.hex, []byte(signature))
}
