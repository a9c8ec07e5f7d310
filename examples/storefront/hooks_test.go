package main

import (
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim/journal"
)

// A webhook is repeated while the journal cannot take it in, and not for ever.
func TestWhatIsRepeated(t *testing.T) {
	assert.False(t, again(nil))
	assert.True(t, again(errors.New("the disk is full")))
	assert.False(t, again(fmt.Errorf("cart-1: %w", journal.ErrContradiction)))
}
