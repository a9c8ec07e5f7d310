package wire

import (
	"strings"

	"github.com/esimkit/esim"
)

// maxRawICCID is far beyond the 22 digits of the longest ICCID.
const maxRawICCID = 64

// ICCID returns the ICCID that the text holds, however it is written, and ""
// for nothing. Any other text is kept, printable and cut to a bound: the eSIM
// that it names was paid for. A text without a digit, such as N/A, names none.
func (t Text) ICCID() esim.ICCID {
	if iccid, err := esim.ParseICCID(string(t)); err == nil {
		return iccid
	}
	if !strings.ContainsAny(string(t), "0123456789") {
		return ""
	}
	raw := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, t.Trimmed())
	return esim.ICCID(raw[:min(len(raw), maxRawICCID)])
}

// PutActivation gives an eSIM the activation code of the first text that is
// one, or that is a link that carries one. If none can be read, the eSIM keeps
// the first text that is not empty: it was paid for.
func PutActivation(e *esim.ESIM, texts ...Text) {
	for _, text := range texts {
		if code, err := esim.ParseActivationCode(string(text)); err == nil {
			e.Activation, e.RawActivation = code, esim.Secret{}
			return
		}
	}
	if raw := First(texts...); raw != "" && e.Activation.IsZero() && e.RawActivation.IsZero() {
		e.RawActivation = esim.NewSecret(string(raw))
	}
}
