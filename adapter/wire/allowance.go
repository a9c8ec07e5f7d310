package wire

import (
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/esimkit/esim"
)

// Allowance is a count of minutes or messages that may be without limit: a
// number, the word "unlimited", or not stated (absent, null, "").
type Allowance struct{ esim.Allowance }

// UnmarshalJSONFrom reads a number, a quoted number, the word or null. A number that
// no package has counts as not stated.
func (a *Allowance) UnmarshalJSONFrom(dec *jsontext.Decoder) error {
	*a = Allowance{}
	if dec.PeekKind() != '"' {
		return a.count(dec)
	}
	value, err := dec.ReadValue()
	if err != nil {
		return err
	}
	text, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return err
	}
	if strings.EqualFold(Text(text).Trimmed(), "unlimited") {
		a.Allowance = esim.UnlimitedAllowance()
		return nil
	}
	return a.count(jsontext.NewDecoder(strings.NewReader(string(value))))
}

func (a *Allowance) count(dec *jsontext.Decoder) error {
	var n Number
	if err := n.UnmarshalJSONFrom(dec); err != nil {
		return err
	}
	count := n.Int() // 0 beyond its range
	if _, places, _ := n.amount.Parts(); n.known && places == 0 && (count != 0 || n.Sign() == 0) {
		a.Allowance = esim.AllowanceOf(count)
	}
	return nil
}
