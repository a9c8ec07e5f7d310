package catalog

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/esimkit/esim"
)

// Errors of syncs, besides those of the clients.
var (
	// ErrHeld: a guard holds back what a provider lists. The shelf keeps what
	// it had; [Catalog.Accept] publishes the list nevertheless.
	ErrHeld = errors.New("held back by a guard")
	// ErrNothingHeld: there is nothing to accept.
	ErrNothingHeld = errors.New("catalog: nothing is held back")
)

// Progress is how far the sync of a provider is.
type Progress struct {
	Provider esim.Provider
	Pages    int // read so far
	Packages int // listed on them
	Done     bool
	Err      error // once Done: why it failed, or was held back
	Took     time.Duration
}

// Result is how a sync ended.
type Result int

// Results of a sync.
const (
	Failed    Result = iota // the list could not be read, or not be stored
	Held                    // a guard holds it back
	Unchanged               // what is on the shelf is right
	Published               // a new version is on the shelf
)

// String returns "failed", "held", "unchanged" or "published".
func (r Result) String() string {
	words := [...]string{"failed", "held", "unchanged", "published"}
	if r < 0 || int(r) >= len(words) {
		return "unknown"
	}
	return words[r]
}

// MarshalText writes the text of String.
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// Report is what came of one sync of one provider.
type Report struct {
	Provider esim.Provider `json:"provider"`
	Result   Result        `json:"result"`
	Guard    Guard         `json:"guard,omitempty"` // if Held: the first that does
	Err      error         `json:"-"`               // if Failed or Held

	Version  uint64 `json:"version"` // of the shelf afterwards
	Pages    int    `json:"pages"`
	Packages int    `json:"packages"` // distinct ones that were listed
	Repeated int    `json:"repeated"` // listed once more, which does not count
	Lost     int    `json:"lost"`     // rows that could not be read; the shelf keeps what the list lacks

	Added        int `json:"new"`
	Gone         int `json:"gone"`
	PriceChanged int `json:"price_changed"`
	Changed      int `json:"changed"`
	Withheld     int `json:"withheld"` // left out, each on its own

	Findings []Finding     `json:"findings,omitempty"` // of the guards, whether or not they hold the list
	Started  time.Time     `json:"started"`
	Took     time.Duration `json:"took"`
}

// Finding is what a guard has to say.
type Finding struct {
	Guard Guard  `json:"guard"`
	Holds bool   `json:"holds"` // the whole list; otherwise the packages are left out, if there are any
	Text  string `json:"text"`
	Count int    `json:"count"` // packages concerned
	// Suspects are the first of them, at most 20.
	Suspects []Suspect `json:"suspects,omitempty"`
}

// Suspect is a package that a guard points at. The lists of the packages are
// read only.
type Suspect struct {
	Before esim.Package `json:"before"` // as it was last trusted; zero if it never was
	After  esim.Package `json:"after"`  // as it is listed; zero if it is missing
}

// heldError tells which guard holds what.
func heldError(p esim.Provider, f Finding) error {
	return fmt.Errorf("catalog: %s: %w: %s: %s", p, ErrHeld, f.Guard, f.Text)
}

func (r *Report) count(s *step) {
	r.Added, r.Gone = s.count(Added), s.count(Gone)
	r.PriceChanged, r.Changed = s.count(PriceChanged), s.count(Changed)
}

// log writes one record a sync.
func (r *Report) log(logger *slog.Logger) {
	attrs := []any{
		slog.String("provider", string(r.Provider)), slog.String("result", r.Result.String()),
		slog.Uint64("version", r.Version), slog.Int("packages", r.Packages), slog.Int("added", r.Added), slog.Int("gone", r.Gone),
		slog.Int("price_changed", r.PriceChanged), slog.Int("changed", r.Changed), slog.Int("withheld", r.Withheld), slog.Int("lost", r.Lost),
		slog.Duration("took", r.Took),
	}
	if r.Err != nil {
		attrs = append(attrs, slog.Any("error", r.Err))
	}
	if r.Err != nil || r.Withheld > 0 || r.Lost > 0 {
		logger.Warn("catalogue synced", attrs...)
		return
	}
	logger.Info("catalogue synced", attrs...)
}
