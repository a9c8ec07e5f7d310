package esim_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"

	"github.com/esimkit/esim"
)

func ExampleSecret() {
	key := esim.NewSecret("sk_live_51f0")

	fmt.Println(key)
	fmt.Printf("%+v\n", struct{ Key esim.Secret }{key})
	fmt.Println(len(key.Reveal()))
	// Output:
	// REDACTED
	// {Key:REDACTED}
	// 12
}

func ExampleParseMoney() {
	price, err := esim.ParseMoney("2.72", "USD")
	if err != nil {
		fmt.Println(err)
		return
	}
	total, err := price.MulInt(5)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(price, total)

	_, err = esim.ParseMoney("12345678901234567890.12", "USD")
	fmt.Println(err)
	// Output:
	// 2.72 USD 13.60 USD
	// esim: number has too many digits to be held exactly
}

func ExampleMoney_Cmp() {
	price, _ := esim.ParseMoney("2.72", "USD")   // known to be well formed
	ceiling, _ := esim.ParseMoney("2.70", "EUR") // likewise

	if _, err := price.Cmp(ceiling); err != nil {
		fmt.Println(err)
	}
	// Output: esim: amounts of different or unstated currencies do not mix
}

func ExampleMoney_MarshalJSON() {
	price, _ := esim.ParseMoney("2.72", "USD") // known to be well formed
	text, err := json.Marshal(price)
	fmt.Println(string(text), err)

	var back esim.Money
	err = json.Unmarshal([]byte(`{"amount":9007199254740993,"currency":"IQD"}`), &back)
	fmt.Println(back, err)
	// Output:
	// {"amount":"2.72","currency":"USD"} <nil>
	// 9007199254740993 IQD <nil>
}

func ExampleDataSize() {
	fmt.Println(esim.GB, esim.GiB, 1230*esim.MB, esim.GiB+1)
	fmt.Println(int64(esim.GiB))
	// Output:
	// 1 GB 1 GiB 1.23 GB 1.073741825 GB
	// 1073741824
}

func ExampleParseDataSize() {
	size, err := esim.ParseDataSize("1.5 GiB")
	fmt.Println(int64(size), err)
	// Output: 1610612736 <nil>
}

func ExampleParseActivationCode() {
	code, err := esim.ParseActivationCode("LPA:1$rsp.truphone.com$JQ-2D51JC-XXXXXX")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(code) // masked
	fmt.Println(code.SMDPAddress)
	fmt.Println(code.LPA()) // to be stored, or shown to the traveller as a QR code
	// Output:
	// LPA:1$rsp.truphone.com$[redacted]
	// rsp.truphone.com
	// LPA:1$rsp.truphone.com$JQ-2D51JC-XXXXXX
}

func ExampleActivationCode_LogValue() {
	code, _ := esim.ParseActivationCode("LPA:1$rsp.truphone.com$JQ-2D51JC-XXXXXX") // known to be well formed
	log := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}))
	log.Info("delivered", "activation", code)
	// Output: level=INFO msg=delivered activation=LPA:1$rsp.truphone.com$[redacted]
}

func ExampleActivationCode_AppleInstallURL() {
	code, _ := esim.ParseActivationCode("LPA:1$rsp.truphone.com$JQ-2D51JC-XXXXXX") // known to be well formed
	fmt.Println(code.AppleInstallURL())
	// Output: https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA%3A1%24rsp.truphone.com%24JQ-2D51JC-XXXXXX
}

func ExampleParseInstallURL() {
	code, err := esim.ParseInstallURL("https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA:1$rsp-3104.idemia.io$DOAZJ-HYDO5-HGMLN-S9B8S")
	fmt.Println(code.SMDPAddress, err)
	// Output: rsp-3104.idemia.io <nil>
}

func ExampleParseICCID() {
	id, err := esim.ParseICCID("8944500102198304826")
	fmt.Println(id, id.Valid(), err)

	_, err = esim.ParseICCID("PENDING")
	fmt.Println(err)
	// Output:
	// 8944500102198304826 true <nil>
	// esim: an ICCID is 18 to 22 digits
}

func ExampleParseCountry() {
	for _, name := range []string{"tr", "Türkiye", "Hong Kong (China)", "The Netherlands", "Europe"} {
		country, err := esim.ParseCountry(name)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Println(country, country.Name())
	}
	// Output:
	// TR Türkiye
	// TR Türkiye
	// HK Hong Kong
	// NL Netherlands
	// esim: not a country of ISO 3166-1
}
