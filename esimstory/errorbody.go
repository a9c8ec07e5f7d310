package esimstory

import (
	"maps"
	"slices"

	"github.com/esimkit/esim/adapter/wire"
)

// unreadable stands in for an error that is not a text. It matches no row of
// the error table, so it leaves everything open.
const unreadable = "an error in an undocumented form"

// errorTexts reads the shapes of an error: "error" as a text or as an object
// with code and message, "errors" as a list of texts (all documented), and
// "errors" as an object of lists, which frameworks make of the same thing. It
// returns nothing for any other document.
func errorTexts(body []byte) (code string, texts []string) {
	var doc struct {
		Error  wire.Raw `json:"error"`
		Errors wire.Raw `json:"errors"`
	}
	var object struct {
		Code    wire.Text `json:"code"`
		Message wire.Raw  `json:"message"`
	}
	if wire.Decode(body, &doc) != nil {
		return "", nil // not JSON of ours: the status decides
	}
	if wire.Decode(doc.Error, &object) == nil && object.Message != nil {
		doc.Error = object.Message
	}
	return object.Code.String(), append(textsIn(doc.Error, maxErrorDepth), textsIn(doc.Errors, maxErrorDepth)...)
}

// maxErrorDepth is how deep a text may stand: in a list in an object, and one
// level more. Each level is a copy of what is in it.
const maxErrorDepth = 3

// maxErrorText is far more than any error text has bytes.
const maxErrorText = 16 << 10

// textsIn returns the text, or all texts of a list or an object, there with
// the name of the field before each.
func textsIn(raw wire.Raw, depth int) []string {
	var (
		text   wire.Text
		list   []wire.Raw
		fields map[string]wire.Raw
		texts  []string
	)
	switch {
	case wire.IsEmpty(raw):
	case depth < 0:
		return []string{unreadable}
	case wire.Decode(raw, &text) == nil && len(text) > maxErrorText:
		return []string{unreadable}
	case text != "":
		return []string{text.String()}
	case wire.Decode(raw, &list) == nil:
		for _, element := range list {
			texts = append(texts, orUnreadable(textsIn(element, depth-1))...)
		}
	case wire.Decode(raw, &fields) == nil:
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			for _, text := range orUnreadable(textsIn(fields[name], depth-1)) {
				texts = append(texts, name+" "+text)
			}
		}
	default:
		return []string{unreadable}
	}
	return texts
}

func orUnreadable(texts []string) []string {
	if len(texts) == 0 {
		return []string{unreadable}
	}
	return texts
}
