package esimfx

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

func TestUnits(t *testing.T) {
	for word, want := range map[wire.Text]esim.DataSize{
		"Byte": 1, "bytes": 1, "B": 1, "KB": esim.KiB, "MB": esim.MiB, "mbs": esim.MiB,
		"GB": esim.GiB, " gb ": esim.GiB, "GBs": esim.GiB, "TB": esim.TiB,
	} {
		assert.Equal(t, want, units[singular(word)], word)
		assert.False(t, isDays(word), word)
	}
	for _, word := range []wire.Text{"", "Days", "Gb/s", "Gbit", "SMS", "S", "PB"} {
		assert.Zero(t, units[singular(word)], word)
	}
	for _, word := range []wire.Text{"DAY", "Days", "day"} {
		assert.True(t, isDays(word), word)
	}
}
