package esim

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// InstallPlatform is a family of phones that installs eSIMs in one way.
type InstallPlatform string

// The platforms that [NewInstallGuide] knows.
const (
	InstallIPhone  InstallPlatform = "iphone"
	InstallAndroid InstallPlatform = "android"
)

// InstallMethod is how the activation code gets into the phone.
type InstallMethod string

// The methods, in the order of a guide: the easiest first.
const (
	InstallByLink InstallMethod = "link"   // a tap on the phone itself
	InstallByQR   InstallMethod = "qr"     // the phone's camera and another screen, or paper
	InstallByHand InstallMethod = "manual" // typed in
)

// InstallOptions are the choices of [NewInstallGuide]. The zero value is an
// English guide for all platforms.
type InstallOptions struct {
	// Platforms are those to write for, in this order; empty = iPhone, Android.
	Platforms []InstallPlatform

	// APN is the access point name that the reseller states for the eSIM;
	// "" = none. Most eSIMs bring theirs along, and then the traveller is told
	// nothing of it.
	APN string

	// Texts returns the text of a key in the traveller's language, and "" where
	// it has none: the guide is then English in that place. nil = English.
	// Give [InstallTexts.Text], or the look-up of a catalogue of your own.
	Texts func(InstallKey) string
}

// InstallGuide is all that a traveller needs to install one eSIM, as data for a
// template. The texts hold no secret. What does, the activation code, the
// links and the values to type, prints masked and is asked for by Reveal or
// [ActivationCode.LPA]; [InstallGuide.RevealJSON] reveals all of it at once.
//
// The QR code is drawn by package qr from Activation.
type InstallGuide struct {
	Activation ActivationCode   `json:"activation"`
	APN        string           `json:"apn,omitempty"`
	Rules      []InstallText    `json:"rules"` // to be read before anything is tapped
	Platforms  []InstallSection `json:"platforms"`
}

// InstallSection is the part of a guide for one platform.
type InstallSection struct {
	Platform InstallPlatform `json:"platform"`
	Name     InstallText     `json:"name"`
	Ways     []InstallWay    `json:"ways"`     // one of them is enough
	Settings []InstallText   `json:"settings"` // what to set once the eSIM is installed
}

// InstallWay is one way to install.
type InstallWay struct {
	Method InstallMethod  `json:"method"`
	Title  InstallText    `json:"title"`
	Link   Secret         `json:"link,omitzero"`    // of InstallByLink: the address of its button
	Fields []InstallField `json:"fields,omitempty"` // of InstallByHand: what is typed, in the order of the phone's form
	Steps  []InstallText  `json:"steps"`
}

// InstallField is one field of the form on the phone.
type InstallField struct {
	Label InstallText `json:"label"`
	Value Secret      `json:"value"`
}

// InstallText is one text of a guide in the traveller's language: plain text,
// to be escaped like any other.
type InstallText struct {
	Key  InstallKey `json:"key"`
	Text string     `json:"text"`
}

// String returns the text, so that a template may write {{.}}.
func (t InstallText) String() string { return t.Text }

// NewInstallGuide returns the guide for an activation code. The error matches
// [ErrInvalidRequest] for the zero code (the eSIM may not be delivered yet),
// for one that [ParseActivationCode] would not read back, for an unknown or
// repeated platform and for what is no access point name. It holds no code.
//
// Menus and labels are those of iOS 17 and later and of Android 14 and later on
// Pixel and Galaxy phones; other makers name them differently, and the English
// texts allow for that.
func NewInstallGuide(code ActivationCode, o InstallOptions) (*InstallGuide, error) {
	if code.IsZero() {
		return nil, refuseInstall(errors.New("no activation code: the eSIM may not be delivered yet"))
	}
	parsed, err := ParseActivationCode(code.LPA())
	if err != nil {
		return nil, refuseInstall(err)
	}
	if parsed != code {
		return nil, refuseInstall(errors.New("the activation code's fields run into one another"))
	}
	if o.APN != "" && !isAPN(o.APN) {
		return nil, refuseInstall(errors.New("the APN is not labels of letters, digits and hyphens separated by dots"))
	}
	platforms := o.Platforms
	if len(platforms) == 0 {
		platforms = []InstallPlatform{InstallIPhone, InstallAndroid}
	}
	w := installWriter{code: code, apn: o.APN, texts: o.Texts}
	guide := &InstallGuide{Activation: code, APN: o.APN, Rules: w.texted(installRules)}
	for i, platform := range platforms {
		outline, ok := installOutlines[platform]
		if !ok || slices.Contains(platforms[:i], platform) {
			return nil, refuseInstall(fmt.Errorf("unknown or repeated platform %q", platform))
		}
		guide.Platforms = append(guide.Platforms, w.section(platform, outline))
	}
	return guide, nil
}

// installWriter turns outlines into texts.
type installWriter struct {
	code  ActivationCode
	apn   string
	texts func(InstallKey) string
}

func (w installWriter) section(platform InstallPlatform, outline installOutline) InstallSection {
	section := InstallSection{
		Platform: platform,
		Name:     w.text(outline.name),
		Settings: w.texted(outline.settings),
	}
	for _, way := range outline.ways {
		written := InstallWay{Method: way.method, Title: w.text(way.title), Steps: w.texted(way.steps)}
		if way.link != nil {
			written.Link = NewSecret(way.link(w.code))
		}
		for _, field := range way.fields {
			if value := field.value(w.code); value != "" {
				written.Fields = append(written.Fields, InstallField{Label: w.text(field.label), Value: NewSecret(value)})
			}
		}
		section.Ways = append(section.Ways, written)
	}
	return section
}

// texted returns the texts of the lines that this eSIM needs.
func (w installWriter) texted(lines []installLine) []InstallText {
	var texts []InstallText
	for _, line := range lines {
		if w.needs(line.onlyWith) {
			texts = append(texts, w.text(line.key))
		}
	}
	return texts
}

func (w installWriter) needs(fact installFact) bool {
	switch fact {
	case withAPN:
		return w.apn != ""
	case withMatchingID:
		return w.code.MatchingID != ""
	case withConfirmationCode:
		return w.code.ConfirmationCodeRequired
	default:
		return true
	}
}

func (w installWriter) text(key InstallKey) InstallText {
	text := ""
	if w.texts != nil {
		text = w.texts(key)
	}
	if text == "" {
		text = englishInstallText(key)
	}
	return InstallText{Key: key, Text: strings.ReplaceAll(text, apnPlaceholder, w.apn)}
}

// isAPN reports whether s is an access point name: labels like those of a
// domain, one being enough, at most 100 characters (3GPP TS 23.003, section 9).
func isAPN(s string) bool {
	if len(s) > 100 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || !isWord(label) {
			return false
		}
	}
	return true
}

func refuseInstall(cause error) error {
	return fmt.Errorf("esim: install guide: %w: %w", ErrInvalidRequest, cause)
}
