package conformance

import (
	"reflect"

	"github.com/esimkit/esim"
)

// wrapper is the least that a decorator of clients is.
type wrapper struct{ esim.Client }

// Unwrap lets [esim.As] see the client inside.
func (w wrapper) Unwrap() esim.Client { return w.Client }

// marked is a client with a method of its own, as adapters have.
type marked struct {
	wrapper
	mark string
}

func wrappedChecks(caps esim.Capabilities) []check {
	list := []check{{"found through wrappers", (*trial).foundThroughWrappers}}
	for _, m := range methods {
		list = append(list, check{m.name, func(t *trial) {
			c := wrapper{wrapper{t.patient()}}
			order, iccid := t.subject(c)
			err := m.call(t.ctx(), c, t, order, iccid)
			switch {
			case !m.supported(caps):
				t.unsent(err, esim.ErrUnsupported)
			case err != nil:
				t.Errorf("%s works, and fails through a wrapper: %v", m.name, err)
			}
		}})
	}
	return list
}

func (t *trial) foundThroughWrappers() {
	c := t.patient().Client
	outer := wrapper{marked{wrapper{c}, "inside"}}
	if m, ok := esim.As[marked](outer); !ok || m.mark != "inside" {
		t.Errorf("esim.As does not find what is wrapped")
	}
	if outer.Provider() != c.Provider() || outer.Capabilities() != c.Capabilities() {
		t.Errorf("a wrapped client has another provider or other capabilities")
	}
	if !reflect.ValueOf(c).Comparable() {
		return
	}
	var inner esim.Client = outer
	for inner != c {
		w, ok := inner.(interface{ Unwrap() esim.Client })
		if !ok {
			t.Errorf("unwrapping does not lead to the client")
			return
		}
		inner = w.Unwrap()
	}
}
