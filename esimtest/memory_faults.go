package esimtest

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/esimkit/esim"
)

// Inject lets the next matching calls suffer the fault, of which Op names the
// method. Every kind of the simulator is understood by what it means to a
// caller: [FaultRefuse] is NotSent until [Memory.Heal] or for Delay,
// [Fault429] is Rejected with RetryAfter, the hanging ones last until the
// context or the timeout ends, and all others are a lost answer of outcome
// Unknown, with the effect done or not as [FaultKind.Commits] says. A refusal
// for a reason is injected by [Memory.Refuse].
func (m *Memory) Inject(f Fault) {
	if f.Kind != FaultRefuse {
		f.Op = planOp(f.Op)
		m.plan.inject(f)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut, m.opensAt = true, time.Time{}
	if f.Delay > 0 {
		m.opensAt = m.Now().Add(f.Delay)
	}
}

// Refuse lets the provider refuse the next call of the method for this kind of
// reason, one of [esim.Kinds], with nothing charged.
func (m *Memory) Refuse(op string, kind error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.refusals[op] = append(m.refusals[op], kind)
}

// Schedule lets calls suffer at random from now on, the same in every run.
func (m *Memory) Schedule(s Schedule) {
	s.Op = planOp(s.Op)
	m.plan.schedule(s)
}

// Heal ends all faults and refusals.
func (m *Memory) Heal() {
	m.plan.clear()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.shut = false
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
func (m *Memory) send(ctx context.Context, op string, kind effect, act func() *esim.Error) *esim.Error {
	ctx, cancel := context.WithTimeout(ctx, m.timeout)
	defer cancel()
	if m.refusesConnections() {
		return m.fail(op, esim.ErrUnavailable, esim.OutcomeNotSent, "connection refused")
	}
	m.mu.Lock()
	m.requests[op]++
	m.mu.Unlock()
	f := m.plan.next(planOp(op))
	if f == nil {
		f = &Fault{}
	}
	m.pause(ctx, m.latency)
	if f.Kind == FaultDelay {
		m.pause(ctx, f.Delay)
	}
	if err := m.before(ctx, op, kind, f); err != nil {
		return err
	}
	if kind := m.takeRefusal(op); kind != nil {
		return m.fail(op, kind, esim.OutcomeRejected, "refused on request of the test")
	}
	if err := act(); err != nil {
		return err
	}
	return m.after(ctx, op, kind, f)
}

// before is what happens to a call before the provider acts on it.
func (m *Memory) before(ctx context.Context, op string, kind effect, f *Fault) *esim.Error {
	switch {
	case f.Kind == 0 || f.Kind.Commits():
		return nil
	case f.Kind == FaultRefuse:
		return m.fail(op, esim.ErrUnavailable, esim.OutcomeNotSent, "connection refused")
	case f.Kind == Fault429:
		err := m.fail(op, esim.ErrRateLimited, esim.OutcomeRejected, "too many requests")
		err.RetryAfter = f.RetryAfter
		return err
	case f.Kind == FaultHang:
		m.hang(ctx)
	}
	return m.lost(ctx, op, kind, f)
}

// after is what happens to the answer.
func (m *Memory) after(ctx context.Context, op string, kind effect, f *Fault) *esim.Error {
	if f.Kind == FaultHangAfterCommit {
		m.hang(ctx)
	}
	if (f.Kind == 0 || f.Kind == FaultDelay) && ctx.Err() == nil {
		return nil
	}
	return m.lost(ctx, op, kind, f)
}

func (m *Memory) lost(ctx context.Context, op string, kind effect, f *Fault) *esim.Error {
	why := f.Kind.String()
	if f.Kind == 0 {
		why = "too late"
	}
	err := m.fail(op, esim.ErrUnavailable, kind.lost(), "no answer ("+why+")")
	err.Code, err.HTTPStatus = f.Code, f.Status
	err.Err = ctx.Err()
	if slices.Contains(garbled, f.Kind) {
		err.Kind = esim.ErrMalformedResponse
	}
	return err
}

// garbled are the faults with an answer that cannot be read.
var garbled = []FaultKind{
	FaultHalfBody, FaultTruncatedJSON, FaultRedirectBefore, FaultRedirectAfter, FaultEmpty200, FaultHTML200,
	FaultNull, FaultEmptyObject, FaultDuplicateKeys, FaultWrongCase, FaultTrailingData, FaultWrongContentType,
	FaultGzipBomb, FaultHugeBody, FaultDeepJSON, FaultHeaderFlood, FaultTruncatedPage, FaultEmptyPage,
}

func (m *Memory) refusesConnections() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.shut && !m.opensAt.IsZero() && !m.Now().Before(m.opensAt) {
		m.shut = false
	}
	return m.shut
}

func (m *Memory) takeRefusal(op string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := m.refusals[op]
	if len(list) == 0 {
		return nil
	}
	m.refusals[op] = list[1:]
	return list[0]
}

// hang waits for an answer that does not come.
func (m *Memory) hang(ctx context.Context) {
	if m.sleep != nil {
		m.sleep(m.timeout)
		return
	}
	<-ctx.Done()
}

// pause lets the time pass that an answer takes.
func (m *Memory) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	if m.sleep != nil {
		m.sleep(d)
		return
	}
	wait(ctx, d)
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

func (m *Memory) fail(op string, kind error, outcome esim.Outcome, message string) *esim.Error {
	return &esim.Error{Provider: m.provider, Op: op, Kind: kind, Outcome: outcome, Message: message}
}

func (m *Memory) unsupported(op, why string) *esim.Error {
	return m.fail(op, errors.ErrUnsupported, esim.OutcomeNotSent, why)
}
