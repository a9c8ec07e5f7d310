package esimstory

import (
	"net/http"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
)

// Lists in lists in lists: an error body costs no more than 16 MiB beyond its
// size, and what is too deep for an error text leaves everything open.
func TestErrorTextsAreBounded(t *testing.T) {
	const deep = 60
	long := `"` + strings.Repeat("x", 4<<20) + `"`
	most := `"` + strings.Repeat("x", 63<<10) + `"`
	for name, body := range map[string]string{
		"lists":             `{"errors":` + strings.Repeat(`[`, deep) + long + strings.Repeat(`]`, deep) + `}`,
		"objects":           `{"errors":` + strings.Repeat(`{"a":`, deep) + long + strings.Repeat(`}`, deep) + `}`,
		"most that is read": `{"errors":` + strings.Repeat(`[`, deep) + most + strings.Repeat(`]`, deep) + `}`,
		"spaces":            `{"errors":["` + strings.Repeat("x ", 2<<20) + `"]}`,
	} {
		doc := []byte(body)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		v := refuse(adapter.Answer{Status: http.StatusUnprocessableEntity, Body: doc, JSON: true})
		runtime.ReadMemStats(&after)
		assert.Less(t, (after.TotalAlloc-before.TotalAlloc)>>20, uint64(4+16+4), name)
		assert.Equal(t, esim.OutcomeUnknown, v.Outcome, name)
	}
}
