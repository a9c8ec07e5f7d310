// Package simulator plays eSIMfly, eSIM Story and eSIMfx. The simulators speak
// the wire formats that the providers document, and check what the documents
// say is checked: signatures with code of their own, time stamps within five
// minutes, request ids not used before, tokens not expired. A request in a
// form that no document shows is taken where a real server most likely would
// take it, and noted: see [Simulator.Violations]. A client is pointed at one by
// its base URL and credentials:
//
//	sim, err := simulator.New()
//	…
//	defer sim.Close()
//	client, err := esimfly.New(esimfly.Config{
//		AccessCode: sim.ESIMFly.AccessCode,
//		SecretKey:  esim.NewSecret(sim.ESIMFly.SecretKey),
//		Settings:   esim.Settings{BaseURL: sim.ESIMFly.URL(), Now: sim.Now},
//	})
//
// Package esimtest/resellers does that for all three in one line. In a test,
// [ForTest] makes the simulator and closes it.
//
// What stands behind the sockets keeps state: a catalogue, a prepaid balance,
// orders, eSIMs that are installed and use data, top-ups, cancellations,
// webhooks. Time is the real time plus what [Simulator.Advance] adds, so that
// provisioning, expiry and retries of webhooks take no time in a test.
// [Server.Ledger] holds every charge and refund.
//
// # Without sockets, and with a clock of your own
//
// [Server.Transport] hands requests to a provider on the goroutine that makes
// them, and [WithoutListeners] opens no sockets at all. With [WithClock] time
// stands still between two calls of [Simulator.Advance], which also sends the
// webhooks, and everything that looks random comes from the seed. Together
// they make a run of hundreds of thousands of orders quick, and the same every
// time. [WithTravel] with a negative time keeps eSIMs from being used, so that
// the passing of time costs nothing, however many there are.
//
// # Worlds
//
// A [World] is one way in which a reseller may behave where its documents are
// silent, or one that breaks a sentence of theirs: failed orders that were
// charged, keys that are ignored or forgotten, pages that lack a row, codes
// that are written otherwise. [Worlds] has all of them, and [WithWorld] makes a
// simulator of some.
//
// # Webhooks for receivers
//
// [ESIMFlyWebhook], [ESIMStoryWebhook], [ESIMFXWebhook] and [StandardWebhook]
// write and sign one webhook, for the test of a receiver that needs no
// provider.
//
// # What is invented
//
// Where a provider's documents are silent the simulator had to choose.
// docs/simulators.md lists every choice, with the worlds that choose otherwise.
// The numbers of eSIMfx's error codes and the bodies of its webhooks are
// invented altogether. Passing here does not prove that the real service
// agrees.
package simulator
