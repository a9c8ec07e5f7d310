package simulator

import (
	"net/http"
	"strconv"

	"github.com/esimkit/esim/esimtest"
)

const fxSaysKeys = `eSIMfx docs: "Keys remain valid for 6 months to prevent duplicate charges on retries."`

// fxUntaught is an error code that no test teaches a client.
const fxUntaught = 59999

func fxWorlds() []World {
	list := []World{
		{
			Name: "keys-ignored", Breaks: fxSaysKeys, Recharges: true,
			Does: "X-Idempotency-Key means nothing: each create_order is a purchase.",
			set:  func(r *rules) { r.keys.ignored = true },
		},
		{
			Name: "keys-forgotten", Breaks: fxSaysKeys, Recharges: true,
			Does: "X-Idempotency-Key is forgotten 30 seconds after the purchase.",
			set:  func(r *rules) { r.keys.memory = shortMemory },
		},
		{
			Name: "keys-unseen-in-progress", Breaks: fxSaysKeys, Recharges: true,
			Does: "X-Idempotency-Key is not known before its purchase is made: two requests at once are two purchases.",
			set:  func(r *rules) { r.keys.unseen = true },
		},
		{
			Name: "replay-fails",
			Does: "The repeat of a purchase is answered with an error, HTTP 200 and a code that nobody publishes.",
			set:  func(r *rules) { r.keys.replayFails = true },
		},
		{
			Name: "checks-first",
			Does: "Balance and product are looked at before the key: the repeat of a charged purchase can be refused for them.",
			set:  func(r *rules) { r.checksFirst = true },
		},
		{
			Name: "refusals-kept",
			Does: "A refused purchase stays refused under its key.",
			set:  func(r *rules) { r.keys.refusals = true },
		},
		{
			Name: "untaught-charged",
			Does: "The first purchase under a key is charged, kept under it, and answered with a code that nobody publishes.",
			set: func(r *rules) {
				r.failure = failure{attempts: 1, charges: true, answer: fxTrouble()}
			},
		},
		{
			Name: "untaught-charged-freed", Breaks: fxSaysKeys, Recharges: true,
			Does: "The first purchase under a key is charged and answered with a code that nobody publishes, and the key is free.",
			set: func(r *rules) {
				r.failure = failure{attempts: 1, charges: true, frees: true, answer: fxTrouble()}
			},
		},
		{
			Name: "gateway-charged",
			Does: "The first purchase under a key is charged and kept under it, and a gateway answers 502.",
			set:  func(r *rules) { r.failure = failure{attempts: 1, charges: true, gateway: true} },
		},
	}
	return listWorlds(namedFor(esimtest.ESIMFX, list))
}

func fxTrouble() problem {
	return problem{status: http.StatusOK, code: strconv.Itoa(fxUntaught), message: "The order could not be completed"}
}
