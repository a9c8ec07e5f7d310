package simulator

import (
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// The documented refusals of eSIM Story that come after the supplier was
// asked.
func storyTrouble(text string) problem {
	return problem{status: http.StatusUnprocessableEntity, message: text}
}

const (
	storyConnection = "API connection error (Order ID: 52731)"
	storyRequest    = "eSIM Request failed - Status: 9999, Message: internal"
)

func storyWorlds() []World {
	return namedFor(esimtest.ESIMStory, []World{
		{
			Name: "failed-charged-422", Recharges: true,
			Does: "The first order under an id is sold and answered with 422, supplier trouble, and its id is free again.",
			set: func(r *rules) {
				r.failure = failure{attempts: 1, charges: true, frees: true, answer: storyTrouble(storyConnection)}
			},
		},
		{
			Name: "failed-charged-500", Recharges: true,
			Does: "The first order under an id is sold and answered with 500, and its id is free again.",
			set: func(r *rules) {
				r.failure = failure{
					attempts: 1, charges: true, frees: true,
					answer: problem{status: http.StatusInternalServerError, message: "Internal server error"},
				}
			},
		},
		{
			Name: "failed-charged-kept",
			Does: "The first order under an id is sold and answered with 422, supplier trouble, and its id is taken.",
			set: func(r *rules) {
				r.failure = failure{attempts: 1, charges: true, answer: storyTrouble(storyConnection)}
			},
		},
		{
			Name: "failed-uncharged",
			Does: "The first order under an id is answered with 422, supplier trouble, nothing is sold, and its id is free.",
			set:  func(r *rules) { r.failure = failure{attempts: 1, frees: true, answer: storyTrouble(storyRequest)} },
		},
		{
			Name: "failed-uncharged-kept",
			Does: "The first order under an id is answered with 422, supplier trouble, nothing is sold, and its id is taken.",
			set:  func(r *rules) { r.failure = failure{attempts: 1, answer: storyTrouble(storyRequest)} },
		},
		{
			Name: "ids-unseen-in-progress", Recharges: true,
			Does: "An id is kept once its order is through: two requests at once are two orders.",
			set:  func(r *rules) { r.keys.unseen = true },
		},
		{
			Name: "ids-kept-on-arrival",
			Does: "An id is taken by every request, also by a refused one and one that got no further.",
			set:  func(r *rules) { r.keys.refusals = true },
		},
		{
			Name: "checks-first",
			Does: "Balance and package are looked at before the id: the repeat of a charged order can be refused for them.",
			set:  func(r *rules) { r.checksFirst = true },
		},
		{
			Name: "webhooks-early",
			Does: "The webhooks of an order come before its answer.",
			set:  func(r *rules) { r.webhooks.early = true },
		},
	})
}

// webhookWorlds are those that a provider with webhooks has.
func webhookWorlds(p esim.Provider) []World {
	return namedFor(p, []World{
		{
			Name: "webhooks-late",
			Does: "Webhooks come six hours later than they could.",
			set:  func(r *rules) { r.webhooks.delay = 6 * time.Hour },
		},
		{
			Name: "webhooks-doubled",
			Does: "Each webhook comes twice, a minute apart.",
			set:  func(r *rules) { r.webhooks.copies = 1 },
		},
		{
			Name: "webhooks-missing",
			Does: "No webhook comes.",
			set:  func(r *rules) { r.webhooks.lost = true },
		},
	})
}
