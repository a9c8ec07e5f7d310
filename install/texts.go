package install

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Key names one text of a [Guide], such as "rule.once". [EnglishTexts] has them
// all.
type Key string

// placeholders stand in a text for what the eSIM or its package states.
var placeholders = [...]string{"{apn}", "{date}", "{days}", "{number}"}

// Texts are the texts of a guide in one language. A file of keys and
// texts, in JSON for instance, decodes into it.
type Texts map[Key]string

// Text returns the text of a key, "" where there is none. It is what
// [Options] takes as Texts.
func (t Texts) Text(key Key) string { return t[key] }

// Check returns nil for a complete translation. Otherwise the error has a line
// for each fault: a key without a text, a key that no guide uses, a text that
// lacks a placeholder of the English one, such as {apn}. It is meant for a
// test; a guide gets along with an incomplete one.
func (t Texts) Check() error {
	english := EnglishTexts()
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(english)) {
		text := t[key]
		if text == "" {
			faults = append(faults, fmt.Errorf("install: no text for %q", key))
			continue
		}
		for _, placeholder := range placeholders {
			if strings.Contains(english[key], placeholder) && !strings.Contains(text, placeholder) {
				faults = append(faults, fmt.Errorf("install: %q without %s", key, placeholder))
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if _, known := english[key]; !known {
			faults = append(faults, fmt.Errorf("install: unknown key %q", key))
		}
	}
	return errors.Join(faults...)
}

// EnglishTexts returns a copy of the English texts, to translate or to
// change.
func EnglishTexts() Texts { return maps.Clone(englishTexts) }

// englishTexts is read only. No text holds a code: a page shows codes
// once, where it means to.
var englishTexts = Texts{
	"rule.unlocked":           "Your phone must support eSIM and must not be locked to another network.",
	"rule.wifi":               "Connect to Wi-Fi first and stay connected until the eSIM is installed. Do it before you travel, if you can.",
	"rule.date":               "Install the eSIM and go online with it before {date}. After that it may start by itself or be lost.",
	"rule.days":               "Days from the purchase until the eSIM has to be installed: {days}. After that it may start by itself or be lost.",
	"rule.valid.purchase":     "The days of the plan are counted from the purchase.",
	"rule.valid.installation": "The days of the plan are counted from the installation: install the eSIM shortly before you leave.",
	"rule.valid.first-use":    "The days of the plan are counted from its first use.",
	"rule.once":               "The code works once, on one phone. Choose the phone you will travel with.",
	"rule.keep":               "Do not delete the eSIM, even if it seems not to work: it cannot be installed a second time.",
	"rule.private":            "Show the code to nobody. Whoever uses it first has the eSIM.",
	"rule.confirmation":       "The phone will ask for a confirmation code. It comes to you separately; have it ready.",
	"rule.data":               "Choose this eSIM for mobile data. Your own SIM can stay on for calls and messages.",
	"rule.roaming":            "When you have arrived, turn on data roaming for this eSIM, and keep it off for your own SIM to avoid its charges.",
	"rule.number":             "The phone number of this eSIM is {number}.",

	"iphone.name":                 "iPhone",
	"iphone.link.title":           "With a tap (iOS 17.4 or later)",
	"iphone.link.tap":             "Open this page on the iPhone that will have the eSIM, and tap the button.",
	"iphone.qr.title":             "With the QR code",
	"iphone.qr.show":              "Show the QR code on another screen, or print it.",
	"iphone.add":                  "On the iPhone open Settings, tap Cellular (or Mobile Service, or Mobile Data), then Add eSIM, then Use QR Code.",
	"iphone.qr.scan":              "Point the camera at the code.",
	"iphone.manual.title":         "By typing the details in",
	"iphone.manual.label.address": "SM-DP+ Address",
	"iphone.manual.label.code":    "Activation Code",
	"iphone.manual.open":          "Tap Enter Details Manually, below the camera picture.",
	"iphone.manual.address":       "Copy the SM-DP+ address into its field.",
	"iphone.manual.code":          "Copy the activation code into its field, with all its hyphens.",
	"iphone.confirm":              "Enter the confirmation code when you are asked for it.",
	"iphone.finish":               "Tap Continue and follow the screen. It may take a few minutes until the eSIM is ready; do not close it before.",
	"iphone.settings.data":        "In Settings, Cellular, choose this eSIM under Cellular Data, and turn off Allow Cellular Data Switching.",
	"iphone.settings.roaming":     "When you have arrived, tap this eSIM there and turn on Data Roaming.",
	"iphone.settings.apn":         "If pages do not load, tap this eSIM, then Cellular Data Network, and enter {apn} as APN.",

	"android.name":              "Android",
	"android.link.title":        "With a tap (on many phones with Android 10 or later)",
	"android.link.tap":          "Open this page on the phone that will have the eSIM, and tap the button. If nothing happens, use the QR code.",
	"android.qr.title":          "With the QR code",
	"android.qr.show":           "Show the QR code on another screen, or print it.",
	"android.add":               "On the phone open Settings, then Network & internet, SIMs (on Samsung: Connections, SIM manager), and tap Add eSIM or Add SIM.",
	"android.qr.scan":           "Choose to scan a QR code, and point the camera at it.",
	"android.manual.title":      "By typing the code in",
	"android.manual.label.code": "Activation code",
	"android.manual.open":       "Choose to enter the code instead of scanning it; it may stand under Need help.",
	"android.manual.code":       "Copy the whole activation code into the field, from LPA to its end.",
	"android.confirm":           "Enter the confirmation code when you are asked for it.",
	"android.finish":            "Tap Download or Add and follow the screen. It may take a few minutes until the eSIM is ready; do not close it before.",
	"android.settings.data":     "In the SIM settings turn this eSIM on and choose it for mobile data.",
	"android.settings.roaming":  "When you have arrived, turn on roaming for this eSIM.",
	"android.settings.apn":      "If pages do not load, open Access point names of this eSIM and add one with {apn} as APN.",
}
