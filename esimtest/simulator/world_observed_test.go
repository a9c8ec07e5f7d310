package simulator_test

import (
	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// observations is what each world shows, by its name.
func observations() map[string]observation {
	all := map[string]observation{}
	for name, o := range flyObservations() {
		all["esimfly/"+name] = o
	}
	for name, o := range storyObservations() {
		all["esimstory/"+name] = o
	}
	for name, o := range fxObservations() {
		all["esimfx/"+name] = o
	}
	for _, p := range []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX} {
		for name, o := range commonObservations(p) {
			all[string(p)+"/"+name] = o
		}
	}
	return all
}

func flyObservations() map[string]observation {
	const usual = "200, 200 duplicate, 200 duplicate; 1 charged"
	return map[string]observation{
		"failed-charged":   {see: thrice, usual: usual, world: "500 ORDER_PROCESSING_ERROR, 200, 200 duplicate; 2 charged"},
		"failed-uncharged": {see: thrice, usual: usual, world: "500 ORDER_PROCESSING_ERROR, 200, 200 duplicate; 1 charged"},
		"keys-ignored":     {see: thrice, usual: usual, world: "200, 200, 200; 3 charged"},
		"keys-forgotten":   {see: later, usual: "200, 200 duplicate; 1 charged", world: "200, 200; 2 charged"},
		"keys-unseen-in-progress": {
			see: atOnce, options: slow(),
			usual: "200, 409 DUPLICATE_REQUEST; 1 charged", world: "200, 200; 2 charged",
		},
		"refusals-kept": {
			see:   poorFirst,
			usual: "400 INSUFFICIENT_BALANCE, 200; 1 charged", world: "400 INSUFFICIENT_BALANCE, 400 INSUFFICIENT_BALANCE; 0 charged",
		},
		"checks-first": {see: poorLater, usual: "200, 200 duplicate; 1 charged", world: "200, 400 INSUFFICIENT_BALANCE; 1 charged"},
		"replay-fails": {see: thrice, usual: usual, world: "200, 409 DUPLICATE_REQUEST, 409 DUPLICATE_REQUEST; 1 charged"},
		"request-id-on-receipt": {
			see:   sameID,
			usual: "401 INVALID_SIGNATURE, 200; 1 charged", world: "401 INVALID_SIGNATURE, 400 DUPLICATE_REQUEST; 0 charged",
		},
		"request-id-late": {
			see:   refusedID,
			usual: "400 INSUFFICIENT_BALANCE, 400 DUPLICATE_REQUEST, 400 DUPLICATE_REQUEST; 0 charged",
			world: "400 INSUFFICIENT_BALANCE, 200, 400 DUPLICATE_REQUEST; 1 charged",
		},
		"gateway-charged": {see: thrice, usual: usual, world: "502 no JSON, 200 duplicate, 200 duplicate; 1 charged"},
		"short-pages":     {see: listed, usual: "10 of 320, 3 of 3", world: "9 of 320, 2 of 3"},
		"odd-cells":       {see: cells, usual: "", world: "1 cost on request, 2 validity_days a month, 3 package_code <nil>"},
	}
}

func storyObservations() map[string]observation {
	const (
		taken   = "422 External order id has already been taken"
		usual   = "201, " + taken + ", " + taken + "; 1 charged"
		trouble = "422 API connection error (Order ID: 52731)"
		request = "422 eSIM Request failed - Status: 9999, Message: internal"
		poor    = "422 eSIM Request failed - Status: 402, Message: Insufficient balance"
	)
	return map[string]observation{
		"failed-charged-422":    {see: thrice, usual: usual, world: trouble + ", 201, " + taken + "; 2 charged"},
		"failed-charged-500":    {see: thrice, usual: usual, world: "500, 201, " + taken + "; 2 charged"},
		"failed-charged-kept":   {see: thrice, usual: usual, world: trouble + ", " + taken + ", " + taken + "; 1 charged"},
		"failed-uncharged":      {see: thrice, usual: usual, world: request + ", 201, " + taken + "; 1 charged"},
		"failed-uncharged-kept": {see: thrice, usual: usual, world: request + ", " + taken + ", " + taken + "; 0 charged"},
		"ids-unseen-in-progress": {
			see: atOnce, options: slow(),
			usual: "201, " + taken + "; 1 charged", world: "201, 201; 2 charged",
		},
		"ids-kept-on-arrival": {see: lostBefore, usual: "no answer, 201; 1 charged", world: "no answer, " + taken + "; 0 charged"},
		"checks-first":        {see: poorLater, usual: "201, " + taken + "; 1 charged", world: "201, " + poor + "; 1 charged"},
		"webhooks-early":      {see: webhooks, options: still(), usual: "0 1 1 1", world: "1 1 1 1"},
	}
}

func fxObservations() map[string]observation {
	const usual = "200 0, 200 0, 200 0; 1 charged"
	return map[string]observation{
		"keys-ignored":            {see: thrice, usual: usual, world: "200 0, 200 0, 200 0; 3 charged"},
		"keys-forgotten":          {see: later, usual: "200 0, 200 0; 1 charged", world: "200 0, 200 0; 2 charged"},
		"keys-unseen-in-progress": {see: atOnce, options: slow(), usual: "200 0, 200 40903; 1 charged", world: "200 0, 200 0; 2 charged"},
		"replay-fails":            {see: thrice, usual: usual, world: "200 0, 200 40907, 200 40907; 1 charged"},
		"checks-first":            {see: poorLater, usual: "200 0, 200 0; 1 charged", world: "200 0, 200 40201; 1 charged"},
		"refusals-kept":           {see: poorFirst, usual: "200 40201, 200 0; 1 charged", world: "200 40201, 200 40201; 0 charged"},
		"untaught-charged":        {see: thrice, usual: usual, world: "200 59999, 200 0, 200 0; 1 charged"},
		"untaught-charged-freed":  {see: thrice, usual: usual, world: "200 59999, 200 0, 200 0; 2 charged"},
		"gateway-charged":         {see: thrice, usual: usual, world: "502 no JSON, 200 0, 200 0; 1 charged"},
		"short-pages":             {see: listed, usual: "10 of 10", world: "9 of 10"},
		"odd-cells":               {see: cells, usual: "", world: "1 price on request, 2 duration a month, 3 id <nil>"},
	}
}

func commonObservations(p esim.Provider) map[string]observation {
	ok := map[esim.Provider]string{esimtest.ESIMFly: "200", esimtest.ESIMStory: "201", esimtest.ESIMFX: "200 0"}[p]
	again := map[esim.Provider]string{
		esimtest.ESIMFly: "200 duplicate", esimtest.ESIMStory: "422 External order id has already been taken", esimtest.ESIMFX: "200 0",
	}[p]
	tooOften := map[esim.Provider]string{esimtest.ESIMFly: "429 RATE_LIMIT_EXCEEDED", esimtest.ESIMStory: "429", esimtest.ESIMFX: "429 42901"}[p]
	poor := map[esim.Provider]string{
		esimtest.ESIMFly: "400 INSUFFICIENT_BALANCE", esimtest.ESIMFX: "200 40201",
		esimtest.ESIMStory: "422 eSIM Request failed - Status: 402, Message: Insufficient balance",
	}[p]
	late := map[esim.Provider]string{
		esimtest.ESIMFly: "401 INVALID_TIMESTAMP; 0 charged", esimtest.ESIMFX: ok + "; 1 charged",
		esimtest.ESIMStory: "401; 0 charged",
	}[p]
	host := map[esim.Provider]string{esimtest.ESIMFly: "rsp-3104.idemia.io", esimtest.ESIMStory: "rsp1.cmlink.com", esimtest.ESIMFX: "rsp.truphone.com"}[p]
	const digits = "99999999999999999999"
	number, grouped := digits, "9999 9999 9999 9999 9999"
	if p == esimtest.ESIMFly {
		number, grouped = digits[:19], "9999 9999 9999 9999 999"
	}
	code := "LPA:1$" + host + "$ID"
	plain := number + ` "` + code + `"`
	spelt := func(world string) observation { return observation{see: delivered, usual: plain, world: world} }
	onTime := "0s, " + ok + "; 1 charged"
	return map[string]observation{
		"429-charged": {
			see: thrice, usual: ok + ", " + again + ", " + again + "; 1 charged",
			world: tooOften + ", " + again + ", " + again + "; 1 charged",
		},
		"gzip":             {see: codings, usual: "plain, plain, plain", world: "gzip, plain, gzip"},
		"gzip-always":      {see: codings, usual: "plain, plain, plain", world: "gzip, gzip, gzip"},
		"iccid-padded":     spelt(digits[:19] + `F "` + code + `"`),
		"iccid-grouped":    spelt(grouped + ` "` + code + `"`),
		"code-spaced":      spelt(number + ` "\u00a0\t` + code + ` \r\n"`),
		"code-linked":      spelt(number + ` "https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA%3A1%24` + host + `%24ID"`),
		"code-v3":          spelt(number + ` "` + code + `$$$F54172BDF98A95D65CBEB88A38A1C11D800A85C3$1"`),
		"clock-ahead":      {see: clockOf, usual: onTime, world: "4m0s, " + ok + "; 1 charged"},
		"clock-behind":     {see: clockOf, usual: onTime, world: "-4m0s, " + ok + "; 1 charged"},
		"clock-far-ahead":  {see: clockOf, usual: onTime, world: "20m0s, " + late},
		"clock-far-behind": {see: clockOf, usual: onTime, world: "-20m0s, " + late},
		"on-invoice": {
			see: broke, options: []simulator.Option{simulator.WithBalance("0")},
			usual: poor + "; 0 charged", world: ok + "; 1 charged",
		},
		"on-invoice-owing": {
			see: broke, options: []simulator.Option{simulator.WithBalance("0")},
			usual: poor + "; 0 charged", world: ok + "; 1 charged",
		},
		"webhooks-late":    {see: webhooks, options: still(), usual: "0 1 1 1", world: "0 0 0 1"},
		"webhooks-doubled": {see: webhooks, options: still(), usual: "0 1 1 1", world: "0 1 2 2"},
		"webhooks-missing": {see: webhooks, options: still(), usual: "0 1 1 1", world: "0 0 0 0"},
	}
}
