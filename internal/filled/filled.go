// Package filled makes values of the neutral types of which no field is zero,
// so that a test notices a field that gets lost on the way.
package filled

import (
	"fmt"
	"reflect"
	"time"

	"github.com/esimkit/esim"
)

// Value returns a T with every field set, in its elements too. Numbers and
// texts differ from field to field. It panics at a type that it does not know.
func Value[T any]() T {
	var v T
	f := filler{}
	f.fill(reflect.ValueOf(&v).Elem())
	return v
}

type filler struct{ n int }

func (f *filler) fill(v reflect.Value) {
	f.n++
	if ready := f.ready(v.Type()); ready != nil {
		v.Set(reflect.ValueOf(ready))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(fmt.Sprint("text ", f.n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		if _, isWord := reflect.TypeAssert[fmt.Stringer](v); isWord && v.Kind() == reflect.Int {
			v.SetInt(1) // of an enumeration
			return
		}
		v.SetInt(int64(f.n))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		f.fill(v.Index(0))
	case reflect.Struct:
		for _, field := range v.Fields() {
			f.fill(field)
		}
	default:
		panic("filled: no value for " + v.Type().String())
	}
}

// ready is a value of a type whose fields are its own affair, nil if it has none.
func (f *filler) ready(t reflect.Type) any {
	switch t {
	case reflect.TypeFor[time.Time]():
		return time.Date(2026, 9, 1, 0, 0, f.n, 0, time.UTC)
	case reflect.TypeFor[esim.Money]():
		return must(esim.ParseMoney(fmt.Sprintf("%d.25", f.n), "USD"))
	case reflect.TypeFor[esim.Secret]():
		return esim.NewSecret(fmt.Sprint("secret ", f.n))
	case reflect.TypeFor[esim.ActivationCode]():
		return must(esim.ParseActivationCode(fmt.Sprintf("LPA:1$rsp.example.com$CODE-%d", f.n)))
	case reflect.TypeFor[esim.Allowance]():
		return esim.AllowanceOf(f.n)
	case reflect.TypeFor[esim.Country]():
		return esim.Country("JP")
	case reflect.TypeFor[esim.ICCID]():
		return must(esim.ParseICCID("8948010010036785060"))
	}
	return nil
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
