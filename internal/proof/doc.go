// Package proof holds no code, only the tests that set the adapters against
// the simulators of their providers: the conformance suite, the matrix of
// every fault and every purchase, and ten thousand orders under a schedule of
// faults, with the simulators' charge ledgers as the judge.
package proof
