package esim_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestCheckReference(t *testing.T) {
	for _, good := range []string{"a", "cart-1", "A.b_c:d-9", "..", strings.Repeat("r", 64)} {
		require.NoError(t, esim.CheckReference(good), good)
	}
	for _, bad := range []string{"", "a b", "a/b", "ü", "１２３", "a\nb", "a\xffb", "a@b", strings.Repeat("r", 65)} {
		err := esim.CheckReference(bad)
		require.ErrorIs(t, err, esim.ErrInvalidRequest, bad)
		if len(bad) > 3 {
			assert.NotContains(t, err.Error(), bad)
		}
	}
}
