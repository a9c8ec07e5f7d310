package esimtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"unicode/utf8"
)

// object is a JSON object of a request, read strictly: exact names, no name
// twice, no unknown name, nothing behind it. The first wrong type stays in err.
type object struct {
	fields map[string]json.RawMessage
	err    error
}

// parseObject reads a request body that may hold the allowed names only.
func parseObject(body []byte, allowed ...string) (*object, error) {
	if err := checkJSON(body); err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, errors.New("body is not a JSON object")
	}
	var unknown []string
	for name := range fields {
		if !slices.Contains(allowed, name) {
			unknown = append(unknown, name)
		}
	}
	if unknown != nil {
		return nil, fmt.Errorf("unknown field %.40q", slices.Min(unknown)) // the same one in every run
	}
	return &object{fields: fields}, nil
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
	n, err := strconv.ParseInt(string(raw), 10, 64)
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
		panic("esimtest: " + err.Error()) // our own types only; cannot happen
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}
