package install

import (
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// fact is what an eSIM must have for a line to concern it.
type fact int

const (
	always fact = iota
	withAPN
	withNumber
	withMatchingID
	withConfirmationCode
	withDate // until when to install and use it
	withDays // within how many days of the purchase; a date says more
	validFromPurchase
	validFromInstallation
	validFromFirstUse
)

// writer turns outlines into the texts that one eSIM needs.
type writer struct {
	code   esim.ActivationCode
	facts  map[fact]bool
	values map[string]string // by placeholder
	text   func(Key) Text
}

func newWriter(e *esim.ESIM, o Options) writer {
	var days int
	var start esim.ValidityStart
	if o.Package != nil {
		days, start = o.Package.InstallWithinDays, o.Package.ValidityStart
	}
	apn := e.APN
	if !isAPN(apn) {
		apn = ""
	}
	dated := !e.ActivateBy.IsZero()
	w := writer{
		code: e.Activation,
		facts: map[fact]bool{
			always:                true,
			withAPN:               apn != "",
			withNumber:            e.MSISDN != "",
			withMatchingID:        e.Activation.MatchingID != "",
			withConfirmationCode:  e.Activation.ConfirmationCodeRequired || !e.ConfirmationCode.IsZero(),
			withDate:              dated,
			withDays:              !dated && days > 0,
			validFromPurchase:     start == esim.ValidityFromPurchase,
			validFromInstallation: start == esim.ValidityFromInstall,
			validFromFirstUse:     start == esim.ValidityFromFirstUse,
		},
		values: map[string]string{"{apn}": apn, "{number}": e.MSISDN, "{days}": strconv.Itoa(days)},
	}
	if dated {
		date := o.Date
		if date == nil {
			date = englishDate
		}
		w.values["{date}"] = date(e.ActivateBy)
	}
	var pairs []string
	for placeholder, value := range w.values {
		pairs = append(pairs, placeholder, value)
	}
	fill := strings.NewReplacer(pairs...)
	w.text = func(key Key) Text {
		text := ""
		if o.Texts != nil {
			text = o.Texts(key)
		}
		if text == "" {
			text = englishTexts[key]
		}
		return Text{Key: key, Text: fill.Replace(text)}
	}
	return w
}

func (w writer) section(platform Platform, outline outline) Section {
	section := Section{
		Platform: platform,
		Name:     w.text(outline.name),
		Settings: w.texts(outline.settings),
	}
	for _, way := range outline.ways {
		written := Way{Method: way.method, Title: w.text(way.title), Steps: w.texts(way.steps)}
		if way.link != nil {
			written.Link = esim.NewSecret(way.link(w.code))
		}
		for _, field := range way.fields {
			if value := field.value(w.code); value != "" {
				written.Fields = append(written.Fields, Field{Label: w.text(field.label), Value: esim.NewSecret(value)})
			}
		}
		section.Ways = append(section.Ways, written)
	}
	return section
}

// texts returns the texts of the lines that this eSIM needs.
func (w writer) texts(lines []line) []Text {
	var texts []Text
	for _, line := range lines {
		if w.facts[line.onlyWith] {
			texts = append(texts, w.text(line.key))
		}
	}
	return texts
}

func englishDate(t time.Time) string { return t.UTC().Format("2 January 2006, 15:04 UTC") }

// isAPN reports whether s is an access point name: labels like those of a
// domain, one being enough, at most 100 characters (3GPP TS 23.003, section 9).
// Networks in service use underscores too.
func isAPN(s string) bool {
	if len(s) > 100 {
		return false
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' || strings.Trim(label, apnLetters) != "" {
			return false
		}
	}
	return true
}

const apnLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
