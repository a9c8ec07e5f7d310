// Package router sells from several resellers through one [esim.Client]: it
// picks the reseller by a policy, and when that one says a definite no it asks
// the next.
//
//	best := router.New(router.Config{
//		Clients: []esim.Client{j.Client(esimfly.Provider), j.Client(esimfx.Provider)}, // journalled
//		Catalog: shelf, Policy: router.Cheapest, Claims: claims,
//	})
//	order, err := best.Order(ctx, esim.OrderRequest{PackageID: "esimfly:jp-5GB-30d", Reference: "cart-8841"})
//
// # The promise
//
// One reference is at most one charge across all resellers. Another reseller
// is asked only after a complete answer that proves that nothing was charged,
// and only when it is on record, in [Claims], that the one before is out of the
// race for good. An unknown outcome ends the sale where it is: the same
// reference goes back to the same reseller until that is found out.
//
// The next reseller costs at most what the caller allows (MaxTotal, else 1.10
// times the Quote, else what the first choice cost) and is not asked after Until.
// A package that the catalogue is known not to list is not sent.
//
// docs/router.md shows the rules as tables, and what to do on call.
//
// # Names
//
// The router lists packages under "provider:id", since ids of two resellers may
// be equal. Where a package is asked for it takes that form, or the reseller's
// own id with a Quote that names the reseller. An order says which reseller it
// came from in Order.Provider.
package router
