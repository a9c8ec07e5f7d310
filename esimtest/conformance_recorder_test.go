package esimtest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// recorder takes down what a check reports instead of failing the test.
type recorder struct {
	testing.TB
	name string

	mu       sync.Mutex
	findings []string
	skipped  bool
	cleanups []func()
}

func (r *recorder) Helper()                   {}
func (r *recorder) Name() string              { return r.name }
func (r *recorder) Log(...any)                {}
func (r *recorder) Logf(string, ...any)       {}
func (r *recorder) Error(a ...any)            { r.report(fmt.Sprint(a...)) }
func (r *recorder) Errorf(f string, a ...any) { r.report(fmt.Sprintf(f, a...)) }
func (r *recorder) Fatal(a ...any)            { r.report(fmt.Sprint(a...)); runtime.Goexit() }
func (r *recorder) Fatalf(f string, a ...any) { r.report(fmt.Sprintf(f, a...)); runtime.Goexit() }
func (r *recorder) Skipf(string, ...any)      { r.skipped = true; runtime.Goexit() }

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

// record runs one check as Conformance does and returns what it finds.
func record(t *testing.T, h *Harness, group string, c check) []string {
	t.Helper()
	r := &recorder{TB: t, name: group + "/" + c.name}
	apart(func() { c.run(newTrial(r, h)) })
	for _, f := range slices.Backward(r.cleanups) {
		apart(f)
	}
	return r.findings
}

// apart runs f where a Goexit ends nothing else.
func apart(f func()) {
	var done sync.WaitGroup
	done.Go(f)
	done.Wait()
}
