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

// Simulator is the three resellers with one clock, on loopback sockets unless
// [WithoutListeners] says otherwise.
type Simulator struct {
	ESIMFly   *ESIMFly
	ESIMStory *ESIMStory
	ESIMFX    *ESIMFX

	clock *clock
	decoy *decoy
	once  sync.Once
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
	s.decoy = &decoy{clock: s.clock}
	s.ESIMFly = newESIMFly(o, s.clock)
	s.ESIMStory = newESIMStory(o, s.clock)
	s.ESIMFX = newESIMFX(o, s.clock)
	if o.unheard {
		s.decoy.unheard = unheardDecoy
	}
	for i, p := range s.servers() {
		addr, err := nthAddress(o.address(), i)
		if err == nil {
			err = p.start(addr, s.decoy)
		}
		if err != nil {
			s.Close()
			return nil, fmt.Errorf("simulator: listening for %s: %w", p.provider, err)
		}
	}
	s.clock.start()
	return s, nil
}

// Where nothing is known to listen, so that a request that is sent there
// through a socket by mistake is refused.
const (
	unheardFirst = "1" // port of eSIMfly
	unheardDecoy = "127.0.0.1:4"
)

// address is where eSIMfly listens, or seems to.
func (o *options) address() string {
	host, port, err := net.SplitHostPort(o.listen)
	if err != nil || port != "0" || !o.unheard {
		return o.listen
	}
	return net.JoinHostPort(host, unheardFirst)
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
// travellers install and use their eSIMs, tokens expire, and the webhooks due
// on the way are sent, at their own time and before Advance returns, from the
// goroutine that calls it. A webhook receiver must not call it.
func (s *Simulator) Advance(d time.Duration) { s.clock.advance(d) }

// Close ends all connections and webhooks and waits for them. It may be called
// more than once.
func (s *Simulator) Close() {
	s.once.Do(func() {
		for _, p := range s.servers() {
			p.outbox.close()
			if p.door != nil {
				p.door.close()
			}
		}
		s.decoy.close()
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
	s.decoy.mu.Lock()
	defer s.decoy.mu.Unlock()
	return slices.Clone(s.decoy.strays)
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

func (p *Server) start(addr string, d *decoy) error {
	p.decoy = d
	door, err := newDoor(addr, p.serve, p.clock, p.options.unheard)
	if err != nil {
		return err
	}
	p.door = door
	return nil
}

// UseData has the traveller use so many bytes of the eSIM at once, installing
// it first if need be. It panics when there is no such eSIM. eSIM Story shows
// nothing of it.
func (p *Server) UseData(iccid string, bytes int64) {
	if !p.api.use(iccid, bytes) {
		panic("simulator: no eSIM " + iccid)
	}
}
