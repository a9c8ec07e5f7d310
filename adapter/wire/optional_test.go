package wire

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestOptional: what cannot be read is no value and is marked, and what follows
// is read.
func TestOptional(t *testing.T) {
	type answer struct {
		Status  Optional[Text]   `json:"status"`
		Amount  Optional[Number] `json:"amount"`
		Pending Optional[bool]   `json:"pending"`
		Inner   Optional[struct {
			A int `json:"a"`
		}] `json:"inner"`
		ID string `json:"id"`
	}
	for doc, want := range map[string]answer{
		`{"id":"x"}`:                  {},
		`{"status":"new","id":"x"}`:   {Status: Optional[Text]{Value: "new"}},
		`{"status":7,"id":"x"}`:       {Status: Optional[Text]{Value: "7"}},
		`{"status":{},"id":"x"}`:      {Status: Optional[Text]{Unreadable: true}},
		`{"status":[1],"id":"x"}`:     {Status: Optional[Text]{Unreadable: true}},
		`{"status":null,"id":"x"}`:    {},
		`{"amount":"2.5","id":"x"}`:   {Amount: Optional[Number]{Value: number(t, "2.5")}},
		`{"amount":"2,5","id":"x"}`:   {Amount: Optional[Number]{Unreadable: true}},
		`{"amount":1e400,"id":"x"}`:   {Amount: Optional[Number]{Unreadable: true}},
		`{"pending":true,"id":"x"}`:   {Pending: Optional[bool]{Value: true}},
		`{"pending":"true","id":"x"}`: {Pending: Optional[bool]{Unreadable: true}},
	} {
		want.ID = "x"
		var out answer
		require.NoError(t, Decode([]byte(doc), &out), doc)
		assert.Equal(t, want, out, doc)
	}
	// Half of a value is none.
	var out answer
	require.NoError(t, Decode([]byte(`{"inner":{"a":1,"a2":0},"id":"x"}`), &out))
	assert.Equal(t, 1, out.Inner.Value.A)
	require.NoError(t, Decode([]byte(`{"inner":{"a":"1"},"id":"x"}`), &out))
	assert.Zero(t, out.Inner.Value.A, "nothing of before is left")

	// The document itself is read as strictly as ever.
	for _, doc := range []string{
		`{"status":{"a":1,"a":2}}`, "{\"status\":\"\xff\"}", `{"status":{`, `{"status":nope}`, `{"status":`, `{"status":"a","status":"b"}`, `{"status":"a"}x`,
	} {
		require.Error(t, Decode([]byte(doc), new(answer)), doc)
	}
}
