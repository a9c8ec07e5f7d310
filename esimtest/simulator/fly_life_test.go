package simulator_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

func TestFlyOrderHistory(t *testing.T) {
	w := newWire(t)
	before := w.sim.Now()
	for i := range 3 {
		w.flyOrder(fmt.Sprintf(`{"packageCode":"PHAJHEAYP","quantity":%d}`, i+1))
		w.sim.Advance(time.Hour)
	}
	w.flyOrder(`{"packageCode":"merhaba-7days-1gb"}`)
	all := w.flyGet("/orders")
	require.Len(t, all.rows(t, "data", "orders"), 5)
	assert.Equal(t, "merhaba-7days-1gb", all.at(t, "data", "orders", 0, "package_code"), "newest first")
	assert.Nil(t, all.at(t, "data", "orders", 4, "esim"), "the wallet top-up has none")
	assert.Equal(t, "5", all.at(t, "data", "summary", "total_orders"))

	amounts := w.flyGet("/orders?search=phaj&sort_by=amount&sort_order=asc&limit=2")
	assert.Equal(t, "1.44", amounts.at(t, "data", "orders", 0, "amount"))
	assert.Equal(t, "2.88", amounts.at(t, "data", "orders", 1, "amount"))
	assert.Equal(t, "2", amounts.at(t, "data", "pagination", "total_pages"))
	assert.Equal(t, "8.64", amounts.at(t, "data", "summary", "total_revenue"))

	at := func(d time.Duration) string { return url.QueryEscape(before.Add(d).UTC().Format(time.RFC3339)) }
	window := w.flyGet("/orders?from_date=" + at(30*time.Minute) + "&to_date=" + at(90*time.Minute))
	require.Len(t, window.rows(t, "data", "orders"), 1)
	assert.Equal(t, "2.88", window.at(t, "data", "orders", 0, "amount"))
	ref := window.text(t, "data", "orders", 0, "order_reference")
	assert.Len(t, w.flyGet("/orders?search="+ref).rows(t, "data", "orders"), 1)
	for _, bad := range []string{"status=odd", "sort_by=name", "sort_order=up", "from_date=yesterday", "limit=-1"} {
		assert.Equal(t, 400, w.flyGet("/orders?"+bad).status, bad)
	}
}

func TestFlyESIMList(t *testing.T) {
	w := newWire(t)
	_, us := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	w.flyOrder(`{"packageCode":"o2-uk-25gb-30days"}`)
	a := w.flyGet("/esims?search=" + us)
	require.Len(t, a.rows(t, "data", "esims"), 1)
	assert.Equal(t, "NEW", a.at(t, "data", "esims", 0, "status"))
	assert.Equal(t, []any{"United States"}, a.at(t, "data", "esims", 0, "countries"))
	assert.Equal(t, "1024", a.at(t, "data", "esims", 0, "data", "total_mb"))
	assert.Equal(t, a.at(t, "data", "esims", 0, "manual_installation", "lpa_format"),
		"LPA:1$rsp-3104.idemia.io$"+a.text(t, "data", "esims", 0, "manual_installation", "activation_code"))
	assert.Nil(t, a.at(t, "data", "esims", 0, "phone_number"))
	assert.NotContains(t, a.at(t, "data", "esims", 0), "qr_code_base64")
	both := w.flyGet("/esims?include_base64=true&status=NEW")
	assert.Len(t, both.rows(t, "data", "esims"), 2)
	assert.Contains(t, both.at(t, "data", "esims", 0), "qr_code_base64")
	assert.NotNil(t, both.at(t, "data", "esims", 0, "phone_number"), "carrier plans have one")

	w.sim.Advance(3 * time.Hour)
	assert.Equal(t, "ACTIVE", w.flyGet("/esims?search="+us).at(t, "data", "esims", 0, "status"))
	assert.Empty(t, w.flyGet("/esims?status=NEW").rows(t, "data", "esims"))
	assert.Len(t, w.flyGet("/esims?status=ACTIVE").rows(t, "data", "esims"), 2)
}

func TestFlyUsageAndStates(t *testing.T) {
	w := newWire(t)
	ref, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	usage := func() answer { return w.flyGet("/esims/usage/query?iccid=" + iccid) }
	expect := func(status, used, remaining string) {
		t.Helper()
		a := usage()
		assert.Equal(t, status, a.at(t, "data", "esim", "status"))
		assert.Equal(t, used, a.at(t, "data", "data", "used_mb"))
		assert.Equal(t, remaining, a.at(t, "data", "data", "remaining_mb"))
	}
	expect("NEW", "0", "1024")
	assert.Nil(t, usage().at(t, "data", "validity", "activated_at"))
	w.sim.Advance(3 * time.Hour) // installed after two hours
	expect("ACTIVE", "64", "960")
	assert.Equal(t, usage().at(t, "data"), w.flyGet("/esims/usage/query?order_id="+ref).at(t, "data"))
	w.sim.ESIMFly.UseData(iccid, 500<<20)
	expect("ACTIVE", "564", "460")
	w.sim.Advance(24 * time.Hour)
	expect("DEPLETED", "1024", "0")
	assert.Equal(t, "100.00", usage().at(t, "data", "data", "usage_percentage"))
	w.sim.Advance(7 * 24 * time.Hour)
	expect("USED_EXPIRED", "1024", "0")
	assert.Equal(t, true, usage().at(t, "data", "validity", "is_expired"))

	_, slow := w.flyOrder(`{"packageCode":"japan-unlimited-7days"}`)
	w.sim.Advance(10 * 24 * time.Hour)
	a := w.flyGet("/esims/usage/query?iccid=" + slow)
	assert.Equal(t, "EXPIRED", a.at(t, "data", "esim", "status"))
	assert.Equal(t, true, a.at(t, "data", "data", "is_unlimited"))
	assert.Equal(t, "0", a.at(t, "data", "data", "total_mb"))

	for query, status := range map[string]int{"": 400, "iccid=1&order_id=2": 400, "iccid=8900000000000000000": 404, "order_id=order_nope": 404} {
		a := w.flyGet("/esims/usage/query?" + query)
		assert.Equal(t, status, a.status, query)
		assert.Equal(t, http.StatusText(status), a.at(t, "error"))
		assert.NotContains(t, a.at(t), "success")
		assert.NotContains(t, a.at(t), "code")
	}
}

func TestFlyTopUp(t *testing.T) {
	w := newWire(t)
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	options := w.flyGet("/topup/packages?iccid=" + iccid)
	code := options.text(t, "data", "packages", 0, "package_code")
	assert.Equal(t, "TOPUP_PHAJHEAYP", code)
	for i := range options.rows(t, "data", "packages") {
		assert.True(t, strings.HasPrefix(options.text(t, "data", "packages", i, "package_code"), "TOPUP_"))
	}
	a := w.flyPost("/topup/order", `{"iccid":"`+iccid+`","packageCode":"`+code+`","quantity":2}`)
	require.Equal(t, 200, a.status, "%s", a.body)
	assert.Equal(t, "2.88", a.at(t, "amount"))
	assert.Equal(t, "9995.68", a.at(t, "newBalance"))
	assert.Equal(t, "3.00", a.at(t, "esimData", "newTotalVolumeGB"))
	_, err := time.Parse("January 2, 2006 at 3:04 PM", a.text(t, "esimData", "expiredTime"))
	require.NoError(t, err)
	assert.Equal(t, "3072", w.flyGet("/esims/usage/query?iccid="+iccid).at(t, "data", "data", "total_mb"))
	assert.True(t, strings.HasPrefix(a.text(t, "orderReference"), "topup_"))
	assert.Len(t, w.flyGet("/orders?search=topup_").rows(t, "data", "orders"), 1)
	charges := w.sim.ESIMFly.Ledger().Charges()
	assert.Equal(t, esimtest.ChargeTopUp, charges[1].Kind)
	assert.Equal(t, []string{iccid}, charges[1].ICCIDs)

	// A depleted eSIM comes back to life, with later expiry.
	w.sim.ESIMFly.UseData(iccid, 4<<30)
	assert.Equal(t, "DEPLETED", w.flyGet("/esims/usage/query?iccid="+iccid).at(t, "data", "esim", "status"))
	require.Equal(t, 200, w.flyPost("/topup/order", `{"iccid":"`+iccid+`","packageCode":"`+code+`"}`).status)
	b := w.flyGet("/esims/usage/query?iccid=" + iccid)
	assert.Equal(t, "ACTIVE", b.at(t, "data", "esim", "status"))
	assert.Equal(t, "1024", b.at(t, "data", "data", "remaining_mb"))
	assert.Empty(t, w.sim.ESIMFly.Violations())
}

func TestFlyTopUpRefusals(t *testing.T) {
	w := newWire(t, simulator.WithBalance("20"), simulator.WithTravel(2*time.Hour, 1<<20))
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	_, foreign := w.flyOrder(`{"packageCode":"merhaba-7days-1gb"}`)
	_, carrier := w.flyOrder(`{"packageCode":"o2-uk-25gb-30days"}`)
	topUp := func(iccid, code string) answer {
		return w.flyPost("/topup/order", `{"iccid":"`+iccid+`","packageCode":"`+code+`"}`)
	}
	expect := func(a answer, status int, code any) {
		t.Helper()
		assert.Equal(t, status, a.status)
		assert.Equal(t, code, a.at(t, "code"))
		assert.NotEmpty(t, a.at(t, "error"))
	}
	expect(w.flyPost("/topup/order", `{"iccid":"`+iccid+`"}`), 400, "MISSING_FIELDS")
	expect(topUp("8900000000000000000", "TOPUP_PHAJHEAYP"), 400, "ESIM_NOT_FOUND")
	expect(topUp(foreign, "TOPUP_merhaba-7days-1gb"), 400, "ESIM_NOT_TOPPABLE") // new, not from the own network
	expect(topUp(iccid, "PHAJHEAYP"), 400, "INVALID_TOPUP_PACKAGE")
	expect(topUp(iccid, "ent_1"), 404, "INVALID_TOPUP_PACKAGE")
	expect(topUp(iccid, "TOPUP_merhaba-7days-1gb"), 400, "INVALID_TOPUP_PACKAGE")
	w.sim.Advance(3 * time.Hour)
	expect(topUp(carrier, "TOPUP_o2-uk-25gb-30days"), 400, "TOPUP_NOT_SUPPORTED")
	assert.Equal(t, 200, topUp(foreign, "TOPUP_merhaba-7days-1gb").status)
	w.sim.ESIMFly.SetBalance("0.5")
	poor := topUp(iccid, "TOPUP_PHAJHEAYP")
	expect(poor, 400, "INSUFFICIENT_BALANCE")
	assert.Contains(t, poor.at(t, "message"), "$0.50")
	assert.NotContains(t, poor.at(t), "currentBalance")
	w.sim.ESIMFly.Inject(esimtest.Fault{Kind: esimtest.Fault500After})
	expect(topUp(iccid, "TOPUP_PHAJHEAYP"), 500, nil)

	expect(w.flyGet("/topup/packages"), 400, "MISSING_ICCID")
	expect(w.flyGet("/topup/packages?iccid="+simulator.ForeignICCID), 403, "ESIM_ACCESS_DENIED")
	w.sim.Advance(30 * 24 * time.Hour)
	expect(w.flyGet("/topup/packages?iccid="+carrier), 400, "ESIM_NOT_TOPPABLE") // expired with data left
	checkMoney(t, w.sim.ESIMFly.Server)
}

func TestFlyLiveStatus(t *testing.T) {
	w := newWire(t)
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	id := w.flyGet("/esims").text(t, "data", "esims", 0, "id")
	a := w.flyPost("/esims/status", `{"esimId":`+id+`}`)
	assert.Equal(t, iccid, a.at(t, "data", "iccid"))
	assert.Equal(t, "Not Installed", a.at(t, "data", "profile"))
	assert.Nil(t, a.at(t, "data", "last_network", "operator"))
	assert.Nil(t, a.at(t, "data", "device", "imei"))
	w.sim.Advance(3 * time.Hour)
	b := w.flyPost("/esims/status", `{"iccid":"`+iccid+`"}`)
	assert.Equal(t, "Enabled", b.at(t, "data", "profile"))
	assert.Equal(t, "Verizon", b.at(t, "data", "last_network", "operator"))
	assert.Equal(t, "1.00", b.at(t, "data", "data_usage", "total_gb"))

	_, unlimited := w.flyOrder(`{"packageCode":"japan-unlimited-7days"}`)
	assert.Nil(t, w.flyPost("/esims/status", `{"iccid":"`+unlimited+`"}`).at(t, "data", "data_usage", "total_gb"))
	for body, want := range map[string]string{
		`{}`: "400 MISSING_IDENTIFIER", `{"iccid":"` + simulator.ForeignICCID + `"}`: "403 FORBIDDEN",
		`{"iccid":"8900000000000000000"}`: "404 ESIM_NOT_FOUND", `{"esimId":1}`: "404 ESIM_NOT_FOUND", `{"esimId":"one"}`: "400 <nil>",
	} {
		a := w.flyPost("/esims/status", body)
		assert.Equal(t, want, fmt.Sprint(a.status, " ", a.at(t, "code")), body)
	}
}

func TestFlyReports(t *testing.T) {
	w := newWire(t)
	_, iccid := w.flyOrder(`{"packageCode":"japan-unlimited-7days"}`)
	_, other := w.flyOrder(`{"packageCode":"merhaba-7days-1gb"}`)
	body := `{"iccid":"` + iccid + `"}`
	assert.Empty(t, w.flyPost("/esims/network-events", body).rows(t, "data", "events"))
	assert.Empty(t, w.flyPost("/esims/usage-report", body).rows(t, "data", "daily_usage"))
	w.sim.Advance(2*time.Hour + 3*24*time.Hour)
	events := w.flyPost("/esims/network-events", body)
	assert.Equal(t, "13", events.at(t, "data", "total_events"))
	assert.Equal(t, "data_session", events.at(t, "data", "events", 0, "event_type"))
	assert.Equal(t, "attach", events.at(t, "data", "events", 12, "event_type"), "newest first")
	_, err := time.Parse("2006-01-02T15:04:05", events.text(t, "data", "events", 0, "time"))
	require.NoError(t, err)

	report := w.flyPost("/esims/usage-report", body)
	assert.Equal(t, "7", report.at(t, "data", "period_days"))
	days := report.rows(t, "data", "daily_usage")
	assert.GreaterOrEqual(t, len(days), 3)
	assert.Equal(t, "4608.00", report.at(t, "data", "summary", "total_data_mb"), "three days of 64 MiB an hour")
	assert.Equal(t, "440", report.at(t, "data", "by_country", 0, "mcc"))
	first, last := report.text(t, "data", "daily_usage", 0, "date"), report.text(t, "data", "daily_usage", len(days)-1, "date")
	assert.Greater(t, first, last)
	w.sim.Advance(20 * 24 * time.Hour)
	assert.Empty(t, w.flyPost("/esims/usage-report", body).rows(t, "data", "daily_usage"))
	assert.NotEmpty(t, w.flyPost("/esims/usage-report", `{"iccid":"`+iccid+`","days":90}`).rows(t, "data", "daily_usage"))
	assert.Equal(t, 400, w.flyPost("/esims/usage-report", `{"iccid":"`+iccid+`","days":91}`).status)

	for _, path := range []string{"/esims/network-events", "/esims/usage-report"} {
		assert.Equal(t, "NOT_SUPPORTED", w.flyPost(path, `{"iccid":"`+other+`"}`).at(t, "code"))
	}
}

func TestFlySuspend(t *testing.T) {
	w := newWire(t)
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	_, other := w.flyOrder(`{"packageCode":"merhaba-7days-1gb"}`)
	w.sim.Advance(3 * time.Hour)
	act := func(iccid, action string) answer {
		return w.flyPost("/esims/suspend", `{"iccid":"`+iccid+`","action":"`+action+`"}`)
	}
	used := func() string { return w.flyGet("/esims/usage/query?iccid="+iccid).text(t, "data", "data", "used_mb") }
	before := used()
	for range 2 {
		assert.Equal(t, "Disconnected", act(iccid, "suspend").at(t, "data", "esim_status"))
	}
	w.sim.Advance(5 * time.Hour)
	assert.Equal(t, before, used(), "no data while suspended")
	assert.Equal(t, "Active", act(iccid, "activate").at(t, "data", "esim_status"))
	w.sim.Advance(time.Hour)
	assert.NotEqual(t, before, used())
	assert.Equal(t, "INVALID_ACTION", act(iccid, "block").at(t, "code"))
	assert.Equal(t, "UNSUPPORTED_PROVIDER", act(other, "suspend").at(t, "code"))
}

func TestFlySMS(t *testing.T) {
	w := newWire(t)
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP"}`)
	_, other := w.flyOrder(`{"packageCode":"merhaba-7days-1gb"}`)
	send := func(iccid, text string) answer {
		return w.flyPost("/esims/send-sms", `{"iccid":"`+iccid+`","message":"`+text+`"}`)
	}
	assert.Equal(t, "SMS_FAILED", send(iccid, "hello").at(t, "code"))
	w.sim.Advance(3 * time.Hour)
	assert.Equal(t, true, send(iccid, "Hoş geldiniz <1 GB> & iyi yolculuklar").at(t, "success"))
	assert.Equal(t, 200, send(iccid, strings.Repeat("ş", 500)).status, "characters count, not bytes")
	assert.Equal(t, "MESSAGE_TOO_LONG", send(iccid, strings.Repeat("x", 501)).at(t, "code"))
	assert.Equal(t, "MISSING_MESSAGE", send(iccid, "").at(t, "code"))
	assert.Equal(t, "SMS_NOT_SUPPORTED", send(other, "hello").at(t, "code"))
}

func TestFlyCancel(t *testing.T) {
	w := newWire(t)
	f := w.sim.ESIMFly
	_, iccid := w.flyOrder(`{"packageCode":"PHAJHEAYP","quantity":3,"idempotency_key":"k"}`)
	f.SetPrice("PHAJHEAYP", "99")
	used := f.Ledger().Charges()[0].ICCIDs[2]
	f.UseData(used, 1)
	cancel := func(iccid string) answer { return w.flyPost("/esims/cancel", `{"iccid":"`+iccid+`"}`) }
	a := cancel(iccid)
	assert.Equal(t, "3", a.at(t, "data", "total_esims"))
	assert.Equal(t, "2", a.at(t, "data", "cancelled_esims"))
	assert.Equal(t, "1", a.at(t, "data", "failed_esims"))
	assert.Equal(t, true, a.at(t, "data", "partial_cancellation"))
	assert.Equal(t, "2.88", a.at(t, "data", "refunded_amount"), "what was paid, not what it costs now")
	assert.Equal(t, "balance", a.at(t, "data", "refund_method"))
	assert.Len(t, a.rows(t, "data", "cancel_results"), 2)
	refund := f.Ledger().Charges()[1]
	assert.Equal(t, esimtest.ChargeRefund, refund.Kind)
	assert.Equal(t, "-2.88 USD", refund.Amount.String())
	assert.Len(t, f.Ledger().ByReference("k"), 2)
	checkMoney(t, f.Server)

	again := cancel(iccid)
	assert.Equal(t, 400, again.status)
	assert.Equal(t, "ALREADY_CANCELLED", again.at(t, "code"))
	none := cancel(used)
	assert.Equal(t, "NOT_ELIGIBLE", none.at(t, "code"))
	assert.Equal(t, used, none.at(t, "details", "ineligibleEsims", 0, "iccid"))
	assert.Equal(t, 2, f.Ledger().Count())
	assert.Equal(t, "CANCELLED", w.flyGet("/esims?search="+iccid).at(t, "data", "esims", 0, "status"))
	assert.Equal(t, "completed", w.flyGet("/orders?search=phaj").at(t, "data", "orders", 0, "status"))

	_, carrier := w.flyOrder(`{"packageCode":"o2-uk-25gb-30days"}`)
	later := cancel(carrier)
	assert.Equal(t, "refund_request", later.at(t, "data", "refund_method"))
	assert.Equal(t, false, later.at(t, "data", "balance_credited"))
	assert.Equal(t, 3, f.Ledger().Count(), "no refund yet")
	assert.Len(t, w.flyGet("/orders?status=cancelled").rows(t, "data", "orders"), 1)
}
