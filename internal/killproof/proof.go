package killproof

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Plan is what to kill, and how often.
type Plan struct {
	Kills int
	// Program starts the program that calls [Receive] with these arguments.
	Program func(args []string) *exec.Cmd
	// Before is called before each run, nil = nothing to do.
	Before func()
	// Chance returns a number below n.
	Chance func(n int) int
}

// Report is what became of the webhooks.
type Report struct {
	At           map[Step]int // kills at each step
	Anywhere     int          // kills at any moment
	Sent         int          // different webhooks
	Acknowledged int          // of these, by receivers that were killed later
	Lost         []string     // orders whose webhook was acknowledged, then or in the end, and has had no effect
	Effects      int          // different effects
	Repeats      int          // effects of which a kill has hidden that they had been had
	Strange      []string     // effects that nobody has sent, or under two keys
}

// senders is how many webhooks are on their way at once.
const senders = 3

// MostRepeats is how many effects so many kills can cause a second time: those
// that each of the senders waited for, and those that were being repeated.
func MostRepeats(kills int) int { return kills * (senders + 4) }

// Run carries out the plan. A sender repeats what nobody has acknowledged, and
// nothing else. In the end a receiver that nobody kills is told of something
// new, and so works on all that is due.
func Run(t testing.TB, p Plan) Report {
	t.Helper()
	r := &run{TB: t, Plan: p, effects: filepath.Join(t.TempDir(), "effects"), desk: newDesk()}
	report := Report{At: make(map[Step]int)}
	steps := Steps()
	for n := range p.Kills {
		if n%2 == 1 {
			r.killAnywhere(n)
			report.Anywhere++
			continue
		}
		step := steps[n/2%len(steps)]
		r.killAt(n, step)
		report.At[step]++
	}
	report.Acknowledged = r.desk.acknowledged()
	r.finish(p.Kills)
	report.Sent = r.desk.sent()
	r.judge(&report)
	return report
}

type run struct {
	testing.TB
	Plan

	effects string
	desk    *desk
}

// started is a receiver that runs.
type started struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
	early []string // lines that came before they were waited for
}

func (r *run) start(o orders) *started {
	r.Helper()
	if r.Before != nil {
		r.Before()
	}
	cmd := r.Program(o.args())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		r.Fatalf("the receiver does not start: %v", err)
	}
	return &started{cmd: cmd, lines: bufio.NewScanner(out)}
}

// hear waits for a line with this beginning and returns the rest of it. The
// receiver works on what an earlier run has left while it begins to listen, so
// it may come to its step before it says where it listens.
func (r *run) hear(s *started, begin string) string {
	r.Helper()
	patience := time.AfterFunc(time.Minute, func() { _ = s.cmd.Process.Kill() }) // then its lines end
	defer patience.Stop()
	for i, line := range s.early {
		if rest, ok := strings.CutPrefix(line, begin); ok {
			s.early = slices.Delete(s.early, i, i+1)
			return rest
		}
	}
	for s.lines.Scan() {
		line := s.lines.Text()
		if rest, ok := strings.CutPrefix(line, begin); ok {
			return rest
		}
		if strings.HasPrefix(line, failed) {
			r.Errorf("the receiver says %q", line)
		}
		s.early = append(s.early, line)
	}
	r.Fatalf("the receiver has ended without saying %q", begin)
	return ""
}

// end kills the receiver and waits until it is gone, and the senders know.
func (r *run) end(s *started, stop context.CancelFunc, sending *sync.WaitGroup) {
	r.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		r.Errorf("cannot be killed: %v", err)
	}
	for s.lines.Scan() {
		if strings.HasPrefix(s.lines.Text(), failed) {
			r.Errorf("the receiver says %q", s.lines.Text())
		}
	}
	if err := s.cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		r.Errorf("the receiver has ended in another way: %v", err)
	}
	sending.Wait()
	stop()
}

// killAt lets the receiver come to a step.
func (r *run) killAt(n int, step Step) {
	r.Helper()
	s := r.start(orders{effects: r.effects, run: n, step: step, times: 1 + r.Chance(10)})
	stop, sending := r.send(r.hear(s, listening))
	if at := r.hear(s, atStep); at != string(step) {
		r.Errorf("the receiver has stopped at %q, want %q", at, step)
	}
	r.end(s, stop, sending)
}

// killAnywhere gives it some milliseconds, now and then not even those that it
// needs to open its inbox.
func (r *run) killAnywhere(n int) {
	r.Helper()
	s := r.start(orders{effects: r.effects, run: n})
	early := r.Chance(8) == 0
	stop, sending := context.CancelFunc(func() {}), &sync.WaitGroup{}
	if !early {
		stop, sending = r.send(r.hear(s, listening))
	}
	timer := time.NewTimer(time.Duration(r.Chance(25_000)) * time.Microsecond)
	<-timer.C
	r.end(s, stop, sending)
}

// send has the senders send until nobody answers.
func (r *run) send(address string) (stop context.CancelFunc, sending *sync.WaitGroup) {
	ctx, stop := context.WithCancel(r.Context())
	sending = &sync.WaitGroup{}
	client := newClient()
	var each sync.WaitGroup
	for range senders {
		each.Go(func() {
			for r.desk.post(ctx, client, address, r.desk.next()) {
			}
		})
	}
	sending.Go(func() {
		each.Wait()
		client.CloseIdleConnections()
	})
	return stop, sending
}

// finish lets the receiver do in peace what there is to do.
func (r *run) finish(n int) {
	r.Helper()
	s := r.start(orders{effects: r.effects, run: n, well: true})
	address := r.hear(s, listening)
	ctx, stop := context.WithTimeout(r.Context(), time.Minute)
	client := newClient()
	for {
		w := r.desk.next()
		if !r.desk.post(ctx, client, address, w) {
			r.Errorf("a receiver that nobody kills does not take a webhook")
			break
		}
		if w.fresh { // it came last, after all that had to be repeated
			break
		}
	}
	client.CloseIdleConnections()
	r.end(s, stop, &sync.WaitGroup{})
}

// judge compares what was sent with what has had its effect.
func (r *run) judge(report *Report) {
	r.Helper()
	text, err := os.ReadFile(r.effects)
	if err != nil {
		r.Fatalf("no effects: %v", err)
	}
	keys, orderOf := make(map[string]string), make(map[string]string)
	for line := range strings.Lines(string(text)) {
		order, key, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		known, repeated := keys[order]
		switch {
		case key == "" || !r.desk.knows(order) || repeated && known != key:
			report.Strange = append(report.Strange, line)
		case repeated:
			report.Repeats++
		case orderOf[key] != "":
			report.Strange = append(report.Strange, fmt.Sprint(line, " has the key of ", orderOf[key]))
		}
		keys[order], orderOf[key] = key, order
	}
	report.Effects = len(keys)
	for _, order := range r.desk.orders() {
		if keys[order] == "" {
			report.Lost = append(report.Lost, order)
		}
	}
}
