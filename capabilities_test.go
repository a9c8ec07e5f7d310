package esim_test

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// TestCapabilitiesZeroValue supports nothing and promises nothing.
func TestCapabilitiesZeroValue(t *testing.T) {
	v := reflect.ValueOf(esim.Capabilities{})
	for i := range v.NumField() {
		assert.True(t, v.Field(i).IsZero(), v.Type().Field(i).Name)
	}
	var c esim.Capabilities
	assert.Equal(t, "none", c.OrderIdempotency.String())
	assert.Equal(t, "none", c.TopUpIdempotency.String())
	assert.Equal(t, "unknown", c.Fulfilment.String())
	assert.Equal(t, "none", c.PriceGuard.String())
}

func TestCapabilitiesAsJSON(t *testing.T) {
	c := esim.Capabilities{
		Order: true, GetOrder: true, MaxQuantity: 10, OrderIdempotency: esim.IdempotencyReplays, TopUpIdempotency: esim.IdempotencyRejects,
		OrderRepeat: esim.RepeatSafe, TopUpRepeat: esim.RepeatBuys, MaxRepeats: 1, ListProvesAfter: time.Minute,
		KeyLife: 24 * time.Hour, OnceRequestID: true, Fulfilment: esim.FulfilmentWebhook, PriceGuard: esim.PriceGuardEnforced, PollInterval: 5 * time.Second,
	}
	doc, err := json.Marshal(c)
	require.NoError(t, err)
	assert.Equal(t, `{"list_packages":false,"list_top_ups":false,"order":true,"top_up":false,"get_order":true,"cancel":false,"get_esim":false,`+
		`"usage":false,"balance":false,"lookup_by_reference":false,"callback_url":false,"max_quantity":10,"order_idempotency":"replays",`+
		`"top_up_idempotency":"rejects duplicates","order_repeat":"safe","top_up_repeat":"buys","max_repeats":1,"list_proves_after":60000000000,"key_life":86400000000000,"once_request_id":true,"fulfilment":"webhook only","price_guard":"enforced by provider","poll_interval":5000000000,`+
		`"contract_verified":false}`, string(doc))
	var back esim.Capabilities
	require.NoError(t, json.Unmarshal(doc, &back))
	assert.Equal(t, c, back)
	require.Error(t, json.Unmarshal([]byte(`{"fulfilment":"by pigeon"}`), &back))
}

// TestCapabilitiesNameEachCall: a method without a field could not be asked
// about before it is called.
func TestCapabilitiesNameEachCall(t *testing.T) {
	client, caps := reflect.TypeFor[esim.Client](), reflect.TypeFor[esim.Capabilities]()
	for method := range client.Methods() {
		if method.Type.NumOut() != 2 {
			continue
		}
		field, ok := caps.FieldByName(method.Name)
		require.True(t, ok, "no Capabilities.%s", method.Name)
		assert.Equal(t, reflect.Bool, field.Type.Kind())
	}
}
