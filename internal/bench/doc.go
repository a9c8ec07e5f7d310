// Package bench compares the adapters with what a careful engineer would write
// by hand for the same calls: net/http and encoding/json, against the same
// simulator, in the same run. It holds tests and benchmarks only;
// docs/performance.md shows the method and the ratios.
package bench
