// Package esimtest is the test bench for code that buys eSIMs: simulators of
// the three resellers, a conformance suite for clients, and a client in memory.
//
// # Simulators
//
// [NewSimulator] starts eSIMfly, eSIM Story and eSIMfx on loopback sockets.
// They speak the wire formats that the providers document, and check what the
// documents say is checked: signatures with code of their own, time stamps
// within five minutes, request ids not used before, tokens not expired. A
// request in a form that no document shows is taken where a real server most
// likely would take it, and noted: see [Simulator.Violations]. A client is
// pointed at one by its base URL and credentials:
//
//	sim := esimtest.NewSimulator(t)
//	client, err := esimfly.New(esimfly.Config{
//		AccessCode: sim.ESIMFly.AccessCode,
//		SecretKey:  esim.NewSecret(sim.ESIMFly.SecretKey),
//		Settings:   esim.Settings{BaseURL: sim.ESIMFly.URL(), Now: sim.Now},
//	})
//
// What stands behind the sockets keeps state: a catalogue, a prepaid balance,
// orders, eSIMs that are installed and use data, top-ups, cancellations,
// webhooks. Time is the real time plus what [Simulator.Advance] adds, so that
// provisioning, expiry and retries of webhooks take no time in a test.
//
// # Without sockets, and with a clock of your own
//
// [Server.Transport] hands requests to a provider on the goroutine that makes
// them, and [WithoutListeners] opens no sockets at all. With [WithClock] time
// stands still between two calls of [Simulator.Advance], which also sends the
// webhooks, and everything that looks random comes from the seed. Together
// they make a run of hundreds of thousands of orders quick, and the same every
// time:
//
//	sim := esimtest.NewSimulator(t, esimtest.WithoutListeners(), esimtest.WithClock(start))
//	client, err := esimfly.New(esimfly.Config{
//		AccessCode: sim.ESIMFly.AccessCode,
//		SecretKey:  esim.NewSecret(sim.ESIMFly.SecretKey),
//		Settings: esim.Settings{
//			BaseURL:    sim.ESIMFly.URL(),
//			HTTPClient: &http.Client{Transport: sim.ESIMFly.Transport()},
//			Now:        sim.Now,
//		},
//	})
//
// [WithTravel] with a negative time keeps eSIMs from being used, so that the
// passing of time costs nothing, however many there are.
//
// # The ledger
//
// [Server.Ledger] holds every charge and refund. A test compares what a client
// believes with what was charged: after an error that says "not charged" the
// ledger is as before; after any number of repeats with one reference it holds
// one charge.
//
// # Faults
//
// [Server.Inject] lets the next requests of an operation go wrong in one of
// the ways of [FaultKind]: connections refused, cut, silent; answers late,
// halved, from a proxy, too big, or of the wrong shape. [FaultKind.Commits]
// says whether a purchase that suffers it has been made. [Server.Schedule]
// spreads faults over many requests, the same ones for the same seed.
//
// # Worlds
//
// A [World] is one way in which a reseller may behave where its documents are
// silent, or one that breaks a sentence of theirs: failed orders that were
// charged, keys that are ignored or forgotten, pages that lack a row, codes
// that are written otherwise. [Worlds] has all of them, and [WithWorld] makes a
// simulator of some.
//
// # Resellers of different temper
//
// [MemoryTemper] makes a [Memory] cheap but flaky, dear but instant, out of
// balance, slow, or down: see [Tempers]. A few of them, with [MemoryClock], are
// a market in which a shop's choices can be tried on many thousand sales.
//
// # What is invented
//
// Where a provider's documents are silent the simulator had to choose.
// docs/simulators.md lists every choice, with the worlds that choose otherwise.
// The numbers of eSIMfx's error codes and the bodies of its webhooks are
// invented altogether. Passing here does not prove that the real service
// agrees.
package esimtest
