package esimtest_test

import (
	"fmt"

	"github.com/esimkit/esim/esimtest"
)

// Which faults leave a charge behind.
func ExampleFaultKind_Commits() {
	for _, k := range []esimtest.FaultKind{esimtest.FaultCutBeforeCommit, esimtest.FaultCutAfterCommit, esimtest.Fault502HTMLAfter} {
		fmt.Println(k, k.Commits())
	}
	// Output:
	// CutBeforeCommit false
	// CutAfterCommit true
	// 502HTMLAfter true
}
