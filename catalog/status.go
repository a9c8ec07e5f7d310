package catalog

import (
	"time"

	"github.com/esimkit/esim"
)

// Status is how the shelf stands at a moment.
type Status struct {
	Version   uint64           `json:"version"` // of the shelf; 0 = nothing was ever published
	Packages  int              `json:"packages"`
	Providers []ProviderStatus `json:"providers"` // by name
	// Snapshot is what last went wrong with the snapshot file: why the one
	// found at the start was set aside, or why the latest was not written. A
	// snapshot written since clears it.
	Snapshot error `json:"-"`
}

// ProviderStatus is how the packages of one provider stand.
type ProviderStatus struct {
	Provider esim.Provider `json:"provider"`
	Packages int           `json:"packages"` // on the shelf
	Withheld int           `json:"withheld"` // left out by a guard, each on its own
	// Unsupported: the client lists no packages, so it is never synced.
	Unsupported bool `json:"unsupported,omitempty"`

	SyncedAt time.Time     `json:"synced_at,omitzero"` // when the list on the shelf was last known to be right; zero = never
	Age      time.Duration `json:"age,omitempty"`      // since SyncedAt
	TriedAt  time.Time     `json:"tried_at,omitzero"`  // when the last sync began, in this process
	NextAt   time.Time     `json:"next_at,omitzero"`   // when Run will try again; zero = Run is not waiting
	Err      error         `json:"-"`                  // of the last sync; nil if it was good
	Held     *Report       `json:"held,omitempty"`     // the sync whose list a guard holds back until [Catalog.Accept] or a good one
}

// Status returns how the shelf stands now.
func (c *Catalog) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	shelf, now := c.shelf.Load(), c.config.Now()
	status := Status{Version: shelf.version, Packages: len(shelf.rows), Snapshot: c.snapshotErr}
	for _, s := range c.sources {
		from, to := shelf.of(s.provider)
		p := ProviderStatus{
			Provider: s.provider, Packages: int(to - from), Withheld: len(s.withheld),
			Unsupported: !s.client.Capabilities().ListPackages,
			SyncedAt:    s.syncedAt, TriedAt: s.triedAt, NextAt: s.nextAt, Err: s.err, Held: s.held,
		}
		if !s.syncedAt.IsZero() {
			p.Age = max(0, now.Sub(s.syncedAt)) // clocks are set back at times
		}
		status.Providers = append(status.Providers, p)
	}
	return status
}
