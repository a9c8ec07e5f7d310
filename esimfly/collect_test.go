package esimfly

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

// stock is an account with many eSIMs of one package, numbered from 0; every
// minute one was sold.
type stock struct {
	n      int
	orders map[int]string // order of an eSIM, if it is not another's
	usage  map[int]step   // answers in place of the usual one
	asked  []string       // ICCIDs
}

func (s *stock) iccid(i int) string { return fmt.Sprintf("89320420000100%05d", i) }

func (s *stock) answer(t *testing.T) func(r *http.Request) (int, string) {
	return func(r *http.Request) (int, string) {
		q := r.URL.Query()
		switch strings.TrimPrefix(r.URL.Path, "/api/v1/business") {
		case "/esims/order":
			return 200, `{"success":true,"order":{"orderReference":"order_1","packageCode":"p","status":"completed","orderDate":"2026-01-01T00:00:00Z","esim":{"iccid":"` +
				s.iccid(s.n/2) + `","isPending":false,"lpaString":"LPA:1$rsp.example.com$A"}}}`
		case "/esims":
			assert.Equal(t, "NEW", q.Get("status"))
			assert.Equal(t, "p", q.Get("search"))
			var page int
			_, err := fmt.Sscan(q.Get("page"), &page)
			assert.NoError(t, err)
			var rows []string
			for i := (page - 1) * 100; i < min(page*100, s.n); i++ {
				rows = append(rows, fmt.Sprintf(`{"iccid":"%s","package_code":"p","created_at":"2026-01-%02dT%02d:%02d:00Z","manual_installation":{"lpa_format":"LPA:1$rsp.example.com$B%d"}}`,
					s.iccid(i), 1+i/1440, i/60%24, i%60, i))
			}
			return 200, fmt.Sprintf(`{"success":true,"data":{"esims":[%s],"pagination":{"page":%d,"limit":100,"total":%d,"total_pages":%d}}}`,
				strings.Join(rows, ","), page, s.n, (s.n+99)/100)
		case "/esims/usage/query":
			s.asked = append(s.asked, q.Get("iccid"))
			i := 0
			for ; s.iccid(i) != q.Get("iccid"); i++ {
				if i == s.n {
					t.Errorf("asked about %s", q.Get("iccid"))
					break
				}
			}
			if special, ok := s.usage[i]; ok {
				return special.status, special.doc
			}
			order := s.orders[i]
			if order == "" {
				order = "order_of_others"
			}
			return 200, fmt.Sprintf(`{"success":true,"data":{"esim":{"iccid":"%s","order_id":"%s","status":"NEW"}}}`, s.iccid(i), order)
		}
		t.Errorf("unexpected %s", r.URL.Path)
		return 500, ""
	}
}

// client asks the stock, and knows the requests in full.
func (s *stock) client(t *testing.T) (*Client, *fake) {
	var f *fake
	answer := s.answer(t)
	c, f := faked(t, func(string, string) (int, string) {
		f.mu.Lock()
		r := f.sent[len(f.sent)-1]
		f.mu.Unlock()
		return answer(r)
	})
	return c, f
}

// However many eSIMs there are, one call asks about few, the likely ones
// first, and the next call goes on.
func TestCollectingIsBounded(t *testing.T) {
	s := &stock{n: 5000, orders: map[int]string{}}
	c, f := s.client(t)
	ref, ctx := esim.OrderRef{ID: "order_1"}, evidence.WithSend(t.Context(), evidence.Send{Quantity: 3})
	o, err := c.GetOrder(ctx, ref)
	require.NoError(t, err)
	assert.Len(t, o.ESIMs, 1, "what is not found is missing")
	assert.Equal(t, 3, o.Quantity)
	assert.Equal(t, 1+maxListed/100+maxAsked, f.total())

	// The order's own eSIM is no. 2500, beyond what is listed; the order date
	// is that of no. 0.
	assert.Equal(t, s.iccid(0), s.asked[0])
	s.orders[30], s.orders[31] = "order_1", "order_1"
	o, err = c.GetOrder(ctx, ref)
	require.NoError(t, err)
	assert.Len(t, o.ESIMs, 3)
	assert.Equal(t, "LPA:1$rsp.example.com$B31", o.ESIMs[2].Activation.LPA())
	assert.Len(t, s.asked, 32, "no eSIM is asked about twice, and none in vain")

	before := f.total()
	o, err = c.GetOrder(ctx, ref)
	require.NoError(t, err)
	assert.Len(t, o.ESIMs, 3)
	assert.Equal(t, before+1+maxListed/100, f.total(), "known by now")
}

func TestCollectingBeginsAtTheMoment(t *testing.T) {
	s := &stock{n: 300, orders: map[int]string{149: "order_1"}} // its own is no. 150
	c, _ := s.client(t)
	o, err := c.GetOrder(evidence.WithSend(t.Context(), evidence.Send{Quantity: 2}), esim.OrderRef{ID: "order_1"})
	require.NoError(t, err)
	assert.Len(t, o.ESIMs, 2)
	assert.Equal(t, []string{s.iccid(149)}, s.asked)
}

func TestTroubleWhileCollecting(t *testing.T) {
	strange := `{"success":true,"data":{"esim":{"iccid":"8932042000010099999","order_id":"order_1"}}}`
	s := &stock{n: 300, orders: map[int]string{148: "order_1"}, usage: map[int]step{
		149: {404, `{"error":"Not Found","message":"no"}`}, 151: {200, strange}, 152: {200, `{"success":true,"data":{"esim":{}}}`}, 147: {200, `{`},
	}}
	c, _ := s.client(t)
	o, err := c.GetOrder(evidence.WithSend(t.Context(), evidence.Send{Quantity: 2}), esim.OrderRef{ID: "order_1"})
	require.NoError(t, err, "what is wrong with one eSIM is no trouble of the others")
	assert.Len(t, o.ESIMs, 2)
	assert.Equal(t, esim.ICCID(s.iccid(148)), o.ESIMs[1].ICCID)

	s = &stock{n: 300, usage: map[int]step{149: {503, ``}}}
	c, _ = s.client(t)
	_, err = c.GetOrder(evidence.WithSend(t.Context(), evidence.Send{Quantity: 2}), esim.OrderRef{ID: "order_1", Reference: "cart-1"})
	require.ErrorIs(t, err, esim.ErrUnavailable)
	e := asError(t, err)
	assert.Equal(t, "cart-1", e.Reference)
	assert.Len(t, e.Order.ESIMs, 1, "what could be read")
	assert.Len(t, s.asked, 1)
}

func TestNothingToCollect(t *testing.T) {
	for name, order := range map[string]string{
		"pending":    `{"orderReference":"order_1","packageCode":"p","status":"pending","esim":{"iccid":"8932042000010078801","isPending":true,"lpaString":"LPA:1$rsp.example.com$A"}}`,
		"cancelled":  `{"orderReference":"order_1","packageCode":"p","status":"cancelled","esim":{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$A"}}`,
		"no package": `{"orderReference":"order_1","status":"completed","esim":{"iccid":"8932042000010078801","lpaString":"LPA:1$rsp.example.com$A"}}`,
		"no eSIM":    `{"orderReference":"order_1","packageCode":"p","status":"completed","esim":{"iccid":null}}`,
	} {
		c, _ := faked(t, inTurn(t, step{200, `{"success":true,"order":` + order + `}`}))
		_, err := c.GetOrder(evidence.WithSend(t.Context(), evidence.Send{Quantity: 3}), esim.OrderRef{ID: "order_1"})
		require.NoError(t, err, name)
	}
}
