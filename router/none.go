package router

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/esimkit/esim"
)

// noneLeft is the error of a sale that nobody could make: what the last
// reseller said, or why nobody was asked.
func (s *sale) noneLeft() *esim.Error {
	all := &NoneLeft{Refusals: slices.Clone(s.refusals)}
	kind, asked := esim.Kind(""), Choice{s.wish.provider, s.wish.id}
	if s.trail != nil {
		s.doc.Trail = s.trail
		for i := range s.trail.Candidates {
			c := &s.trail.Candidates[i]
			if c.Excluded == "" {
				continue
			}
			why := esim.ErrPackageUnavailable
			if row := s.excluded[c.Choice]; row != nil {
				why = row.kind
			}
			if kind == "" || c.Choice == asked {
				kind = why
			}
			all.Refusals = append(all.Refusals, Refusal{Choice: c.Choice, Outcome: esim.OutcomeNotSent, Kind: why, Why: c.Excluded})
		}
	}
	if s.last == nil {
		return s.refuse(s.op(), s.reference, cmp.Or(kind, esim.ErrPackageUnavailable), all, "")
	}
	told := *s.last
	told.Err = errors.Join(all, told.Err)
	if slices.ContainsFunc(s.refusals, func(r Refusal) bool { return r.Outcome == esim.OutcomeRejected }) {
		told.Outcome = esim.OutcomeRejected
	}
	return &told
}

// keepTrail writes down why no reseller is left, where there is a claim to write it
// into. It decides nothing, so a claim that cannot be written is only logged.
func (s *sale) keepTrail(ctx context.Context) {
	if s.version == 0 {
		return
	}
	ctx, done := detached(ctx)
	defer done()
	if err := s.put(ctx); err != nil {
		s.Logger.WarnContext(ctx, "router could not record why no reseller is left", "reference", s.reference, "error", err)
	}
}

// tell reports the decision of this call, if it made one.
func (s *sale) tell(ctx context.Context) {
	if s.trail == nil {
		return
	}
	s.reportPassedOver(ctx)
	if shadow := s.trail.Shadow; shadow != nil && !shadow.Same {
		s.Logger.InfoContext(ctx, "router: the shadow policy would have chosen otherwise",
			"reference", s.reference, "shadow", shadow.Choice.String(), "price", shadow.Price.String())
	}
	if s.OnDecision == nil {
		return
	}
	s.doc.Trail = s.trail // what is on record may have been read again since
	s.contained(ctx, "OnDecision", func() { s.OnDecision(ctx, *s.doc.decision(s.reference)) })
}

// reportPassedOver logs who was not asked for a reason that lies here or at the
// reseller, once for each reseller and reason.
func (s *sale) reportPassedOver(ctx context.Context) {
	type cause struct {
		provider esim.Provider
		why      string
	}
	reported := make(map[cause]bool)
	for i := range s.trail.Candidates {
		c := &s.trail.Candidates[i]
		row, why := s.excluded[c.Choice], cause{c.Provider, c.Excluded}
		if row == nil || row.terms || reported[why] {
			continue
		}
		reported[why] = true
		s.passedOver(ctx, c.Choice, c.Excluded)
	}
}

func (s *sale) passedOver(ctx context.Context, c Choice, why string) {
	s.Logger.WarnContext(ctx, "router: a reseller was passed over", "reference", s.reference, "package", c.String(), "reason", why)
}

// contained keeps a panic of what decides nothing away from the sale.
func (s *sale) contained(ctx context.Context, name string, call func()) {
	defer func() {
		if r := recover(); r != nil {
			s.Logger.ErrorContext(ctx, "router: Config."+name+" panicked", "reference", s.reference, "panic", fmt.Sprintf("%T", r))
		}
	}()
	call()
}
