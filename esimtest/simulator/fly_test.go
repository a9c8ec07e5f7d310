package simulator_test

import (
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

func TestFlyAuthentication(t *testing.T) {
	none := change{"RT-AccessCode": "", "RT-RequestID": "", "RT-Timestamp": "", "RT-Signature": ""}
	for name, c := range map[string]struct {
		change change
		status int
		code   any
	}{
		"no headers":           {none, 401, nil},
		"one header missing":   {change{"RT-Signature": ""}, 401, "HMAC_REQUIRED"},
		"other account":        {change{"RT-AccessCode": "esf_other"}, 401, "INVALID_API_KEY"},
		"id without hyphens":   {change{"RT-RequestID": "7f3b1c529a4e4d0b8c612f5e9d7a1b34"}, 400, "INVALID_REQUEST_ID"},
		"id not hexadecimal":   {change{"RT-RequestID": "7f3b1c52-9a4e-4d0b-8c61-2f5e9d7a1bzz"}, 400, "INVALID_REQUEST_ID"},
		"time in seconds":      {change{"RT-Timestamp": "1767225600"}, 401, "INVALID_TIMESTAMP"},
		"time not a number":    {change{"RT-Timestamp": "now"}, 401, "INVALID_TIMESTAMP"},
		"signature of nothing": {change{"RT-Signature": strings.Repeat("A", 64)}, 401, "INVALID_SIGNATURE"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWire(t)
			a := w.fly(http.MethodGet, "/balance", "", c.change)
			assert.Equal(t, c.status, a.status)
			assert.Equal(t, false, a.at(t, "success"))
			assert.NotEmpty(t, a.at(t, "error"))
			assert.Equal(t, c.code, a.at(t, "code"))
			assert.Len(t, w.sim.ESIMFly.Violations(), 1)
		})
	}
	w := newWire(t)
	h := w.flyHeaders("")
	h["RT-Signature"] = strings.ToLower(h["RT-Signature"])
	assert.Equal(t, "INVALID_SIGNATURE", w.send(http.MethodGet, w.sim.ESIMFly.URL()+"/balance", "", h).at(t, "code"))
	body := `{"packageCode":"PHAJHEAYP"}`
	h = w.flyHeaders(body)
	assert.Equal(t, "INVALID_SIGNATURE", w.send(http.MethodPost, w.sim.ESIMFly.URL()+"/esims/order", body+" ", h).at(t, "code"))
	assert.Equal(t, 0, w.sim.ESIMFly.Ledger().Count())
}

func TestFlyRequestIDsCountOnce(t *testing.T) {
	w := newWire(t)
	url := w.sim.ESIMFly.URL() + "/balance"
	h := w.flyHeaders("")
	assert.Equal(t, 200, w.send(http.MethodGet, url, "", h).status)
	again := w.send(http.MethodGet, url, "", h)
	assert.Equal(t, 400, again.status)
	assert.Equal(t, "DUPLICATE_REQUEST", again.at(t, "code"))

	// The id is forgotten after 24 hours.
	w.sim.Advance(24*time.Hour + time.Second)
	stamp := strconv.FormatInt(w.sim.Now().UnixMilli(), 10)
	h["RT-Timestamp"] = stamp
	h["RT-Signature"] = strings.ToUpper(mac([]byte(w.sim.ESIMFly.SecretKey), stamp+h["RT-RequestID"]+w.sim.ESIMFly.AccessCode))
	assert.Equal(t, 200, w.send(http.MethodGet, url, "", h).status)
}

// The same order under its key and its id is how a client asks what became of
// it: refused, and no violation. Another order, or one without a key, is one.
func TestFlyRequestIDOfARepeatedOrder(t *testing.T) {
	for body, violation := range map[string]string{
		`{"packageCode":"PHAJHEAYP","quantity":1,"idempotency_key":"cart-1"}`: "",
		`{"packageCode":"PHAJHEAYP","quantity":2,"idempotency_key":"cart-1"}`: "order: Request ID has already been used",
		`{"packageCode":"PHAJHEAYP","quantity":1,"idempotency_key":"cart-2"}`: "order: Request ID has already been used",
		`{"packageCode":"PHAJHEAYP","quantity":1}`:                            "order: Request ID has already been used",
	} {
		w := newWire(t)
		url, first := w.sim.ESIMFly.URL()+"/esims/order", `{"packageCode":"PHAJHEAYP","quantity":1,"idempotency_key":"cart-1"}`
		if !strings.Contains(body, "idempotency_key") {
			first = body
		}
		h := w.flyHeaders(first)
		require.Equal(t, 200, w.send(http.MethodPost, url, first, h).status)
		w.sim.Advance(time.Second)
		again := w.flyHeaders(body)
		again["RT-RequestID"] = h["RT-RequestID"]
		again["RT-Signature"] = strings.ToUpper(mac([]byte(w.sim.ESIMFly.SecretKey), again["RT-Timestamp"]+h["RT-RequestID"]+w.sim.ESIMFly.AccessCode+body))
		require.Equal(t, "DUPLICATE_REQUEST", w.send(http.MethodPost, url, body, again).at(t, "code"))
		assert.Equal(t, violation, strings.Join(w.sim.ESIMFly.Violations(), ","), body)
		assert.Equal(t, 1, w.sim.ESIMFly.Ledger().Count())
	}
}

// A request that never got an answer has used up its id all the same.
func TestFlyRequestIDIsUsedUpByALostRequest(t *testing.T) {
	w := newWire(t)
	h := w.flyHeaders("")
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.FaultCutBeforeCommit})
	require.Error(t, w.send(http.MethodGet, w.sim.ESIMFly.URL()+"/balance", "", h).err)
	assert.Equal(t, "DUPLICATE_REQUEST", w.send(http.MethodGet, w.sim.ESIMFly.URL()+"/balance", "", h).at(t, "code"))
}

func TestFlyWindowFollowsTheSimulatedClock(t *testing.T) {
	w := newWire(t)
	assert.Equal(t, 200, w.flyAt(-4*time.Minute).status)
	assert.Equal(t, 200, w.flyAt(4*time.Minute).status)
	assert.Equal(t, 401, w.flyAt(-6*time.Minute).status)
	assert.Equal(t, 401, w.flyAt(6*time.Minute).status)
	w.sim.Advance(time.Hour)
	assert.Equal(t, 401, w.flyAt(-time.Hour).status, "the real time is an hour late now")
	assert.Equal(t, 200, w.flyAt(0).status)
}

func TestFlyContentType(t *testing.T) {
	w := newWire(t)
	// The documents ask for application/json alone. 404 is for the eSIM.
	for ctype, status := range map[string]int{"application/json; charset=utf-8": 404, "text/plain": 400, "": 400} {
		a := w.fly(http.MethodPost, "/esims/status", `{"esimId":1}`, change{"Content-Type": ctype})
		assert.Equal(t, status, a.status, ctype)
		assert.Contains(t, w.sim.ESIMFly.Violations(), "status: Content-Type is not application/json")
	}
	assert.Len(t, w.sim.ESIMFly.Violations(), 3)
}

func TestFlyBalance(t *testing.T) {
	assert.Equal(t, `{"success":true,"data":{"balance":10000.00,"currency":"USD"}}`, string(newWire(t).flyGet("/balance").body))
	iqd := newWire(t, simulator.WithCurrency("IQD"), simulator.WithBalance("1980000"))
	assert.Equal(t, `{"success":true,"data":{"balance":1980000,"currency":"IQD"}}`, string(iqd.flyGet("/balance").body))
	assert.Equal(t, "3536", iqd.flyGet("/esims/packages?limit=2").at(t, "data", "packages", 1, "cost"))
	eur := newWire(t, simulator.WithCurrency("EUR")).flyGet("/balance")
	assert.Equal(t, "enterprise", eur.at(t, "data", "source"))
}

func TestFlyPackages(t *testing.T) {
	w := newWire(t)
	a := w.flyGet("/esims/packages")
	assert.Len(t, a.rows(t, "data", "packages"), 50)
	assert.Equal(t, "7", a.at(t, "data", "pagination", "total_pages"))
	assert.Equal(t, "PHAJHEAYP", a.at(t, "data", "packages", 0, "package_code"))
	assert.Equal(t, "1.44", a.at(t, "data", "packages", 0, "cost"))
	assert.Equal(t, []any{"US"}, a.at(t, "data", "packages", 0, "countries"))
	assert.Equal(t, "us", a.at(t, "data", "packages", 0, "networks", 0, "country_iso2"))
	assert.Equal(t, "Verizon", a.at(t, "data", "packages", 0, "locationNetworkList", 0, "operatorList", 0, "operatorName"))
	assert.NotContains(t, a.at(t, "data", "packages", 1), "countries", "not from the own network")
	assert.Contains(t, a.at(t, "data", "packages", 5), "voice_details")

	last := w.flyGet("/esims/packages?page=4&limit=100")
	assert.Len(t, last.rows(t, "data", "packages"), 20)
	assert.Empty(t, w.flyGet("/esims/packages?page=5&limit=100").rows(t, "data", "packages"))
	assert.Equal(t, "100", w.flyGet("/esims/packages?limit=5000").at(t, "data", "pagination", "limit"))

	japan := w.flyGet("/esims/packages?search=japan&type=local&limit=100")
	assert.GreaterOrEqual(t, len(japan.rows(t, "data", "packages")), 4)
	for i := range japan.rows(t, "data", "packages") {
		assert.Equal(t, "Japan", japan.at(t, "data", "packages", i, "region"))
	}
	assert.Equal(t, "regional", w.flyGet("/esims/packages?type=regional").at(t, "data", "packages", 0, "type"))
	assert.Equal(t, "0", w.flyGet("/esims/packages?search=atlantis").at(t, "data", "pagination", "total_pages"))
	assert.Empty(t, w.sim.ESIMFly.Violations())

	assert.Equal(t, 400, w.flyGet("/esims/packages?page=0").status)
	assert.Equal(t, 400, w.flyGet("/esims/packages?type=lunar").status)
}

func TestFlyPriceChange(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	guarded := `{"packageCode":"PHAJHEAYP","packageName":"United States 1GB 7Days","price":1.44}`
	require.Equal(t, "1.44", w.flyGet("/esims/packages?limit=1").at(t, "data", "packages", 0, "cost"))
	assert.Equal(t, 200, w.flyPost("/esims/order", guarded).status)
	assert.Equal(t, 200, w.flyPost("/esims/order", strings.Replace(guarded, "1.44", "1.440", 1)).status)
	f.SetPrice("PHAJHEAYP", "1.5")
	assert.Equal(t, "1.50", w.flyGet("/esims/packages?limit=1").at(t, "data", "packages", 0, "cost"))
	a := w.flyPost("/esims/order", guarded)
	assert.Equal(t, 400, a.status)
	assert.Equal(t, "PRICE_MISMATCH", a.at(t, "code"))
	plain := w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`)
	assert.Equal(t, "1.50", plain.at(t, "final_price"), "without a guard the present price is charged")
	assert.Equal(t, "MISSING_FIELDS", w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","price":1.5}`).at(t, "code"))
}

func TestFlyOrder(t *testing.T) {
	w := newWire(t)
	a := w.flyPost("/esims/order", `{"packageCode":"merhaba-7days-1gb","quantity":2,"idempotency_key":"cart-0001"}`)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "completed", a.at(t, "status"))
	assert.Equal(t, "5.44", a.at(t, "amount"))
	assert.Equal(t, "9994.56", a.at(t, "newBalance"))
	assert.Equal(t, "USD", a.at(t, "currency"))
	assert.Len(t, a.rows(t, "esims"), 2)
	lpa := a.text(t, "lpaString")
	assert.Regexp(t, `^LPA:1\$rsp-3104\.idemia\.io\$[0-9A-F]{32}$`, lpa)
	assert.Equal(t, lpa, a.at(t, "esims", 0, "lpaString"))
	assert.NotEqual(t, lpa, a.at(t, "esims", 1, "lpaString"))
	assert.True(t, strings.HasPrefix(a.text(t, "qrCodeUrl"), "data:image/png;base64,"))
	assert.True(t, strings.HasSuffix(a.text(t, "directAppleInstallUrl"), "carddata="+lpa))
	assert.Equal(t, "1073741824", a.at(t, "esims", 0, "total_volume"))
	assert.NotContains(t, a.at(t), "duplicate")

	again := w.flyPost("/esims/order", `{"packageCode":"merhaba-7days-1gb","quantity":2,"idempotency_key":"cart-0001"}`)
	assert.Equal(t, 200, again.status)
	assert.Equal(t, true, again.at(t, "duplicate"))
	assert.Equal(t, a.at(t, "orderReference"), again.at(t, "orderReference"))
	for _, gone := range []string{"newBalance", "amount", "final_price", "currency", "profit"} {
		assert.NotContains(t, again.at(t), gone)
	}
	assert.True(t, strings.HasPrefix(again.text(t, "esims", 0, "qrCodeUrl"), "https://"))
	assert.Equal(t, 1, w.sim.ESIMFly.Ledger().Count())
	assert.Empty(t, w.sim.ESIMFly.Violations())

	w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","idempotency_key":"cart-0001"}`)
	assert.Equal(t, []string{"order: idempotency_key used before for another purchase"}, w.sim.ESIMFly.Violations())
	assert.Equal(t, 1, w.sim.ESIMFly.Ledger().Count())
}

func TestFlyOrderRefusals(t *testing.T) {
	w := newWire(t, simulator.WithBalance("2"))
	for body, want := range map[string]struct {
		status    int
		code      any
		violation bool
	}{
		`{"quantity":1}`:                                          {400, "MISSING_PACKAGE_CODE", true},
		`{"packageCode":"nope"}`:                                  {400, "INVALID_PACKAGE", false},
		`{"packageCode":"TOPUP_PHAJHEAYP"}`:                       {400, "INVALID_PACKAGE", false},
		`{"packageCode":"ent_1234567"}`:                           {404, "PACKAGE_NOT_FOUND", false},
		`{"packageCode":"PHAJHEAYP","quantity":0}`:                {400, "INVALID_QUANTITY", true},
		`{"packageCode":"PHAJHEAYP","quantity":11}`:               {400, "INVALID_QUANTITY", true},
		`{"packageCode":"PHAJHEAYP","quantity":2}`:                {400, "INSUFFICIENT_BALANCE", false},
		`{"packageCode":"PHAJHEAYP","recurring":true}`:            {400, nil, false},
		`{"packageCode":"PHAJHEAYP","callbackUrl":"http://x.io"}`: {400, nil, true},
		`{"packageCode":"PHAJHEAYP","quantity":1.0}`:              {400, nil, true},
		`{"packageCode":"PHAJHEAYP","packageCode":"x"}`:           {400, nil, true},
		`{"packageCode":"PHAJHEAYP"}{}`:                           {400, nil, true},
		`{"packageCode":null}`:                                    {400, "MISSING_PACKAGE_CODE", true},
		`["PHAJHEAYP"]`:                                           {400, nil, true},
		``:                                                        {400, nil, true},
		`{"packageCode":"PHAJHEAYP","idempotency_key":"` + strings.Repeat("k", 201) + `"}`: {400, nil, true},
	} {
		before := len(w.sim.ESIMFly.Violations())
		a := w.flyPost("/esims/order", body)
		assert.Equal(t, want.status, a.status, body)
		assert.Equal(t, want.code, a.at(t, "code"), body)
		assert.NotEmpty(t, a.at(t, "message"), body)
		assert.Equal(t, want.violation, len(w.sim.ESIMFly.Violations()) > before, body)
	}
	poor := w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP","quantity":10}`)
	assert.Equal(t, "2.00", poor.at(t, "currentBalance"))
	assert.Equal(t, "14.40", poor.at(t, "requiredBalance"))
	assert.Equal(t, "12.40", poor.at(t, "needToLoad"))
	assert.Equal(t, 0, w.sim.ESIMFly.Ledger().Count())
}

// Without a key, orders of one package collide while one is in flight; those
// of different packages do not, nor do orders one after the other.
func TestFlyKeylessOrdersCollide(t *testing.T) {
	w := newWire(t, simulator.WithProcessingTime(300*time.Millisecond))
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		answer = map[int]int{}
	)
	for _, code := range []string{"PHAJHEAYP", "PHAJHEAYP", "merhaba-7days-1gb"} {
		all.Go(func() {
			a := w.flyPost("/esims/order", `{"packageCode":"`+code+`"}`)
			mu.Lock()
			defer mu.Unlock()
			answer[a.status]++
		})
	}
	all.Wait()
	assert.Equal(t, map[int]int{200: 2, 409: 1}, answer)
	assert.Equal(t, 200, w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`).status)
}

func TestFlyPendingOrder(t *testing.T) {
	w := newWire(t)
	a := w.flyPost("/esims/order", `{"packageCode":"RB85_4D","idempotency_key":"k"}`)
	require.Equal(t, 200, a.status)
	assert.Equal(t, "pending_details", a.at(t, "status"))
	assert.Equal(t, true, a.at(t, "isPending"))
	assert.Equal(t, "5.85", a.at(t, "amount"))
	assert.Empty(t, a.rows(t, "esims"))
	assert.NotContains(t, a.at(t), "newBalance")
	ref := a.text(t, "orderReference")
	status := func() answer { return w.flyGet("/esims/order?orderReference=" + ref) }
	assert.JSONEq(t, `{"success":true,"order":{"esim":{"iccid":null,"isPending":true}}}`, string(status().body))
	assert.Equal(t, "pending", w.flyGet("/orders?status=pending").at(t, "data", "orders", 0, "status"))
	assert.Empty(t, w.flyGet("/esims").rows(t, "data", "esims"))
	replay := w.flyPost("/esims/order", `{"packageCode":"RB85_4D","idempotency_key":"k"}`)
	assert.Equal(t, "pending_details", replay.at(t, "status"))
	assert.Equal(t, true, replay.at(t, "duplicate"))

	w.sim.Advance(2 * time.Second)
	done := status()
	assert.Equal(t, "completed", done.at(t, "order", "status"))
	assert.Equal(t, "5.85", done.at(t, "order", "finalPrice"))
	assert.Equal(t, false, done.at(t, "order", "esim", "isPending"))
	assert.Equal(t, w.sim.ESIMFly.Ledger().Charges()[0].ICCIDs[0], done.at(t, "order", "esim", "iccid"))
	assert.Len(t, w.flyGet("/esims").rows(t, "data", "esims"), 1)
	assert.Empty(t, w.sim.ESIMFly.Violations())
}

func TestFlyOldPendingShape(t *testing.T) {
	w := newWire(t, simulator.WithOldPendingShape())
	a := w.flyPost("/esims/order", `{"packageCode":"RB85_4D"}`)
	assert.NotContains(t, a.at(t), "isPending")
	assert.Equal(t, "9994.15", a.at(t, "newBalance"))
	assert.Empty(t, a.text(t, "qrCodeUrl"))
	iccid := a.text(t, "esims", 0, "iccid")
	assert.Regexp(t, `^PENDING_B\d+_\d+$`, iccid)
	status := w.flyGet("/esims/order?orderReference=" + a.text(t, "orderReference"))
	assert.Equal(t, iccid, status.at(t, "order", "esim", "iccid"))
	w.flyGet("/esims/usage/query?iccid=" + iccid)
	assert.Equal(t, []string{"usage: a pending placeholder was sent as an ICCID"}, w.sim.ESIMFly.Violations())
}

func TestFlyHeldAndFailedOrders(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	f.HoldProvisioning(true)
	buy := func(key string) string {
		return w.flyPost("/esims/order", `{"packageCode":"RB85_4D","idempotency_key":"`+key+`"}`).text(t, "orderReference")
	}
	stuck, doomed := buy("a"), buy("b")
	w.sim.Advance(24 * time.Hour)
	assert.Equal(t, true, w.flyGet("/esims/order?orderReference="+stuck).at(t, "order", "esim", "isPending"))
	f.FailOrder(doomed)
	failed := w.flyGet("/esims/order?orderReference=" + doomed)
	assert.Equal(t, "failed", failed.at(t, "order", "status"))
	assert.Nil(t, failed.at(t, "order", "esim", "iccid"))
	assert.Len(t, w.flyGet("/orders?status=failed").rows(t, "data", "orders"), 1)
	assert.Equal(t, "failed", w.flyPost("/esims/order", `{"packageCode":"RB85_4D","idempotency_key":"b"}`).at(t, "status"))
	assert.Equal(t, 2, f.Ledger().Count(), "no refund")
	assert.Panics(t, func() { f.FailOrder(doomed) })

	f.HoldProvisioning(false)
	w.sim.Advance(2 * time.Second)
	assert.Equal(t, "completed", w.flyGet("/esims/order?orderReference="+stuck).at(t, "order", "status"))
	assert.Equal(t, "failed", w.flyGet("/esims/order?orderReference="+doomed).at(t, "order", "status"))
}

func TestFlyOrderStatusErrors(t *testing.T) {
	w := newWire(t)
	a := w.flyGet("/esims/order?orderReference=order_0_nope")
	assert.Equal(t, 404, a.status)
	assert.Equal(t, "ORDER_NOT_FOUND", a.at(t, "code"))
	assert.Equal(t, 400, w.flyGet("/esims/order").status)
}

func TestFlyErrorFault(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	f.Inject(esimtest.Fault{Kind: esimtest.FaultErrorBefore, Op: "status", Status: 502, Code: "PROVIDER_ERROR", Message: "carrier unreachable"})
	a := w.flyPost("/esims/status", `{"esimId":1}`)
	assert.Equal(t, 502, a.status)
	assert.JSONEq(t, `{"success":false,"message":"carrier unreachable","code":"PROVIDER_ERROR"}`, string(a.body))
	f.Inject(esimtest.Fault{Kind: esimtest.FaultErrorAfter, Op: "order"})
	b := w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`)
	assert.Equal(t, 500, b.status)
	assert.Equal(t, "ORDER_PROCESSING_ERROR", b.at(t, "code"))
	assert.Equal(t, 1, f.Ledger().Count())
	f.Inject(esimtest.Fault{Kind: esimtest.FaultDuplicateRequest, Op: "order", Status: 409})
	assert.Equal(t, 409, w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`).status)
	f.Inject(esimtest.Fault{Kind: esimtest.FaultDuplicateRequest})
	assert.Equal(t, 400, w.flyPost("/esims/order", `{"packageCode":"PHAJHEAYP"}`).status)
}
