package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// object is a JSON object of a request. It is read as the real ones most
// likely are: null is as good as absent, a name that nobody has documented and
// a number in quotation marks are taken and noted. A name twice, or anything
// behind the object, is refused. The first wrong type stays in err.
type object struct {
	fields map[string]json.RawMessage
	err    error
	odd    func(what string) // notes what the documents do not show
}

// object reads a part of a request's body, for which the documents have these
// names. What they do not show becomes a violation.
func (p *Server) object(c *call, body []byte, known ...string) (*object, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, err
	}
	o.odd = func(what string) { p.violate(c, what) }
	for _, name := range slices.Sorted(maps.Keys(o.fields)) { // the same order in every run
		if !slices.Contains(known, name) {
			o.odd(fmt.Sprintf("unknown field %.40q", name))
		}
	}
	return o, nil
}

func parseObject(body []byte) (*object, error) {
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, errors.New("body is not a JSON object")
	}
	maps.DeleteFunc(fields, func(_ string, value json.RawMessage) bool { return string(value) == "null" })
	return &object{fields: fields, odd: func(string) {}}, nil
}

func (o *object) has(name string) bool { return o.fields[name] != nil }

func (o *object) fail(name, want string) {
	if o.err == nil {
		o.err = fmt.Errorf("field %s is not %s", name, want)
	}
}

// str is the text of a field, "" when it is absent.
func (o *object) str(name string) string {
	raw := o.fields[name]
	if raw == nil {
		return ""
	}
	var s string
	if raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		o.fail(name, "a string")
	}
	return s
}

// integer is the whole number in a field, or def when it is absent.
func (o *object) integer(name string, def int64) int64 {
	raw := o.fields[name]
	if raw == nil {
		return def
	}
	text := string(raw)
	if inner := strings.Trim(text, `"`); inner != text {
		o.odd("field " + name + " is a number in quotation marks")
		text = inner
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		o.fail(name, "an integer")
	}
	return n
}

// number is the text of a JSON number, "" when it is absent.
func (o *object) number(name string) string {
	raw := o.fields[name]
	if raw == nil {
		return ""
	}
	if raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') {
		o.fail(name, "a number")
	}
	return string(raw)
}

func (o *object) boolean(name string) bool {
	raw := o.fields[name]
	if raw == nil {
		return false
	}
	if s := string(raw); s != "true" && s != "false" {
		o.fail(name, "a boolean")
	}
	return string(raw) == "true"
}

// list is the elements of an array, nil when the field is absent.
func (o *object) list(name string) []json.RawMessage {
	raw := o.fields[name]
	if raw == nil {
		return nil
	}
	var l []json.RawMessage
	if raw[0] != '[' || json.Unmarshal(raw, &l) != nil {
		o.fail(name, "an array")
	}
	return l
}

// checkJSON accepts exactly one JSON value without duplicate names in it.
func checkJSON(body []byte) error {
	if !utf8.Valid(body) {
		return errors.New("body is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := checkValue(d); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("data after the JSON value")
	}
	return nil
}

func checkValue(d *json.Decoder) error {
	t, err := d.Token()
	if err != nil {
		return errors.New("body is not valid JSON")
	}
	switch t {
	case json.Delim('{'):
		return checkMembers(d)
	case json.Delim('['):
		for d.More() {
			if err := checkValue(d); err != nil {
				return err
			}
		}
		return closing(d)
	}
	return nil
}

func checkMembers(d *json.Decoder) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		if err != nil || !ok {
			return errors.New("body is not valid JSON")
		}
		if seen[name] {
			return fmt.Errorf("field %.40q appears twice", name)
		}
		seen[name] = true
		if err := checkValue(d); err != nil {
			return err
		}
	}
	return closing(d)
}

func closing(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return errors.New("body is not valid JSON")
	}
	return nil
}

// encode writes v as compact JSON without HTML escapes.
func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic("simulator: " + err.Error()) // our own types only; cannot happen
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
