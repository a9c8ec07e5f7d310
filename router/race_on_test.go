//go:build race

package router_test

// raceEnabled makes the long tests shorter: the detector slows them down.
const raceEnabled = true
