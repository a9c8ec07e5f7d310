package router

import (
	"errors"

	"github.com/esimkit/esim"
)

// course is where a sale goes after a definite no.
type course int

const (
	stop      course = iota // the caller is told
	stay                    // the same: something was bought, so it is no definite no
	elsewhere               // to a candidate of another reseller
	onwards                 // to the next candidate, of the same reseller too
)

func (c course) String() string {
	return [...]string{"stop: the caller is told", "stop: the outcome is unknown", "the next reseller", "the next package"}[c]
}

// courses is the table of failover: what follows a refusal of each kind. The
// first row that fits counts. docs/router.md is rendered from it.
var courses = []struct {
	kind   esim.Kind
	course course
	why    string
}{
	{esim.ErrInvalidRequest, stop, "it is the request that is wrong"},
	{esim.ErrReferenceConflict, stay, "the reference stands for another purchase there"},
	{esim.ErrDuplicate, stay, "something was bought under it before"},
	{esim.ErrIncomplete, stay, "something was bought"},
	{esim.ErrMalformedResponse, stop, "an answer that cannot be read proves nothing"},
	{esim.ErrPackageUnavailable, onwards, "another package may be there"},
	{esim.ErrPriceChanged, onwards, "another package may have kept its price"},
	{esim.ErrInsufficientBalance, onwards, "something cheaper may be covered"},
	{esim.ErrNotFound, onwards, "as for a package that is gone"},
	{esim.ErrNotEligible, onwards, "a rule of this reseller"},
	{esim.ErrUnsupported, onwards, "another reseller may be able to"},
	{esim.ErrUnavailable, elsewhere, "the reseller is in trouble"},
	{esim.ErrRateLimited, elsewhere, "the reseller wants a pause"},
	{esim.ErrUnauthorized, elsewhere, "the account there is in trouble"},
	{esim.ErrClockSkew, elsewhere, "the reseller does not trust this clock"},
}

// courseAfter a refusal. A kind that is not in the table proves nothing.
func courseAfter(err *esim.Error) course {
	for _, row := range courses {
		if errors.Is(err.Kind, row.kind) {
			return row.course
		}
	}
	return stop
}
