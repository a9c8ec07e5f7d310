//go:build !race

package adapter

const underRace = false
