package adapter

import (
	"fmt"
	"strings"

	"github.com/esimkit/esim"
)

// Input is what a method of [esim.Client] is given. [Operate] checks each of
// these types. A type of the adapter's own goes through [OperateOn].
type Input interface {
	None | esim.ICCID | esim.OrderRef | esim.CancelRequest | esim.PackageQuery
}

// None is the input of a method that has none, such as Balance.
type None struct{}

// Inputs are the facts by which neutral inputs are checked. The zero value is a
// provider that knows orders by an id of its own, one eSIM by one eSIM.
type Inputs struct {
	// References: an order can be looked up by the caller's reference alone.
	References bool
	// JoinedIDs: the id of an order of several eSIMs is a list with commas, at
	// most as long as an order. See [SplitIDs].
	JoinedIDs int
	// NamesOrder says why Cancel wants an order and not an ICCID alone;
	// "" = an ICCID alone will do.
	NamesOrder string
	// MaxPageSize of ListPackages; 0 = any is accepted.
	MaxPageSize int
}

// maxFilter bounds Region and Search of a query, in bytes.
const maxFilter = 100

// input checks what a Client method was given, by its type.
func (c *Check) input(in any) {
	switch in := in.(type) {
	case None:
	case esim.ICCID:
		c.ICCID("ICCID", in)
	case esim.OrderRef:
		c.orderRef("OrderRef", in)
	case esim.CancelRequest:
		c.cancelRequest(in)
	case esim.PackageQuery:
		c.packageQuery(in)
	default:
		panic(fmt.Sprintf("adapter: no check for %T", in))
	}
}

func (c *Check) orderRef(field string, ref esim.OrderRef) {
	facts := c.t.spec.Inputs
	if ref.ID == "" && ref.Reference != "" {
		if facts.References {
			c.Reference(ref.Reference)
		} else {
			c.Unsupported(field+".Reference", "cannot be looked up: this provider knows orders by an ID of its own")
		}
		return
	}
	ids := []string{ref.ID}
	if facts.JoinedIDs > 0 {
		if ids = SplitIDs(ref.ID); len(ids) > facts.JoinedIDs {
			c.Fail(field+".ID", "has more parts than an order has eSIMs")
		}
	}
	for _, id := range ids {
		c.ID(field+".ID", id)
	}
}

func (c *Check) cancelRequest(req esim.CancelRequest) {
	why := c.t.spec.Inputs.NamesOrder
	switch {
	case req.Order.ID != "" || req.Order.Reference != "":
		c.orderRef("Order", req.Order)
	case why != "":
		c.Fail("Order.ID", "is empty; "+why)
	case req.ICCID == "":
		c.Fail("Order.ID", "is empty, and so is ICCID")
	}
	if req.ICCID != "" {
		c.ICCID("ICCID", req.ICCID)
	}
}

func (c *Check) packageQuery(q esim.PackageQuery) {
	for i, country := range q.Countries {
		if !country.Valid() {
			c.Fail(fmt.Sprintf("Countries[%d]", i), "is not an ISO 3166-1 code in upper case")
		}
	}
	c.Text("Region", q.Region, maxFilter)
	c.Text("Search", q.Search, maxFilter)
	c.Range("Kind", int(q.Kind), int(esim.KindUnknown), int(esim.KindGlobal))
	if limit := c.t.spec.Inputs.MaxPageSize; limit > 0 {
		c.Range("PageSize", q.PageSize, 0, limit)
	} else if q.PageSize < 0 {
		c.Fail("PageSize", "is negative")
	}
}

// SplitIDs takes apart the id of an order of several eSIMs, which [JoinIDs]
// made.
func SplitIDs(joined string) []string { return strings.Split(joined, ",") }

// JoinIDs is the id of an order whose parts have ids of their own. Empty ones
// are left out.
func JoinIDs(ids ...string) string {
	var known []string
	for _, id := range ids {
		if id != "" {
			known = append(known, id)
		}
	}
	return strings.Join(known, ",")
}
