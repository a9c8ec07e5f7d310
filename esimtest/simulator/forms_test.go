package simulator_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest/simulator"
)

// Some HTTP clients send a body with a GET. What is signed is the documented
// empty one.
func TestFlyGETWithABody(t *testing.T) {
	w := newWire(t)
	h := w.flyHeaders("")
	assert.Equal(t, 200, w.send(http.MethodGet, w.sim.ESIMFly.URL()+"/balance", "null", h).status)
	assert.Empty(t, w.sim.ESIMFly.Violations())
	h = w.flyHeaders("null")
	assert.Equal(t, "INVALID_SIGNATURE", w.send(http.MethodGet, w.sim.ESIMFly.URL()+"/balance", "null", h).at(t, "code"))
}

// One of the provider's own samples makes request ids without version bits.
func TestFlyRequestIDsWithoutAVersion(t *testing.T) {
	for _, id := range []string{"7f3b1c52-9a4e-1d0b-8c61-2f5e9d7a1b34", "7f3b1c52-9a4e-4d0b-0c61-2f5e9d7a1b34"} {
		w := newWire(t)
		f := w.sim.ESIMFly
		h := w.flyHeaders("")
		h["RT-RequestID"] = id
		h["RT-Signature"] = strings.ToUpper(mac([]byte(f.SecretKey), h["RT-Timestamp"]+id+f.AccessCode))
		assert.Equal(t, 200, w.send(http.MethodGet, f.URL()+"/balance", "", h).status)
		assert.Equal(t, []string{"balance: RT-RequestID is not a UUID of version 4"}, f.Violations())
		assert.Equal(t, "DUPLICATE_REQUEST", w.send(http.MethodGet, f.URL()+"/balance", "", h).at(t, "code"))
	}
}

// What the documents do not show is taken as a real server most likely would,
// and noted.
func TestUndocumentedForms(t *testing.T) {
	tests := map[string]struct {
		send func(w *wire) answer
		want string // of the answer
		note string // violation, "" = none
	}{
		"eSIMfly: null": {
			func(w *wire) answer {
				return w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","flagUrl":null,"quantity":null}`)
			},
			"200; 1 charged", "",
		},
		"eSIMfly: a number as text": {
			func(w *wire) answer { return w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","quantity":"2"}`) },
			"200; 1 charged", "order: field quantity is a number in quotation marks",
		},
		"eSIMfly: an unknown member": {
			func(w *wire) answer { return w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","coupon":"x"}`) },
			"200; 1 charged", `order: unknown field "coupon"`,
		},
		"eSIM Story: an unknown member": {
			func(w *wire) answer {
				return w.story(strings.Replace(w.storyBody("r", 1), `"qty":1`, `"qty":"1","x":1`, 1))
			},
			"201; 1 charged", `order: unknown field "x"`,
		},
		"eSIMfx: count, and a small new": {
			func(w *wire) answer {
				return w.fxOrder("k", `{"operation_type":"new","product":{"id":"esimfx_10G_7D_JP"},"count":1}`)
			},
			"200 0; 1 charged", "order: operation_type is not in capitals",
		},
		"eSIMfx: page size as text": {
			func(w *wire) answer {
				return w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{"page_start":{},"page_size":"99"}`)
			},
			"200 0; 0 charged", "products: field page_size is a number in quotation marks",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			a := test.send(w)
			charged := 0
			for _, s := range []*simulator.Server{w.sim.ESIMFly.Server, w.sim.ESIMStory.Server, w.sim.ESIMFX.Server} {
				charged += s.Ledger().Count()
				checkMoney(t, s)
			}
			assert.Equal(t, test.want, brief(a)+"; "+map[int]string{0: "0", 1: "1"}[charged]+" charged")
			if test.note == "" {
				assert.Empty(t, w.sim.Violations())
			} else {
				assert.Contains(t, strings.Join(w.sim.Violations(), "\n"), test.note)
			}
		})
	}
}

func TestFlyMissingHeadersAreExplained(t *testing.T) {
	w := newWire(t)
	a := w.fly(http.MethodGet, "/balance", "", change{"RT-AccessCode": "", "RT-RequestID": "", "RT-Timestamp": "", "RT-Signature": ""})
	assert.Equal(t, 401, a.status)
	assert.Equal(t, "Authentication required", a.at(t, "error"))
	assert.Equal(t, "Please provide either Bearer token or complete HMAC signature authentication", a.at(t, "message"))
}

func TestFlyReservedEventCanBeSet(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	a := w.fly(http.MethodPut, "/webhooks", `{"webhook_url":"`+r.URL+`","events":["order.completed"]}`)
	assert.Equal(t, []any{"order.completed"}, a.at(t, "webhook", "events"))
	w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	w.sim.Advance(1)
	assert.Empty(t, r.take(), "it is reserved, and never sent")
}

// The first step of eSIMfx's Quick Start: a GET with a body. Its ids are
// UUIDs, which the other calls take too.
func TestFXFirstVersionOfTheList(t *testing.T) {
	w := newWire(t)
	const path, body = "/product/api/v1/get_products", `{"page_start":{},"page_size":10,"countries":"JP"}`
	a := w.fxCall(http.MethodGet, path, body)
	assert.Equal(t, a.body, w.fxCall(http.MethodPost, path, body).body)
	product, ok := a.at(t, "data", "products", 0).(map[string]any)
	require.True(t, ok)
	id, ok := product["id"].(string)
	require.True(t, ok)
	assert.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$`, id)
	assert.Equal(t, "Japan_10GB_7Day", product["name"])
	assert.NotContains(t, product, "meta_product_id")
	assert.NotContains(t, product, "is_unlimited")
	assert.Len(t, w.fxGet(path).rows(t, "data", "products"), 20, "without a body")

	one := w.fxGet("/product/api/v1/get_product?id=" + id)
	assert.Equal(t, id, one.at(t, "data", "id"), "as it was asked for")
	assert.Equal(t, "0", w.fxGet("/product/api/v1/get_available_topups?product_id="+id).at(t, "code"))
	order := w.fxOrder("k", `{"operation_type":"NEW","product":{"id":"`+id+`"}}`)
	require.Equal(t, "0", order.at(t, "code"), "%s", order.body)
	assert.Equal(t, "esimfx_10G_7D_JP", w.sim.ESIMFX.Ledger().Charges()[0].PackageID)
	view := w.fxGet("/order/api/v1/get_order?order_id=" + order.text(t, "data", "id"))
	assert.Equal(t, id, view.at(t, "data", "product", "id"))
	top := w.fxOrder("t", `{"operation_type":"TOPUP","iccid":"`+order.text(t, "data", "esim", "iccid")+`","product":{"id":"`+strings.ToUpper(id)+`"}}`)
	assert.Equal(t, "0", top.at(t, "code"), "%s", top.body)
	none := w.fxOrder("n", `{"operation_type":"NEW","product":{"id":"00000000-0000-4000-8000-000000000000"}}`)
	assert.Equal(t, code(simulator.FXCodeProductNotFound), none.at(t, "code"))
	assert.Empty(t, w.sim.ESIMFX.Violations())
	checkMoney(t, w.sim.ESIMFX.Server)
}
