package evidence_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim/evidence"
)

// No part of an outer Send stays: a purchase that is made on the way of another
// one must not have its request id.
func TestASendReplacesTheOuterOne(t *testing.T) {
	outer := evidence.WithSend(t.Context(), evidence.Send{Resumed: true, RequestID: "r-1", OneSend: true, Quantity: 3})
	inner := evidence.WithSend(outer, evidence.Send{Quantity: 2})
	assert.Equal(t, evidence.Send{Quantity: 2}, evidence.SendOf(inner))
	assert.True(t, evidence.SendOf(outer).Resumed)
	assert.Zero(t, evidence.SendOf(evidence.WithSend(outer, evidence.Send{})))
}

func TestNoSend(t *testing.T) {
	assert.Zero(t, evidence.SendOf(t.Context()))
	var none context.Context
	assert.Zero(t, evidence.SendOf(none))
}
