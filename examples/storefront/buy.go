package main

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/esimkit/esim"
)

type checkoutView struct {
	Cart   cart
	Offer  offer
	Action string // where the form goes
	Back   string
	ICCID  esim.ICCID // of the eSIM that is topped up
	Real   bool       // an order spends money
}

// checkout shows what is bought, under a new cart.
func (s *shop) checkout(w http.ResponseWriter, r *http.Request) {
	o, ok := s.offer(r.URL.Query().Get("offer"))
	if !ok {
		s.say(w, r, http.StatusNotFound, "This offer is gone", "It was sold out or renamed. There are others for the same country.")
		return
	}
	v := checkoutView{Cart: newCart(), Offer: o, Action: "/buy", Back: "/to/" + string(o.Countries[0]), Real: s.resellers.sim == nil}
	if c := esim.Country(r.URL.Query().Get("for")); slices.Contains(o.Countries, c) {
		v.Back = "/to/" + string(c)
	}
	s.show(w, r, http.StatusOK, "checkout", view{Title: "Checkout", Body: v})
}

// postBuy sells. The same form sent twice is one sale: the cart is its name.
func (s *shop) postBuy(w http.ResponseWriter, r *http.Request) {
	c, ok := parseCart(r.PostFormValue("cart"))
	if !ok {
		s.notOurs(w, r)
		return
	}
	key := r.PostFormValue("offer")
	if s.resent(w, r, c, c, &sale{}, key) {
		return
	}
	o, found := s.offer(key)
	if !found {
		s.say(w, r, http.StatusBadRequest, "This offer is gone", "Nothing was bought and nothing was charged.")
		return
	}
	s.finish(w, r, c, c, &sale{Package: o.Package})
}

func (s *shop) notOurs(w http.ResponseWriter, r *http.Request) {
	s.say(w, r, http.StatusBadRequest, "This form is not ours", "Nothing was bought and nothing was charged.")
}

// resent answers a form whose cart was paid before. What was paid stays paid,
// whatever has become of the offer since.
func (s *shop) resent(w http.ResponseWriter, r *http.Request, shown, paid cart, want *sale, key string) bool {
	sold, err := s.books.sale(r.Context(), paid.Reference())
	if isMissing(err) {
		return false
	}
	if err == nil && (sold.Parent != want.Parent || offerKey(&sold.Package) != key) {
		err = errOtherSale
	}
	s.sold(w, r, shown, err)
	return true
}

// finish sells for the price that the customer has seen, and for no other.
func (s *shop) finish(w http.ResponseWriter, r *http.Request, shown, paid cart, sold *sale) {
	if price := sold.Package.Price.String(); r.PostFormValue("price") != price {
		s.say(w, r, http.StatusConflict, "The price has changed", "It is "+price+" now. Nothing was bought and nothing was charged.")
		return
	}
	sold.Reference, sold.PaidAt = paid.Reference(), time.Now()
	s.sold(w, r, shown, s.sell(context.WithoutCancel(r.Context()), sold)) // who has paid and left still gets it
}

// sold shows how a sale went: the order page of a cart, or why there is none.
func (s *shop) sold(w http.ResponseWriter, r *http.Request, shown cart, err error) {
	switch {
	case errors.Is(err, errNotSelling):
		s.say(w, r, http.StatusForbidden, "Nothing is sold here", "This shop shows prices only. Nothing was bought and nothing was charged.")
	case errors.Is(err, errOtherSale):
		s.say(w, r, http.StatusConflict, "This checkout was used already", "It was paid for another offer. Nothing more was charged.")
	case err != nil:
		s.trouble(w, r, err)
	default:
		http.Redirect(w, r, shown.Path(), http.StatusSeeOther) //nolint:gosec // a cart is letters and digits only
	}
}

// topUpCheckout is the checkout of more data for an eSIM.
func (s *shop) topUpCheckout(w http.ResponseWriter, r *http.Request) {
	c, sold, more, ok := s.topUpOffer(w, r, r.URL.Query().Get("package"))
	if !ok {
		return
	}
	s.show(w, r, http.StatusOK, "checkout", view{Title: "Top-up", Body: checkoutView{
		Cart: newCart(), Offer: offer{Package: *more, Fulfilment: esim.FulfilmentImmediate},
		Action: c.Path() + "/top-up", Back: c.Path(), ICCID: sold.ICCID, Real: s.resellers.sim == nil,
	}})
}

// postTopUp sells more data for an eSIM.
func (s *shop) postTopUp(w http.ResponseWriter, r *http.Request) {
	c, known := parseCart(r.PathValue("cart"))
	paid, ok := parseCart(r.PostFormValue("cart"))
	if !known || !ok || paid == c {
		s.notOurs(w, r)
		return
	}
	key := r.PostFormValue("offer")
	if s.resent(w, r, c, paid, &sale{Parent: c.Reference()}, key) {
		return
	}
	_, sold, more, ok := s.topUpOffer(w, r, key)
	if !ok {
		return
	}
	sold.Package = *more
	s.finish(w, r, c, paid, sold)
}

// topUpOffer is the top-up of that package for the eSIM of an order, as the
// reseller offers it now. It has answered if ok is false.
func (s *shop) topUpOffer(w http.ResponseWriter, r *http.Request, id string) (c cart, sold *sale, more *esim.Package, ok bool) {
	v, c, ok := s.find(w, r)
	if !ok {
		return c, nil, nil, false
	}
	list, err := s.topUpsFor(r.Context(), v)
	if err != nil {
		s.trouble(w, r, err)
		return c, nil, nil, false
	}
	for i := range list {
		if offerKey(&list[i]) == id || list[i].ID == id {
			return c, &sale{Parent: c.Reference(), ICCID: v.ICCID()}, &list[i], true
		}
	}
	s.say(w, r, http.StatusNotFound, "This top-up is gone", "Nothing was bought and nothing was charged.")
	return c, nil, nil, false
}
