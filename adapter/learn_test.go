package adapter

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
)

func TestLearnedFacts(t *testing.T) {
	now := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	api := newTransport(t, esim.Settings{Now: func() time.Time { return now }})
	_, known := Learned[string](api, "eSIM 1")
	assert.False(t, known)
	api.Learn("eSIM 1", "order-1")
	_, known = Learned[int](api, "eSIM 1")
	assert.False(t, known, "of another kind")
	api.Learn("eSIM 1", "order-2")
	order, known := Learned[string](api, "eSIM 1")
	assert.True(t, known)
	assert.Equal(t, "order-2", order)
	for i := range maxSettled {
		api.Learn(fmt.Sprint("more ", i), i)
	}
	_, known = Learned[string](api, "eSIM 1")
	assert.True(t, known, "many, and none of them old")
	now = now.Add(remembered)
	api.Learn("last", 0)
	_, known = Learned[string](api, "eSIM 1")
	assert.False(t, known)
	_, known = Learned[int](api, fmt.Sprint("more ", maxSettled-1))
	assert.True(t, known, "no more are forgotten than are too many")
}
