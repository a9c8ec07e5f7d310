package proof

import (
	"flag"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

var long = flag.Duration("proof.for", 0, "draw further cases for so long, in the store of -proof.store")

var longStore = flag.String("proof.store", "memory", "memory, sqlite or postgres")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.Cleanup(exit)) }

// seed draws the cases of the databases; ESIM_PROOF_SEED replaces it.
func seed(t *testing.T) uint64 {
	text := os.Getenv("ESIM_PROOF_SEED")
	if text == "" {
		return 20261130
	}
	n, err := strconv.ParseUint(text, 10, 64)
	require.NoError(t, err, "ESIM_PROOF_SEED is a number")
	return n
}

// TestProof plays the cases. A name that is printed is one to run again:
//
//	go test -run 'TestProof/memory/esimfly/quoted/fault=429' .
func TestProof(t *testing.T) {
	cases := Enumerate("memory", Resellers())
	require.GreaterOrEqual(t, len(cases), 2000)
	if raceEnabled { // ten times as slow, and a tenth has every kind of step
		i := 0
		cases = slices.DeleteFunc(cases, func(Case) bool { i++; return i%10 != 0 })
	}
	play(t, InMemory(), cases)
}

// drawn is how many cases each database gets; ESIM_PROOF_CASES replaces it.
func drawn(t *testing.T) int {
	text := os.Getenv("ESIM_PROOF_CASES")
	if text == "" {
		return 40
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err, "ESIM_PROOF_CASES is a number")
	return n
}

func TestProofInSQLite(t *testing.T) {
	play(t, InSQLite(t.TempDir()), Draw("sqlite", Resellers(), seed(t), drawn(t)))
}

func TestProofInPostgreSQL(t *testing.T) {
	play(t, InPostgreSQL(database(t)), Draw("postgres", Resellers(), seed(t), drawn(t)))
}

// TestProofLong draws cases as long as it is told to: see scripts/proof.
func TestProofLong(t *testing.T) {
	if *long == 0 {
		t.Skip("it runs with -proof.for only")
	}
	store := InMemory()
	switch *longStore {
	case "sqlite":
		store = InSQLite(t.TempDir())
	case "postgres":
		store = InPostgreSQL(database(t))
	}
	const batch = 500
	began, n := time.Now(), 0
	for s := seed(t); n == 0 || time.Since(began) < *long; s++ {
		t.Run(strconv.FormatUint(s, 10), func(t *testing.T) {
			play(t, store, Draw(store.Name, Resellers(), s, batch))
		})
		n += batch
	}
	t.Logf("%d cases from seed %d on", n, seed(t))
}

func play(t *testing.T, store Store, cases []Case) {
	for _, c := range cases {
		t.Run(c.Name(), func(t *testing.T) {
			if store.Name == "memory" {
				t.Parallel()
			}
			r := Run(t, c, store, Resellers())
			if findings := r.Unknown(); len(findings) > 0 {
				t.Errorf("%v\n%s", findings, strings.Join(r.Trace, "\n"))
			}
		})
	}
}

// What is known to fail still fails in this way; a row that is mended goes.
func TestKnownFailures(t *testing.T) {
	for _, k := range KnownFailures() {
		t.Run(k.Name, func(t *testing.T) {
			assert.True(t, k.StillFails(t, InMemory(), Resellers()), "it is mended: take the row out of KnownFailures")
		})
	}
}

// A case is found again by its name: the lists are the same every time.
func TestListsAreTheSameEveryTime(t *testing.T) {
	first, second := Enumerate("memory", Resellers()), Enumerate("memory", Resellers())
	require.Equal(t, first, second)
	drawn, again := Draw("memory", Resellers(), 7, 100), Draw("memory", Resellers(), 7, 100)
	require.Equal(t, drawn, again)
	for _, c := range append(first, drawn...) {
		assert.NotContains(t, c.Name(), " ", "go test -run could not name it")
		assert.Equal(t, regexp.QuoteMeta(c.Name()), strings.ReplaceAll(c.Name(), ".", `\.`), "go test -run would read it otherwise")
	}
}
