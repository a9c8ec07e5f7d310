package simulator

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Delivery is one attempt to send a webhook.
type Delivery struct {
	ID      string // the same in all attempts
	Event   string // the provider's name of the event
	URL     string
	Attempt int // 1 for the first
	Time    time.Time
	Status  int    // HTTP status of the receiver's answer; 0 = none
	Error   string // why there was no answer

	reference string
}

// Delivered reports whether the receiver has taken it.
func (d Delivery) Delivered() bool { return d.Status >= 200 && d.Status <= 299 }

// parcel is a webhook on its way.
type parcel struct {
	id, event, url string
	body           []byte
	header         func(body []byte) http.Header
	retries        []time.Duration // pauses before the second attempt and those after it
	reference      string
}

// outbox sends the webhooks of one provider, one at a time on the clock's
// time.
type outbox struct {
	clock  *clock
	rules  rules
	client *http.Client
	ctx    context.Context //nolint:containedctx // ends with the simulator, not with a call
	cancel context.CancelFunc

	mu         sync.Mutex
	url        string // where to, unless an order says otherwise
	deliveries []Delivery
}

func newOutbox(c *clock, url string, lent *http.Client, r rules) *outbox {
	client := &http.Client{Transport: &http.Transport{}}
	if lent != nil {
		client.Transport = lent.Transport
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	ctx, cancel := context.WithCancel(context.Background())
	return &outbox{clock: c, rules: r, client: client, ctx: ctx, cancel: cancel, url: url}
}

// SetWebhook sets where webhooks go from now on; "" sends none.
func (p *Server) SetWebhook(url string) {
	p.outbox.mu.Lock()
	defer p.outbox.mu.Unlock()
	p.outbox.url = url
}

// Deliveries returns every attempt to send a webhook so far.
func (p *Server) Deliveries() []Delivery {
	p.outbox.mu.Lock()
	defer p.outbox.mu.Unlock()
	return slices.Clone(p.outbox.deliveries)
}

func (o *outbox) target() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.url
}

// post sends the parcel after a delay of simulated time, as late and as often
// as the provider's world has it.
func (o *outbox) post(delay time.Duration, p parcel) {
	h := o.rules.webhooks
	if h.lost {
		return
	}
	p.body = o.rules.rewriteTexts(p.body)
	for i := range h.copies + 1 {
		o.clock.after(delay+h.delay+time.Duration(i)*time.Minute, func() { o.deliver(p, 1) })
	}
}

// hurry sends the parcel at once, before it returns.
func (o *outbox) hurry(p parcel) {
	p.body = o.rules.rewriteTexts(p.body)
	o.deliver(p, 1)
}

func (o *outbox) deliver(p parcel, attempt int) {
	d := o.send(p)
	d.Attempt = attempt
	o.mu.Lock()
	o.deliveries = append(o.deliveries, d)
	o.mu.Unlock()
	if d.Delivered() || attempt > len(p.retries) {
		return
	}
	o.clock.after(p.retries[attempt-1], func() { o.deliver(p, attempt+1) })
}

// receiverTimeout is how long a receiver may take. It is real time, and a
// matter of the context, for which no goroutine is needed.
const receiverTimeout = 10 * time.Second

func (o *outbox) send(p parcel) Delivery {
	d := Delivery{ID: p.id, Event: p.event, URL: p.url, Time: o.clock.now(), reference: p.reference}
	ctx, cancel := context.WithTimeout(o.ctx, receiverTimeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(p.body))
	if err != nil {
		d.Error = "address not usable"
		return d
	}
	r.Header = p.header(p.body)
	answer, err := o.client.Do(r)
	if err != nil {
		d.Error = "no answer"
		return d
	}
	_ = answer.Body.Close() // only the status counts
	d.Status = answer.StatusCode
	return d
}

func (o *outbox) close() {
	o.cancel()
	o.client.CloseIdleConnections()
}
