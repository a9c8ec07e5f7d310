package esimtest

import "github.com/esimkit/esim"

// The providers that are simulated, as their adapters name them.
const (
	ESIMFly   esim.Provider = "esimfly"
	ESIMStory esim.Provider = "esimstory"
	ESIMFX    esim.Provider = "esimfx"
)
