package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

func code(n int) string { return strconv.Itoa(n) }

func TestFXLogin(t *testing.T) {
	w := newWire(t)
	a := w.fxLogin()
	assert.Equal(t, 200, a.status)
	assert.Equal(t, "Success", a.at(t, "message"))
	assert.NotEmpty(t, a.at(t, "data", "access_token"))
	assert.NotEqual(t, a.at(t, "data", "access_token"), w.fxLogin().at(t, "data", "access_token"))

	login := func(body string) answer {
		return w.send(http.MethodPost, w.sim.ESIMFX.URL()+"/account/api/v1/auth", body, map[string]string{"Content-Type": "application/json"})
	}
	wrong := login(`{"client_id":"a","client_key":"b"}`)
	assert.Equal(t, 401, wrong.status)
	assert.Equal(t, code(simulator.FXCodeBadCredentials), wrong.at(t, "code"))
	for _, body := range []string{`{"client_id":"a"`, `{"client_id":1}`} {
		a := login(body)
		assert.Equal(t, 400, a.status)
		assert.Equal(t, code(simulator.FXCodeInvalidRequest), a.at(t, "code"))
	}
}

func TestFXTokens(t *testing.T) {
	w := newWire(t)
	profile := func(changes ...change) answer {
		return w.fxCall(http.MethodGet, "/account/api/v1/reseller/get_profile", "", changes...)
	}
	assert.Equal(t, "10000.00", profile().at(t, "data", "balance"))
	for _, c := range []change{{"Authorization": ""}, {"Authorization": w.fxToken()}, {"Authorization": "Bearer other"}} {
		a := profile(c)
		assert.Equal(t, 401, a.status)
		assert.Equal(t, code(simulator.FXCodeUnauthorized), a.at(t, "code"))
	}
	assert.Len(t, w.sim.ESIMFX.Violations(), 3)

	w.sim.Advance(59 * time.Minute)
	assert.Equal(t, 200, profile().status)
	w.sim.Advance(2 * time.Minute)
	assert.Equal(t, 401, profile().status, "after an hour")
	assert.Len(t, w.sim.ESIMFX.Violations(), 3, "which the client cannot know")

	w.fx = ""
	assert.Equal(t, 200, profile().status)
	w.sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultStaleToken, Times: 2})
	assert.Equal(t, 401, profile().status)
	assert.Equal(t, 200, w.fxLogin().status, "logins have no token to be stale")
	assert.Equal(t, 401, profile().status)
	assert.Equal(t, 200, profile().status)
	w.sim.ESIMFX.ExpireTokens()
	assert.Equal(t, 401, profile().status)
}

func TestFXSingleToken(t *testing.T) {
	for _, single := range []bool{false, true} {
		var opts []simulator.Option
		if single {
			opts = append(opts, simulator.WithSingleToken())
		}
		w := newWire(t, opts...)
		w.fxToken()
		w.fxLogin()
		want := map[bool]int{false: 200, true: 401}[single]
		assert.Equal(t, want, w.fxGet("/account/api/v1/reseller/get_profile").status)
	}
}

// fxPage asks for a page and returns it with the cursor behind it.
func (w *wire) fxPage(filter, cursor string) (a answer, next string) {
	a = w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{`+filter+`"page_start":`+cursor+`,"page_size":99}`)
	var body struct {
		Data struct {
			Key json.RawMessage `json:"last_evaluated_key"`
		} `json:"data"`
	}
	require.NoError(w.t, json.Unmarshal(a.body, &body), "%s", a.body)
	return a, string(body.Data.Key)
}

func TestFXProducts(t *testing.T) {
	w := newWire(t)
	ids := map[string]bool{}
	cursor, pages := "{}", 0
	for pages == 0 || cursor != "{}" {
		var a answer
		a, cursor = w.fxPage("", cursor)
		for _, row := range a.rows(t, "data", "products") {
			product, ok := row.(map[string]any)
			require.True(t, ok)
			ids[fmt.Sprint(product["id"])] = true
		}
		pages++
	}
	assert.Equal(t, 4, pages)
	assert.Len(t, ids, 320)

	a, _ := w.fxPage("", "{}")
	first := func(name ...any) any { return a.at(t, append([]any{"data", "products", 0}, name...)...) }
	assert.Equal(t, "esimfx_10G_7D_JP", first("id"))
	assert.Equal(t, "12.00", first("price"))
	assert.Equal(t, "44020", first("networks", 0, "mccmnc"))
	assert.Equal(t, []any{"JP"}, first("coverage"))
	japan, _ := w.fxPage(`"countries":"JP,KR",`, "{}")
	unlimited := 0
	for _, row := range japan.rows(t, "data", "products") {
		product, ok := row.(map[string]any)
		require.True(t, ok)
		assert.Regexp(t, `\b(JP|KR)\b`, fmt.Sprint(product["coverage"]))
		if product["is_unlimited"] == true {
			unlimited++
			assert.Nil(t, product["amount"])
		}
	}
	assert.Positive(t, unlimited)
	europe, _ := w.fxPage(`"countries":"JP","region":"europe",`, "{}")
	assert.Equal(t, "Europe", europe.at(t, "data", "products", 0, "region"), "region wins")
	defaults := w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{}`)
	assert.Len(t, defaults.rows(t, "data", "products"), 20)
	assert.Empty(t, w.sim.ESIMFX.Violations())
}

func TestFXCursorsAreOpaque(t *testing.T) {
	w := newWire(t)
	a, next := w.fxPage("", "{}")
	last := a.text(t, "data", "products", 98, "id")
	for _, made := range []string{
		`{"id":"` + last + `"}`, `{"id":"` + last + `","sk":"1.99"}`, `{"id":"x","page":2}`, `"next"`,
	} {
		b := w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{"page_start":`+made+`}`)
		assert.Equal(t, 400, b.status, made)
	}
	assert.Equal(t, 400, w.fxCall(http.MethodPost, "/product/api/v2/get_products", `{"countries":"JP","page_start":`+next+`}`).status, "other filter")
	for _, body := range []string{`{"page_size":"many"}`, `{"page_size":0}`, `{"page_size":101}`, `{"countries":["JP"]}`} {
		assert.Equal(t, 400, w.fxCall(http.MethodPost, "/product/api/v2/get_products", body).status, body)
	}

	w.sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultRepeatedCursor, Times: 9})
	_, same := w.fxPage("", next)
	assert.Equal(t, next, same)
	w.sim.ESIMFX.Heal()
	_, other := w.fxPage("", next)
	assert.NotEqual(t, next, other)
	w.sim.ESIMFX.Inject(esimtest.Fault{Kind: esimtest.FaultEmptyPage})
	empty, more := w.fxPage("", next)
	assert.Empty(t, empty.rows(t, "data", "products"))
	assert.Equal(t, other, more, "an empty page in the middle")
}

func TestFXProductAndTopUps(t *testing.T) {
	w := newWire(t)
	_, iccid := w.fxNew("k")
	a := w.fxGet("/product/api/v1/get_product?id=esimfx_10G_7D_JP")
	assert.Equal(t, "Japan_10GB_7Day", a.at(t, "data", "name"))
	byICCID := w.fxGet("/product/api/v1/get_available_topups?iccid=" + iccid)
	byProduct := w.fxGet("/product/api/v1/get_available_topups?product_id=esimfx_10G_7D_JP")
	assert.Equal(t, byICCID.body, byProduct.body)
	for i := range byICCID.rows(t, "data", "products") {
		assert.Equal(t, a.at(t, "data", "imsi_profile"), byICCID.at(t, "data", "products", i, "imsi_profile"))
		assert.Equal(t, []any{"JP"}, byICCID.at(t, "data", "products", i, "coverage"))
	}
	for path, want := range map[string]int{
		"get_product?id=none": simulator.FXCodeProductNotFound, "get_available_topups?product_id=none": simulator.FXCodeProductNotFound,
		"get_available_topups?iccid=8900000000000000000": simulator.FXCodeESIMNotFound, "get_available_topups": simulator.FXCodeInvalidRequest,
	} {
		assert.Equal(t, code(want), w.fxGet("/product/api/v1/"+path).at(t, "code"), path)
	}
}

func TestFXOrder(t *testing.T) {
	w := newWire(t)
	body := `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`
	a := w.fxOrder("key-1", body)
	require.Equal(t, 200, a.status)
	assert.Equal(t, "COMPLETED", a.at(t, "data", "status"))
	assert.Equal(t, "10737418240", a.at(t, "data", "subscription", "upper_limit_amount"))
	assert.Equal(t, "Byte", a.at(t, "data", "subscription", "amount_unit"))
	assert.Equal(t, "PENDING", a.at(t, "data", "subscription", "status"))
	assert.NotContains(t, a.at(t, "data", "subscription"), "used_amount")
	assert.Equal(t, "PROVISIONED", a.at(t, "data", "esim", "status"))
	assert.Regexp(t, `^LPA:1\$rsp\.truphone\.com\$`, a.at(t, "data", "esim", "esim_qr"))
	assert.Regexp(t, `^89\d{18}$`, a.at(t, "data", "esim", "iccid"))
	by, err := time.Parse(time.RFC3339, a.text(t, "data", "subscription", "activate_by"))
	require.NoError(t, err)
	assert.WithinDuration(t, w.sim.Now().AddDate(0, 0, 60), by, time.Minute)

	assert.Equal(t, a.body, w.fxOrder("key-1", `{"product": {"id": "esimfx_10G_7D_JP"}, "operation_type": "NEW"}`).body, "the first result")
	assert.Equal(t, "9988.00 USD", w.sim.ESIMFX.Balance().String())
	assert.Empty(t, w.sim.ESIMFX.Violations())
	reused := w.fxOrder("key-1", `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_BR"}}`)
	assert.Equal(t, 200, reused.status)
	assert.Equal(t, code(simulator.FXCodeKeyReused), reused.at(t, "code"))
	assert.Len(t, w.sim.ESIMFX.Violations(), 1)

	view := w.fxGet("/order/api/v1/get_order?order_id=" + a.text(t, "data", "id"))
	assert.Equal(t, a.at(t, "data", "esim", "iccid"), view.at(t, "data", "iccid"))
	assert.Equal(t, "0", view.at(t, "data", "subscription", "used_amount"))
	assert.Equal(t, "Green", view.at(t, "data", "product", "imsi_profile"))
	assert.NotContains(t, string(view.body), "LPA:")

	// After six months the key is forgotten and the same request buys again.
	w.sim.Advance(182 * 24 * time.Hour)
	w.fx = ""
	w.fxOrder("key-1", body)
	assert.Len(t, w.sim.ESIMFX.Ledger().ByReference("key-1"), 1)
	w.sim.Advance(2 * 24 * time.Hour)
	w.fx = ""
	w.fxOrder("key-1", body)
	assert.Len(t, w.sim.ESIMFX.Ledger().ByReference("key-1"), 2)
}

func TestFXOrderRefusals(t *testing.T) {
	w := newWire(t, simulator.WithBalance("20"))
	_, iccid := w.fxNew("base")
	for body, want := range map[string]int{
		`{"operation_type":"NEW","product":{"id":"none"}}`:                                             simulator.FXCodeProductNotFound,
		`{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_BR"}}`:                                 simulator.FXCodeInsufficientBalance,
		`{"operation_type":"TOPUP","iccid":"8900000000000000000","product":{"id":"esimfx_10G_7D_JP"}}`: simulator.FXCodeESIMNotFound,
		`{"operation_type":"TOPUP","iccid":"` + iccid + `","product":{"id":"esimfx_10G_7D_BR"}}`:       simulator.FXCodeIncompatibleTopUp,
		`{"operation_type":"NEW","iccid":"` + iccid + `","product":{"id":"esimfx_10G_7D_JP"}}`:         simulator.FXCodeInvalidRequest,
		`{"operation_type":"TOPUP","product":{"id":"esimfx_10G_7D_JP"}}`:                               simulator.FXCodeInvalidRequest,
		`{"operation_type":"GIFT","product":{"id":"esimfx_10G_7D_JP"}}`:                                simulator.FXCodeInvalidRequest,
		`{"operation_type":"NEW","product":{"id":""}}`:                                                 simulator.FXCodeInvalidRequest,
		`{"operation_type":"NEW","product":{"id":1}}`:                                                  simulator.FXCodeInvalidRequest,
		`{"operation_type":"NEW","product":"esimfx_10G_7D_JP"}`:                                        simulator.FXCodeInvalidRequest,
		`{"operation_type":"NEW"}`:                                                                     simulator.FXCodeInvalidRequest,
		`{"operation_type":1}`:                                                                         simulator.FXCodeInvalidRequest,
	} {
		a := w.fxOrder("k", body)
		assert.Equal(t, code(want), a.at(t, "code"), body)
		assert.Equal(t, map[bool]int{false: 200, true: 400}[want == simulator.FXCodeInvalidRequest], a.status, body)
	}
	ok := `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`
	assert.Equal(t, code(simulator.FXCodeInvalidRequest), w.fxCall(http.MethodPost, "/order/api/v1/create_order", ok).at(t, "code"), "no key")
	assert.Equal(t, 400, w.fxCall(http.MethodPost, "/order/api/v1/create_order", ok, change{"X-Idempotency-Key": "k", "Content-Type": "text/plain"}).status)
	assert.Equal(t, 1, w.sim.ESIMFX.Ledger().Count())
}

func TestFXKeyInFlight(t *testing.T) {
	w := newWire(t, simulator.WithProcessingTime(300*time.Millisecond))
	w.fxToken()
	answers := make(chan answer, 2)
	for range 2 {
		go func() {
			answers <- w.fxOrder("k", `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`)
		}()
	}
	assert.ElementsMatch(t, []any{"0", code(simulator.FXCodeInFlight)}, []any{(<-answers).at(t, "code"), (<-answers).at(t, "code")})
	assert.Equal(t, 1, w.sim.ESIMFX.Ledger().Count())
}

func TestFXFailureFaults(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFX
	f.Inject(esimtest.Fault{Kind: esimtest.FaultErrorAfter, Op: "order", Code: "77001", Message: "odd"})
	a := w.fxOrder("k", `{"operation_type":"NEW","product":{"id":"esimfx_10G_7D_JP"}}`)
	assert.Equal(t, 200, a.status)
	assert.JSONEq(t, `{"code":77001,"message":"odd","data":{}}`, string(a.body))
	assert.Equal(t, 1, f.Ledger().Count())
	f.Inject(esimtest.Fault{Kind: esimtest.FaultErrorBefore, Op: "profile"})
	assert.Equal(t, code(simulator.FXCodeInternal), w.fxGet("/account/api/v1/reseller/get_profile").at(t, "code"))
	f.Inject(esimtest.Fault{Kind: esimtest.Fault429})
	assert.Equal(t, code(simulator.FXCodeRateLimited), w.fxGet("/account/api/v1/reseller/get_profile").at(t, "code"))
}

func TestFXLife(t *testing.T) {
	w, r := newWire(t), newReceiver(t)
	f := w.sim.ESIMFX
	f.SetWebhook(r.URL)
	order, iccid := w.fxNew("k")
	view := func(id string) answer {
		w.fx = ""
		return w.fxGet("/order/api/v1/get_order?order_id=" + id)
	}
	state := func() any {
		w.fx = ""
		return w.fxGet("/order/api/v1/get_esim_status?iccid="+iccid).at(t, "data", "status")
	}
	assert.Equal(t, "PROVISIONED", state())
	f.Install(iccid)
	assert.Equal(t, "Installed", state())
	assert.Panics(t, func() { f.Install("8900000000000000000") })
	w.sim.Advance(3 * time.Hour)
	assert.Equal(t, "ACTIVE", state())
	a := view(order)
	assert.Equal(t, "ACTIVE", a.at(t, "data", "subscription", "status"))
	assert.Equal(t, strconv.Itoa(64<<20), a.at(t, "data", "subscription", "used_amount"))
	got := r.take()
	require.Len(t, got, 1)
	assert.Equal(t, "ACTIVATION", got[0].body["event_type"])
	assert.Equal(t, order, got[0].body["order_id"])
	assert.Equal(t, f.WebhookToken, got[0].header.Get("Token"))

	// A second plan waits until the first one has ended.
	topUp := w.fxOrder("t", `{"operation_type":"TOPUP","iccid":"`+iccid+`","product":{"id":"esimfx_10G_7D_JP"}}`)
	second := topUp.text(t, "data", "id")
	assert.Equal(t, iccid, topUp.at(t, "data", "esim", "iccid"))
	assert.Equal(t, "ACTIVE", topUp.at(t, "data", "esim", "status"))
	assert.Equal(t, "PENDING", topUp.at(t, "data", "subscription", "status"))
	f.UseData(iccid, 9<<30)
	w.sim.Advance(time.Second)
	assert.Equal(t, []string{"DATA_USAGE", "DATA_USAGE", "DATA_USAGE"}, r.events("event_type"))
	f.UseData(iccid, 2<<30)
	w.sim.Advance(time.Second)
	assert.Equal(t, []string{"EXPIRATION", "ACTIVATION"}, r.events("event_type"))
	assert.Equal(t, "EXPIRED", view(order).at(t, "data", "subscription", "status"))
	assert.Equal(t, "ACTIVE", view(second).at(t, "data", "subscription", "status"))
	list := w.fxGet("/order/api/v1/get_esim_orders?iccid=" + iccid)
	require.Len(t, list.rows(t, "data", "orders"), 2)
	assert.Equal(t, second, list.at(t, "data", "orders", 1, "id"))

	w.sim.Advance(8 * 24 * time.Hour)
	assert.Equal(t, "EXPIRED", state())
	late := w.fxOrder("late", `{"operation_type":"TOPUP","iccid":"`+iccid+`","product":{"id":"esimfx_10G_7D_JP"}}`)
	assert.Equal(t, "ACTIVE", late.at(t, "data", "esim", "status"), "a top-up brings it back")
	w.sim.Advance(70 * 24 * time.Hour)
	assert.Equal(t, "BLOCKED", state())
	refused := w.fxOrder("blocked", `{"operation_type":"TOPUP","iccid":"`+iccid+`","product":{"id":"esimfx_10G_7D_JP"}}`)
	assert.Equal(t, code(simulator.FXCodeESIMBlocked), refused.at(t, "code"))
	checkMoney(t, f.Server)
}

func TestFXUnusedPlansStartByThemselves(t *testing.T) {
	w := newWire(t, simulator.WithTravel(-1, 0))
	order, iccid := w.fxNew("k")
	w.sim.Advance(61 * 24 * time.Hour)
	w.fx = ""
	a := w.fxGet("/order/api/v1/get_order?order_id=" + order)
	assert.Equal(t, "ACTIVE", a.at(t, "data", "subscription", "status"))
	assert.Equal(t, "0", a.at(t, "data", "subscription", "used_amount"))
	assert.Equal(t, "PROVISIONED", w.fxGet("/order/api/v1/get_esim_status?iccid="+iccid).at(t, "data", "status"))
	w.sim.Advance(7 * 24 * time.Hour)
	w.fx = ""
	assert.Equal(t, "EXPIRED", w.fxGet("/order/api/v1/get_order?order_id="+order).at(t, "data", "subscription", "status"))
}

func TestFXUnlimitedPlansCountDays(t *testing.T) {
	w := newWire(t)
	a := w.fxOrder("k", `{"operation_type":"NEW","product":{"id":"esimfx_UL_3D_JP"}}`)
	require.Equal(t, "0", a.at(t, "code"), "%s", a.body)
	assert.Equal(t, "Days", a.at(t, "data", "subscription", "amount_unit"))
	assert.Equal(t, "3", a.at(t, "data", "subscription", "upper_limit_amount"))
	w.sim.Advance(2*time.Hour + 49*time.Hour)
	w.fx = ""
	assert.Equal(t, "2", w.fxGet("/order/api/v1/get_order?order_id="+a.text(t, "data", "id")).at(t, "data", "subscription", "used_amount"))
}

func TestFXBareOrderLists(t *testing.T) {
	w := newWire(t, simulator.WithBareOrderLists())
	order, iccid := w.fxNew("k")
	assert.Equal(t, order, w.fxGet("/order/api/v1/get_esim_orders?iccid="+iccid).at(t, "data", 0, "id"))
}

func TestFXActivateAndTerminate(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFX
	post := func(name, order string) answer {
		return w.fxCall(http.MethodPost, "/order/api/v1/"+name+"_subscription", `{"order_id":"`+order+`"}`)
	}
	unused, _ := w.fxNew("a")
	assert.Equal(t, true, post("terminate", unused).at(t, "data", "refund", "need_refund"))
	assert.Equal(t, "TERMINATED", w.fxGet("/order/api/v1/get_order?order_id="+unused).at(t, "data", "subscription", "status"))
	refund := f.Ledger().ByReference("a")
	require.Len(t, refund, 2)
	assert.Equal(t, esimtest.ChargeRefund, refund[1].Kind)
	assert.Equal(t, "-12.00 USD", refund[1].Amount.String())
	assert.Equal(t, code(simulator.FXCodeNotTerminable), post("terminate", unused).at(t, "code"))
	assert.Equal(t, code(simulator.FXCodeNotActivatable), post("activate", unused).at(t, "code"))

	started, _ := w.fxNew("b")
	assert.Equal(t, "0", post("activate", started).at(t, "code"))
	assert.Equal(t, "ACTIVE", w.fxGet("/order/api/v1/get_order?order_id="+started).at(t, "data", "subscription", "status"))
	assert.Equal(t, code(simulator.FXCodeNotActivatable), post("activate", started).at(t, "code"))
	assert.Equal(t, false, post("terminate", started).at(t, "data", "refund", "need_refund"))
	assert.Equal(t, 3, f.Ledger().Count())
	checkMoney(t, f.Server)

	assert.Equal(t, code(simulator.FXCodeOrderNotFound), post("terminate", "none").at(t, "code"))
	assert.Equal(t, 400, post("terminate", "").status)
	assert.Equal(t, 400, w.fxCall(http.MethodPost, "/order/api/v1/activate_subscription", `{"order":1}`).status)
	assert.Equal(t, code(simulator.FXCodeOrderNotFound), w.fxGet("/order/api/v1/get_order").at(t, "code"))
	for _, name := range []string{"get_esim_status", "get_esim_orders"} {
		assert.Equal(t, code(simulator.FXCodeESIMNotFound), w.fxGet("/order/api/v1/"+name+"?iccid=1").at(t, "code"))
	}
}
