package esim

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func guideFor(t *testing.T, code ActivationCode, o InstallOptions) *InstallGuide {
	t.Helper()
	guide, err := NewInstallGuide(code, o)
	require.NoError(t, err)
	return guide
}

// lines returns every text of a guide.
func (g *InstallGuide) lines() []InstallText {
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

func (g *InstallGuide) keys() []InstallKey {
	var keys []InstallKey
	for _, line := range g.lines() {
		keys = append(keys, line.Key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// A guide with everything uses every text, and has one for every key.
func TestInstallTextsAreComplete(t *testing.T) {
	guide := guideFor(t, secretCode(), InstallOptions{APN: "internet"})
	english := EnglishInstallTexts()
	require.NoError(t, english.Check())
	assert.Len(t, guide.keys(), len(english))
	for _, line := range guide.lines() {
		assert.NotEmpty(t, line.Text, line.Key)
		assert.NotContains(t, line.Text, "{", line.Key)
		assert.Equal(t, strings.ReplaceAll(english[line.Key], "{apn}", "internet"), line.Text)
		assert.Equal(t, line.Text, fmt.Sprint(line))
	}
	english["rule.once"] = "changed"
	assert.NotEqual(t, "changed", EnglishInstallTexts()["rule.once"], "the caller has a copy")
}

func TestInstallGuideLeavesOutWhatDoesNotApply(t *testing.T) {
	const host = "rsp.example.com"
	full := guideFor(t, secretCode(), InstallOptions{APN: "internet"}).keys()
	apn := []InstallKey{"android.settings.apn", "iphone.settings.apn"}
	confirmation := []InstallKey{"android.confirm", "iphone.confirm", "rule.confirmation"}
	matching := []InstallKey{"iphone.manual.code", "iphone.manual.label.code"}
	for name, tc := range map[string]struct {
		code ActivationCode
		o    InstallOptions
		less [][]InstallKey
	}{
		"no APN":               {secretCode(), InstallOptions{}, [][]InstallKey{apn}},
		"no confirmation code": {ActivationCode{SMDPAddress: host, MatchingID: "A"}, InstallOptions{APN: "internet"}, [][]InstallKey{confirmation}},
		"no matching ID":       {ActivationCode{SMDPAddress: host, ConfirmationCodeRequired: true}, InstallOptions{APN: "a.b"}, [][]InstallKey{matching}},
		"nothing":              {ActivationCode{SMDPAddress: host}, InstallOptions{}, [][]InstallKey{apn, confirmation, matching}},
	} {
		t.Run(name, func(t *testing.T) {
			left := slices.Concat(tc.less...)
			want := slices.DeleteFunc(slices.Clone(full), func(k InstallKey) bool { return slices.Contains(left, k) })
			assert.Equal(t, want, guideFor(t, tc.code, tc.o).keys())
		})
	}
}

func TestInstallGuidePlatforms(t *testing.T) {
	code := secretCode()
	both := guideFor(t, code, InstallOptions{})
	require.Len(t, both.Platforms, 2)
	for i, platform := range []InstallPlatform{InstallIPhone, InstallAndroid} {
		section := both.Platforms[i]
		assert.Equal(t, platform, section.Platform)
		assert.Equal(t, []InstallPlatform{platform}, platformsOf(guideFor(t, code, InstallOptions{Platforms: []InstallPlatform{platform}})))
		var methods []InstallMethod
		for _, way := range section.Ways {
			methods = append(methods, way.Method)
			assert.Equal(t, way.Method == InstallByLink, !way.Link.IsZero(), "%s: a link, and only where it is tapped", way.Method)
			assert.Equal(t, way.Method == InstallByHand, len(way.Fields) > 0, "%s: fields, and only where they are typed", way.Method)
			assert.Greater(t, len(way.Steps), 2)
		}
		assert.Equal(t, []InstallMethod{InstallByLink, InstallByQR, InstallByHand}, methods)
	}
	turned := guideFor(t, code, InstallOptions{Platforms: []InstallPlatform{InstallAndroid, InstallIPhone}})
	assert.Equal(t, []InstallPlatform{InstallAndroid, InstallIPhone}, platformsOf(turned))
}

func platformsOf(g *InstallGuide) []InstallPlatform {
	var platforms []InstallPlatform
	for _, section := range g.Platforms {
		platforms = append(platforms, section.Platform)
	}
	return platforms
}

// Whatever the code: each way gives it to the phone whole.
func TestInstallGuideCarriesTheCode(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		code := ActivationCode{
			SMDPAddress:              rapid.StringMatching(`[a-z0-9]{1,20}\.(com|io)`).Draw(r, "address"),
			MatchingID:               rapid.StringMatching(`[a-zA-Z0-9-]{0,60}`).Draw(r, "matching ID"),
			OID:                      rapid.StringMatching(`([0-2](\.[0-9]{1,5}){1,4})?`).Draw(r, "OID"),
			ConfirmationCodeRequired: rapid.Bool().Draw(r, "confirmation code"),
		}
		guide, err := NewInstallGuide(code, InstallOptions{})
		require.NoError(r, err)
		if guide.Activation != code {
			r.Fatal("the QR code's")
		}
		for _, section := range guide.Platforms {
			link, err := ParseInstallURL(section.Ways[0].Link.Reveal())
			if err != nil || link != code {
				r.Fatal("the link's", section.Platform, err)
			}
			typed := section.Ways[2].Fields
			var whole string
			switch {
			case section.Platform == InstallAndroid:
				whole = typed[0].Value.Reveal()
			case len(typed) == 1:
				whole = "1$" + typed[0].Value.Reveal() + "$"
			default:
				whole = "1$" + typed[0].Value.Reveal() + "$" + typed[1].Value.Reveal()
			}
			got, err := ParseActivationCode(whole)
			if err != nil || got.SMDPAddress != code.SMDPAddress || got.MatchingID != code.MatchingID {
				r.Fatal("what is typed", section.Platform, err)
			}
		}
	})
}

func TestInstallGuideHidesTheCode(t *testing.T) {
	guide := guideFor(t, secretCode(), InstallOptions{APN: "internet"})
	section := guide.Platforms[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, value := range []any{guide, *guide, section, section.Ways[0], section.Ways[2].Fields[1]} {
			assertHidden(t, canary, fmt.Sprintf(verb, value), "%s of %T", verb, value)
		}
	}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "guide", guide)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "guide", *guide)
	assertHidden(t, canary, log.String())
	text, err := json.Marshal(guide)
	require.NoError(t, err)
	assertHidden(t, canary, string(text))
	assert.Contains(t, string(text), `"link":"REDACTED"`)
	for _, line := range guide.lines() {
		assertHidden(t, canary, line.Text)
	}
}

// RevealJSON has the shape of json.Marshal: what a reader of one knows is true
// of the other, and only the masks differ.
func TestInstallGuideRevealJSON(t *testing.T) {
	guide := guideFor(t, secretCode(), InstallOptions{APN: "internet"})
	text, err := guide.RevealJSON()
	require.NoError(t, err)
	var open revealedGuide
	require.NoError(t, json.Unmarshal(text, &open))
	assert.Equal(t, revealedActivation{
		LPA: secretCode().LPA(), SMDPAddress: "rsp.example.com", MatchingID: canary, ConfirmationCodeRequired: true,
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
	assert.Equal(t, []string{secretCode().AppleInstallURL(), secretCode().AndroidInstallURL()}, links)
	assert.Equal(t, []string{"rsp.example.com", canary, secretCode().LPA()}, values)

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

func TestInstallGuideInAnotherLanguage(t *testing.T) {
	german := InstallTexts{
		"rule.once":           "Der Code gilt einmal und für ein Telefon.",
		"iphone.settings.apn": "Lädt keine Seite, trage {apn} als APN ein.",
	}
	guide := guideFor(t, secretCode(), InstallOptions{APN: "web.example", Texts: german.Text})
	english := guideFor(t, secretCode(), InstallOptions{APN: "web.example"})
	want := map[InstallKey]string{
		"rule.once":           "Der Code gilt einmal und für ein Telefon.",
		"iphone.settings.apn": "Lädt keine Seite, trage web.example als APN ein.",
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

func TestInstallTextsCheck(t *testing.T) {
	texts := EnglishInstallTexts()
	texts["rule.once"] = ""
	texts["rule.onec"] = "Der Code gilt einmal."
	texts["iphone.settings.apn"] = "Trage den APN ein."
	assert.EqualError(t, texts.Check(), "esim: install texts: \"iphone.settings.apn\" without {apn}\n"+
		"esim: install texts: no text for \"rule.once\"\n"+
		"esim: install texts: unknown key \"rule.onec\"")
	assert.Equal(t, len(EnglishInstallTexts()), strings.Count(InstallTexts(nil).Check().Error(), "no text for"))
}

func TestNewInstallGuideRefuses(t *testing.T) {
	good := ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: canary}
	for name, tc := range map[string]struct {
		code ActivationCode
		o    InstallOptions
	}{
		"zero code":               {ActivationCode{}, InstallOptions{}},
		"no address":              {ActivationCode{MatchingID: canary}, InstallOptions{}},
		"fields run together":     {ActivationCode{SMDPAddress: "rsp.example.com", MatchingID: canary + "$1.2"}, InstallOptions{}},
		"address that is a page":  {ActivationCode{SMDPAddress: "rsp.example.com/x", MatchingID: canary}, InstallOptions{}},
		"unknown platform":        {good, InstallOptions{Platforms: []InstallPlatform{"ipad"}}},
		"platform without a name": {good, InstallOptions{Platforms: []InstallPlatform{""}}},
		"platform twice":          {good, InstallOptions{Platforms: []InstallPlatform{InstallIPhone, InstallIPhone}}},
		"APN with a space":        {good, InstallOptions{APN: "my apn"}},
		"APN with markup":         {good, InstallOptions{APN: "<b>"}},
		"APN with an empty label": {good, InstallOptions{APN: "a..b"}},
		"APN of one dot":          {good, InstallOptions{APN: "."}},
		"APN that begins with -":  {good, InstallOptions{APN: "-a"}},
		"APN too long":            {good, InstallOptions{APN: strings.Repeat("abcd.", 20) + "e"}},
		"label of an APN too long": {
			good, InstallOptions{APN: strings.Repeat("a", 64)},
		},
	} {
		t.Run(name, func(t *testing.T) {
			guide, err := NewInstallGuide(tc.code, tc.o)
			require.ErrorIs(t, err, ErrInvalidRequest)
			assert.Nil(t, guide)
			assertHidden(t, canary, err.Error())
		})
	}
	for _, apn := range []string{"internet", "web.example-1.mnc001.mcc262.gprs", "WEB", strings.Repeat("a", 63)} {
		assert.Equal(t, apn, guideFor(t, good, InstallOptions{APN: apn}).APN)
	}
}
