package simulator

import (
	"errors"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// maxRequest bounds the body of a request; real ones are far below it.
const maxRequest = 1 << 20

// Server is what the three simulated providers have in common: an address, a
// ledger, a catalogue, faults, webhooks. Its methods are safe for concurrent
// use.
type Server struct {
	provider  esim.Provider
	basePath  string
	clock     *clock
	options   *options
	rules     rules
	ledger    *esimtest.Ledger
	catalogue *catalogue
	plan      *esimtest.FaultPlan
	listener  *listener
	outbox    *outbox
	redirects *redirectTarget
	api       api
	ops       []string
	skewed    atomic.Int64 // nanoseconds by which a second clock of the provider is off
	bomb      func() []byte

	mu         sync.Mutex
	requests   map[string]int
	violations []string
	seen       []string // credentials of requests, the latest ones
	seenNext   int
}

// api is what makes a [Server] one of the three providers.
type api interface {
	route(c *call) string   // operation, "" = no such endpoint
	handle(c *call) *reply  // checks the credentials and acts
	inspect(c *call)        // checks the credentials only; for requests that will not be handled
	missing(c *call) *reply // no such endpoint
	failure(c *call, e problem) *reply
	head(h http.Header, c *call) // adds what every answer carries
	settle(now time.Time)
	use(iccid string, bytes int64) bool
	secrets() []string
}

// problem is an error answer before it takes the provider's shape. What is
// zero is up to the provider.
type problem struct {
	status  int
	code    string
	message string
	kind    esimtest.FaultKind
}

// call is one request on its way through the simulator.
type call struct {
	op        string
	r         *http.Request
	body      []byte
	now       time.Time
	skew      time.Duration  // by which the server's clock is off for this request
	fault     esimtest.Fault // zero Kind = none
	srv       *Server
	query     url.Values
	reset     time.Time       // eSIMfly: end of the rate limit this request has hit; zero = none
	requestID [16]byte        // eSIMfly
	free      func()          // gives the key of the purchase that this request has made back; nil = it has made none
	left      <-chan struct{} // closed when a caller that is served on its own goroutine wants to leave; nil = on a connection
}

// param is a query parameter.
func (c *call) param(name string) string {
	if c.query == nil {
		c.query = c.r.URL.Query()
	}
	return c.query.Get(name)
}

// process lets the time pass that a purchase takes, with its reference in
// flight. Behind a connection the purchase goes on without the client; within
// the client's goroutine it is made before the client leaves. It does not
// return when the simulator is closed meanwhile.
func (c *call) process(d time.Duration) {
	if c.fault.Kind == esimtest.FaultDelay {
		d += c.fault.Delay
	}
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.left:
	case <-c.srv.listener.closing:
		panic(http.ErrAbortHandler)
	}
}

// reply is an answer before it is written, so that a fault can spoil it.
type reply struct {
	status int
	body   []byte
	ctype  string      // "" = JSON
	header http.Header // in canonical form
}

// asJSON is an answer with a body made by [encode].
func asJSON(status int, v any) *reply { return &reply{status: status, body: encode(v)} }

// URL returns the base URL that a client is to be given. The first call opens
// the port, unless [WithoutListeners] says otherwise; a port that cannot be
// opened is a violation, and the URL one at which nothing listens.
func (p *Server) URL() string { return "http://" + p.listener.address() + p.basePath }

// LocalURL returns the base URL for clients whose requests go through
// [Server.Transport]. It needs no port, and nothing listens there.
func (p *Server) LocalURL() string { return "http://" + p.listener.local + p.basePath }

// Provider returns whose API this is.
func (p *Server) Provider() esim.Provider { return p.provider }

// Ledger returns what was charged.
func (p *Server) Ledger() *esimtest.Ledger { return p.ledger }

// Balance returns the prepaid balance.
func (p *Server) Balance() esim.Money { return p.ledger.Balance() }

// shownBalance is the balance as the provider tells it: an account on invoice
// has none, or what it owes.
func (p *Server) shownBalance() esim.Money {
	if p.rules.invoice && !p.rules.owing {
		return money.Of("0", p.ledger.Opening().Currency())
	}
	return p.ledger.Balance()
}

// SetBalance sets the prepaid balance, as if money was paid in or taken out.
func (p *Server) SetBalance(amount string) {
	p.ledger.SetBalance(money.Of(amount, p.ledger.Balance().Currency()))
}

// Ops returns the names of the operations, as used in [esimtest.Fault], [esimtest.Schedule] and
// [Server.Requests].
func (p *Server) Ops() []string { return slices.Clone(p.ops) }

// Inject lets the next matching requests suffer the fault. Of several faults
// that wait for the same request the first injected comes first.
func (p *Server) Inject(f esimtest.Fault) {
	immediate := f.Op == "" && f.Skip == 0
	switch {
	case f.Kind == esimtest.FaultRefuse:
		p.listener.stop(f.Delay)
	case f.Kind == esimtest.FaultResetOnAccept && immediate:
		p.listener.resetNext(max(f.Times, 1))
	default:
		p.plan.Inject(f)
	}
}

// Schedule lets requests suffer at random from now on, in addition to what
// was scheduled before.
func (p *Server) Schedule(s esimtest.Schedule) { p.plan.Schedule(s) }

// Heal ends all faults and opens the listener again.
func (p *Server) Heal() {
	p.plan.Clear()
	p.skewed.Store(0)
	p.listener.resume()
}

// Requests returns how many requests have reached the operation, including
// those that a fault has spoiled; "" counts all requests.
func (p *Server) Requests(op string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	if op != "" {
		return p.requests[op]
	}
	sum := 0
	for _, n := range p.requests {
		sum += n
	}
	return sum
}

// Violations returns the mistakes the client has made against the provider's
// protocol: wrong signatures, request ids used twice, unknown fields. The
// texts hold no secrets.
func (p *Server) Violations() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := slices.Clone(p.violations)
	if err := p.listener.problem(); err != nil {
		list = append(list, "cannot listen: "+err.Error())
	}
	return list
}

func (p *Server) violate(c *call, what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	op := c.op
	if op == "" {
		op = c.r.Method + " to an unknown path"
	}
	p.violations = append(p.violations, op+": "+what)
}

// remember keeps a credential that a request carried, for [Simulator.Secrets].
func (p *Server) remember(s string) {
	const limit = 4096
	if s == "" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) < limit {
		p.seen = append(p.seen, s)
		return
	}
	p.seen[p.seenNext%limit] = s
	p.seenNext++
}

func (p *Server) serve(w http.ResponseWriter, r *http.Request) {
	if !p.listener.enter() {
		panic(http.ErrAbortHandler)
	}
	defer p.listener.leave()
	p.take(w, r)
}

// take handles a request that is inside.
func (p *Server) take(w http.ResponseWriter, r *http.Request) {
	c := &call{srv: p, r: r, now: p.now()}
	if rec, ok := w.(*collector); ok {
		c.left = rec.ctx.Done()
	}
	var err error
	c.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	c.op = p.api.route(c)
	p.count(c.op)
	if err != nil {
		p.violate(c, "body incomplete or too large")
		panic(http.ErrAbortHandler)
	}
	if f := p.plan.Next(c.op); f != nil {
		c.fault = *f
		p.suffer(w, c)
		return
	}
	p.write(w, c, p.answer(c))
}

func (p *Server) count(op string) {
	p.mu.Lock()
	p.requests[op]++
	p.mu.Unlock()
}

func (p *Server) answer(c *call) *reply {
	if c.op == "" {
		p.violate(c, "no such endpoint")
		return p.api.missing(c)
	}
	return p.rules.render(c.op, p.api.handle(c))
}

// now is the time by the provider's own clock.
func (p *Server) now() time.Time { return p.clock.now().Add(p.rules.skew) }

// write sends the answer with its length, and with the simulated date where
// that is not the real one.
func (p *Server) write(w http.ResponseWriter, c *call, a *reply) {
	a = p.compressed(c, a)
	p.head(w.Header(), c, a)
	w.Header()["Content-Length"] = []string{strconv.Itoa(len(a.body))}
	w.WriteHeader(a.status)
	if _, err := w.Write(a.body); err != nil && !errors.Is(err, http.ErrBodyNotAllowed) {
		return // the client has left; what was done stays done
	}
}

func (p *Server) head(h http.Header, c *call, a *reply) {
	maps.Copy(h, a.header)
	if a.ctype == "" {
		h["Content-Type"] = jsonType
	} else {
		h["Content-Type"] = []string{a.ctype}
	}
	p.api.head(h, c)
	if c.skew != 0 || p.rules.skew != 0 || p.clock.moved() {
		h["Date"] = []string{p.now().Add(c.skew).UTC().Format(http.TimeFormat)}
	}
}

var jsonType = []string{"application/json"}

// inTime reports whether a client's time stamp is within five minutes of the
// provider's clock, or of its second clock after a [esimtest.FaultClockSkew].
func (p *Server) inTime(c *call, stamp time.Time) bool {
	const window = 5 * time.Minute
	near := func(skew time.Duration) bool { return c.now.Add(skew).Sub(stamp).Abs() <= window }
	if c.skew != 0 {
		return near(c.skew)
	}
	return near(0) || near(time.Duration(p.skewed.Load()))
}
