package esim_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func TestMayRepeat(t *testing.T) {
	of := func(o esim.Outcome, r esim.Repeat) error { return &esim.Error{Outcome: o, Repeat: r} }
	unknown := of(esim.OutcomeUnknown, esim.RepeatUnknown)
	safe := of(esim.OutcomeUnknown, esim.RepeatSafe)
	for _, tc := range []struct {
		name string
		err  error
		may  bool
	}{
		{"no error", nil, false},
		{"a foreign error", errors.New("x"), false},
		{"not sent", of(esim.OutcomeNotSent, esim.RepeatUnknown), true},
		{"rejected", of(esim.OutcomeRejected, esim.RepeatBuys), true},
		{"unknown", unknown, false},
		{"unknown, a repeat is safe", safe, true},
		{"unknown, a repeat buys", of(esim.OutcomeUnknown, esim.RepeatBuys), false},
		{"accepted", of(esim.OutcomeAccepted, esim.RepeatSafe), false},
		{"wrapped", fmt.Errorf("shop: %w", safe), true},
		{"one of two is not safe", errors.Join(safe, unknown), false},
		{"one of two was rejected", errors.Join(of(esim.OutcomeRejected, 0), safe), true},
		{"one of two was accepted", errors.Join(of(esim.OutcomeAccepted, 0), safe), true},
		{"a nil Error", error((*esim.Error)(nil)), false},
	} {
		assert.Equal(t, tc.may, esim.MayRepeat(tc.err), tc.name)
	}
}

func TestRepeatAsText(t *testing.T) {
	for want, r := range map[string]esim.Repeat{"unknown": esim.RepeatUnknown, "safe": esim.RepeatSafe, "buys": esim.RepeatBuys} {
		doc, err := json.Marshal(r)
		require.NoError(t, err)
		assert.Equal(t, `"`+want+`"`, string(doc))
		var back esim.Repeat
		require.NoError(t, json.Unmarshal(doc, &back))
		assert.Equal(t, r, back)
	}
	var r esim.Repeat
	require.Error(t, json.Unmarshal([]byte(`"perhaps"`), &r))
	assert.Equal(t, "unknown", esim.Repeat(99).String())
}
