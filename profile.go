package esim

import "time"

// ESIMStatus is the state of an eSIM profile.
type ESIMStatus int

const (
	ESIMUnknown   ESIMStatus = iota // the provider's word is not one we know; see ESIM.ProviderStatus
	ESIMNew                         // bought, not on a device yet
	ESIMInstalled                   // on a device, not used yet
	ESIMActive                      // in use
	ESIMDepleted                    // its data is used up
	ESIMExpired                     // its validity is over
	ESIMCancelled                   // taken back
	ESIMBlocked                     // shut off
)

var esimStatusNames = names[ESIMStatus]{"unknown", "new", "installed", "active", "depleted", "expired", "cancelled", "blocked"}

// String returns the status as one lower-case word.
func (s ESIMStatus) String() string { return esimStatusNames.text(s) }

// MarshalText writes the text of String.
func (s ESIMStatus) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (s *ESIMStatus) UnmarshalText(b []byte) error { return esimStatusNames.parse(s, b) }

// ESIM is one sold eSIM: a profile waiting to be installed, or installed.
type ESIM struct {
	ICCID          ICCID          `json:"iccid,omitempty"`   // "" until the provider has assigned one
	ItemID         string         `json:"item_id,omitempty"` // the provider's id of the sold unit, where it has one
	Status         ESIMStatus     `json:"status"`
	ProviderStatus string         `json:"provider_status,omitempty"` // the raw word
	Activation     ActivationCode `json:"activation,omitzero"`       // a bearer secret; prints masked

	// RawActivation is the provider's activation text where it could not be
	// read as an activation code, so that nothing that was paid for is lost.
	// See Unreadable.
	RawActivation Secret `json:"-"`

	// ConfirmationCode is what the traveller types in where the device asks for
	// one to install the profile. It is a secret like the activation code.
	ConfirmationCode Secret `json:"-"`
	// APN is the access point name to be typed in by hand; "" = the device sets
	// it by itself, or nothing is stated.
	APN string `json:"apn,omitempty"`
	// MSISDN is the phone number of the eSIM: digits with the country code, as the
	// provider writes it.
	MSISDN string `json:"msisdn,omitempty"`

	// ActivateBy is until when the eSIM must be installed or used. Later it may be
	// lost, or start by itself; zero = not stated.
	ActivateBy time.Time `json:"activate_by,omitzero"`
	ExpiresAt  time.Time `json:"expires_at,omitzero"` // zero = not stated
}

// Unreadable reports whether the provider has sent an activation text that is
// not an activation code. No QR code or link can be made of it: a person has to
// look at RawActivation, and the traveller has to wait for that person.
func (e *ESIM) Unreadable() bool { return e.Activation.IsZero() && !e.RawActivation.IsZero() }

// Usage is how much of an eSIM's data has been used, as last reported by the
// networks to the provider. A size of 0 next to Unlimited means nothing.
type Usage struct {
	ICCID     ICCID      `json:"iccid"`
	Status    ESIMStatus `json:"status"`
	Total     DataSize   `json:"total"`
	Used      DataSize   `json:"used"`
	Remaining DataSize   `json:"remaining"`
	Unlimited bool       `json:"unlimited,omitempty"`
	Voice     Quota      `json:"voice,omitzero"` // minutes
	SMS       Quota      `json:"sms,omitzero"`   // messages

	ActivatedAt time.Time `json:"activated_at,omitzero"` // first use; zero = not yet, or not stated
	ExpiresAt   time.Time `json:"expires_at,omitzero"`

	Plans []PlanUsage `json:"plans,omitempty"` // one per order on this eSIM, where the provider tells
}

// Quota is how many minutes or messages an eSIM has had and has left.
type Quota struct {
	Total     Allowance `json:"total,omitzero"`
	Remaining Allowance `json:"remaining,omitzero"`
}

// PlanUsage is the usage of one purchase on an eSIM: the first order or a
// top-up.
type PlanUsage struct {
	OrderID        string     `json:"order_id,omitempty"`
	PackageID      string     `json:"package_id,omitempty"`
	Name           string     `json:"name,omitempty"`
	Status         ESIMStatus `json:"status"`
	ProviderStatus string     `json:"provider_status,omitempty"`
	Total          DataSize   `json:"total"`
	Used           DataSize   `json:"used"`
	Remaining      DataSize   `json:"remaining"`
	Unlimited      bool       `json:"unlimited,omitempty"`
	DaysTotal      int        `json:"days_total,omitempty"` // plans counted in days, not bytes
	DaysUsed       int        `json:"days_used,omitempty"`
	ActivateBy     time.Time  `json:"activate_by,omitzero"`
	ActivatedAt    time.Time  `json:"activated_at,omitzero"`
	ExpiresAt      time.Time  `json:"expires_at,omitzero"`
}
