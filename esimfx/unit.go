package esimfx

import (
	"strings"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

// unitOf returns the bytes in a unit of data. A gigabyte of eSIMfx is 2^30
// bytes: its sample of a 10 GB product has a limit of 10737418240 Byte.
func unitOf(word wire.Text) (esim.DataSize, bool) {
	switch singular(word) {
	case "B", "BYTE":
		return 1, true
	case "KB":
		return esim.KiB, true
	case "MB":
		return esim.MiB, true
	case "GB":
		return esim.GiB, true
	case "TB":
		return esim.TiB, true
	}
	return 0, false
}

// isDays reports whether a unit counts days, as the validity of every product
// and the amounts of unlimited plans do.
func isDays(word wire.Text) bool { return singular(word) == "DAY" }

func singular(word wire.Text) string { return strings.TrimSuffix(word.Upper(), "S") }
