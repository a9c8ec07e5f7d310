package simulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// member is one name and value of a JSON object, in the order they were in.
type member struct {
	name  string
	value json.RawMessage
}

// members takes an object apart; nil when it is none.
func members(object []byte) []member {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil
	}
	var list []member
	for d.More() {
		t, err := d.Token()
		name, ok := t.(string)
		var value json.RawMessage
		if err != nil || !ok || d.Decode(&value) != nil {
			return nil
		}
		list = append(list, member{name, value})
	}
	return list
}

func join(list []member) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range list {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(encode(m.name))
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// duplicateFirst puts another value for the first name in front of it.
func duplicateFirst(body []byte) []byte {
	list := members(body)
	if len(list) == 0 {
		return body
	}
	other := map[string]string{"true": "false", "false": "true", "0": "1"}[string(list[0].value)]
	if other == "" {
		other = "null"
	}
	return join(slices.Insert(list, 0, member{list[0].name, json.RawMessage(other)}))
}

func capitalise(body []byte) []byte {
	list := members(body)
	for i, m := range list {
		first, size := utf8.DecodeRuneInString(m.name)
		list[i].name = string(unicode.ToUpper(first)) + m.name[size:]
	}
	return join(list)
}

func appendValue(body []byte) []byte {
	return append(slices.Clone(body), `{"success":false}`...)
}

func deepen(body []byte) []byte {
	const depth = 100_000
	deep := strings.Repeat("[", depth) + strings.Repeat("]", depth)
	return join(append(members(body), member{"deep", json.RawMessage(deep)}))
}

func halfRows(body []byte) []byte {
	return onRows(body, func(rows []json.RawMessage) []json.RawMessage { return rows[:len(rows)/2] })
}

func noRows(body []byte) []byte {
	return onRows(body, func([]json.RawMessage) []json.RawMessage { return []json.RawMessage{} })
}

// onRows changes the rows of a list answer, which are in an array in data.
func onRows(body []byte, change func([]json.RawMessage) []json.RawMessage) []byte {
	outer := members(body)
	for i, o := range outer {
		if o.name != "data" {
			continue
		}
		inner := members(o.value)
		for j, m := range inner {
			var rows []json.RawMessage
			if m.value[0] == '[' && json.Unmarshal(m.value, &rows) == nil {
				inner[j].value = encode(change(rows))
			}
		}
		outer[i].value = join(inner)
	}
	return join(outer)
}
