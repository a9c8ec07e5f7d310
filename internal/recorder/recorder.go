// Package recorder runs a check as a test does and takes down what it reports,
// so that a suite of checks can be shown to find what is wrong.
package recorder

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/esimkit/esim/internal/suite"
)

// Run runs a check under a name. It returns what the check has reported, each
// text behind the name, and whether the check has skipped itself. Cleanups of
// the check have run by then.
func Run(t testing.TB, name string, check func(testing.TB)) (findings []string, skipped bool) {
	t.Helper()
	r := &recorder{TB: t, name: name}
	apart(func() { check(r) })
	for _, f := range slices.Backward(r.cleanups) {
		apart(f)
	}
	return r.findings, r.skipped
}

// Findings runs the checks of one group as [suite.Run] does. It returns what
// they report and how many were skipped.
func Findings[T any](t testing.TB, groups []suite.Group[T], name string, begin func(t testing.TB) T) (found []string, skipped int) {
	t.Helper()
	i := slices.IndexFunc(groups, func(g suite.Group[T]) bool { return g.Name == name })
	if i < 0 {
		t.Fatalf("there is no group %s", name)
	}
	for _, c := range groups[i].Checks {
		reported, skip := Run(t, name+"/"+c.Name, func(tb testing.TB) { c.Run(begin(tb)) })
		found = append(found, reported...)
		if skip {
			skipped++
		}
	}
	return found, skipped
}

// apart runs f where a Goexit ends nothing else.
func apart(f func()) {
	var done sync.WaitGroup
	done.Go(f)
	done.Wait()
}

// recorder takes down what a check reports instead of failing the test.
type recorder struct {
	testing.TB
	name string

	mu       sync.Mutex
	findings []string
	skipped  bool
	cleanups []func()
}

// Helper does nothing.
func (r *recorder) Helper() {}

// Name returns that of the check.
func (r *recorder) Name() string { return r.name }

// Log does nothing.
func (r *recorder) Log(...any) {}

// Logf does nothing.
func (r *recorder) Logf(string, ...any) {}

// Error takes down a finding.
func (r *recorder) Error(a ...any) { r.report(fmt.Sprint(a...)) }

// Errorf takes down a finding.
func (r *recorder) Errorf(f string, a ...any) { r.report(fmt.Sprintf(f, a...)) }

// Fatal takes down a finding and ends the check.
func (r *recorder) Fatal(a ...any) { r.report(fmt.Sprint(a...)); runtime.Goexit() }

// Fatalf takes down a finding and ends the check.
func (r *recorder) Fatalf(f string, a ...any) { r.report(fmt.Sprintf(f, a...)); runtime.Goexit() }

// Skipf ends the check.
func (r *recorder) Skipf(string, ...any) { r.skipped = true; runtime.Goexit() }

// Cleanup keeps f until the check has ended.
func (r *recorder) Cleanup(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cleanups = append(r.cleanups, f)
}

func (r *recorder) report(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.findings = append(r.findings, r.name+": "+text)
}
