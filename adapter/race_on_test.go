//go:build race

package adapter

const underRace = true
