// Package catalog puts what several resellers sell on one shelf: it reads their
// catalogues at their pace, keeps the last good one when a sync goes wrong, and
// answers in microseconds which offer, or which set of offers, suits a traveller.
//
// A [Catalog] syncs ([Catalog.Run]), searches ([Catalog.Search]), plans a
// journey through several countries ([Catalog.Trip]), says which offers of
// different resellers are the same product ([Catalog.Same]), and tells shops
// that mirror it what has changed ([Catalog.Changes]).
//
// Readers never wait: each sees one shelf as it was at one moment, while a sync
// builds the next one beside it. Prices of different currencies are compared
// through the caller's own [Rates], and not at all without them.
package catalog
