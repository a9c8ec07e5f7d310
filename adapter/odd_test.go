package adapter

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
)

type listed struct {
	OK   *bool                    `json:"ok"`
	Rows wire.Rows[listedPackage] `json:"rows"`
}

type listedPackage struct {
	ID    string      `json:"id"`
	Price wire.Number `json:"price"`
}

func (l *listed) Accepted() (ok, valid bool) {
	return l.OK != nil && *l.OK, l.OK != nil && l.Rows != nil
}

const oddList = `{"ok":true,"rows":[{"id":"CANARY-1","price":1},{"id":"b","price":"CANARY"},"CANARY",{"id":"d","price":4}]}`

// TestAnOddCellCostsItself in a read, and is logged once with its place alone.
func TestAnOddCellCostsItself(t *testing.T) {
	var log bytes.Buffer
	api := instant(t, esim.Settings{Transport: inTurn(says(200, oddList)), Logger: slog.New(slog.NewTextHandler(&log, nil))})
	call, out := read(), new(listed)
	call.Out = out
	require.NoError(t, api.Do(t.Context(), call))
	require.Len(t, out.Rows, 4)
	assert.Equal(t, "b", out.Rows[1].ID)
	assert.False(t, out.Rows[1].Price.Known())
	assert.Zero(t, out.Rows[2])
	assert.Equal(t, "4", out.Rows[3].Price.String())
	assert.Equal(t, 1, bytes.Count(log.Bytes(), []byte("\n")))
	assert.Contains(t, log.String(), "level=WARN")
	assert.Contains(t, log.String(), "odd_cells=1 odd_rows=1 first_odd=/rows/1/price")
	assertSilent(t, log.String())
}

// TestOddCellsWhereSomethingIsDecided: in the answer of a purchase, and of a read
// that decides over one, they make the answer malformed.
func TestOddCellsWhereSomethingIsDecided(t *testing.T) {
	strict := read()
	strict.Strict, strict.Out = true, new(listed)
	err := instant(t, esim.Settings{Transport: inTurn(says(200, oddList))}).Do(t.Context(), strict)
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
	for _, effect := range effects {
		call := order(effect.safety, "k")
		call.Out = new(listed)
		err := instant(t, esim.Settings{Transport: inTurn(says(200, oddList), says(200, oddList), says(200, oddList), says(200, oddList), says(200, oddList))}).Do(t.Context(), call)
		require.ErrorIs(t, err, esim.ErrMalformedResponse, effect.name)
		assertOutcome(t, esim.OutcomeUnknown, err)
	}
}

// TestAnswersBehindAByteOrderMark are answers, of a purchase too.
func TestAnswersBehindAByteOrderMark(t *testing.T) {
	for _, effect := range effects {
		s := inTurn(says(200, "\ufeff"+fine))
		require.NoError(t, instant(t, esim.Settings{Transport: s}).Do(t.Context(), order(effect.safety, "k")), effect.name)
	}
}
