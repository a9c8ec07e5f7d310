package simulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// sink is a ResponseWriter that keeps nothing but the status and the length.
type sink struct {
	header http.Header
	status int
	length int
}

func (s *sink) Header() http.Header { return s.header }
func (s *sink) WriteHeader(n int)   { s.status = n }
func (s *sink) Write(b []byte) (int, error) {
	s.length += len(b)
	return len(b), nil
}

// signedPages makes signed requests for pages of the catalogue, each with a
// request id of its own.
func signedPages(tb testing.TB, f *ESIMFly) func() *http.Request {
	tb.Helper()
	base, err := http.NewRequestWithContext(tb.Context(), http.MethodGet, f.URL()+"/esims/packages?page=2&limit=100", http.NoBody)
	if err != nil {
		tb.Fatal(err)
	}
	n := 0
	return func() *http.Request {
		n++
		id := fmt.Sprintf("00000000-0000-4000-8000-%012x", n)
		stamp := strconv.FormatInt(f.clock.now().UnixMilli(), 10)
		m := hmac.New(sha256.New, []byte(f.SecretKey))
		_, _ = io.WriteString(m, stamp+id+f.AccessCode)
		r := base.Clone(base.Context())
		r.Header = http.Header{
			"Rt-Accesscode": {f.AccessCode}, "Rt-Requestid": {id}, "Rt-Timestamp": {stamp},
			"Rt-Signature": {strings.ToUpper(hex.EncodeToString(m.Sum(nil)))},
		}
		return r
	}
}

// A page costs next to nothing once it has been encoded, so that benchmarks of
// clients in the same process measure the clients.
func TestServingAPageIsCheap(t *testing.T) {
	sim := ForTest(t)
	next := signedPages(t, sim.ESIMFly)
	var requests []*http.Request
	for range 102 {
		requests = append(requests, next())
	}
	w := &sink{header: http.Header{}}
	allocs := testing.AllocsPerRun(100, func() {
		clear(w.header)
		sim.ESIMFly.serve(w, requests[0])
		requests = requests[1:]
	})
	assert.Equal(t, http.StatusOK, w.status)
	assert.Greater(t, w.length, 100*20_000)
	assert.Less(t, allocs, 25.0)
	assert.Empty(t, sim.ESIMFly.Violations())
}

func BenchmarkServePage(b *testing.B) {
	sim := ForTest(b)
	next := signedPages(b, sim.ESIMFly)
	w := &sink{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		r := next()
		b.StartTimer()
		clear(w.header)
		sim.ESIMFly.serve(w, r)
	}
}

func BenchmarkLargeCatalogue(b *testing.B) {
	for b.Loop() {
		sim, err := New(WithPackages(100_000))
		if err != nil {
			b.Fatal(err)
		}
		f := sim.ESIMFly
		for page := range 3 {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodGet, fmt.Sprintf("%s/esims/packages?page=%d&limit=100", f.URL(), page*400+1), http.NoBody)
			if err != nil {
				b.Fatal(err)
			}
			if a := f.getPackages(&call{op: "packages", r: r, srv: f.Server}); a.status != http.StatusOK {
				b.Fatal(a.status)
			}
		}
		sim.Close()
	}
}
