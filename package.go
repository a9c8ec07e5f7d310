package esim

import (
	"errors"
	"math"
	"strconv"
)

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

	Data      DataSize `json:"data"`                // included data in bytes; 0 when Unlimited or not stated
	Unlimited bool     `json:"unlimited,omitempty"` // fair-use limits may still apply; see FairUse and Name
	// FullSpeedPerDay is how much data a day comes at full speed, what is over it
	// slower; 0 = not stated.
	FullSpeedPerDay DataSize `json:"full_speed_per_day,omitempty"`
	FairUse         string   `json:"fair_use,omitempty"` // the provider's words for its fair-use limits

	ValidityDays  int           `json:"validity_days"` // 0 = not stated
	ValidityStart ValidityStart `json:"validity_start,omitzero"`
	// InstallWithinDays: an eSIM that is installed later than so many days after
	// the purchase may be lost, or start by itself; 0 = not stated.
	InstallWithinDays int `json:"install_within_days,omitempty"`

	Price Money `json:"price"` // what the reseller charges the caller for one; Currency "" = not stated
	// MinPrice is the lowest price at which the reseller's contract lets the
	// caller sell one; Currency "" = not stated.
	MinPrice Money `json:"min_price,omitzero"`

	Rechargeable *bool     `json:"rechargeable,omitempty"` // can be topped up; nil = not stated
	VoiceMinutes Allowance `json:"voice_minutes,omitzero"`
	SMS          Allowance `json:"sms,omitzero"`

	Networks []Network `json:"networks,omitempty"`
}

// Key names the package wherever packages of several resellers are meant:
// "provider:id".
func (p *Package) Key() string { return string(p.Provider) + ":" + p.ID }

// ValidityStart is the moment from which ValidityDays count.
type ValidityStart int

const (
	ValidityStartUnknown ValidityStart = iota // the provider did not say
	ValidityFromPurchase                      // when the package is bought
	ValidityFromInstall                       // when the profile comes onto a device
	ValidityFromFirstUse                      // when the eSIM first connects where the package works
)

var validityStartNames = names[ValidityStart]{"unknown", "purchase", "installation", "first use"}

// String returns "unknown", "purchase", "installation" or "first use".
func (v ValidityStart) String() string { return validityStartNames.text(v) }

// MarshalText writes the text of String.
func (v ValidityStart) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the text of String; an unknown word is an error.
func (v *ValidityStart) UnmarshalText(b []byte) error { return validityStartNames.parse(v, b) }

// Allowance is how many minutes or messages a package includes or has left: not
// stated (the zero value), a number, which may be none, or unlimited. Values can
// be compared with ==.
//
// Its JSON form is a number or the word "unlimited", and null if it is not stated.
type Allowance struct{ code int32 } // 0 = not stated, unlimited, or the number plus 1

const unlimitedCode = -1

// AllowanceOf returns the allowance of a number. A number below 0 or above
// 2,147,483,646 is none that a package has, and gives the zero value.
func AllowanceOf(n int) Allowance {
	if n < 0 || n >= math.MaxInt32 {
		return Allowance{}
	}
	return Allowance{int32(n) + 1}
}

// UnlimitedAllowance returns the allowance without a limit.
func UnlimitedAllowance() Allowance { return Allowance{unlimitedCode} }

// Count returns the number. It is false where none is stated, and where there
// is no limit.
func (a Allowance) Count() (n int, ok bool) { return max(int(a.code)-1, 0), a.code > 0 }

// IsUnlimited reports whether there is no limit.
func (a Allowance) IsUnlimited() bool { return a.code == unlimitedCode }

// IsZero reports whether nothing is stated.
func (a Allowance) IsZero() bool { return a.code == 0 }

// String returns the number, "unlimited" or "not stated".
func (a Allowance) String() string {
	switch n, ok := a.Count(); {
	case ok:
		return strconv.Itoa(n)
	case a.IsUnlimited():
		return "unlimited"
	}
	return "not stated"
}

// MarshalJSON writes the number, "unlimited" or null.
func (a Allowance) MarshalJSON() ([]byte, error) {
	switch {
	case a.IsZero():
		return []byte("null"), nil
	case a.IsUnlimited():
		return []byte(`"unlimited"`), nil
	}
	return []byte(a.String()), nil
}

// UnmarshalJSON reads what MarshalJSON writes; anything else is an error.
func (a *Allowance) UnmarshalJSON(b []byte) error {
	switch text := string(b); text {
	case "null":
		*a = Allowance{}
		return nil
	case `"unlimited"`:
		*a = UnlimitedAllowance()
		return nil
	default:
		n, err := strconv.Atoi(text)
		if next := AllowanceOf(n); err == nil && !next.IsZero() {
			*a = next
			return nil
		}
		return errors.New("esim: an allowance is a number from 0 up, \"unlimited\" or null")
	}
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
