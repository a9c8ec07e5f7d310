package install

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/esimkit/esim"
)

const canary = "QX7-5f1d"

// full is an eSIM that states everything.
func full() esim.ESIM {
	return esim.ESIM{
		Activation: esim.ActivationCode{
			SMDPAddress: "rsp.example.com", MatchingID: canary, OID: "1.3.6.1", ConfirmationCodeRequired: true,
		},
		ConfirmationCode: esim.NewSecret(canary),
		APN:              "internet",
		MSISDN:           "37120000000",
		ActivateBy:       time.Date(2026, 3, 1, 23, 30, 0, 0, time.FixedZone("", 3600)),
	}
}

// bought is a package that states everything.
func bought(start esim.ValidityStart) *esim.Package {
	return &esim.Package{InstallWithinDays: 30, ValidityStart: start}
}

func guideFor(t *testing.T, e esim.ESIM, o Options) *Guide {
	t.Helper()
	guide, err := NewGuide(&e, o)
	require.NoError(t, err)
	return guide
}

func assertHidden(t *testing.T, printed string, msg ...any) {
	t.Helper()
	for _, trace := range []string{canary, fmt.Sprintf("%x", canary), fmt.Sprintf("% x", canary), fmt.Sprint([]byte(canary))} {
		assert.NotContains(t, printed, trace, msg...)
	}
}

// lines returns every text of a guide.
func (g *Guide) lines() []Text {
	lines := slices.Clone(g.Rules)
	for _, section := range g.Platforms {
		lines = append(append(lines, section.Name), section.Settings...)
		for _, way := range section.Ways {
			lines = append(append(lines, way.Title), way.Steps...)
			for _, field := range way.Fields {
				lines = append(lines, field.Label)
			}
		}
	}
	return lines
}

func (g *Guide) keys() []Key {
	var keys []Key
	for _, line := range g.lines() {
		keys = append(keys, line.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Between them, guides with every fact use every text, and have one for every key.
func TestTextsAreComplete(t *testing.T) {
	english := EnglishTexts()
	require.NoError(t, english.Check())
	fill := strings.NewReplacer("{apn}", "internet", "{number}", "37120000000", "{date}", "1 March 2026, 22:30 UTC", "{days}", "30")
	undated := full()
	undated.ActivateBy = time.Time{}
	var used []Key
	for _, guide := range []*Guide{
		guideFor(t, full(), Options{Package: bought(esim.ValidityFromPurchase)}),
		guideFor(t, full(), Options{Package: bought(esim.ValidityFromInstall)}),
		guideFor(t, undated, Options{Package: bought(esim.ValidityFromFirstUse)}),
	} {
		used = append(used, guide.keys()...)
		for _, line := range guide.lines() {
			assert.NotEmpty(t, line.Text, line.Key)
			assert.NotContains(t, line.Text, "{", line.Key)
			assert.Equal(t, fill.Replace(english[line.Key]), line.Text)
			assert.Equal(t, line.Text, fmt.Sprint(line))
		}
	}
	slices.Sort(used)
	assert.Len(t, slices.Compact(used), len(english))
	english["rule.once"] = "changed"
	assert.NotEqual(t, "changed", EnglishTexts()["rule.once"], "the caller has a copy")
}

func TestGuideLeavesOutWhatIsNotStated(t *testing.T) {
	var (
		apn          = []Key{"android.settings.apn", "iphone.settings.apn"}
		confirmation = []Key{"android.confirm", "iphone.confirm", "rule.confirmation"}
		matching     = []Key{"iphone.manual.code", "iphone.manual.label.code"}
		start        = []Key{"rule.valid.first-use"}
		date         = []Key{"rule.date"}
		number       = []Key{"rule.number"}
	)
	all := guideFor(t, full(), Options{Package: bought(esim.ValidityFromFirstUse)}).keys()
	for name, tc := range map[string]struct {
		change func(*esim.ESIM, *esim.Package)
		less   [][]Key
	}{
		"no APN":           {func(e *esim.ESIM, _ *esim.Package) { e.APN = "" }, [][]Key{apn}},
		"no phone number":  {func(e *esim.ESIM, _ *esim.Package) { e.MSISDN = "" }, [][]Key{number}},
		"no matching ID":   {func(e *esim.ESIM, _ *esim.Package) { e.Activation.MatchingID = "" }, [][]Key{matching}},
		"no start":         {func(_ *esim.ESIM, p *esim.Package) { p.ValidityStart = esim.ValidityStartUnknown }, [][]Key{start}},
		"start of no kind": {func(_ *esim.ESIM, p *esim.Package) { p.ValidityStart = 99 }, [][]Key{start}},
		"no date, no days": {func(e *esim.ESIM, p *esim.Package) { e.ActivateBy, p.InstallWithinDays = time.Time{}, 0 }, [][]Key{date}},
		"negative days":    {func(e *esim.ESIM, p *esim.Package) { e.ActivateBy, p.InstallWithinDays = time.Time{}, -1 }, [][]Key{date}},
		"a confirmation code that the activation code does not ask for": {
			func(e *esim.ESIM, _ *esim.Package) { e.Activation.ConfirmationCodeRequired = false }, nil,
		},
		"a confirmation code that is asked for and not stated": {
			func(e *esim.ESIM, _ *esim.Package) { e.ConfirmationCode = esim.Secret{} }, nil,
		},
		"no confirmation code": {
			func(e *esim.ESIM, _ *esim.Package) {
				e.Activation.ConfirmationCodeRequired, e.ConfirmationCode = false, esim.Secret{}
			},
			[][]Key{confirmation},
		},
		"the code alone": {
			func(e *esim.ESIM, p *esim.Package) {
				*e, *p = esim.ESIM{Activation: esim.ActivationCode{SMDPAddress: "rsp.example.com"}}, esim.Package{}
			},
			[][]Key{apn, confirmation, matching, start, date, number},
		},
	} {
		t.Run(name, func(t *testing.T) {
			e, p := full(), bought(esim.ValidityFromFirstUse)
			tc.change(&e, p)
			left := slices.Concat(tc.less...)
			want := slices.DeleteFunc(slices.Clone(all), func(k Key) bool { return slices.Contains(left, k) })
			assert.Equal(t, want, guideFor(t, e, Options{Package: p}).keys())
		})
	}
	unknown := guideFor(t, full(), Options{}).keys()
	assert.Equal(t, slices.DeleteFunc(slices.Clone(all), func(k Key) bool { return k == start[0] }), unknown, "no package")
}

// The facts of a guide are those that the eSIM states.
func TestGuideFacts(t *testing.T) {
	e := full()
	guide := guideFor(t, e, Options{
		Package: bought(esim.ValidityFromPurchase),
		Date:    func(at time.Time) string { return at.Format("02.01.2006") },
	})
	assert.Equal(t, []any{e.Activation, "internet", "37120000000", e.ActivateBy, canary},
		[]any{guide.Activation, guide.APN, guide.MSISDN, guide.ActivateBy, guide.ConfirmationCode.Reveal()})
	i := slices.IndexFunc(guide.Rules, func(r Text) bool { return r.Key == "rule.date" })
	assert.Contains(t, guide.Rules[i].Text, "before 01.03.2026.", "a date of the eSIM, not the days of its package")
}

func TestGuidePlatforms(t *testing.T) {
	both := guideFor(t, full(), Options{})
	require.Len(t, both.Platforms, 2)
	for i, platform := range []Platform{IPhone, Android} {
		section := both.Platforms[i]
		assert.Equal(t, platform, section.Platform)
		assert.Equal(t, []Platform{platform}, platformsOf(guideFor(t, full(), Options{Platforms: []Platform{platform}})))
		var methods []Method
		for _, way := range section.Ways {
			methods = append(methods, way.Method)
			assert.Equal(t, way.Method == ByLink, !way.Link.IsZero(), "%s: a link, and only where it is tapped", way.Method)
			assert.Equal(t, way.Method == ByHand, len(way.Fields) > 0, "%s: fields, and only where they are typed", way.Method)
			assert.Greater(t, len(way.Steps), 2)
		}
		assert.Equal(t, []Method{ByLink, ByQR, ByHand}, methods)
	}
	turned := guideFor(t, full(), Options{Platforms: []Platform{Android, IPhone}})
	assert.Equal(t, []Platform{Android, IPhone}, platformsOf(turned))
}

func platformsOf(g *Guide) []Platform {
	var platforms []Platform
	for _, section := range g.Platforms {
		platforms = append(platforms, section.Platform)
	}
	return platforms
}

// Whatever the code: each way gives it to the phone whole.
func TestGuideCarriesTheCode(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		code := esim.ActivationCode{
			SMDPAddress:              rapid.StringMatching(`[a-z0-9]{1,20}\.(com|io)`).Draw(r, "address"),
			MatchingID:               rapid.StringMatching(`[a-zA-Z0-9-]{0,60}`).Draw(r, "matching ID"),
			OID:                      rapid.StringMatching(`([0-2](\.[0-9]{1,5}){1,4})?`).Draw(r, "OID"),
			ConfirmationCodeRequired: rapid.Bool().Draw(r, "confirmation code"),
		}
		guide, err := NewGuide(&esim.ESIM{Activation: code}, Options{})
		require.NoError(r, err)
		if guide.Activation != code {
			r.Fatal("the QR code's")
		}
		for _, section := range guide.Platforms {
			link, err := esim.ParseInstallURL(section.Ways[0].Link.Reveal())
			if err != nil || link != code {
				r.Fatal("the link's", section.Platform, err)
			}
			typed := section.Ways[2].Fields
			var whole string
			switch {
			case section.Platform == Android:
				whole = typed[0].Value.Reveal()
			case len(typed) == 1:
				whole = "1$" + typed[0].Value.Reveal() + "$"
			default:
				whole = "1$" + typed[0].Value.Reveal() + "$" + typed[1].Value.Reveal()
			}
			got, err := esim.ParseActivationCode(whole)
			if err != nil || got.SMDPAddress != code.SMDPAddress || got.MatchingID != code.MatchingID {
				r.Fatal("what is typed", section.Platform, err)
			}
		}
	})
}

func TestGuideHidesTheCode(t *testing.T) {
	guide := guideFor(t, full(), Options{})
	section := guide.Platforms[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{guide, *guide, section, section.Ways[0], section.Ways[2].Fields[1]} {
			assertHidden(t, fmt.Sprintf(verb, value), "%s of %T", verb, value)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "guide", guide)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "guide", *guide)
	assertHidden(t, log.String())
	text, err := json.Marshal(guide)
	require.NoError(t, err)
	assertHidden(t, string(text))
	assert.Contains(t, string(text), `"link":"REDACTED"`)
	for _, line := range guide.lines() {
		assertHidden(t, line.Text)
	}
}

// RevealJSON has the shape of json.Marshal: what a reader of one knows is true
// of the other, and only the masks differ.
func TestGuideRevealJSON(t *testing.T) {
	guide := guideFor(t, full(), Options{})
	text, err := guide.RevealJSON()
	require.NoError(t, err)
	var open revealedGuide
	require.NoError(t, json.Unmarshal(text, &open))
	assert.Equal(t, revealedActivation{
		LPA: full().Activation.LPA(), SMDPAddress: "rsp.example.com", MatchingID: canary, ConfirmationCodeRequired: true,
	}, open.Activation)
	var links, values []string
	mask := func(secret *string, seen *[]string) {
		if *secret != "" {
			*seen = append(*seen, *secret)
			*secret = "REDACTED"
		}
	}
	for _, section := range open.Platforms {
		for i := range section.Ways {
			mask(&section.Ways[i].Link, &links)
			for j := range section.Ways[i].Fields {
				mask(&section.Ways[i].Fields[j].Value, &values)
			}
		}
	}
	assert.Equal(t, []string{full().Activation.AppleInstallURL(), full().Activation.AndroidInstallURL()}, links)
	assert.Equal(t, []string{"rsp.example.com", canary, full().Activation.LPA()}, values)

	masked, err := json.Marshal(guide)
	require.NoError(t, err)
	again, err := json.Marshal(open)
	require.NoError(t, err)
	_, want, found := strings.Cut(string(masked), `"apn":`)
	require.True(t, found)
	_, got, found := strings.Cut(string(again), `"apn":`)
	require.True(t, found)
	assert.Equal(t, want, got)
}

func TestGuideInAnotherLanguage(t *testing.T) {
	german := Texts{
		"rule.once":           "Der Code gilt einmal und für ein Telefon.",
		"iphone.settings.apn": "Lädt keine Seite, trage {apn} als APN ein.",
	}
	guide := guideFor(t, full(), Options{Texts: german.Text})
	english := guideFor(t, full(), Options{})
	want := map[Key]string{
		"rule.once":           "Der Code gilt einmal und für ein Telefon.",
		"iphone.settings.apn": "Lädt keine Seite, trage internet als APN ein.",
	}
	others := english.lines()
	for i, line := range guide.lines() {
		if text, ok := want[line.Key]; ok {
			assert.Equal(t, text, line.Text)
			continue
		}
		assert.Equal(t, others[i], line, "English where there is no other")
	}
}

func TestTextsCheck(t *testing.T) {
	texts := EnglishTexts()
	texts["rule.once"] = ""
	texts["rule.onec"] = "Der Code gilt einmal."
	texts["iphone.settings.apn"] = "Trage den APN ein."
	texts["rule.date"] = "Bald."
	assert.EqualError(t, texts.Check(), "install: \"iphone.settings.apn\" without {apn}\n"+
		"install: \"rule.date\" without {date}\n"+
		"install: no text for \"rule.once\"\n"+
		"install: unknown key \"rule.onec\"")
	assert.Equal(t, len(EnglishTexts()), strings.Count(Texts(nil).Check().Error(), "no text for"))
}

func TestNewGuideRefuses(t *testing.T) {
	good := esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: canary}
	for name, tc := range map[string]struct {
		code esim.ActivationCode
		o    Options
	}{
		"zero code":               {esim.ActivationCode{}, Options{}},
		"no address":              {esim.ActivationCode{MatchingID: canary}, Options{}},
		"fields run together":     {esim.ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: canary + "$1.2"}, Options{}},
		"address that is a page":  {esim.ActivationCode{SMDPAddress: "rsp.example.com/x", MatchingID: canary}, Options{}},
		"unknown platform":        {good, Options{Platforms: []Platform{"ipad"}}},
		"platform without a name": {good, Options{Platforms: []Platform{""}}},
		"platform twice":          {good, Options{Platforms: []Platform{IPhone, IPhone}}},
	} {
		t.Run(name, func(t *testing.T) {
			guide, err := NewGuide(&esim.ESIM{Activation: tc.code}, tc.o)
			require.ErrorIs(t, err, esim.ErrInvalidRequest)
			assert.Nil(t, guide)
			assertHidden(t, err.Error())
		})
	}
	_, err := NewGuide(nil, Options{})
	require.ErrorIs(t, err, esim.ErrInvalidRequest)
}

// A provider's text that is no access point name costs the line, not the guide.
func TestGuideAPN(t *testing.T) {
	e := full()
	for _, apn := range []string{"internet", "web.example-1.mnc001.mcc262.gprs", "WEB", "three_net", strings.Repeat("a", 63)} {
		e.APN = apn
		assert.Equal(t, apn, guideFor(t, e, Options{}).APN)
	}
	for _, apn := range []string{
		"", "my apn", "<b>", "a..b", ".", "-a", "a-", "{date}", strings.Repeat("abcd.", 20) + "e", strings.Repeat("a", 64), "intérnet",
	} {
		e.APN = apn
		guide := guideFor(t, e, Options{})
		assert.Empty(t, guide.APN, apn)
		assert.NotContains(t, guide.keys(), Key("iphone.settings.apn"), apn)
	}
}
