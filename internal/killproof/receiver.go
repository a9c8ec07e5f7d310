package killproof

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/webhook"
)

var signingSecret = esim.NewSecret("whsec_made_up_for_the_receiver")

// Open opens the inbox of the program that is killed, as it is started for the
// time run. What an earlier run has left leased or put off must be due for it:
// its clock, for instance, may be [Ahead] of the wall clock.
type Open func(run int) (webhook.Inbox, error)

// Ahead is by how much a clock must be ahead in a run so that the leases of the
// run before are over, and the longest pauses of [webhook.Handler.Run].
func Ahead(run int) time.Duration { return time.Duration(run) * 11 * time.Minute }

// orders are what a receiver is started with.
type orders struct {
	effects string // the file that effects are appended to
	run     int
	step    Step
	times   int  // by which coming-by it stops there
	well    bool // nothing fails, and nothing is done but while a sender waits
}

// args are the orders as arguments of the program.
func (o orders) args() []string {
	return []string{o.effects, strconv.Itoa(o.run), string(o.step), strconv.Itoa(o.times), strconv.FormatBool(o.well)}
}

func ordersOf(args []string) (o orders, err error) {
	if len(args) != 5 {
		return o, errors.New("killproof: other arguments")
	}
	run, err1 := strconv.Atoi(args[1])
	times, err2 := strconv.Atoi(args[3])
	well, err3 := strconv.ParseBool(args[4])
	return orders{args[0], run, Step(args[2]), times, well}, errors.Join(err1, err2, err3)
}

// Receive is the program: it receives webhooks until it is killed. The
// arguments are those that [Run] has given to its Plan.
func Receive(ctx context.Context, args []string, open Open) int {
	o, err := ordersOf(args)
	if err == nil {
		err = receive(ctx, o, open)
	}
	say(failed, err.Error())
	return 1
}

func receive(ctx context.Context, o orders, open Open) error {
	inbox, err := open(o.run)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(o.effects, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	r := &receiver{well: o.well, file: file, seen: make(map[string]bool)}
	r.stop = o.step
	r.times.Store(int64(o.times))
	h, err := webhook.New(stagedInbox{inbox, &r.stage}, r.effect, stagedSource{esimfly.Webhooks(signingSecret), &r.stage})
	if err != nil {
		return err
	}
	if !o.well {
		go func() { say(failed, h.Run(ctx).Error()) }()
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	say(listening, l.Addr().String())
	server := &http.Server{Handler: r.staged(h), ReadTimeout: time.Minute}
	return server.Serve(l)
}

// receiver is the host of the handler.
type receiver struct {
	stage

	well bool
	file *os.File
	mu   sync.Mutex
	seen map[string]bool // orders that this process has heard of
}

var errDown = errors.New("killproof: down for the moment")

// effect appends a line to the file. Of every fourth order it fails the first
// time, so that messages are acknowledged that have not had their effect.
func (r *receiver) effect(_ context.Context, e esim.Event) error {
	r.at(BeforeEffect)
	if !r.well && r.fails(e.OrderID) {
		return errDown
	}
	if _, err := r.file.WriteString(e.OrderID + " " + e.Key + "\n"); err != nil { // in one piece
		return err
	}
	r.at(AfterEffect)
	return nil
}

func (r *receiver) fails(order string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	known := r.seen[order]
	r.seen[order] = true
	return !known && numberOf(order)%4 == 0
}

// staged serves h with a body and an answer that come by the stage.
func (r *receiver) staged(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.Body = stagedBody{req.Body, &r.stage}
		h.ServeHTTP(stagedAnswer{w, &r.stage}, req)
	})
}

type stagedBody struct {
	io.ReadCloser
	stage *stage
}

// Read implements [io.Reader].
func (b stagedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if errors.Is(err, io.EOF) {
		b.stage.at(BodyRead)
	}
	return n, err
}

type stagedAnswer struct {
	http.ResponseWriter
	stage *stage
}

// WriteHeader sends the whole answer.
func (a stagedAnswer) WriteHeader(status int) {
	a.stage.at(BeforeAnswer)
	a.Header().Set("Content-Length", "0")
	a.ResponseWriter.WriteHeader(status)
	_ = http.NewResponseController(a.ResponseWriter).Flush() // the sender may have gone
	a.stage.at(Answered)
}

type stagedSource struct {
	webhook.Source
	stage *stage
}

// Verify implements [webhook.Source].
func (s stagedSource) Verify(header http.Header, path string, body []byte, now time.Time) error {
	err := s.Source.Verify(header, path, body, now)
	s.stage.at(Verified)
	return err
}

type stagedInbox struct {
	webhook.Inbox
	stage *stage
}

// Add implements [webhook.Inbox].
func (b stagedInbox) Add(ctx context.Context, m webhook.Message) (bool, error) {
	b.stage.at(BeforeAdd)
	added, err := b.Inbox.Add(ctx, m)
	b.stage.at(Added)
	return added, err
}

// Next implements [webhook.Inbox].
func (b stagedInbox) Next(ctx context.Context, n int, lease time.Duration) ([]webhook.Message, error) {
	given, err := b.Inbox.Next(ctx, n, lease)
	if len(given) > 0 {
		b.stage.at(GivenOut)
	}
	return given, err
}

// Done implements [webhook.Inbox].
func (b stagedInbox) Done(ctx context.Context, id int64) error {
	b.stage.at(BeforeDone)
	err := b.Inbox.Done(ctx, id)
	b.stage.at(Done)
	return err
}

// Retry implements [webhook.Inbox].
func (b stagedInbox) Retry(ctx context.Context, id int64, after time.Duration) error {
	b.stage.at(BeforeRetry)
	return b.Inbox.Retry(ctx, id, after)
}
