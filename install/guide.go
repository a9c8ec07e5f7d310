// Package install writes what a traveller needs to install an eSIM, as data
// that a template or an app renders.
//
//	guide, err := install.NewGuide(&order.ESIMs[0], install.Options{Package: &pkg})
//
// A [Guide] has the activation code with links and values to type, the steps on
// each platform, and the rules that keep support quiet: what to do before the
// code is used, until when, what starts the validity, and which access point or
// phone number the eSIM has. A fact that no reseller states has no line.
//
// The English texts come along; each has a key, and [Texts] brings another
// language. Package qr draws the code.
package install

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/esimkit/esim"
)

// Platform is a family of phones that installs eSIMs in one way.
type Platform string

// The platforms that [NewGuide] knows.
const (
	IPhone  Platform = "iphone"
	Android Platform = "android"
)

// Method is how the activation code gets into the phone.
type Method string

// The methods, in the order of a guide: the easiest first.
const (
	ByLink Method = "link"   // a tap on the phone itself
	ByQR   Method = "qr"     // the phone's camera and another screen, or paper
	ByHand Method = "manual" // typed in
)

// Options are the choices of [NewGuide]. The zero value is an English guide for
// all platforms, which says of the package nothing.
type Options struct {
	// Platforms are those to write for, in this order; empty = iPhone, Android.
	Platforms []Platform

	// Package is what was bought; nil = not known. The guide takes two facts from it: by
	// when to install (unless the eSIM states a date) and what starts the validity.
	Package *esim.Package

	// Texts returns the text of a key in the traveller's language, and "" where
	// it has none: the guide is then English in that place. nil = English.
	// Give [Texts.Text], or the look-up of a catalogue of your own.
	Texts func(Key) string

	// Date writes a date in the traveller's language and time zone.
	// nil = "2 January 2006, 15:04 UTC".
	Date func(time.Time) string
}

// Guide is all that a traveller needs to install one eSIM, as data for a
// template. The texts hold no secret. The activation code, the links and the
// values to type print masked; ask for them by Reveal or
// [esim.ActivationCode.LPA]. [Guide.RevealJSON] reveals these at once.
//
// The QR code is drawn by package qr from Activation.
type Guide struct {
	Activation esim.ActivationCode `json:"activation"`

	// ConfirmationCode is what the phone asks for after the activation code; zero = not
	// stated. No JSON holds it, since it reaches the traveller apart from the activation code.
	ConfirmationCode esim.Secret `json:"-"`

	APN        string    `json:"apn,omitempty"`        // access point to type in; "" = none stated, and the eSIM brings its own
	MSISDN     string    `json:"msisdn,omitempty"`     // the eSIM's phone number; "" = none stated
	ActivateBy time.Time `json:"activate_by,omitzero"` // until when to install and use it; zero = not stated
	Rules      []Text    `json:"rules"`                // to be read before anything is tapped
	Platforms  []Section `json:"platforms"`
}

// Section is the part of a guide for one platform.
type Section struct {
	Platform Platform `json:"platform"`
	Name     Text     `json:"name"`
	Ways     []Way    `json:"ways"`     // one of them is enough
	Settings []Text   `json:"settings"` // what to set once the eSIM is installed
}

// Way is one way to install.
type Way struct {
	Method Method      `json:"method"`
	Title  Text        `json:"title"`
	Link   esim.Secret `json:"link,omitzero"`    // of ByLink: the address of its button
	Fields []Field     `json:"fields,omitempty"` // of ByHand: what is typed, in the order of the phone's form
	Steps  []Text      `json:"steps"`
}

// Field is one field of the form on the phone.
type Field struct {
	Label Text        `json:"label"`
	Value esim.Secret `json:"value"`
}

// Text is one text of a guide in the traveller's language: plain text, to be
// escaped like any other.
type Text struct {
	Key  Key    `json:"key"`
	Text string `json:"text"`
}

// String returns the text, so that a template may write {{.}}.
func (t Text) String() string { return t.Text }

// NewGuide returns the guide for an eSIM. The error matches
// [esim.ErrInvalidRequest] and holds no code. It is for an eSIM without an
// activation code, which may not be delivered yet, and for a code that
// [esim.ParseActivationCode] would not read back. An unknown or repeated
// platform is an error too.
//
// An access point, a phone number, a date or a start of the validity is in the
// guide only where the eSIM or the package states it. A text that is no access
// point name is left out.
//
// Menus and labels are those of iOS 17 and later and of Android 14 and later on
// Pixel and Galaxy phones; other makers name them differently, and the English
// texts allow for that.
func NewGuide(e *esim.ESIM, o Options) (*Guide, error) {
	if e == nil || e.Activation.IsZero() {
		return nil, refuse(errors.New("no activation code: the eSIM may not be delivered yet"))
	}
	parsed, err := esim.ParseActivationCode(e.Activation.LPA())
	if err != nil {
		return nil, refuse(err)
	}
	if parsed != e.Activation {
		return nil, refuse(errors.New("the activation code's fields run into one another"))
	}
	platforms := o.Platforms
	if len(platforms) == 0 {
		platforms = []Platform{IPhone, Android}
	}
	w := newWriter(e, o)
	guide := &Guide{
		Activation: e.Activation, ConfirmationCode: e.ConfirmationCode,
		APN: w.values["{apn}"], MSISDN: e.MSISDN, ActivateBy: e.ActivateBy,
		Rules: w.texts(rules),
	}
	for i, platform := range platforms {
		outline, ok := outlines[platform]
		if !ok || slices.Contains(platforms[:i], platform) {
			return nil, refuse(fmt.Errorf("unknown or repeated platform %q", platform))
		}
		guide.Platforms = append(guide.Platforms, w.section(platform, outline))
	}
	return guide, nil
}

func refuse(cause error) error {
	return fmt.Errorf("install: %w: %w", esim.ErrInvalidRequest, cause)
}
