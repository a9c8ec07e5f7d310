package catalog

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/esimkit/esim"
)

// restore puts on the shelf what the snapshot holds.
func (c *Catalog) restore() {
	c.sweep()
	path := c.config.Snapshot
	s, err := load(path, c.config.Equivalence)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		c.refuse(err)
		return
	}
	c.history.base = s.shelf.version
	c.shelf.Store(s.shelf)
	for _, source := range c.sources {
		source.syncedAt = s.syncedAt[source.provider]
		source.complete = !source.syncedAt.IsZero()
		source.withheld = s.withheld.byID(source.provider)
	}
	c.dropStrangers()
}

// refuse sets a snapshot aside that cannot be read. What is no file stays where
// it is; write does not touch it either.
func (c *Catalog) refuse(err error) {
	if !errors.Is(err, errNoFile) {
		err = errors.Join(err, os.Rename(c.config.Snapshot, c.config.Snapshot+refusedSuffix))
	}
	c.complain("snapshot refused", err)
}

// sweep removes what a crash left of a snapshot being written.
func (c *Catalog) sweep() {
	dir := filepath.Dir(c.config.Snapshot)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return // load will tell
	}
	for _, entry := range entries {
		if match, _ := filepath.Match(leftovers(c.config.Snapshot), entry.Name()); match { // the pattern is our own
			if err := os.Remove(filepath.Join(dir, entry.Name())); err != nil {
				c.complain("snapshot left behind", err)
			}
		}
	}
}

// dropStrangers takes packages off the shelf that no client can sell.
func (c *Catalog) dropStrangers() {
	old := c.shelf.Load()
	known := func(yield func(esim.Package) bool) {
		for p := range old.all {
			if c.source(p.Provider) != nil && !yield(p) {
				return
			}
		}
	}
	strangers := 0
	for _, p := range old.providers {
		if c.source(p) == nil {
			strangers++
		}
	}
	if strangers == 0 || len(c.sources) == 0 {
		return
	}
	next, err := rebuild(old, c.nextVersion(old), c.config.Equivalence, known)
	if err != nil {
		c.complain("snapshot without packages of unknown providers", err)
		return
	}
	c.swap(next, stepBetween(old, next))
}

// save writes a shelf to the snapshot file, if there is one.
func (c *Catalog) save(s *shelf) {
	if c.config.Snapshot == "" {
		return
	}
	withheld, err := build(0, c.config.Equivalence, c.withheld)
	if err == nil {
		err = write(c.config.Snapshot, encode(&saved{shelf: s, rule: c.config.Equivalence, withheld: withheld, syncedAt: c.times()}))
	}
	if err != nil {
		c.complain("snapshot not written", err)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshotErr = nil
}

// withheld yields what guards left out, as it was last trusted.
func (c *Catalog) withheld(yield func(esim.Package) bool) {
	for _, s := range c.sources {
		for _, p := range s.withheld {
			if !yield(p) {
				return
			}
		}
	}
}

// byID returns the packages of one provider.
func (s *shelf) byID(p esim.Provider) map[string]esim.Package {
	packages := make(map[string]esim.Package)
	for pack := range s.sold(p) {
		packages[pack.ID] = pack
	}
	return packages
}

// complain tells what is wrong with the snapshot file, in the log and Status.
func (c *Catalog) complain(what string, err error) {
	err = fmt.Errorf("catalog: %s: %w", what, err)
	c.mu.Lock()
	c.snapshotErr = err
	c.mu.Unlock()
	c.config.Logger.Error(what, slog.String("file", c.config.Snapshot), slog.Any("error", err))
}
