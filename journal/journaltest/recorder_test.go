package journaltest

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/esimkit/esim/journal"
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

// findings runs the checks of a group as TestStore does, and returns what
// they report and how many were skipped.
func findings(t *testing.T, name string, open func(testing.TB) journal.Store) (found []string, skipped int) {
	t.Helper()
	i := slices.IndexFunc(groups, func(g group) bool { return g.name == name })
	if i < 0 {
		t.Fatalf("there is no group %s", name)
	}
	for _, c := range groups[i].checks {
		r := &recorder{TB: t, name: name + "/" + c.name}
		apart(func() { c.run(newTrial(r, open(r))) })
		for _, f := range slices.Backward(r.cleanups) {
			apart(f)
		}
		found = append(found, r.findings...)
		if r.skipped {
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
