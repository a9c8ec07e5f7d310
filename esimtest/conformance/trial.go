package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/internal/random"
)

// How long a client waits for an answer in a check of faults: for one that
// comes, and for one that does not.
const (
	patience   = 10 * time.Second
	impatience = 500 * time.Millisecond
	callLimit  = 30 * time.Second // of a whole call with its repeats
)

// patienceFor a fault.
func patienceFor(kind esimtest.FaultKind) time.Duration {
	if kind == esimtest.FaultHang || kind == esimtest.FaultHangAfterCommit || kind == esimtest.FaultSlowBody {
		return impatience
	}
	return patience
}

// trial is one check under way: its client's logs and errors, and what the
// ledger and the counters said when it began.
type trial struct {
	testing.TB
	h    *esimtest.Harness
	logs *output

	charges, sends, requests int // at the last mark
}

func newTrial(t testing.TB, h *esimtest.Harness) *trial {
	tr := &trial{TB: t, h: h, logs: &output{}}
	t.Cleanup(func() {
		if h.Heal != nil {
			h.Heal()
		}
		tr.searchSecrets()
	})
	tr.mark()
	return tr
}

// client returns a new client that logs into the trial and whose every result
// is looked at.
func (t *trial) client(s esim.Settings) *watched {
	t.Helper()
	s.Logger = slog.New(slog.NewJSONHandler(t.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return &watched{Client: t.h.New(t, s), t: t}
}

// patient returns a client with default settings.
func (t *trial) patient() *watched {
	t.Helper()
	return t.client(esim.Settings{})
}

func (t *trial) ctx() context.Context { return t.Context() }

// mark takes note of the present state of ledger and counters.
func (t *trial) mark() {
	t.charges, t.sends, t.requests = len(t.h.Ledger.Charges()), t.h.PurchaseSends(), t.h.Requests()
}

// booked returns the movements of money since the mark.
func (t *trial) booked() []esimtest.Charge { return t.h.Ledger.Charges()[t.charges:] }

// bought returns how many units were charged since the mark.
func (t *trial) bought() int {
	n := 0
	for _, c := range t.booked() {
		if c.Kind != esimtest.ChargeRefund {
			n += c.Quantity
		}
	}
	return n
}

func (t *trial) sentPurchases() int { return t.h.PurchaseSends() - t.sends }

func (t *trial) sentRequests() int { return t.h.Requests() - t.requests }

// wantBought checks how many units were charged since the mark.
func (t *trial) wantBought(want int) {
	t.Helper()
	if n := t.bought(); n != want {
		t.Errorf("%d units were charged, want %d", n, want)
	}
}

// wantNoRequest checks that nothing was sent since the mark.
func (t *trial) wantNoRequest() {
	t.Helper()
	if n := t.sentRequests(); n != 0 {
		t.Errorf("%d requests were sent, want none", n)
	}
}

// refused checks an error that must come without any charge.
func (t *trial) refused(err error, kinds ...error) {
	t.Helper()
	if err == nil {
		t.Errorf("no error, want %v", kinds)
		return
	}
	if esim.MaybeCharged(err) {
		t.Errorf("MaybeCharged is true for %v", err)
	}
	if !matchesAny(err, kinds) {
		t.Errorf("error is %v, want one of %v", err, kinds)
	}
}

// unsent checks an error that must come before anything is sent.
func (t *trial) unsent(err error, kinds ...error) {
	t.Helper()
	t.refused(err, kinds...)
	if o := outcome(err); err != nil && o != esim.OutcomeNotSent {
		t.Errorf("outcome is %v, want not sent: %v", o, err)
	}
	t.wantNoRequest()
}

func matchesAny(err error, kinds []error) bool {
	for _, k := range kinds {
		if errors.Is(err, k) {
			return true
		}
	}
	return len(kinds) == 0
}

// outcome is Accepted for no error and Unknown for one that is no
// [esim.Error].
func outcome(err error) esim.Outcome {
	if err == nil {
		return esim.OutcomeAccepted
	}
	if e, ok := errors.AsType[*esim.Error](err); ok {
		return e.Outcome
	}
	return esim.OutcomeUnknown
}

// reference returns a new one.
func (t *trial) reference() string {
	return fmt.Sprintf("ct-%016x", random.Draw(time.Now().UnixNano(), random.Hash(t.Name())))
}

// needs skips the check, by name, when the harness lacks something optional.
func (t *trial) needs(present bool, what string) {
	t.Helper()
	if !present {
		t.Skipf("not checked: Harness.%s is not set", what)
	}
}

// inject skips the check when this world cannot produce the fault.
func (t *trial) inject(f esimtest.Fault) {
	t.Helper()
	if !t.h.Inject(f) {
		t.Skipf("not checked: this world cannot produce %s on %s", f.Kind, f.Op)
	}
}

// eventually waits for what the provider may do a moment later.
func (t *trial) eventually(what string, done func() bool) {
	t.Helper()
	for range 500 {
		if done() {
			return
		}
		wait(t.ctx(), 10*time.Millisecond)
	}
	t.Errorf("did not happen: %s", what)
}

// searchSecrets looks for the secrets of the world in everything the client
// has printed.
func (t *trial) searchSecrets() {
	t.Helper()
	const short = 8 // what is shorter turns up by chance
	text := t.logs.String()
	for _, s := range t.h.Secrets() {
		if at := strings.Index(text, s); len(s) >= short && at >= 0 {
			t.Errorf("a secret is in a log or an error: %s", maskedAround(text, at, len(s)))
			return
		}
	}
}

// maskedAround shows where a secret is without showing it.
func maskedAround(text string, at, n int) string {
	const context = 120
	return "…" + text[max(0, at-context):at] + "[SECRET]" + text[at+n:min(len(text), at+n+context)] + "…"
}

// output collects what a client prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements [io.Writer].
func (j *output) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *output) add(line string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.WriteString(line)
	j.text.WriteByte('\n')
}

func (j *output) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// referenceOf is the reference that an error of a purchase names.
func referenceOf(err error) string {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		return e.Reference
	}
	return ""
}

// wait lets real time pass, unless the context ends before.
func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
