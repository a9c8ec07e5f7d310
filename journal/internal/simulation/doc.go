// Package simulation runs the real journal, with the real clients, against the
// simulated providers of package esimtest, in virtual time and on one
// goroutine, while everything goes wrong that can: answers are lost, requests
// arrive late, replicas die between any two instructions and others take over,
// shops call twice. After every step it compares what the provider has charged
// with what the journal believes.
//
// A run depends on its seed alone. [Run] makes many small worlds; [RunCase]
// plays one scripted scenario with one interruption at a given place.
package simulation
