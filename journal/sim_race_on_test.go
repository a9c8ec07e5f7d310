//go:build race

package journal_test

// raceEnabled makes the long tests shorter: the detector slows them down, and
// they run on one goroutine.
const raceEnabled = true
