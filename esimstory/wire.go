package esimstory

import (
	"maps"
	"slices"

	"github.com/esimkit/esim/adapter/wire"
)

// orderBody is the request of create-order, by its field table; the sample
// request on that page is the response printed in the wrong place.
type orderBody struct {
	ExternalOrderID string `json:"external_order_id"`
	Products        []Line `json:"products"`
}

// Line is one kind of eSIM in an order: of [Client.OrderLines] there are several.
type Line struct {
	OptionID string `json:"option_id"` // the package id
	Quantity int    `json:"qty"`       // units, at least 1
}

// orderAnswer is the response of create-order: one product a unit.
type orderAnswer struct {
	Products []soldUnit `json:"products"`
}

type soldUnit struct {
	TopupID  wire.Text `json:"topup_id"` // 26 digits: too long for any integer
	OptionID wire.Text `json:"option_id"`
}

// Accepted wants at least one product. An answer without any is no proof that
// something was bought, nor that nothing was.
func (a *orderAnswer) Accepted() (ok, valid bool) {
	return len(a.Products) > 0, len(a.Products) > 0
}

// maxErrorBody is far more than the texts of an error take. What is in each
// level of a body is read once more for that level.
const maxErrorBody = 64 << 10

// unreadable stands in for an error that is not a text. It matches no row of
// the error table, so it leaves everything open.
const unreadable = "an error in an undocumented form"

// errorBody is an error in any of its forms: "error" as a text or as an object
// with code and message, "errors" as a list of texts (all documented), and
// "errors" as an object of lists, which frameworks make of the same thing.
type errorBody struct {
	Error  errorMember `json:"error"`
	Errors errorTexts  `json:"errors"`
}

type errorMember struct {
	code wire.Text
	errorTexts
}

// UnmarshalJSON reads an object with a message, or texts.
func (m *errorMember) UnmarshalJSON(doc []byte) error {
	var object struct {
		Code    wire.Text  `json:"code"`
		Message errorTexts `json:"message"`
	}
	if wire.Decode(doc, &object) == nil {
		m.code, m.errorTexts = object.Code, object.Message
	}
	if m.stated {
		return nil
	}
	return m.errorTexts.UnmarshalJSON(doc)
}

type errorTexts struct {
	list   []string
	stated bool
}

// UnmarshalJSON reads a text, or all texts of a list or an object, there with
// the name of the field before each. It never fails.
func (t *errorTexts) UnmarshalJSON(doc []byte) error {
	var (
		text   wire.Text
		list   []errorTexts
		fields map[string]errorTexts
	)
	t.stated = true
	switch {
	case wire.Decode(doc, &text) == nil && text == "":
	case text != "":
		t.list = []string{text.String()}
	case wire.Decode(doc, &list) == nil:
		for _, element := range list {
			t.add("", element)
		}
	case wire.Decode(doc, &fields) == nil:
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			t.add(name+" ", fields[name])
		}
	default:
		t.list = []string{unreadable}
	}
	return nil
}

// add takes over the texts of an element. An element without any is unreadable.
func (t *errorTexts) add(field string, element errorTexts) {
	if len(element.list) == 0 {
		element.list = []string{unreadable}
	}
	for _, text := range element.list {
		t.list = append(t.list, field+text)
	}
}
