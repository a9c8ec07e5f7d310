package router

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"github.com/esimkit/esim"
)

// Router is an [esim.Client] over several. It is safe for concurrent use; get
// one from [New].
type Router struct {
	esim.UnimplementedClient
	core *core

	needs Needs
}

// core is what all views of a router share.
type core struct {
	Config

	rules     rules
	name      string // of this router in this process, unlike any other
	resellers map[esim.Provider]*reseller
	sellers   []*reseller // in the order of Config.Clients
	calls     atomic.Int64
	turns     turns // one call at a time for a reference
	esims     memory[esim.ICCID]
}

// rules are the parts of the protocol that keep a reference from being charged
// twice. Only tests switch one off, to see that they notice.
type rules struct {
	claimFirst    bool // the claim is durable before anything is sent
	bar           bool // a reseller is out of the race before the next is asked
	ownReferences bool // each attempt has a reference of its own
	unknownStops  bool // after an unknown outcome nobody else is asked
}

var allRules = rules{claimFirst: true, bar: true, ownReferences: true, unknownStops: true}

var _ esim.Client = (*Router)(nil)

// With returns a view of the router for sales with other needs. It shares
// everything else, claims and health above all. It panics if the needs make no
// sense, as [New] does.
func (r *Router) With(n Needs) *Router {
	c := r.core.Config
	c.Needs = n
	if err := c.Validate(); err != nil {
		panic(err)
	}
	return &Router{core: r.core, needs: n}
}

// Account is that of the only reseller. Of several it is live if one of them is,
// and its fingerprint changes with each of theirs.
func (r *Router) Account() esim.Account {
	var all esim.Account
	digest := sha256.New()
	for _, s := range r.core.sellers {
		one := s.client.Account()
		if len(r.core.sellers) == 1 {
			return one
		}
		all.Live = all.Live || one.Live
		_, _ = fmt.Fprintf(digest, "%q %q\n", s.provider, one.Fingerprint)
	}
	all.Fingerprint = hex.EncodeToString(digest.Sum(nil)[:16])
	return all
}

// Provider returns Config.Name.
func (r *Router) Provider() esim.Provider { return r.core.Name }

// Format prints what this is and nothing of what it holds, whatever the verb.
func (r *Router) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "router.Router(%s)", r.core.Name) }
