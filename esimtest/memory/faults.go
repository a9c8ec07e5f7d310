package memory

import (
	"context"
	"slices"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// Inject lets the next matching calls suffer the fault, of which Op names the
// method. Every kind of the simulator is understood by what it means to a
// caller: [esimtest.FaultRefuse] is NotSent until [Client.Heal] or for Delay.
// [esimtest.Fault429] is Rejected with RetryAfter. The hanging ones last until
// the context or the timeout ends. All others are a lost answer of outcome
// Unknown, with the effect done or not as [esimtest.FaultKind.Commits] says. A
// refusal for a reason is injected by [Client.Refuse].
func (m *Client) Inject(f esimtest.Fault) {
	if f.Kind != esimtest.FaultRefuse {
		f.Op = planOp(f.Op)
		m.plan.Inject(f)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusing, m.refusesUntil = true, time.Time{}
	if f.Delay > 0 {
		m.refusesUntil = m.Now().Add(f.Delay)
	}
}

// Refuse lets the provider refuse the next call of the method for this kind of
// reason, one of [esim.Kinds], with nothing charged.
func (m *Client) Refuse(op string, kind esim.Kind) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusals[op] = append(m.refusals[op], kind)
}

// Schedule lets calls suffer at random from now on, the same in every run.
func (m *Client) Schedule(s esimtest.Schedule) {
	s.Op = planOp(s.Op)
	m.plan.Schedule(s)
}

// Heal ends all faults and refusals.
func (m *Client) Heal() {
	m.plan.Clear()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusing = false
	clear(m.refusals)
}

// planOp gives the methods that list something the name under which the fault
// table knows lists.
func planOp(method string) string {
	switch method {
	case "ListPackages":
		return "packages"
	case "ListTopUps":
		return "topup_packages"
	}
	return method
}

// effect says what a lost answer leaves open.
type effect bool

const (
	reading effect = false
	buying  effect = true
)

// lost is the outcome when there is no answer.
func (e effect) lost() esim.Outcome {
	if e == reading {
		return esim.OutcomeRejected // a read that failed has changed nothing
	}
	return esim.OutcomeUnknown
}

// send carries out one call that has passed its checks: it meets its fault,
// acts, and brings the answer back or not. The function acts and must not
// block; its error is a refusal.
func (m *Client) send(ctx context.Context, op string, kind effect, act func() *esim.Error) *esim.Error {
	if m.refusesConnections() {
		return m.fail(op, esim.ErrUnavailable, esim.OutcomeNotSent, "connection refused")
	}
	m.mu.Lock()
	m.requests[op]++
	m.mu.Unlock()
	f := m.plan.Next(planOp(op))
	if f == nil {
		f = &esimtest.Fault{}
	}
	m.pause(ctx, min(m.answersAfter(f), m.timeout))
	if err := m.before(ctx, op, kind, f); err != nil {
		return err
	}
	if kind := m.takeRefusal(op); kind != "" {
		return m.fail(op, kind, esim.OutcomeRejected, "refused on request of the test")
	}
	if err := act(); err != nil {
		return err
	}
	return m.after(ctx, op, kind, f)
}

// before is what happens to a call before the provider acts on it.
func (m *Client) before(ctx context.Context, op string, kind effect, f *esimtest.Fault) *esim.Error {
	switch {
	case f.Kind == 0 || f.Kind.Commits():
		return nil
	case f.Kind == esimtest.FaultRefuse:
		return m.fail(op, esim.ErrUnavailable, esim.OutcomeNotSent, "connection refused")
	case f.Kind == esimtest.Fault429:
		err := m.fail(op, esim.ErrRateLimited, esim.OutcomeRejected, "too many requests")
		err.RetryAfter = f.RetryAfter
		return err
	case hangs(f):
		m.pause(ctx, m.timeout)
	}
	return m.lost(ctx, op, kind, f)
}

// after is what happens to the answer.
func (m *Client) after(ctx context.Context, op string, kind effect, f *esimtest.Fault) *esim.Error {
	if hangs(f) {
		m.pause(ctx, m.timeout)
	}
	if (f.Kind == 0 || f.Kind == esimtest.FaultDelay) && ctx.Err() == nil && m.answersAfter(f) <= m.timeout {
		return nil
	}
	return m.lost(ctx, op, kind, f)
}

func (m *Client) lost(ctx context.Context, op string, kind effect, f *esimtest.Fault) *esim.Error {
	why := f.Kind.String()
	if f.Kind == 0 {
		why = "too late"
	}
	err := m.fail(op, esim.ErrUnavailable, kind.lost(), "no answer ("+why+")")
	err.Code, err.HTTPStatus = f.Code, f.Status
	err.Err = ctx.Err()
	if err.Err == nil && (m.answersAfter(f) > m.timeout || hangs(f)) {
		err.Err = context.DeadlineExceeded
	}
	if slices.Contains(garbled, f.Kind) {
		err.Kind = esim.ErrMalformedResponse
	}
	return err
}

// garbled are the faults with an answer that cannot be read.
var garbled = []esimtest.FaultKind{
	esimtest.FaultHalfBody, esimtest.FaultTruncatedJSON, esimtest.FaultRedirectBefore, esimtest.FaultRedirectAfter, esimtest.FaultEmpty200, esimtest.FaultHTML200,
	esimtest.FaultNull, esimtest.FaultEmptyObject, esimtest.FaultDuplicateKeys, esimtest.FaultWrongCase, esimtest.FaultTrailingData, esimtest.FaultWrongContentType,
	esimtest.FaultGzipBomb, esimtest.FaultHugeBody, esimtest.FaultDeepJSON, esimtest.FaultHeaderFlood, esimtest.FaultTruncatedPage, esimtest.FaultEmptyPage,
}

func (m *Client) refusesConnections() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.refusing && !m.refusesUntil.IsZero() && !m.Now().Before(m.refusesUntil) {
		m.refusing = false
	}
	return m.refusing
}

func (m *Client) takeRefusal(op string) esim.Kind {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.refusals[op]
	if len(list) == 0 {
		return ""
	}
	m.refusals[op] = list[1:]
	return list[0]
}

// answersAfter is the time that the answer takes. Whether that is within the
// timeout is decided by this number, not by a timer: how busy the machine is
// must not decide what a test sees.
func (m *Client) answersAfter(f *esimtest.Fault) time.Duration {
	if f.Kind == esimtest.FaultDelay {
		return m.latency + f.Delay
	}
	return m.latency
}

// hangs reports whether no answer comes.
func hangs(f *esimtest.Fault) bool {
	return f.Kind == esimtest.FaultHang || f.Kind == esimtest.FaultHangAfterCommit
}

// pause lets the time pass that an answer takes.
func (m *Client) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	if m.sleep != nil {
		m.sleep(d)
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (m *Client) fail(op string, kind esim.Kind, outcome esim.Outcome, message string) *esim.Error {
	return &esim.Error{Provider: m.provider, Op: op, Kind: kind, Outcome: outcome, Message: message}
}

func (m *Client) unsupported(op, why string) *esim.Error {
	return m.fail(op, esim.ErrUnsupported, esim.OutcomeNotSent, why)
}
