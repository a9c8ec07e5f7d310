package proof_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimfx"
	"github.com/esimkit/esim/esimstory"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/evidence"
)

// What an answer to a purchase comes to.
const (
	noAnswer  = "no answer" // or that of a gateway
	answered  = "answered"  // and nobody knows what was bought
	throttled = "throttled"
	stranger  = "stranger" // the credentials were refused
)

// rawAnswer is an answer as it goes over the wire, after which the connection
// is closed.
type rawAnswer struct{ name, is, wire string }

func jsonAnswer(status, body string) string {
	return fmt.Sprintf("HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, len(body), body)
}

func rawAnswers() []rawAnswer {
	const granted = `{"success":true,"code":0,"data":{"id":"1"},"orderReference":"o"}`
	list := []rawAnswer{
		{"200 cut JSON", answered, jsonAnswer("200 OK", `{"success":true`)},
		{"200 empty object", answered, jsonAnswer("200 OK", `{}`)},
		{"200 empty", answered, jsonAnswer("200 OK", ``)},
		{"204", answered, "HTTP/1.1 204 No Content\r\n\r\n"},
		{"202 HTML", answered, "HTTP/1.1 202 Accepted\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nok"},
		{"101", answered, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"},
		{"302", answered, "HTTP/1.1 302 Found\r\nLocation: /v1/elsewhere\r\nContent-Length: 0\r\n\r\n"},
		{"307", answered, "HTTP/1.1 307 Temporary Redirect\r\nLocation: /v1/elsewhere\r\nContent-Length: 0\r\n\r\n"},
		{"304", answered, "HTTP/1.1 304 Not Modified\r\n\r\n"},
		{"500 that grants", answered, jsonAnswer("500 Internal Server Error", granted)},
		{"503 that grants", answered, jsonAnswer("503 Service Unavailable", granted)},
		{"503 of the provider's", answered, jsonAnswer("503 Service Unavailable", `{"success":false,"code":7,"errors":["busy"]}`)},
		{"unreadable coding", answered, "HTTP/1.1 400 Bad Request\r\nContent-Encoding: br\r\nContent-Length: 2\r\n\r\nxx"},
		{"no gzip", answered, "HTTP/1.1 400 Bad Request\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nxx"},
		{"HTTP/1.0, cut", answered, "HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n{\"success\":true,\"code\":0,"},
		{"503 HTML", noAnswer, "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html\r\nContent-Length: 1\r\n\r\n<"},
		{"502 in JSON", noAnswer, jsonAnswer("502 Bad Gateway", `{"message":"Bad Gateway"}`)},
		{"nothing", noAnswer, ""},
		{"100 alone", noAnswer, "HTTP/1.1 100 Continue\r\n\r\n"},
		{"103 alone", noAnswer, "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"},
		{"half a head", noAnswer, "HTTP/1.1 200 OK\r\nConte"},
		{"half a refusal", noAnswer, "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{\"success\":false,\"code\":\"INSUFFICIENT_BALANCE\"}"},
		{"garbage", noAnswer, "\x00\x01\x02\r\n\r\n"},
		{"429", throttled, jsonAnswer("429 Too Many Requests", ``)},
		{"429 that grants", throttled, jsonAnswer("429 Too Many Requests", granted)},
		{"429 in empty gzip", throttled, "HTTP/1.1 429 Too Many Requests\r\nContent-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"},
		{"401", stranger, jsonAnswer("401 Unauthorized", ``)},
	}
	for _, status := range []int{400, 403, 404, 405, 407, 408, 409, 413, 421, 422, 425, 451} {
		list = append(list, rawAnswer{fmt.Sprintf("%d without code", status), answered, fmt.Sprintf("HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n", status)})
	}
	return list
}

// A purchase gets each answer, the first time and for ever. The client is called
// three times with the same reference, as by a shop that asks nobody.
func TestRequestsUnderEachAnswer(t *testing.T) {
	sim := simulator.ForTest(t)
	twice := map[string]int{throttled: 3, stranger: 3}
	for name, seller := range map[string]struct {
		provider esim.Provider
		path     string
		client   esimtest.NewClient
		sends    map[string]int // what is not in it is sent once
	}{
		"eSIMfly":           {esimfly.Provider, "/esims/order", newFly(sim, false), twice},
		"eSIMfly, verified": {esimfly.Provider, "/esims/order", newFly(sim, true), map[string]int{noAnswer: 3, throttled: 3, stranger: 3}},
		"eSIM Story":        {esimstory.Provider, "/api_partner/orders", newStory(sim, sim.ESIMStory.Catalog()), twice},
		"eSIMfx":            {esimfx.Provider, "/create_order", newFX(sim, nil), map[string]int{noAnswer: 2, throttled: 3, stranger: 3}},
	} {
		var posts atomic.Int32
		var answer atomic.Pointer[string]
		base, err := url.Parse(sim.Server(seller.provider).URL())
		require.NoError(t, err)
		through := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: base.Scheme, Host: base.Host})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, seller.path) {
				through.ServeHTTP(w, r)
				return
			}
			posts.Add(1)
			_, _ = io.Copy(io.Discard, r.Body)
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				_, _ = io.WriteString(conn, *answer.Load())
				_ = conn.Close()
			}
		}))
		t.Cleanup(server.Close)
		settings := esim.Settings{BaseURL: server.URL + base.Path, Limiter: rate.NewLimiter(rate.Inf, 1), MaxRetries: -1}
		var item esim.Package
		for p, err := range esim.Packages(t.Context(), seller.client(t, settings), esim.PackageQuery{}) {
			require.NoError(t, err)
			item = p
			break
		}
		for i, a := range rawAnswers() {
			t.Run(name+"/"+a.name, func(t *testing.T) {
				client := seller.client(t, settings)
				answer.Store(&a.wire)
				posts.Store(0)
				for range 3 {
					_, err := client.Order(evidence.WithSend(t.Context(), evidence.Send{OneSend: true}),
						esim.OrderRequest{PackageID: item.ID, Reference: fmt.Sprintf("cart-%d", i)})
					require.Error(t, err)
					want := map[string]esim.Outcome{throttled: esim.OutcomeRejected, stranger: esim.OutcomeNotSent}[a.is]
					assert.Equal(t, want, esim.OutcomeOf(err))
				}
				assert.Equal(t, max(seller.sends[a.is], 1), int(posts.Load()))
			})
		}
	}
}
