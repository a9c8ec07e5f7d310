// Package esimtest is the vocabulary of tests that buy eSIMs: faults, the
// ledger of what was charged, and the harness that a conformance suite drives.
// The test bench itself stands in the packages below:
//
//   - esimtest/simulator plays eSIMfly, eSIM Story and eSIMfx in the wire
//     formats that they document;
//   - esimtest/memory is a client in memory, for the unit tests of a shop;
//   - esimtest/conformance proves that a client keeps the promises of
//     [esim.Client];
//   - esimtest/resellers connects the three adapters to a simulator.
//
// # The ledger
//
// A [Ledger] holds every charge and refund. A test compares what a client
// believes with what was charged: after an error that says "not charged" the
// ledger is as before; after any number of repeats with one reference it holds
// one charge.
//
// # Faults
//
// A [Fault] lets the next requests of an operation go wrong in one of the ways
// of [FaultKind]: connections refused, cut, silent; answers late, halved, from
// a proxy, too big, or of the wrong shape. [FaultKind.Commits] says whether a
// purchase that suffers it has been made. A [Schedule] spreads faults over many
// requests, the same ones for the same seed. Simulators and the client in
// memory take both; a simulator of your own gets them from a [FaultPlan].
package esimtest
