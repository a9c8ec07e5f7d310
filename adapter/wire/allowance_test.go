package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestAllowance(t *testing.T) {
	unlimited := esim.UnlimitedAllowance()
	for doc, want := range map[string]esim.Allowance{
		`0`: esim.AllowanceOf(0), `1000`: esim.AllowanceOf(1000), `1e3`: esim.AllowanceOf(1000), `30.0`: esim.AllowanceOf(30),
		`"1000"`: esim.AllowanceOf(1000), `" 30 "`: esim.AllowanceOf(30),
		`"unlimited"`: unlimited, `" UNLIMITED"`: unlimited, `"\u0075nlimited"`: unlimited,
		`null`: {}, `""`: {}, `-1`: {}, `0.5`: {}, `4294967296`: {}, `"4294967296"`: {},
	} {
		var got Allowance
		require.NoError(t, Decode([]byte(doc), &got), doc)
		assert.Equal(t, want, got.Allowance, doc)
	}
	for _, doc := range []string{`"many"`, `true`, `[]`, `{}`, `"unlimited minutes"`} {
		got := Allowance{unlimited}
		require.Error(t, Decode([]byte(doc), &got), doc)
		assert.True(t, got.IsZero(), doc)
	}
}
