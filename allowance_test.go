package esim_test

import (
	"encoding/json"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// Not stated, none, a number and unlimited are four things, in memory and in JSON.
func TestAllowance(t *testing.T) {
	for _, tt := range []struct {
		allowance esim.Allowance
		n         int
		counted   bool
		text, in  string // in an object of JSON, where what is not stated may be left out
	}{
		{esim.Allowance{}, 0, false, "not stated", `{}`},
		{esim.AllowanceOf(0), 0, true, "0", `{"sms":0}`},
		{esim.AllowanceOf(100), 100, true, "100", `{"sms":100}`},
		{esim.AllowanceOf(math.MaxInt32 - 1), math.MaxInt32 - 1, true, "2147483646", `{"sms":2147483646}`},
		{esim.UnlimitedAllowance(), 0, false, "unlimited", `{"sms":"unlimited"}`},
	} {
		n, counted := tt.allowance.Count()
		assert.Equal(t, tt.n, n, tt.text)
		assert.Equal(t, tt.counted, counted, tt.text)
		assert.Equal(t, tt.text, tt.allowance.String())
		assert.Equal(t, tt.text == "unlimited", tt.allowance.IsUnlimited())
		assert.Equal(t, tt.text == "not stated", tt.allowance.IsZero())
		type holder struct {
			SMS esim.Allowance `json:"sms,omitzero"`
		}
		b, err := json.Marshal(holder{tt.allowance})
		require.NoError(t, err)
		assert.Equal(t, tt.in, string(b))
		var back holder
		require.NoError(t, json.Unmarshal(b, &back))
		assert.Equal(t, tt.allowance, back.SMS)
	}
	for _, n := range []int{-1, math.MinInt, math.MaxInt32, math.MaxInt} {
		assert.Zero(t, esim.AllowanceOf(n), fmt.Sprint(n))
	}
	for _, bad := range []string{`-1`, `1.5`, `"many"`, `true`, `"5"`, `2147483647`, `[]`, `1e2`} {
		a := esim.AllowanceOf(7)
		require.Error(t, json.Unmarshal([]byte(bad), &a), bad)
		assert.Equal(t, esim.AllowanceOf(7), a, "what cannot be read changes nothing")
	}
	var a esim.Allowance
	require.NoError(t, json.Unmarshal([]byte(`null`), &a))
	assert.Zero(t, a)
}

func TestPackageKey(t *testing.T) {
	assert.Equal(t, "esimfly:PHAJHEAYP", (&esim.Package{Provider: "esimfly", ID: "PHAJHEAYP"}).Key())
}
