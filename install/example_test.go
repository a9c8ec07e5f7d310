package install_test

import (
	"fmt"
	"html/template"
	"os"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/install"
)

// A page for the traveller. The QR code comes from package qr.
func ExampleNewGuide() {
	activation, err := esim.ParseActivationCode("LPA:1$rsp.example.com$K2-7QX0-B9ZTR") // order.ESIMs[0].Activation
	if err != nil {
		fmt.Println(err)
		return
	}
	guide, err := install.NewGuide(&esim.ESIM{Activation: activation}, install.Options{
		Platforms: []install.Platform{install.IPhone},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	page := template.Must(template.New("install").Parse(
		`{{with index .Rules 2}}<p id="{{.Key}}">{{.}}</p>
{{end}}{{range .Platforms}}<h2>{{.Name}}</h2>
{{range .Ways}}<h3>{{.Title}}</h3>
{{if eq .Method "link"}}<a href="{{.Link.Reveal}}">Install</a>
{{end}}{{range .Fields}}{{.Label}}: <code>{{.Value.Reveal}}</code>
{{end}}{{end}}{{end}}`))
	if err := page.Execute(os.Stdout, guide); err != nil {
		fmt.Println(err)
	}
	// Output:
	// <p id="rule.once">The code works once, on one phone. Choose the phone you will travel with.</p>
	// <h2>iPhone</h2>
	// <h3>With a tap (iOS 17.4 or later)</h3>
	// <a href="https://esimsetup.apple.com/esim_qrcode_provisioning?carddata=LPA%3A1%24rsp.example.com%24K2-7QX0-B9ZTR">Install</a>
	// <h3>With the QR code</h3>
	// <h3>By typing the details in</h3>
	// SM-DP&#43; Address: <code>rsp.example.com</code>
	// Activation Code: <code>K2-7QX0-B9ZTR</code>
}

// A guide may be logged; only what asks for a secret gets it.
func ExampleGuide() {
	guide, err := install.NewGuide(&esim.ESIM{
		Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2-7QX0-B9ZTR"},
	}, install.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	android := guide.Platforms[1]
	fmt.Println(guide.Activation)
	fmt.Println(android.Ways[0].Link)
	fmt.Println(android.Ways[2].Fields[0].Label, android.Ways[2].Fields[0].Value.Reveal())
	for i, step := range android.Ways[1].Steps {
		fmt.Printf("%d. %s\n", i+1, step)
	}
	// Output:
	// LPA:1$rsp.example.com$[redacted]
	// REDACTED
	// Activation code LPA:1$rsp.example.com$K2-7QX0-B9ZTR
	// 1. Show the QR code on another screen, or print it.
	// 2. On the phone open Settings, then Network & internet, SIMs (on Samsung: Connections, SIM manager), and tap Add eSIM or Add SIM.
	// 3. Choose to scan a QR code, and point the camera at it.
	// 4. Tap Download or Add and follow the screen. It may take a few minutes until the eSIM is ready; do not close it before.
}

// Texts of your own, in German here; what is missing is English.
func ExampleTexts() {
	german := install.Texts{ // or decoded from a file
		"rule.once": "Der Code gilt einmal und für ein Telefon.",
		"rule.keep": "Lösche die eSIM nicht: Sie lässt sich kein zweites Mal installieren.",
	}
	guide, err := install.NewGuide(&esim.ESIM{
		Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2-7QX0-B9ZTR"},
	}, install.Options{Texts: german.Text})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range guide.Rules[2:5] {
		fmt.Println(rule)
	}
	// Output:
	// Der Code gilt einmal und für ein Telefon.
	// Lösche die eSIM nicht: Sie lässt sich kein zweites Mal installieren.
	// Show the code to nobody. Whoever uses it first has the eSIM.
}

// Facts that the reseller states, and lines for them.
func ExampleGuide_facts() {
	guide, err := install.NewGuide(&esim.ESIM{
		Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: "K2-7QX0-B9ZTR"},
		APN:        "plus.example",
		ActivateBy: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
	}, install.Options{
		Package: &esim.Package{ValidityStart: esim.ValidityFromFirstUse},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rule := range guide.Rules {
		if rule.Key == "rule.date" || rule.Key == "rule.valid.first-use" {
			fmt.Println(rule)
		}
	}
	iphone := guide.Platforms[0]
	fmt.Println(iphone.Settings[len(iphone.Settings)-1])
	// Output:
	// Install the eSIM and go online with it before 1 March 2026, 12:00 UTC. After that it may start by itself or be lost.
	// The days of the plan are counted from its first use.
	// If pages do not load, tap this eSIM, then Cellular Data Network, and enter plus.example as APN.
}
