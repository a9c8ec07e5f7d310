package router

import (
	"errors"
	"fmt"
	"strings"

	"github.com/esimkit/esim"
)

// NoneLeft is in the error of a sale that nobody could make, beside what the
// last reseller said. Find it with errors.AsType.
type NoneLeft struct {
	// Refusals are in the order in which the resellers were asked, then those
	// that were not asked at all.
	Refusals []Refusal
}

// Refusal is why one reseller did not make a sale.
type Refusal struct {
	Choice
	Asked   bool         // false = the router left it out
	Outcome esim.Outcome // NotSent or Rejected
	Kind    esim.Kind    // one of esim.Kinds, "" where the reseller gave none
	Why     string
}

// mostTold is how many refusals fit in a line of text.
const mostTold = 20

// Error says who refused, and why; of many the first.
func (e *NoneLeft) Error() string {
	if len(e.Refusals) == 0 {
		return "nobody could be asked"
	}
	told := e.Refusals[:min(len(e.Refusals), mostTold)]
	said := make([]string, len(told), len(told)+1)
	for i, r := range told {
		said[i] = fmt.Sprintf("%s: %s", r.Choice, r.Why)
	}
	if more := len(e.Refusals) - mostTold; more > 0 {
		said = append(said, fmt.Sprintf("and %d more", more))
	}
	return "no reseller is left: " + strings.Join(said, ", ")
}

// refuse is an error of the router itself, of which nothing was sent.
func (c *core) refuse(op, reference string, kind esim.Kind, cause error, message string) *esim.Error {
	return &esim.Error{
		Provider: c.Name, Op: op, Kind: kind, Outcome: esim.OutcomeNotSent,
		Reference: reference, Message: message, Err: cause,
	}
}

// doubtful is refuse where the reference may have been charged by then.
func (c *core) doubtful(op, reference string, kind esim.Kind, cause error, message string) *esim.Error {
	e := c.refuse(op, reference, kind, cause, message)
	e.Outcome = esim.OutcomeUnknown
	return e
}

// errorOf returns err as an [esim.Error] that may be changed.
func errorOf(op string, p esim.Provider, err error) *esim.Error {
	outcome := esim.OutcomeOf(err)
	if e, ok := err.(*esim.Error); ok && e != nil { //nolint:errorlint // one among several is not the whole answer
		told := *e
		return &told
	}
	told := &esim.Error{Provider: p, Op: op, Kind: esim.ErrUnavailable, Outcome: outcome, Err: err}
	if e, ok := errors.AsType[*esim.Error](err); ok {
		told.Kind, told.Order = e.Kind, e.Order
	}
	return told
}
