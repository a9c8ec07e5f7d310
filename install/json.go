package install

import (
	"encoding/json"
	"fmt"
	"time"
)

// RevealJSON returns the guide as JSON for the page or the app of the one
// traveller it is for, with its secrets in it: the names are those that
// json.Marshal writes, which masks them, and "activation" is an object:
//
//	{"lpa", "smdp_address", "matching_id", "confirmation_code_required"}
//
// The confirmation code is not in it: it travels apart from the activation
// code (GSMA SGP.22, section 4.7). Take [Guide.ConfirmationCode].
//
// Send it with Cache-Control: no-store, and do not log it.
func (g *Guide) RevealJSON() ([]byte, error) {
	revealed := revealedGuide{
		Activation: revealedActivation{
			LPA:                      g.Activation.LPA(),
			SMDPAddress:              g.Activation.SMDPAddress,
			MatchingID:               g.Activation.MatchingID,
			ConfirmationCodeRequired: g.Activation.ConfirmationCodeRequired,
		},
		APN:        g.APN,
		MSISDN:     g.MSISDN,
		ActivateBy: g.ActivateBy,
		Rules:      g.Rules,
	}
	for _, section := range g.Platforms {
		revealed.Platforms = append(revealed.Platforms, revealSection(section))
	}
	text, err := json.Marshal(revealed)
	if err != nil {
		return nil, fmt.Errorf("install: %w", err) // cannot happen: it is texts throughout
	}
	return text, nil
}

// These live no longer than RevealJSON, for their fields are plain strings.
type (
	revealedGuide struct {
		Activation revealedActivation `json:"activation"`
		APN        string             `json:"apn,omitempty"`
		MSISDN     string             `json:"msisdn,omitempty"`
		ActivateBy time.Time          `json:"activate_by,omitzero"`
		Rules      []Text             `json:"rules"`
		Platforms  []revealedSection  `json:"platforms"`
	}
	revealedActivation struct {
		LPA                      string `json:"lpa"`
		SMDPAddress              string `json:"smdp_address"`
		MatchingID               string `json:"matching_id"`
		ConfirmationCodeRequired bool   `json:"confirmation_code_required"`
	}
	revealedSection struct {
		Platform Platform      `json:"platform"`
		Name     Text          `json:"name"`
		Ways     []revealedWay `json:"ways"`
		Settings []Text        `json:"settings"`
	}
	revealedWay struct {
		Method Method          `json:"method"`
		Title  Text            `json:"title"`
		Link   string          `json:"link,omitempty"`
		Fields []revealedField `json:"fields,omitempty"`
		Steps  []Text          `json:"steps"`
	}
	revealedField struct {
		Label Text   `json:"label"`
		Value string `json:"value"`
	}
)

func revealSection(section Section) revealedSection {
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
