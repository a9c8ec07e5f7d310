package proof_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// column is a kind of purchase at a provider, with the client's settings.
type column struct {
	name    string
	op      string
	retries int // Settings.MaxRetries: 0 = the default of two, -1 = none
	harness func(sim *simulator.Simulator) esimtest.Harness

	several
}

func (c column) String() string { return c.name }

func flyWorld(verified bool) func(sim *simulator.Simulator) esimtest.Harness {
	return func(sim *simulator.Simulator) esimtest.Harness { return sim.ESIMFly.Harness(newFly(sim, verified)) }
}

func storyWorld(sim *simulator.Simulator) esimtest.Harness {
	return sim.ESIMStory.Harness(newStory(sim, nil), applyWebhook)
}

func fxWorld(sim *simulator.Simulator) esimtest.Harness {
	return sim.ESIMFX.Harness(newFX(sim, learned))
}

// columns of the matrix, in the order of its cells.
var columns = []column{
	{"esimfly Order", "Order", -1, flyWorld(false), one},
	{"esimfly TopUp", "TopUp", -1, flyWorld(false), one},
	{"esimstory Order", "Order", -1, storyWorld, one},
	{"esimfx Order", "Order", -1, fxWorld, one},
	{"esimfx TopUp", "TopUp", -1, fxWorld, one},
	{"esimfly Order, retries", "Order", 0, flyWorld(false), one},
	{"esimfly Order, retries and verified replays", "Order", 0, flyWorld(true), one},
	{"esimfly TopUp, retries", "TopUp", 0, flyWorld(false), one},
	{"esimstory Order, retries", "Order", 0, storyWorld, one},
	{"esimfx Order, retries", "Order", 0, fxWorld, one},
	{"esimfx TopUp, retries", "TopUp", 0, fxWorld, one},
	{"esimfly Order of three", "Order", -1, flyWorld(false), several{3, 0}},
	{"esimfx Order of three", "Order", -1, fxWorld, several{3, 1}},
}

// A cell says what one call under one fault comes to: the outcome (N not sent,
// R rejected, A a success, a accepted but an error, U unknown), how many
// purchases reached the provider, and whether it charged (+) or not (-). Of
// several eSIMs it also says in how many charges how many were paid, and how
// many the caller knows, be it by the result or by the error. An empty cell is
// a fault that the operation cannot suffer.
type cell string

func (c cell) outcome() esim.Outcome {
	return map[byte]esim.Outcome{
		'N': esim.OutcomeNotSent, 'R': esim.OutcomeRejected, 'A': esim.OutcomeAccepted, 'a': esim.OutcomeAccepted,
		'U': esim.OutcomeUnknown,
	}[c[0]]
}

func (c cell) success() bool { return c[0] == 'A' }

func (c cell) charged() bool { return c[2] == '+' }

// TestFaultMatrix holds every fault against every purchase of every provider:
// the outcome the caller is told, what the provider's ledger says, and how
// many purchases were sent.
func TestFaultMatrix(t *testing.T) {
	rows := 0
	for i := range columns {
		for _, row := range matrix {
			if row.cells[i] != "" {
				rows++
			}
		}
	}
	require.GreaterOrEqual(t, rows, 150)
	sideBySide(t, columns, column.String, func(t *testing.T, i int, col column) {
		sim := simulator.ForTest(t, simulator.WithBalance("1000000"))
		h := col.harness(sim)
		for _, row := range matrix {
			t.Run(row.fault.Kind.String(), func(t *testing.T) { fill(t, h, col, row.fault, row.cells[i]) })
		}
		assert.Empty(t, sim.Strays(), "a redirect was followed")
	})
}

// An eSIMfly that ignores keys would buy again on every repeat. As long as
// nobody has verified that it honours them, the client must not repeat what
// may have been bought, whatever the provider's documents promise.
func TestFaultMatrixWhereKeysAreIgnored(t *testing.T) {
	sim := simulator.ForTest(t, simulator.WithBalance("1000000"), simulator.WithWorld(simulator.WorldNamed("esimfly/keys-ignored")))
	col := columns[flyOrderRetries]
	h := col.harness(sim)
	for _, row := range matrix {
		t.Run(row.fault.Kind.String(), func(t *testing.T) { fill(t, h, col, row.fault, row.cells[flyOrderRetries]) })
	}
}

// The matrix leaves no fault out.
func TestMatrixIsComplete(t *testing.T) {
	covered := map[esimtest.FaultKind]bool{}
	for _, row := range matrix {
		covered[row.fault.Kind] = true
		require.Len(t, row.cells, len(columns), row.fault.Kind)
	}
	for _, kind := range esimtest.AllFaults() {
		onLists := []esimtest.FaultKind{esimtest.FaultTruncatedPage, esimtest.FaultEmptyPage, esimtest.FaultRepeatedCursor}
		assert.True(t, covered[kind] || slices.Contains(onLists, kind), "%s is missing", kind)
	}
}

// fill makes one purchase under the fault and compares it with the cell.
func fill(t *testing.T, h esimtest.Harness, col column, fault esimtest.Fault, want cell) {
	buy := purchaseOf(t, h, col, patienceFor(fault.Kind))
	fault.Op = col.op
	fault.Skip = col.before
	charges, sends := len(h.Ledger.Charges()), h.PurchaseSends()
	if able := h.Inject(fault); !able || want == "" {
		require.False(t, able || want != "", "fault and cell do not fit")
		return
	}
	order, err := buy(t.Context())
	h.Heal()

	sends = h.PurchaseSends() - sends
	paid := h.Ledger.Charges()[charges:]
	got := cell(fmt.Sprintf("%c%d%s", letter(err), sends, col.sign(paid, known(order, err))))
	require.Equal(t, want, got, "outcome, purchases sent, charged: %v", err)
	earlier := sends > 0 && col.before > 0
	require.Equal(t, earlier || fault.Kind.Commits() || want.success(), want.charged(), "the ledger against the nature of the fault")
	require.Equal(t, want[0] == 'U' || want[0] == 'a', esim.MaybeCharged(err))
	checkError(t, err, want)
	if col.quantity > 1 {
		checkKnown(t, known(order, err), paid)
		fixed := want[0] == 'U' && !esim.MayRepeat(err) || want.success() && strings.HasPrefix(col.name, "esimfly")
		if fixed { // the keys of this eSIMfly are not verified
			col.stays(t, h, buy, charges)
			return
		}
		again := col.settle(t, h, buy, charges)
		require.True(t, again.Replayed || !want.success(), "what was in hand is bought again")
	}
}

// patienceFor a fault: most bring an answer, or an end, by themselves.
func patienceFor(kind esimtest.FaultKind) time.Duration {
	switch kind {
	case esimtest.FaultHang, esimtest.FaultHangAfterCommit, esimtest.FaultSlowBody:
		return 600 * time.Millisecond
	default:
		return 20 * time.Second
	}
}

func purchaseOf(t *testing.T, h esimtest.Harness, col column, patience time.Duration) func(context.Context) (*esim.Order, error) {
	t.Helper()
	c := h.New(t, esim.Settings{Timeout: patience, MaxRetries: col.retries})
	ref := fmt.Sprintf("m-%d", time.Now().UnixNano())
	if col.op == "Order" {
		return func(ctx context.Context) (*esim.Order, error) {
			return c.Order(ctx, esim.OrderRequest{PackageID: h.Package.ID, Quantity: col.quantity, Reference: ref})
		}
	}
	iccid := h.TopUpICCID(t)
	list, err := h.New(t, esim.Settings{}).ListTopUps(t.Context(), iccid)
	require.NoError(t, err)
	require.NotEmpty(t, list)
	return func(ctx context.Context) (*esim.Order, error) {
		return c.TopUp(ctx, esim.TopUpRequest{ICCID: iccid, PackageID: list[0].ID, Reference: ref})
	}
}

func letter(err error) byte {
	if err == nil {
		return 'A'
	}
	e, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return '?'
	}
	return map[esim.Outcome]byte{
		esim.OutcomeUnknown: 'U', esim.OutcomeNotSent: 'N', esim.OutcomeRejected: 'R', esim.OutcomeAccepted: 'a',
	}[e.Outcome]
}

func sign(charges int) string {
	switch charges {
	case 0:
		return "-"
	case 1:
		return "+"
	}
	return fmt.Sprintf("(%d charges)", charges)
}

func checkError(t *testing.T, err error, want cell) {
	t.Helper()
	if want.success() {
		return
	}
	e, ok := errors.AsType[*esim.Error](err)
	require.True(t, ok)
	require.NotEmpty(t, e.Reference)
	require.NotEmpty(t, e.Op)
	require.NotEmpty(t, e.Provider)
	require.Error(t, e.Kind)
}
