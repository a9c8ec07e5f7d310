package journal

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/filled"
)

// Every field of an order survives the document. One that is new in the neutral
// types must be put on record too, or this fails.
func TestEveryFieldOfAnOrderIsOnRecord(t *testing.T) {
	for name, change := range map[string]func(*esim.ESIM){
		"with a readable code":    func(u *esim.ESIM) { u.RawActivation = esim.Secret{} },
		"with an unreadable code": func(u *esim.ESIM) { u.Activation = esim.ActivationCode{} },
	} {
		told := filled.Value[esim.Order]()
		told.Replayed = false // is of one answer, not of the order
		change(&told.ESIMs[0])
		d := &document{Request: request{Quantity: told.Quantity}}
		require.True(t, d.merge(&told), name)
		text, err := d.encode()
		require.NoError(t, err)
		kept, err := decodeDocument(text)
		require.NoError(t, err)
		got := kept.order(&Entry{Provider: told.Provider, Reference: told.Reference, PackageID: told.PackageID})
		secret := func(o *esim.Order) (codes []string) {
			u := &o.ESIMs[0]
			codes = []string{u.RawActivation.Reveal(), u.ConfirmationCode.Reveal()}
			u.RawActivation, u.ConfirmationCode = esim.Secret{}, esim.Secret{} // a Secret is equal to itself alone
			return codes
		}
		assert.False(t, kept.merge(&told), "%s: none of it is new", name)
		assert.Equal(t, secret(&told), secret(got), name)
		assert.Equal(t, &told, got, name)
	}
}

// What is learnt later is put beside what is known, field by field.
func TestEveryFieldOfAUnitIsFilledIn(t *testing.T) {
	whole := filled.Value[esim.Order]()
	bare := whole
	bare.ESIMs = []esim.ESIM{{ItemID: whole.ESIMs[0].ItemID}}
	d := &document{Request: request{Quantity: 1}}
	d.merge(&bare)
	require.True(t, d.merge(&whole))
	want := unitOf(&whole.ESIMs[0])
	want.RawActivation = "" // beside a code that can be read
	assert.Equal(t, want, d.Order.Units[0])
}

// A quote is sent again as it was given.
func TestEveryFieldOfAQuoteIsOnRecord(t *testing.T) {
	quote := filled.Value[esim.Package]()
	text, err := json.Marshal(request{Quote: &quote})
	require.NoError(t, err)
	var kept request
	require.NoError(t, json.Unmarshal(text, &kept))
	assert.Equal(t, &quote, kept.Quote)
}
