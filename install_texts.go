package esim

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// InstallKey names one text of an [InstallGuide], such as "rule.once".
// [EnglishInstallTexts] has them all.
type InstallKey string

// apnPlaceholder stands in a text for the access point name.
const apnPlaceholder = "{apn}"

// InstallTexts are the texts of a guide in one language. A file of keys and
// texts, in JSON for instance, decodes into it.
type InstallTexts map[InstallKey]string

// Text returns the text of a key, "" where there is none. It is what
// [InstallOptions] takes as Texts.
func (t InstallTexts) Text(key InstallKey) string { return t[key] }

// Check returns nil for a complete translation. Otherwise the error, one line
// for each, names the keys that have no text, those that no guide uses, and
// texts without the placeholder {apn} where the English one has it. It is meant
// for a test; a guide gets along with an incomplete one.
func (t InstallTexts) Check() error {
	english := EnglishInstallTexts()
	var faults []error
	for _, key := range slices.Sorted(maps.Keys(english)) {
		switch text := t[key]; {
		case text == "":
			faults = append(faults, fmt.Errorf("esim: install texts: no text for %q", key))
		case strings.Contains(english[key], apnPlaceholder) && !strings.Contains(text, apnPlaceholder):
			faults = append(faults, fmt.Errorf("esim: install texts: %q without %s", key, apnPlaceholder))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(t)) {
		if _, known := english[key]; !known {
			faults = append(faults, fmt.Errorf("esim: install texts: unknown key %q", key))
		}
	}
	return errors.Join(faults...)
}

// EnglishInstallTexts returns a copy of the English texts, to translate or to
// change.
func EnglishInstallTexts() InstallTexts { return maps.Clone(englishInstallTexts) }

func englishInstallText(key InstallKey) string { return englishInstallTexts[key] }

// englishInstallTexts is read only. No text holds a code: a page shows codes
// once, where it means to.
var englishInstallTexts = InstallTexts{
	"rule.unlocked":     "Your phone must support eSIM and must not be locked to another network.",
	"rule.wifi":         "Connect to Wi-Fi first and stay connected until the eSIM is installed. Do it before you travel, if you can.",
	"rule.once":         "The code works once, on one phone. Choose the phone you will travel with.",
	"rule.keep":         "Do not delete the eSIM, even if it seems not to work: it cannot be installed a second time.",
	"rule.private":      "Show the code to nobody. Whoever uses it first has the eSIM.",
	"rule.confirmation": "The phone will ask for a confirmation code. It comes to you separately; have it ready.",
	"rule.data":         "Choose this eSIM for mobile data. Your own SIM can stay on for calls and messages.",
	"rule.roaming":      "When you have arrived, turn on data roaming for this eSIM, and keep it off for your own SIM to avoid its charges.",

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
