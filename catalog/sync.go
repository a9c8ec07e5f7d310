package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/esimkit/esim"
)

// Sync reads the catalogues of all providers, or of those named, now and at
// the same time, and publishes what the guards let pass. The error joins those
// of the providers that failed ([esim.Error] among them) or were held back
// ([ErrHeld]); the others are published. All pages of a provider count, or
// none: after an error the shelf keeps what it had of that provider.
func (c *Catalog) Sync(ctx context.Context, providers ...esim.Provider) error {
	sources, err := c.chosen(providers)
	if err != nil {
		return err
	}
	errs := make([]error, len(sources))
	var work sync.WaitGroup
	for i, s := range sources {
		work.Go(func() { errs[i] = c.sync(ctx, s) })
	}
	work.Wait()
	return errors.Join(errs...)
}

// Accept publishes the list that a guard holds back, or the packages it left
// out of one, as they were listed last: an operator has looked at them and
// says that they are right. It is [ErrNothingHeld] if there are none. It is not
// a sync: the log tells of it, and [Catalog.Wait], but not Config.OnReport.
func (c *Catalog) Accept(p esim.Provider) error {
	s := c.source(p)
	if s == nil {
		return unknownProvider(p)
	}
	c.publishing.Lock()
	defer c.publishing.Unlock()
	if s.pending == nil {
		return fmt.Errorf("%w: %s", ErrNothingHeld, p)
	}
	listed, report := s.pending, Report{Provider: p, Started: s.syncedAt, Lost: s.lost}
	if s.held != nil {
		report.Started, report.Lost = s.held.Started, s.held.Lost
	} else {
		listed = slices.AppendSeq(slices.Clone(listed), c.shelf.Load().sold(p))
	}
	report.Packages = len(listed)
	c.replace(s, listed, nil, &report)
	report.log(c.config.Logger)
	return report.Err
}

// chosen returns the sources to sync.
func (c *Catalog) chosen(providers []esim.Provider) ([]*source, error) {
	var chosen []*source
	if len(providers) == 0 {
		for _, s := range c.sources {
			if s.lists() {
				chosen = append(chosen, s)
			}
		}
		return chosen, nil
	}
	for _, p := range providers {
		s := c.source(p)
		switch {
		case s == nil:
			return nil, unknownProvider(p)
		case !s.lists():
			return nil, fmt.Errorf("catalog: %s lists no packages: %w", p, esim.ErrUnsupported)
		}
		chosen = append(chosen, s)
	}
	return chosen, nil
}

func unknownProvider(p esim.Provider) error {
	return fmt.Errorf("catalog: no client is named %q", string(p))
}

func (s *source) lists() bool { return s.client.Capabilities().ListPackages }

// sync reads one catalogue and publishes it. Syncs of a provider take turns.
func (c *Catalog) sync(ctx context.Context, s *source) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()

	report := Report{Provider: s.provider, Started: c.config.Now()}
	listed, err := c.read(ctx, s, &report)
	c.publishing.Lock()
	if err == nil && report.Lost > 0 {
		listed = c.withFormer(s, listed)
	}
	if err == nil {
		c.settle(s, listed, &report)
	} else {
		c.fail(s, fmt.Errorf("catalog: sync of %s: %w", s.provider, err), &report)
	}
	c.publishing.Unlock()

	report.Took = c.config.Now().Sub(report.Started)
	c.progress(&report, true)
	report.log(c.config.Logger)
	if c.config.OnReport != nil {
		c.config.OnReport(report)
	}
	return report.Err
}

// read returns all packages of a provider, or an error.
func (c *Catalog) read(ctx context.Context, s *source, report *Report) ([]esim.Package, error) {
	seen := 0
	pages := paged{Client: s.client, read: func(packages, lost int) {
		seen += packages
		report.Lost += lost
		report.Pages++
		report.Packages = seen
		c.progress(report, false)
	}}
	listed := []esim.Package{} // never nil: an empty list is one, too
	for p, err := range esim.Packages(ctx, pages, esim.PackageQuery{}) {
		if err != nil {
			return nil, err
		}
		if p.Provider != s.provider {
			return nil, fmt.Errorf("package %q is of another provider, %q", p.ID, string(p.Provider))
		}
		if fits(&p) != nil { // a row that cannot be read
			report.Lost++
			continue
		}
		listed = append(listed, p)
	}
	report.Packages, report.Repeated = len(listed), seen-len(listed)
	cut(listed)
	return listed, nil
}

// withFormer adds to a list that lost rows what the shelf has and the list
// lacks: it may be among those rows.
func (c *Catalog) withFormer(s *source, listed []esim.Package) []esim.Package {
	ids := make(map[string]bool, len(listed))
	for i := range listed {
		ids[listed[i].ID] = true
	}
	for former := range c.shelf.Load().sold(s.provider) {
		if !ids[former.ID] {
			listed = append(listed, former)
		}
	}
	return listed
}

// cut gives the IDs and names of a list memory of their own, in one piece:
// what they were cut from may be a whole page of an answer.
func cut(listed []esim.Package) {
	size := 0
	for i := range listed {
		size += len(listed[i].ID) + len(listed[i].Name)
	}
	var all strings.Builder
	all.Grow(size)
	for i := range listed {
		all.WriteString(listed[i].ID)
		all.WriteString(listed[i].Name)
	}
	rest := all.String()
	for i := range listed {
		p := &listed[i]
		id, name := len(p.ID), len(p.Name)
		p.ID, p.Name, rest = rest[:id], rest[id:id+name], rest[id+name:]
	}
}

func (c *Catalog) progress(report *Report, done bool) {
	if c.config.OnProgress == nil {
		return
	}
	c.config.OnProgress(Progress{
		Provider: report.Provider, Pages: report.Pages, Packages: report.Packages,
		Done: done, Err: report.Err, Took: c.config.Now().Sub(report.Started),
	})
}

// paged tells of each page that is read.
type paged struct {
	esim.Client
	read func(packages, lost int)
}

// ListPackages reads one page and tells of it.
func (p paged) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	page, err := p.Client.ListPackages(ctx, q)
	if err != nil {
		return nil, err
	}
	if page == nil {
		return nil, errors.New("the client returned neither a page nor an error")
	}
	p.read(len(page.Packages), page.Lost)
	return page, nil
}

// Unwrap returns the client below.
func (p paged) Unwrap() esim.Client { return p.Client }
