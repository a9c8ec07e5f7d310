package adapter

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// Variable is a setting that may come from the environment.
type Variable struct {
	name     string
	required bool
	empty    bool               // the settings leave it open
	set      func(string) error // its error says what the text is not
}

// Setting is a type of setting that the environment can give.
type Setting interface {
	string | esim.Secret | bool | int | time.Duration
}

// Required is a variable without which there is no Config.
func Required[T Setting](name string, into *T) Variable {
	v := Optional(name, into)
	v.required = true
	return v
}

// Optional is a variable that may be absent or empty.
func Optional[T Setting](name string, into *T) Variable {
	return Variable{name: name, empty: isZero(*into), set: func(text string) (err error) { return parseSetting(text, into) }}
}

func isZero[T Setting](value T) bool {
	if s, ok := any(value).(esim.Secret); ok {
		return s.IsZero()
	}
	var zero T
	return any(value) == any(zero)
}

func parseSetting[T Setting](text string, into *T) (err error) {
	switch into := any(into).(type) {
	case *string:
		*into = text
	case *esim.Secret:
		*into = esim.NewSecret(text)
	case *bool:
		if *into, err = strconv.ParseBool(text); err != nil {
			return errors.New("is neither true nor false")
		}
	case *int:
		if *into, err = strconv.Atoi(text); err != nil {
			return errors.New("is not a whole number")
		}
	case *time.Duration:
		if *into, err = time.ParseDuration(text); err != nil {
			return errors.New("is not a duration such as 90s or 2h")
		}
	}
	return nil
}

// FromEnv reads the variables that settings leave open. One that is required and
// absent, or set to a text that is not what it must be, is an [*esim.Error] of
// kind [esim.ErrInvalidRequest]. It names the variable and never its value.
func FromEnv(provider esim.Provider, variables ...Variable) error {
	for _, v := range variables {
		text := os.Getenv(v.name)
		switch {
		case !v.empty:
		case text != "":
			if err := v.set(text); err != nil {
				return Misconfigured(provider, "ConfigFromEnv", v.name+" "+err.Error())
			}
		case v.required:
			return Misconfigured(provider, "ConfigFromEnv", v.name+" is not set")
		}
	}
	return nil
}

// Misconfigured is the error of a Config, or of an environment, that will not do.
func Misconfigured(provider esim.Provider, op, why string) error {
	return &esim.Error{Provider: provider, Op: op, Kind: esim.ErrInvalidRequest, Outcome: esim.OutcomeNotSent, Message: why}
}

// Print is a Config as text: its name, and the names of its fields each with a
// value that is no secret. A Secret and the text of a credential are given as
// whether they are there; see [Given].
//
//	func (c Config) Format(f fmt.State, _ rune) {
//		adapter.Write(f, adapter.Print("esimx.Config", "Key", adapter.Given(c.Key), "MaxUnits", c.MaxUnits))
//	}
func Print(name string, fields ...any) string {
	var b strings.Builder
	b.WriteString(name + "{")
	for i := 0; i+1 < len(fields); i += 2 {
		if i > 0 {
			b.WriteString(", ")
		}
		verb := "%v: %v"
		if _, text := fields[i+1].(string); text {
			verb = "%v: %q"
		}
		fmt.Fprintf(&b, verb, fields[i], fields[i+1])
	}
	return b.String() + "}"
}

// Given reports whether a credential is there, which is all that is printed of it.
func Given[T string | esim.Secret](credential T) bool { return !isZero(credential) }

// Write prints a text whatever the verb, for a Format method that shows no more
// than this.
func Write(f fmt.State, text string) {
	_, _ = io.WriteString(f, text) // fmt collects in memory; there is no error to report
}
