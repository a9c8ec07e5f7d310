package router

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/esimkit/esim"
)

// wish is what a purchase asks for, as it identifies the purchase: a repeat
// under the same reference must have the same.
type wish struct {
	purpose   purpose
	provider  esim.Provider // "" = not named
	id        string        // as the reseller knows it
	qualified bool          // the caller wrote "provider:id"
	quantity  int
	iccid     esim.ICCID
}

// qualified is the name of a package among all resellers.
func qualified(p esim.Provider, id string) string { return string(p) + ":" + id }

// split takes the reseller off a name, if it has one of ours.
func (c *core) split(name string) (p esim.Provider, id string, ok bool) {
	before, after, found := strings.Cut(name, ":")
	if found && c.resellers[esim.Provider(before)] != nil {
		return esim.Provider(before), after, true
	}
	return "", name, false
}

// wish reads which package is asked for, of which reseller.
func (c *core) wish(op, packageID string, quote *esim.Package, w wish) (wish, *esim.Error) {
	invalid := func(why string) (wish, *esim.Error) {
		return w, c.refuse(op, "", esim.ErrInvalidRequest, nil, why)
	}
	if why := wrongPackageID(packageID); why != "" {
		return invalid("PackageID " + why)
	}
	if w.provider, w.id, w.qualified = c.split(packageID); w.id == "" {
		return invalid("PackageID names a reseller and no package")
	}
	if of, _, again := c.split(w.id); again && w.qualified {
		return invalid("PackageID names " + string(of) + " after " + string(w.provider) + ": an id from a list of the router is provider:id already")
	}
	if quote == nil {
		return w, nil
	}
	of, id, named := c.split(quote.ID)
	switch {
	case id != w.id || named && w.qualified && of != w.provider:
		return invalid("Quote.ID is another package's")
	case c.resellers[quote.Provider] == nil:
		return invalid("Quote.Provider is none of the resellers")
	case w.qualified && quote.Provider != w.provider:
		return invalid("Quote.Provider is another reseller's")
	}
	w.provider = quote.Provider
	return w, nil
}

// resolve finds the reseller of a package that the caller did not name.
func (s *sale) resolve(context.Context) *esim.Error {
	if s.wish.provider != "" {
		return nil
	}
	if len(s.sellers) == 1 {
		s.wish.provider = s.sellers[0].provider
		return nil
	}
	var found []esim.Provider
	for _, r := range s.sellers {
		if s.Catalog == nil {
			break
		}
		if _, ok := s.Catalog.Package(r.provider, s.wish.id); ok {
			found = append(found, r.provider)
		}
	}
	if len(found) != 1 {
		return s.refuse("Order", s.reference, esim.ErrInvalidRequest, nil,
			fmt.Sprintf("%d resellers are known to have this PackageID; write provider:id", len(found)))
	}
	s.wish.provider = found[0]
	return nil
}

const maxPackageID = 256

func wrongPackageID(id string) string {
	switch {
	case id == "":
		return "is empty"
	case len(id) > maxPackageID:
		return fmt.Sprintf("is longer than %d bytes", maxPackageID)
	case !utf8.ValidString(id) || strings.ContainsFunc(id, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "has a character that no id has"
	}
	return ""
}

// wrongReference says why a reference cannot be one, "" if it can. An empty one
// is minted, or names nothing; its caller says which.
func wrongReference(s string) string {
	if err := esim.CheckReference(s); s != "" && err != nil {
		return err.Error()
	}
	return ""
}
