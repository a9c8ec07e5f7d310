package simulator

import (
	"slices"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// World is one way in which a reseller may behave: the documents allow it, or
// it breaks a sentence of theirs that a client could be tempted to rely on. A
// simulator without worlds behaves as the doc comments of [ESIMFly],
// [ESIMStory] and [ESIMFX] describe.
//
// A world decides what the provider does, charges, remembers and answers. A
// [esimtest.Fault] plays on the way. One that plays before the request is handled keeps
// the request from the world; only its credentials and its request id are
// looked at. One that plays after it spoils or replaces the answer that the
// world has given. Fault500After and FaultErrorAfter are failures of the
// provider itself: where orders that fail after their charge give their key
// back, these do too. No other fault is known to the provider. So [esimtest.FaultKind.Commits] holds except for
// the purchases that the world itself refuses or fails before the charge.
type World struct {
	// Name identifies it, such as "esimfly/keys-ignored": the provider and a
	// word for the behaviour.
	Name     string
	Provider esim.Provider
	Does     string // what the provider does, in a sentence

	// Breaks is the sentence that this world breaks: one of the provider's
	// documents, of an RFC, or the claim of a field of a Config. "" means that
	// nothing written down forbids the world.
	Breaks string
	// Recharges says that a second request for one purchase, under the same
	// reference, can be charged although the first one was.
	Recharges bool

	set func(*rules)
}

// String returns the name.
func (w World) String() string { return w.Name }

// Worlds returns every world, those of one provider together.
func Worlds() []World {
	var list []World
	list = append(list, flyWorlds()...)
	list = append(list, storyWorlds()...)
	list = append(list, fxWorlds()...)
	for _, p := range []esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX} {
		list = append(list, commonWorlds(p)...)
	}
	slices.SortStableFunc(list, func(a, b World) int { return providerOrder(a.Provider) - providerOrder(b.Provider) })
	return list
}

func providerOrder(p esim.Provider) int {
	return slices.Index([]esim.Provider{esimtest.ESIMFly, esimtest.ESIMStory, esimtest.ESIMFX}, p)
}

// WorldNamed returns the world of that name. It panics when there is none.
func WorldNamed(name string) World {
	list := Worlds()
	i := slices.IndexFunc(list, func(w World) bool { return w.Name == name })
	if i < 0 {
		panic("simulator: no world " + name)
	}
	return list[i]
}

// WithWorld makes the providers behave so. Several worlds of one provider hold
// together; where two decide the same thing the later one counts.
func WithWorld(worlds ...World) Option {
	return func(o *options) { o.worlds = append(o.worlds, worlds...) }
}
