package conformance

import (
	"context"
	"fmt"
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest/internal/money"
	"github.com/esimkit/esim/evidence"
)

// badIDs are no ids of any provider.
var badIDs = []string{
	"", "a\tb", "a\nb", "a\x00b", "a\r\nb", "a\x7fb", "a\u0085b", "a\xffb", strings.Repeat("x", 4096),
}

var badICCIDs = []esim.ICCID{
	"", "8", "89320420000100788", "89320420000100788011234", "893204200001007880a", "８９３２０４２００００１００７８８０１",
	"8932042000010078801 ", "8932042000/10078801", "../89320420000100788", "8932042000010078801\n", "-932042000010078801",
}

var badReferences = []string{
	"a b", "a/b", "a?b", "a#b", "a\nb", "a\x00b", "ü", "１２３", "a\xffb", "..%2f", strings.Repeat("r", 65),
}

// badCall is a call that must be refused before anything is sent.
type badCall struct {
	name string
	call func(ctx context.Context, c esim.Client, t *trial) error
	also error // another kind that is as good an answer
}

func inputChecks(caps esim.Capabilities) []check {
	var calls []badCall
	if caps.Order {
		calls = append(calls, badOrders(caps)...)
	}
	if caps.TopUp {
		calls = append(calls, badTopUps()...)
	}
	calls = append(calls, badReads(caps)...)
	calls = append(calls, badQueries(caps)...)
	var list []check
	for _, b := range calls {
		list = append(list, check{b.name, func(t *trial) {
			c := t.patient()
			t.mark()
			kinds := []error{esim.ErrInvalidRequest}
			if b.also != nil {
				kinds = append(kinds, b.also)
			}
			t.unsent(b.call(t.ctx(), c, t), kinds...)
			t.wantBought(0)
		}})
	}
	return list
}

// badOrder is an order that is fine but for one change.
func badOrder(name string, change func(r *esim.OrderRequest), also error) badCall {
	return badCall{"Order with " + name, func(ctx context.Context, c esim.Client, t *trial) error {
		r := esim.OrderRequest{PackageID: t.h.Package.ID, Quantity: 1, Reference: t.reference()}
		if change(&r); r.Quote != nil {
			quote := t.h.Package // a copy to be spoiled
			r.Quote.Provider = or(r.Quote.Provider, quote.Provider)
			r.Quote.ID = or(r.Quote.ID, quote.ID)
			r.Quote.Name = quote.Name
			if r.Quote.Price == (esim.Money{}) {
				r.Quote.Price = quote.Price
			}
		}
		_, err := c.Order(ctx, r)
		return err
	}, also}
}

func or[T ~string](v, otherwise T) T {
	if v != "" {
		return v
	}
	return otherwise
}

func badOrders(caps esim.Capabilities) []badCall {
	var list []badCall
	for _, id := range badIDs {
		list = append(list, badOrder(fmt.Sprintf("package id %.12q", id), func(r *esim.OrderRequest) { r.PackageID = id }, nil))
	}
	for _, ref := range badReferences {
		list = append(list, badOrder(fmt.Sprintf("reference %.12q", ref), func(r *esim.OrderRequest) { r.Reference = ref }, nil))
	}
	quantities := []int{-1, -1 << 31}
	if caps.MaxQuantity > 0 {
		quantities = append(quantities, caps.MaxQuantity+1, 1<<31-1)
	}
	for _, n := range quantities {
		list = append(list, badOrder(fmt.Sprintf("quantity %d", n), func(r *esim.OrderRequest) { r.Quantity = n }, nil))
	}
	// Where no price can be checked at all, unsupported is as good an answer.
	var unguarded error
	if caps.PriceGuard == esim.PriceGuardNone {
		unguarded = esim.ErrUnsupported
	}
	for name, change := range badPrices {
		list = append(list, badOrder(name, change, unguarded))
	}
	badID := badOrder("a request id that is none", func(*esim.OrderRequest) {}, esim.ErrUnsupported)
	list = append(list, badCall{badID.name, func(ctx context.Context, c esim.Client, t *trial) error {
		return badID.call(evidence.WithSend(ctx, evidence.Send{RequestID: "not a UUID"}), c, t)
	}, badID.also})
	list = append(list, badOrder("a callback URL that is none", func(r *esim.OrderRequest) { r.CallbackURL = "ftp://user@host/x" }, esim.ErrUnsupported))
	return list
}

var badPrices = map[string]func(r *esim.OrderRequest){
	"a quote of another provider": func(r *esim.OrderRequest) { r.Quote = &esim.Package{Provider: "somebody-else"} },
	"a quote of another package":  func(r *esim.OrderRequest) { r.Quote = &esim.Package{ID: "another-package"} },
	"a quote of a negative price": func(r *esim.OrderRequest) { r.Quote = &esim.Package{Price: money.Of("-1", "USD")} },
	"a negative ceiling":          func(r *esim.OrderRequest) { r.MaxTotal = money.Of("-0.01", "USD") },
	"a ceiling above the maximum": func(r *esim.OrderRequest) { r.MaxTotal = money.Of("9e15", "USD") },
	"a ceiling in another currency than the quote": func(r *esim.OrderRequest) {
		r.Quote, r.MaxTotal = &esim.Package{}, money.Of("1000000", "XTS")
	},
}

func badTopUps() []badCall {
	topUp := func(name string, change func(r *esim.TopUpRequest)) badCall {
		return badCall{"TopUp with " + name, func(ctx context.Context, c esim.Client, t *trial) error {
			r := esim.TopUpRequest{ICCID: "8932042000010078801", PackageID: t.packageID(), Reference: t.reference()}
			change(&r)
			_, err := c.TopUp(ctx, r)
			return err
		}, nil}
	}
	var list []badCall
	for _, id := range badIDs {
		list = append(list, topUp(fmt.Sprintf("package id %.12q", id), func(r *esim.TopUpRequest) { r.PackageID = id }))
	}
	for _, iccid := range badICCIDs {
		list = append(list, topUp(fmt.Sprintf("ICCID %.24q", iccid), func(r *esim.TopUpRequest) { r.ICCID = iccid }))
	}
	for _, ref := range badReferences {
		list = append(list, topUp(fmt.Sprintf("reference %.12q", ref), func(r *esim.TopUpRequest) { r.Reference = ref }))
	}
	return append(list,
		topUp("a negative ceiling", func(r *esim.TopUpRequest) { r.MaxTotal = money.Of("-1", "USD") }),
		topUp("a quote of another provider", func(r *esim.TopUpRequest) {
			r.Quote = &esim.Package{Provider: "somebody-else", ID: r.PackageID, Price: money.Of("1", "USD")}
		}),
	)
}

func badReads(caps esim.Capabilities) []badCall {
	var list []badCall
	byICCID := []struct {
		on   bool
		name string
		call func(context.Context, esim.Client, esim.ICCID) error
	}{
		{caps.ListTopUps, "ListTopUps", func(ctx context.Context, c esim.Client, i esim.ICCID) error {
			_, err := c.ListTopUps(ctx, i)
			return err
		}},
		{caps.GetESIM, "GetESIM", func(ctx context.Context, c esim.Client, i esim.ICCID) error {
			_, err := c.GetESIM(ctx, i)
			return err
		}},
		{caps.Usage, "Usage", func(ctx context.Context, c esim.Client, i esim.ICCID) error {
			_, err := c.Usage(ctx, i)
			return err
		}},
	}
	for _, m := range byICCID {
		for _, iccid := range badICCIDs {
			if m.on {
				list = append(list, badCall{fmt.Sprintf("%s with ICCID %.24q", m.name, iccid), func(ctx context.Context, c esim.Client, _ *trial) error {
					return m.call(ctx, c, iccid)
				}, nil})
			}
		}
	}
	for _, id := range badIDs {
		if caps.GetOrder {
			list = append(list, badCall{fmt.Sprintf("GetOrder with id %.12q", id), func(ctx context.Context, c esim.Client, _ *trial) error {
				_, err := c.GetOrder(ctx, esim.OrderRef{ID: id})
				return err
			}, nil})
		}
		if caps.Cancel {
			list = append(list, badCall{fmt.Sprintf("Cancel with id %.12q", id), func(ctx context.Context, c esim.Client, _ *trial) error {
				_, err := c.Cancel(ctx, esim.CancelRequest{Order: esim.OrderRef{ID: id}})
				return err
			}, nil})
		}
	}
	return list
}

func badQueries(caps esim.Capabilities) []badCall {
	if !caps.ListPackages {
		return nil
	}
	var list []badCall
	for name, q := range map[string]esim.PackageQuery{
		"a negative page size": {PageSize: -1},
		"a garbage cursor":     {Cursor: "no cursor of ours \x00"},
		"an unknown kind":      {Kind: 99},
		"a country in words":   {Countries: []esim.Country{"Japan"}},
		"a country in small":   {Countries: []esim.Country{"jp"}},
		"two countries in one": {Countries: []esim.Country{"JP,KR"}},
		"a control character":  {Search: "a\nb"},
		"a very long search":   {Search: strings.Repeat("x", 10_000)},
	} {
		list = append(list, badCall{"ListPackages with " + name, func(ctx context.Context, c esim.Client, _ *trial) error {
			_, err := c.ListPackages(ctx, q)
			return err
		}, esim.ErrUnsupported})
	}
	return list
}
