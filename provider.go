package esim

// Provider names a reseller whose API an adapter speaks.
type Provider string

// The providers this module has adapters for. A stranger's adapter uses a
// name of its own.
const (
	ESIMFly   Provider = "esimfly"   // eSIMfly Business API, package esimfly
	ESIMStory Provider = "esimstory" // eSIM Story partner API, package esimstory
	ESIMFX    Provider = "esimfx"    // eSIMfx (Nomad) reseller API, package esimfx
)
