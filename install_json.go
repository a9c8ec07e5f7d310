package esim

import (
	"encoding/json"
	"fmt"
)

// RevealJSON returns the guide as JSON for the page or the app of the one
// traveller it is for, with every secret in it: the names are those that
// json.Marshal writes, which masks the secrets, and "activation" is an object:
//
//	{"lpa", "smdp_address", "matching_id", "confirmation_code_required"}
//
// Send it with Cache-Control: no-store, and do not log it.
func (g *InstallGuide) RevealJSON() ([]byte, error) {
	revealed := revealedGuide{
		Activation: revealedActivation{
			LPA:                      g.Activation.LPA(),
			SMDPAddress:              g.Activation.SMDPAddress,
			MatchingID:               g.Activation.MatchingID,
			ConfirmationCodeRequired: g.Activation.ConfirmationCodeRequired,
		},
		APN:   g.APN,
		Rules: g.Rules,
	}
	for _, section := range g.Platforms {
		revealed.Platforms = append(revealed.Platforms, revealSection(section))
	}
	text, err := json.Marshal(revealed)
	if err != nil {
		return nil, fmt.Errorf("esim: install guide: %w", err) // cannot happen: it is texts throughout
	}
	return text, nil
}

// These live no longer than RevealJSON, for their fields are plain strings.
type (
	revealedGuide struct {
		Activation revealedActivation `json:"activation"`
		APN        string             `json:"apn,omitempty"`
		Rules      []InstallText      `json:"rules"`
		Platforms  []revealedSection  `json:"platforms"`
	}
	revealedActivation struct {
		LPA                      string `json:"lpa"`
		SMDPAddress              string `json:"smdp_address"`
		MatchingID               string `json:"matching_id"`
		ConfirmationCodeRequired bool   `json:"confirmation_code_required"`
	}
	revealedSection struct {
		Platform InstallPlatform `json:"platform"`
		Name     InstallText     `json:"name"`
		Ways     []revealedWay   `json:"ways"`
		Settings []InstallText   `json:"settings"`
	}
	revealedWay struct {
		Method InstallMethod   `json:"method"`
		Title  InstallText     `json:"title"`
		Link   string          `json:"link,omitempty"`
		Fields []revealedField `json:"fields,omitempty"`
		Steps  []InstallText   `json:"steps"`
	}
	revealedField struct {
		Label InstallText `json:"label"`
		Value string      `json:"value"`
	}
)

func revealSection(section InstallSection) revealedSection {
	revealed := revealedSection{Platform: section.Platform, Name: section.Name, Settings: section.Settings}
	for _, way := range section.Ways {
		open := revealedWay{Method: way.Method, Title: way.Title, Link: way.Link.Reveal(), Steps: way.Steps}
		for _, field := range way.Fields {
			open.Fields = append(open.Fields, revealedField{Label: field.Label, Value: field.Value.Reveal()})
		}
		revealed.Ways = append(revealed.Ways, open)
	}
	return revealed
}
