package router

import (
	"context"
	"slices"

	"github.com/esimkit/esim"
)

// ListPackages lists what all resellers sell, one after the other, each
// package under the id "provider:id". Resellers that list nothing are passed
// over; a filter that one of them does not know is unsupported.
func (r *Router) ListPackages(ctx context.Context, q esim.PackageQuery) (*esim.PackagePage, error) {
	c := r.core
	if refused := c.unreadable(ctx, "ListPackages", r.Capabilities().ListPackages); refused != nil {
		return nil, refused
	}
	lists := slices.DeleteFunc(slices.Clone(c.sellers), func(s *reseller) bool { return !s.caps.ListPackages })
	at := 0
	if q.Cursor != "" {
		p, cursor, ok := c.split(q.Cursor)
		at = slices.IndexFunc(lists, func(s *reseller) bool { return s.provider == p })
		if !ok || at < 0 {
			return nil, c.refuse("ListPackages", "", esim.ErrInvalidRequest, nil, "Cursor is not from PackagePage.Next")
		}
		q.Cursor = cursor
	}
	page, err := lists[at].client.ListPackages(ctx, q)
	if err != nil {
		return nil, err
	}
	told := &esim.PackagePage{Packages: qualify(page.Packages)}
	switch {
	case page.Next != "":
		told.Next = qualified(lists[at].provider, page.Next)
	case at+1 < len(lists):
		told.Next = qualified(lists[at+1].provider, "")
	}
	return told, nil
}

// qualify returns the packages under the ids of the router.
func qualify(list []esim.Package) []esim.Package {
	list = slices.Clone(list)
	for i := range list {
		list[i].ID = qualified(list[i].Provider, list[i].ID)
	}
	return list
}
