package esim

// PackageKind is the reach of a package.
type PackageKind int

const (
	KindUnknown  PackageKind = iota
	KindLocal                // one country
	KindRegional             // several countries
	KindGlobal               // sold as worldwide
)

var kindNames = names[PackageKind]{"unknown", "local", "regional", "global"}

// String returns "unknown", "local", "regional" or "global".
func (k PackageKind) String() string { return kindNames.text(k) }

// MarshalText writes the text of String.
func (k PackageKind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (k *PackageKind) UnmarshalText(b []byte) error { return kindNames.parse(k, b) }

// Package is a plan a reseller sells: so much data, for so many days, in some
// countries. Providers call it package, product, bundle or option.
type Package struct {
	Provider Provider    `json:"provider"`
	ID       string      `json:"id"` // opaque; goes into OrderRequest.PackageID byte for byte
	Name     string      `json:"name"`
	Kind     PackageKind `json:"kind"`

	Countries []Country `json:"countries,omitempty"` // where it works; empty = the provider did not say
	Region    string    `json:"region,omitempty"`    // the provider's own word

	Data         DataSize `json:"data"`                // included data in bytes; 0 when Unlimited or not stated
	Unlimited    bool     `json:"unlimited,omitempty"` // fair-use limits may still apply; see Name
	ValidityDays int      `json:"validity_days"`       // 0 = not stated

	Price Money `json:"price"` // what the reseller charges the caller for one; Currency "" = not stated

	Rechargeable *bool `json:"rechargeable,omitempty"` // can be topped up; nil = not stated
	VoiceMinutes int   `json:"voice_minutes"`          // -1 = not stated
	SMS          int   `json:"sms"`                    // -1 = not stated

	Networks []Network `json:"networks,omitempty"`
}

// Network is a mobile network a package works in. Every field may be empty.
type Network struct {
	Country    Country `json:"country,omitempty"`
	Name       string  `json:"name,omitempty"`
	MCC        string  `json:"mcc,omitempty"`        // mobile country code, three digits
	MNC        string  `json:"mnc,omitempty"`        // mobile network code, two or three digits: a text, "01" is not "1"
	Technology string  `json:"technology,omitempty"` // as the provider writes it: "4G", "5G", "LTE"
}

// PackageQuery selects packages. The zero value selects all. A provider that
// cannot filter by a field says so with [errors.ErrUnsupported]; no filter is
// ignored in silence.
type PackageQuery struct {
	Countries []Country // packages that cover all of these
	Region    string    // the provider's own word
	Search    string    // free text, as the provider understands it
	Kind      PackageKind
	PageSize  int    // packages a page; 0 = the provider's largest
	Cursor    string // opaque, from PackagePage.Next; "" = first page
}

// PackagePage is one page of a catalogue.
type PackagePage struct {
	Packages []Package `json:"packages"`
	Next     string    `json:"next,omitempty"` // cursor of the next page; "" = this was the last
	Lost     int       `json:"lost,omitempty"` // rows of the page that could not be read; a list that lost one proves no absence
}
