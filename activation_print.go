package esim

import (
	"fmt"
	"io"
	"log/slog"
	"strconv"
)

// String returns the code with its matching ID masked,
// "LPA:1$rsp.example.com$[redacted]", and "" for the zero value. The fields of
// version 3 are masked too.
func (a ActivationCode) String() string {
	if a.IsZero() {
		return ""
	}
	// Fields set by hand may have the secret in the wrong place.
	if !isDomainName(a.SMDPAddress) || (a.OID != "" && !isOID(a.OID)) {
		return masked
	}
	return a.join(mask(a.MatchingID), mask(a.RootKeyIndicator), mask(a.DeleteNotification))
}

// GoString returns the masked code in the syntax of Go.
func (a ActivationCode) GoString() string {
	return "esim.ActivationCode(" + strconv.Quote(a.String()) + ")"
}

// Format prints the masked code, whatever the verb; %q adds quotes.
func (a ActivationCode) Format(f fmt.State, verb rune) {
	text := a.String()
	switch {
	case verb == 'v' && f.Flag('#'):
		text = a.GoString()
	case verb == 'q':
		text = strconv.Quote(text)
	}
	_, _ = io.WriteString(f, text) // fmt collects in memory; there is no error to report
}

// LogValue returns the masked code.
func (a ActivationCode) LogValue() slog.Value { return slog.StringValue(a.String()) }

// MarshalText returns the masked code. encoding/json goes by it.
func (a ActivationCode) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText reads what [ActivationCode.LPA] returns and refuses a masked
// code. encoding/json goes by it.
func (a *ActivationCode) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*a = ActivationCode{}
		return nil
	}
	if string(text) == masked {
		return errActivationMasked
	}
	code, err := ParseActivationCode(string(text))
	if err != nil {
		return err
	}
	*a = code
	return nil
}

// mask hides a part that is there.
func mask(part string) string {
	if part == "" {
		return ""
	}
	return masked
}
