package simulator

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/money"
)

// Simulator is the three resellers with one clock. A provider's loopback port is
// opened when [Server.URL] is asked for.
type Simulator struct {
	ESIMFly   *ESIMFly
	ESIMStory *ESIMStory
	ESIMFX    *ESIMFX

	clock     *clock
	redirects *redirectTarget
	once      sync.Once
}

// New makes a simulator; Close ends it.
func New(opts ...Option) (*Simulator, error) {
	o := defaults()
	for _, opt := range opts {
		opt(&o)
	}
	return open(&o)
}

// ForTest makes a simulator for a test and closes it at the end of the
// test. What cannot be set up fails the test.
func ForTest(t testing.TB, opts ...Option) *Simulator {
	t.Helper()
	s, err := New(opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func open(o *options) (*Simulator, error) {
	for _, currency := range []string{"USD", o.currency} {
		if _, err := esim.ParseMoney(o.balance, currency); err != nil {
			return nil, fmt.Errorf("simulator: balance %s %s: %w", o.balance, currency, err)
		}
	}
	s := &Simulator{}
	s.clock = newClock(o.start, s.settle)
	s.redirects = newRedirectTarget(s.clock, o.socketless)
	s.ESIMFly = newESIMFly(o, s.clock)
	s.ESIMStory = newESIMStory(o, s.clock)
	s.ESIMFX = newESIMFX(o, s.clock)
	for i, p := range s.servers() {
		err := p.reach(i, s.redirects)
		if err != nil {
			for _, p := range s.servers()[:i+1] {
				p.close()
			}
			return nil, fmt.Errorf("simulator: listening for %s: %w", p.provider, err)
		}
	}
	s.clock.start()
	return s, nil
}

// Where nothing is known to listen, so that a request that is sent there
// through a socket by mistake is refused: eSIMfly has the first port, eSIM
// Story and eSIMfx those after it, and redirects point to the last.
const (
	localFirst  = "127.0.0.1:1"
	localTarget = "127.0.0.1:4"
)

// reach makes the n-th provider's listener. A port that the caller has chosen
// is opened at once.
func (p *Server) reach(n int, target *redirectTarget) error {
	o := p.options
	addr, err := nthAddress(o.listen, n)
	if err != nil {
		return err
	}
	local, err := nthAddress(localFirst, n)
	if err != nil {
		return err
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return err
	}
	chosen := port != "0"
	if chosen && o.socketless {
		local = reachable(addr)
	}
	p.redirects = target
	p.listener = newListener(addr, local, p.serve, p.clock, o.socketless)
	if chosen {
		return p.listener.open()
	}
	return nil
}

func (p *Server) close() {
	p.outbox.close()
	if p.listener != nil {
		p.listener.close()
	}
}

// nthAddress adds n to the port, unless that is 0, which means any.
func nthAddress(addr string, n int) (string, error) {
	host, text, err := net.SplitHostPort(addr)
	if err != nil {
		return "", err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", err
	}
	if port != 0 {
		port += uint64(n) //nolint:gosec // 0 to 2
	}
	return net.JoinHostPort(host, strconv.FormatUint(port, 10)), nil
}

func (s *Simulator) servers() []*Server {
	return []*Server{s.ESIMFly.Server, s.ESIMStory.Server, s.ESIMFX.Server}
}

// Server returns the simulated provider of that name, nil if there is none.
func (s *Simulator) Server(p esim.Provider) *Server {
	for _, server := range s.servers() {
		if server.provider == p {
			return server
		}
	}
	return nil
}

// Now returns the simulated time: the real time, or that of [WithClock], plus
// what [Simulator.Advance] has added. Clients that are to sign with it take it
// as their clock.
func (s *Simulator) Now() time.Time { return s.clock.now() }

// Advance moves the simulated time forward. Pending orders become ready,
// travellers install and use their eSIMs, and tokens expire. The webhooks due
// on the way are sent at their own time, before Advance returns, from the
// goroutine that calls it. A webhook receiver must not call it.
func (s *Simulator) Advance(d time.Duration) { s.clock.advance(d) }

// Close ends all connections and webhooks and waits for them. It may be called
// more than once.
func (s *Simulator) Close() {
	s.once.Do(func() {
		for _, p := range s.servers() {
			p.close()
		}
		s.redirects.listener.close()
		s.clock.close()
	})
}

// Secrets returns every credential of the simulator, every activation code and
// matching id it has made, and the latest signatures and tokens it has seen.
// None of them may turn up in a log or an error of a client.
func (s *Simulator) Secrets() []string {
	var list []string
	for _, p := range s.servers() {
		list = append(list, p.api.secrets()...)
		p.mu.Lock()
		list = append(list, p.seen...)
		p.mu.Unlock()
	}
	return list
}

// Violations returns the mistakes clients have made against the protocols, as
// [Server.Violations] does for one provider, each behind the provider's name.
// A test of a client that is meant to be correct asserts that there are none.
func (s *Simulator) Violations() []string {
	var list []string
	for _, p := range s.servers() {
		for _, v := range p.Violations() {
			list = append(list, string(p.provider)+": "+v)
		}
	}
	return list
}

// Strays returns method and path of the requests that followed a redirect to
// another host. There should be none.
func (s *Simulator) Strays() []string {
	s.redirects.mu.Lock()
	defer s.redirects.mu.Unlock()
	return slices.Clone(s.redirects.strays)
}

// settle brings all eSIMs up to the present.
func (s *Simulator) settle() {
	for _, p := range s.servers() {
		p.api.settle(p.now())
	}
}

// newServer makes what the providers have in common. It listens after start.
func newServer(p esim.Provider, basePath string, o *options, c *clock, stock *catalogue) *Server {
	r := o.rulesOf(p)
	return &Server{
		rules:     r,
		provider:  p,
		basePath:  basePath,
		clock:     c,
		options:   o,
		ledger:    r.ledger(money.Of(o.balance, stock.currency), c.now),
		catalogue: stock,
		plan:      esimtest.NewFaultPlan(p, o.seed),
		outbox:    newOutbox(c, o.webhookURL, o.webhookHTTP, r),
		bomb:      sync.OnceValue(gzipBlank),
		requests:  map[string]int{},
	}
}

// UseData has the traveller use so many bytes of the eSIM at once, installing
// it first if need be. It panics when there is no such eSIM. eSIM Story shows
// nothing of it.
func (p *Server) UseData(iccid string, bytes int64) {
	if !p.api.use(iccid, bytes) {
		panic("simulator: no eSIM " + iccid)
	}
}
