package esim

import (
	"cmp"
	"strings"
	"time"
)

// Progress is what the events about one eSIM add up to. The same events lead
// to the same Progress whatever their order and however often each has come.
// The zero value knows nothing; it can be stored as JSON.
type Progress struct {
	Status         ESIMStatus `json:"status"`
	ProviderStatus string     `json:"provider_status,omitempty"`
	StatusAt       time.Time  `json:"status_at,omitzero"` // zero = the provider does not say since when

	// Used, Total and ThresholdPercent are what the latest event about the
	// use of data said.
	Used             DataSize  `json:"used,omitempty"`
	Total            DataSize  `json:"total,omitempty"`
	ThresholdPercent int       `json:"threshold_percent,omitempty"`
	UsedAt           time.Time `json:"used_at,omitzero"`
}

// Apply puts in what an event tells, and reports whether that was new. It is
// the caller's business that the event is about this eSIM, and that calls for
// one Progress do not overlap.
//
// The later event counts, by its own time and not by when it came; one without
// a time counts as earlier than all others. But an eSIM that has been in use
// is not new or merely installed again, whatever the times say. Where the
// times are equal the state that comes later in the life of an eSIM counts.
func (p *Progress) Apply(e Event) (changed bool) {
	next := *p
	if e.Status != ESIMUnknown {
		reported := Progress{Status: e.Status, ProviderStatus: e.ProviderStatus, StatusAt: e.At.Round(0).UTC()}
		if reported.laterState(p) {
			next.Status, next.ProviderStatus, next.StatusAt = reported.Status, reported.ProviderStatus, reported.StatusAt
		}
	}
	if e.Used != 0 || e.Total != 0 || e.ThresholdPercent != 0 {
		reported := Progress{Used: e.Used, Total: e.Total, ThresholdPercent: e.ThresholdPercent, UsedAt: e.At.Round(0).UTC()}
		if reported.laterUse(p) {
			next.Used, next.Total, next.ThresholdPercent, next.UsedAt = reported.Used, reported.Total, reported.ThresholdPercent, reported.UsedAt
		}
	}
	changed = next != *p
	*p = next
	return changed
}

// laterState and laterUse compare all that they are about, one thing after the
// other, so that of any number of events one is the last.
func (p *Progress) laterState(than *Progress) bool {
	return cmp.Or(
		cmp.Compare(p.Status.stage(), than.Status.stage()),
		p.StatusAt.Compare(than.StatusAt),
		cmp.Compare(p.Status, than.Status),
		strings.Compare(p.ProviderStatus, than.ProviderStatus),
	) > 0
}

func (p *Progress) laterUse(than *Progress) bool {
	return cmp.Or(
		p.UsedAt.Compare(than.UsedAt),
		cmp.Compare(p.Used, than.Used),
		cmp.Compare(p.Total, than.Total),
		cmp.Compare(p.ThresholdPercent, than.ThresholdPercent),
	) > 0
}

// stage divides the life of an eSIM into what it does not come back from. A
// depleted or expired one is active again after a top-up.
func (s ESIMStatus) stage() int {
	switch s {
	case ESIMNew:
		return 1
	case ESIMInstalled:
		return 2
	case ESIMActive, ESIMDepleted, ESIMExpired, ESIMCancelled, ESIMBlocked:
		return 3
	case ESIMUnknown:
	}
	return 0
}
