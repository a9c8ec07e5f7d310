package proof_test

import (
	"slices"
	"strings"

	"github.com/esimkit/esim/esimtest/simulator"
)

// flyReads are the GET operations of eSIMfly that these proofs disturb.
var flyReads = []string{"order_status", "orders", "usage"}

// violations are those of the client's own making. net/http sends a GET again
// by itself when a connection that it had kept turns out dead, and the request
// id of eSIMfly with it: the adapter meets that with a fresh id. No purchase is
// ever sent so, and none is let off here.
func violations(server *simulator.Server) []string {
	return slices.DeleteFunc(server.Violations(), func(v string) bool {
		op, ok := strings.CutSuffix(v, ": Request ID has already been used")
		return ok && slices.Contains(flyReads, op)
	})
}
