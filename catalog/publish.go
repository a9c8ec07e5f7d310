package catalog

import (
	"iter"
	"time"

	"github.com/esimkit/esim"
)

// What follows runs one at a time, under Catalog.publishing.

// settle asks the guards about a list and publishes it if they let it pass.
func (c *Catalog) settle(s *source, listed []esim.Package, report *Report) {
	shelf := c.shelf.Load()
	verdict := c.config.Guards.judge(&reference{shelf, s.provider, s.withheld}, listed, &asked{shelf, c.config.Equivalence, c.config.Rates})
	report.Findings = verdict.findings
	if f, held := verdict.holds(); held {
		c.hold(s, listed, f, report)
		return
	}
	c.replace(s, listed, verdict.withheld, report)
}

// hold keeps a list until it is accepted or a good one comes.
func (c *Catalog) hold(s *source, listed []esim.Package, f Finding, report *Report) {
	report.Result, report.Guard, report.Err = Held, f.Guard, heldError(s.provider, f)
	report.Version = c.shelf.Load().version
	kept := *report
	kept.Took = c.config.Now().Sub(report.Started)
	c.mu.Lock()
	s.triedAt, s.err = report.Started, report.Err
	s.held, s.pending = &kept, listed
	c.mu.Unlock()
	c.save(c.shelf.Load())
}

// fail leaves everything as it was, and says so. What a guard holds back stays
// there to be accepted.
func (c *Catalog) fail(s *source, err error, report *Report) {
	report.Result, report.Err = Failed, err
	report.Version = c.shelf.Load().version
	c.mu.Lock()
	defer c.mu.Unlock()
	s.triedAt, s.err = report.Started, err
}

// replace puts a list in the place of what the provider had on the shelf,
// without those that are withheld.
func (c *Catalog) replace(s *source, listed []esim.Package, withheld map[string]esim.Package, report *Report) {
	old := c.shelf.Load()
	next, err := rebuild(old, c.nextVersion(old), c.config.Equivalence, replaced(old, s.provider, listed, withheld))
	if err != nil {
		c.fail(s, err, report)
		return
	}
	report.Result, report.Withheld = Published, len(withheld)
	changes := stepBetween(old, next)
	report.count(&changes)
	if len(changes.kinds) == 0 {
		report.Result, next = Unchanged, old
	}
	report.Version = next.version

	c.mu.Lock()
	s.triedAt, s.syncedAt, s.err = report.Started, report.Started, nil
	s.held, s.pending, s.withheld = nil, leftOut(listed, withheld), withheld
	s.lost, s.complete = report.Lost, false // until the shelf is there
	c.mu.Unlock()

	// Saved first, so that no version has been seen that a restart does not
	// know. A shelf that cannot be saved is better than none.
	c.save(next)
	if next != old {
		c.swap(next, changes)
	}
	c.mu.Lock()
	s.complete = report.Lost == 0
	c.mu.Unlock()
}

// swap makes a shelf the one that readers see, and wakes who waits for it.
func (c *Catalog) swap(next *shelf, s step) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.published = true
	c.history.add(s, c.config.History)
	c.shelf.Store(next)
	close(c.newer)
	c.newer = make(chan struct{})
}

// nextVersion returns the version after that of a shelf. The first one of a
// process is taken from the clock: no mirror may take it for a version of an
// earlier process that was never saved.
func (c *Catalog) nextVersion(s *shelf) uint64 {
	if c.published {
		return s.version + 1
	}
	return max(s.version+1, uint64(max(0, c.config.Now().UnixMilli())))
}

// replaced is what the next shelf holds.
func replaced(old *shelf, p esim.Provider, listed []esim.Package, withheld map[string]esim.Package) iter.Seq[esim.Package] {
	return func(yield func(esim.Package) bool) {
		for i := range listed {
			if _, left := withheld[listed[i].ID]; !left && !yield(listed[i]) {
				return
			}
		}
		for pack := range old.all {
			if pack.Provider != p && !yield(pack) {
				return
			}
		}
	}
}

// leftOut returns the packages that are withheld, as they are listed.
func leftOut(listed []esim.Package, withheld map[string]esim.Package) (out []esim.Package) {
	for i := range listed {
		if _, left := withheld[listed[i].ID]; left {
			out = append(out, listed[i])
		}
	}
	cut(out)
	return out
}

// times returns when each provider was last synced. A list that lost rows, or
// that a guard holds back, leaves no time: after a restart it proves no absence
// and is read again at once.
func (c *Catalog) times() map[esim.Provider]time.Time {
	times := make(map[esim.Provider]time.Time)
	for _, s := range c.sources {
		if !s.syncedAt.IsZero() && s.lost == 0 && s.held == nil {
			times[s.provider] = s.syncedAt
		}
	}
	return times
}
