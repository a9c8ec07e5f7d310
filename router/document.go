package router

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/esimkit/esim"
)

// document is what a claim says.
type document struct {
	Purpose   purpose    `json:"purpose"`
	Asked     Choice     `json:"asked"`
	Qualified bool       `json:"qualified,omitempty"` // asked for as "provider:id"
	Quantity  int        `json:"quantity"`
	ICCID     esim.ICCID `json:"iccid,omitempty"` // of a top-up
	Until     time.Time  `json:"until,omitzero"`  // when no request is begun any more
	First     int        `json:"first,omitempty"` // number of the first attempt since everybody had said no
	Attempts  []attempt  `json:"attempts"`
	Of        string     `json:"of,omitempty"` // the sale that forAttempt belongs to
	Trail     *trail     `json:"-"`            // see wholeDocument
}

// wholeDocument is a document as it is written. The trail is most of it and is
// written twice in each sale, so encode keeps its text and puts it in.
type wholeDocument struct {
	*document

	Trail *trail `json:"trail"`
}

// purpose is what a reference was used for.
type purpose string

const (
	forOrder purpose = "order"
	forTopUp purpose = "topup"
	// forAttempt is a reference that the router has made up for an attempt, on
	// record so that whoever meets it finds the sale.
	forAttempt purpose = "attempt"
)

// state is what is known of an attempt. It only ever moves down this list.
type state string

const (
	open    state = "open"    // it may be under way
	doubt   state = "doubt"   // it ended, and nobody knows how
	refused state = "refused" // nothing was charged, and nothing will be
	won     state = "won"     // it was charged
)

var states = []state{open, doubt, refused, won}

// attempt is one reseller that the reference was given to.
type attempt struct {
	N           int           `json:"n"`
	Provider    esim.Provider `json:"provider"`
	PackageID   string        `json:"package_id"`
	Reference   string        `json:"reference"`
	State       state         `json:"state"`
	By          string        `json:"by"`                // the call that opened it
	Journal     bool          `json:"journal,omitempty"` // it was opened where a journal sees each request
	Price       *esim.Money   `json:"price,omitempty"`   // of one, as it was known when it was chosen
	Quote       *esim.Package `json:"quote,omitempty"`   // as the reseller is sent it; dropped once it has refused
	Ceiling     *esim.Money   `json:"ceiling,omitempty"`
	CallbackURL string        `json:"callback_url,omitempty"`
	Sends       int           `json:"sends,omitempty"`    // without a journal: requests of which the end is on record
	Repeat      esim.Repeat   `json:"repeat,omitempty"`   // what another request would do, by the latest answer
	RepeatAt    time.Time     `json:"repeat_at,omitzero"` // not before
	OrderID     string        `json:"order_id,omitempty"`
	At          time.Time     `json:"at"`
	Took        time.Duration `json:"took,omitempty"`
	Outcome     *esim.Outcome `json:"outcome,omitempty"` // of the latest request
	Error       string        `json:"error,omitempty"`
}

// trail is the latest ranking.
type trail struct {
	At         time.Time     `json:"at"`
	Candidates []Considered  `json:"candidates"`
	More       int           `json:"more,omitempty"` // candidates that were not written
	Shadow     *ShadowChoice `json:"shadow,omitempty"`

	text []byte // as JSON, once it was written
}

// leaveOut notes that a candidate was not to be asked after all.
func (t *trail) leaveOut(c *Considered, why string) { c.Excluded, t.text = why, nil }

// keptCandidates bounds a document: those after the first are counted only.
const keptCandidates = 32

// short is the trail as it is written.
func (t *trail) short() *trail {
	kept := *t
	if more := len(t.Candidates) - keptCandidates; more > 0 {
		kept.Candidates, kept.More = t.Candidates[:keptCandidates], more
	}
	return &kept
}

// keptAttempts bounds a document. Of the attempts that were refused only the
// latest are kept, and the first, whose reference is the caller's own.
const keptAttempts = 24

func decodeDocument(c *Claim) (*document, error) {
	d := new(document)
	w := wholeDocument{document: d}
	if err := json.Unmarshal(c.Document, &w); err != nil {
		return nil, fmt.Errorf("router: the claim of %s: %w", c.Reference, err)
	}
	d.Trail = w.Trail
	for _, a := range d.Attempts {
		if !slices.Contains(states, a.State) {
			return nil, fmt.Errorf("router: the claim of %s has an attempt in state %q", c.Reference, a.State)
		}
	}
	return d, nil
}

func (d *document) encode() ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil || d.Trail == nil {
		return text, err
	}
	if d.Trail.text == nil {
		if d.Trail.text, err = json.Marshal(d.Trail.short()); err != nil {
			return nil, err
		}
	}
	return slices.Concat(text[:len(text)-1], []byte(`,"trail":`), d.Trail.text, []byte("}")), nil
}

// binding returns the attempt that has the sale: the one that was charged, else
// the one that may have been. nil = none, all were refused.
func (d *document) binding() *attempt {
	for _, s := range []state{won, doubt, open} {
		if i := slices.IndexFunc(d.Attempts, func(a attempt) bool { return a.State == s }); i >= 0 {
			return &d.Attempts[i]
		}
	}
	return nil
}

func (d *document) attempt(n int) *attempt {
	if i := slices.IndexFunc(d.Attempts, func(a attempt) bool { return a.N == n }); i >= 0 {
		return &d.Attempts[i]
	}
	return nil
}

// next is the number of the next attempt.
func (d *document) next() int {
	if n := len(d.Attempts); n > 0 {
		return d.Attempts[n-1].N + 1
	}
	return 1
}

// add appends an attempt, or puts it back in its place.
func (d *document) add(a attempt) {
	d.Attempts = append(d.Attempts, a)
	slices.SortFunc(d.Attempts, func(a, b attempt) int { return a.N - b.N })
	if len(d.Attempts) <= keptAttempts {
		return
	}
	if i := slices.IndexFunc(d.Attempts[1:], func(a attempt) bool { return a.State == refused }); i >= 0 {
		d.Attempts = slices.Delete(d.Attempts, i+1, i+2)
	}
}

// mark moves an attempt on. What is known for certain stays: that it was
// charged before all, and that it was refused before any doubt.
func (d *document) mark(a attempt) {
	was := d.attempt(a.N)
	if was == nil {
		d.add(a)
		return
	}
	if slices.Index(states, a.State) < slices.Index(states, was.State) {
		a.State, a.OrderID = was.State, was.OrderID
	}
	if a.State == refused {
		a.Quote = nil // nothing is sent for it any more
	}
	*was = a
}

// charged returns how many purchases were charged; two attempts of a top-up are
// one, under one reference. More than one is what all of this is there to
// prevent.
func (d *document) charged() int {
	of := make(map[string]bool)
	for i := range d.Attempts {
		if d.Attempts[i].State == won {
			of[d.Attempts[i].Reference] = true
		}
	}
	return len(of)
}

// wanted reports whether a claim is about what is asked for now.
func (d *document) wanted(w *wish) bool {
	return d.Purpose == w.purpose && d.Asked.PackageID == w.id && (w.provider == "" || w.provider == d.Asked.Provider) &&
		d.Quantity == w.quantity && d.ICCID == w.iccid
}

func (d *document) decision(reference string) *Decision {
	told := &Decision{Reference: reference, Asked: d.Asked}
	if d.Trail != nil {
		short := d.Trail.short()
		told.At, told.Candidates, told.More, told.Shadow = short.At, short.Candidates, short.More, short.Shadow
	}
	for i := range d.Attempts {
		a := &d.Attempts[i]
		shown := Attempt{
			N: a.N, Provider: a.Provider, PackageID: a.PackageID, Reference: a.Reference,
			State: string(a.State), Error: a.Error, At: a.At, Took: a.Took,
		}
		if a.Outcome != nil {
			shown.Outcome = a.Outcome.String()
		}
		if told.Attempts = append(told.Attempts, shown); a.State == won {
			told.Chosen = &Choice{a.Provider, a.PackageID}
		}
	}
	return told
}

// LogValue tells which attempt this is.
func (a *attempt) LogValue() slog.Value {
	return slog.GroupValue(
		slog.Int("n", a.N), slog.String("provider", string(a.Provider)),
		slog.String("reference", a.Reference), slog.String("state", string(a.State)),
	)
}
