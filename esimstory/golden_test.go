package esimstory

import (
	"net/http"
	"testing"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/golden"
)

func TestGolden(t *testing.T) {
	order := func(quantity int) golden.Op {
		return func(t *testing.T, transport http.RoundTripper) (any, error) {
			c := newTestClient(t, transport)
			return c.Order(t.Context(), esim.OrderRequest{PackageID: optionA, Quantity: quantity, Reference: "ORDER-123456"})
		}
	}
	golden.Suite{
		Dir: golden.Recorded(t, "esimstory"),
		Headers: []string{
			"Content-Type", "X-Esim-Story-Access-Key", "X-Esim-Story-Timestamp", "X-Esim-Story-Signature",
		},
		Ops: map[string]golden.Op{
			"order":       order(0),
			"order_units": order(2),
			"order_lines": func(t *testing.T, transport http.RoundTripper) (any, error) {
				c := newTestClient(t, transport)
				return c.OrderLines(t.Context(), LinesRequest{
					Reference: "ORDER-123456",
					Lines:     []Line{{OptionID: optionA, Quantity: 1}, {OptionID: optionB, Quantity: 2}},
				})
			},
		},
	}.Run(t)
}

func TestSentencesHaveCodeAndTests(t *testing.T) { golden.Sentences(t, "esimstory") }
