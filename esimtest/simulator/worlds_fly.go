package simulator

import (
	"net/http"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// What eSIMfly's documents and esimfly.Config say, as far as a world breaks it.
const (
	flySaysReplay   = `eSIMfly docs, create-order: an idempotency_key whose order was completed returns that order with duplicate:true (esimfly.Config.ReplaysVerified)`
	flySaysRunning  = `eSIMfly docs, create-order: an idempotency_key whose request is still running is refused with 409 DUPLICATE_REQUEST`
	flySaysFreed    = `eSIMfly docs, create-order: an idempotency_key whose attempt has failed may be used again`
	flySaysNoCharge = `eSIMfly docs, create-order: "No partial deductions on failed orders"`
	flySaysIDs      = `eSIMfly docs, create-order: "Duplicate request IDs are rejected to prevent accidental reorders"`
)

// flyProcessing is ORDER_PROCESSING_ERROR for an order, and the 500 without a
// code that the documents name for a top-up.
func flyProcessing() problem {
	return problem{status: http.StatusInternalServerError, message: "Failed to process order"}
}

// shortMemory is how long a forgetful provider keeps a key.
const shortMemory = 30 * time.Second

func flyWorlds() []World {
	list := []World{
		{
			Name: "failed-charged", Breaks: flySaysNoCharge, Recharges: true,
			Does: "The first order under a key is charged and answered with ORDER_PROCESSING_ERROR, which frees the key.",
			set: func(r *rules) {
				r.failure = failure{attempts: 1, charges: true, frees: true, answer: flyProcessing()}
			},
		},
		{
			Name: "failed-uncharged",
			Does: "The first order under a key is answered with ORDER_PROCESSING_ERROR, is not charged, and its key is free.",
			set:  func(r *rules) { r.failure = failure{attempts: 1, frees: true, answer: flyProcessing()} },
		},
		{
			Name: "keys-ignored", Breaks: flySaysReplay, Recharges: true,
			Does: "An idempotency_key means nothing: each order is a purchase.",
			set:  func(r *rules) { r.keys.ignored = true },
		},
		{
			Name: "keys-forgotten", Breaks: flySaysReplay, Recharges: true,
			Does: "An idempotency_key is forgotten 30 seconds after the order.",
			set:  func(r *rules) { r.keys.memory = shortMemory },
		},
		{
			Name: "keys-unseen-in-progress", Breaks: flySaysRunning, Recharges: true,
			Does: "An idempotency_key is not known before its order is made: two requests at once are two orders.",
			set:  func(r *rules) { r.keys.unseen = true },
		},
		{
			Name: "refusals-kept", Breaks: flySaysFreed,
			Does: "A refused order stays refused under its idempotency_key.",
			set:  func(r *rules) { r.keys.refusals = true },
		},
		{
			Name: "checks-first", Breaks: flySaysReplay,
			Does: "Balance and package are looked at before the key: the repeat of a charged order can be refused for them.",
			set:  func(r *rules) { r.checksFirst = true },
		},
		{
			Name: "replay-fails", Breaks: flySaysReplay,
			Does: "The repeat of a completed order is answered with 409 DUPLICATE_REQUEST for ever.",
			set:  func(r *rules) { r.keys.replayFails = true },
		},
		{
			Name: "request-id-on-receipt",
			Does: "A request id is used up by every request that carries it, also by those with a bad time stamp or signature.",
			set:  func(r *rules) { r.requestIDs = idReceived },
		},
		{
			Name: "request-id-late", Breaks: flySaysIDs, Recharges: true,
			Does: "A request id is used up only when its request has been granted, not by a refused one or by one in progress.",
			set:  func(r *rules) { r.requestIDs = idActedOn },
		},
		{
			Name: "gateway-charged",
			Does: "The first order under a key is charged and kept under it, and a gateway answers 502.",
			set:  func(r *rules) { r.failure = failure{attempts: 1, charges: true, gateway: true} },
		},
	}
	return listWorlds(namedFor(esimtest.ESIMFly, list))
}

// namedFor puts the provider into its worlds.
func namedFor(p esim.Provider, list []World) []World {
	for i := range list {
		list[i].Provider, list[i].Name = p, string(p)+"/"+list[i].Name
	}
	return list
}
