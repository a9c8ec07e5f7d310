package pricesheet

import (
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

// A list and a caller share nothing with the sheet.
func TestCopies(t *testing.T) {
	var full esim.Package
	fill(reflect.ValueOf(&full).Elem())
	full.Provider, full.Countries = provider, []esim.Country{"JP"}
	sheet, err := New([]esim.Package{full})
	require.NoError(t, err)
	page, err := sheet.Page(esim.PackageQuery{})
	require.NoError(t, err)
	require.Equal(t, full, page.Packages[0])
	v, copied := reflect.ValueOf(full), reflect.ValueOf(page.Packages[0])
	for i := range v.NumField() {
		switch v.Field(i).Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map:
			require.NotEqual(t, v.Field(i).Pointer(), copied.Field(i).Pointer(), v.Type().Field(i).Name)
		default:
		}
	}
}

// fill sets every field that can be reached to something.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.String:
		v.SetString("x")
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Bool:
		v.SetBool(true)
	default:
	}
}

func TestNewRefuses(t *testing.T) {
	for want, packages := range map[string][]esim.Package{
		"[0].ID is empty":                      {{}},
		"[0].ID is longer than 128 bytes":      {{ID: strings.Repeat("x", 129)}},
		"[1].ID is that of an earlier package": {{ID: "x"}, {ID: "X"}},
		"[0].Provider is another provider":     {{ID: "x", Provider: "esimfly"}},
		"[0].Countries has one that is not":    {{ID: "x", Countries: []esim.Country{"Japan"}}},
		"[0].Data is negative":                 {{ID: "x", Data: -1}},
		"[0].ValidityDays is negative":         {{ID: "x", ValidityDays: -1}},
		"[0].MinPrice is negative":             {{ID: "x", MinPrice: money(t, "-1")}},
		"[0].InstallWithinDays is negative":    {{ID: "x", InstallWithinDays: -1}},
		"[0].FullSpeedPerDay is negative":      {{ID: "x", FullSpeedPerDay: -1}},
		"[0].Price is negative":                {{ID: "x", Price: money(t, "-1")}},
	} {
		_, err := New(packages)
		require.ErrorContains(t, err, want)
	}
}

func TestPrice(t *testing.T) {
	sheet, err := New([]esim.Package{{ID: "Option-1", Price: money(t, "4.10")}, {ID: "option-2"}})
	require.NoError(t, err)
	require.Equal(t, 2, sheet.Len())
	price, ok := sheet.Price("OPTION-1")
	require.True(t, ok)
	require.Equal(t, money(t, "4.10"), price)
	for _, id := range []string{"option-2", "option-3", ""} {
		_, ok = sheet.Price(id)
		require.False(t, ok)
	}
}

// FuzzCursor: a cursor that is accepted is one that was given out.
func FuzzCursor(f *testing.F) {
	s := &Sheet{stamp: "s"}
	q := esim.PackageQuery{Search: "x"}
	for _, text := range []string{"", "1", s.cursor(q, 1), s.cursor(q, 99), s.cursor(q, 100), s.cursor(esim.PackageQuery{}, 5), ".5"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q.Cursor = text
		at, err := s.open(q, 100)
		switch {
		case err != nil && at != 0:
			t.Fatal("a place next to an error")
		case err == nil && text == "" && at == 0:
		case err == nil && (at < 1 || at > 99 || s.cursor(q, at) != text):
			t.Fatalf("%q opens at %d", text, at)
		}
	})
}
