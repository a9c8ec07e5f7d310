package esim

import "time"

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
