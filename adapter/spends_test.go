package adapter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// An endpoint that spends is known by what a call reaches, and not by how it is
// written.
func TestNoSpellingSpendsOutsideAPurchase(t *testing.T) {
	s := newShop(t, Purchase{Safety: Keyed}, oneESIM)
	s.spec.Spends = append(s.spec.Spends, "POST /sims/{iccid}/top-ups")
	for _, c := range []Call{
		Post("/orders", Once, nil),
		Post("/{what}", Once, nil, "what", "orders"),
		Post("/{what}", Once, nil, "what", "x/../orders"),
		Post("/orders/", Once, nil),
		Post("//orders", Once, nil),
		Post("/x/../orders", Once, nil),
		Post("/ORDERS", Once, nil),
		{Method: "post", Path: "/orders"},
		Post("/sims/{id}/top-ups", Once, nil, "id", "8901"),
		Post("/sims/{id}/top-ups", Once, nil, "id", "89/01"),
		Post("/sims/8901/top-ups", Once, nil),
		Post("/sims/{id}/{what}", Once, nil, "id", "8901", "what", "top-ups"),
	} {
		c.Out = new(reply)
		err := s.Do(t.Context(), c)
		assertOutcome(t, esim.OutcomeNotSent, err)
		require.ErrorContains(t, err, "is no purchase", c.Method+" "+c.Path)
	}
	assert.Empty(t, s.wire.requests)
	for _, c := range []Call{
		Post("/sims/{id}/top-ups/options", Once, nil, "id", "8901"),
		Post("/sims/top-ups", Once, nil),
		Post("/orders/{id}", Once, nil, "id", "7"),
		Get("/orders"),
	} {
		c.Out = new(reply)
		require.NoError(t, s.Do(t.Context(), c), c.Method+" "+c.Path)
	}
}

// A purchase is declared by its template, whatever name stands in the braces.
func TestAPurchaseReachesItsTemplate(t *testing.T) {
	c := Call{}.Post("/sims/{iccid}:top-up", nil, "iccid", "8901")
	assert.True(t, c.reaches("POST /sims/{iccid}:top-up"))
	assert.True(t, c.reaches("POST /sims/{id}:top-up"))
	assert.False(t, c.reaches("POST /sims/{id}:suspend"))
	assert.False(t, c.reaches("PUT /sims/{id}:top-up"))
}
