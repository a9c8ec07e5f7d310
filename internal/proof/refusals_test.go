package proof_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
)

// refusalRow is an error answer of a provider, before or after it has charged,
// and what one call comes to.
type refusalRow struct {
	column  int // of columns
	after   bool
	status  int
	code    string // eSIMfly and eSIMfx
	message string // eSIM Story
	want    cell
	kind    esim.Kind
}

// The columns the rows are about.
const (
	flyOrder = iota
	flyTopUp
	storyOrder
	fxOrder
	fxTopUp
	flyOrderRetries
	flyVerified
)

const (
	refused  = http.StatusBadRequest
	invalid  = http.StatusUnprocessableEntity
	turned   = http.StatusUnauthorized
	conflict = http.StatusConflict
	broken   = http.StatusInternalServerError
)

var refusalRows = []refusalRow{
	// eSIMfly: only what is documented to come before the charge is a refusal.
	{flyOrder, false, refused, "INSUFFICIENT_BALANCE", "", "R1-", esim.ErrInsufficientBalance},
	{flyOrder, false, refused, "INVALID_PACKAGE", "", "R1-", esim.ErrPackageUnavailable},
	{flyOrder, false, http.StatusNotFound, "PACKAGE_NOT_FOUND", "", "R1-", esim.ErrPackageUnavailable},
	{flyOrder, false, refused, "MISSING_PACKAGE_CODE", "", "R1-", esim.ErrInvalidRequest},
	{flyOrder, false, refused, "PRICE_MISMATCH", "", "R1-", esim.ErrPriceChanged},
	{flyOrder, false, turned, "HMAC_REQUIRED", "", "N1-", esim.ErrUnauthorized},
	{flyOrder, false, turned, "INVALID_API_KEY", "", "N1-", esim.ErrUnauthorized},
	{flyOrder, false, turned, "INVALID_SIGNATURE", "", "N1-", esim.ErrUnauthorized},
	{flyOrder, false, turned, "RATE_LIMIT_EXCEEDED", "", "R1-", esim.ErrRateLimited},
	{flyOrder, false, http.StatusTooManyRequests, "RATE_LIMIT_EXCEEDED", "", "R1-", esim.ErrRateLimited},
	{flyOrder, false, refused, "DUPLICATE_REQUEST", "", "U1-", esim.ErrDuplicate},
	{flyOrder, true, refused, "DUPLICATE_REQUEST", "", "U1+", esim.ErrDuplicate},
	{flyOrder, true, conflict, "DUPLICATE_REQUEST", "", "U1+", esim.ErrDuplicate},
	{flyOrder, true, broken, "ORDER_PROCESSING_ERROR", "", "U1+", esim.ErrUnavailable},
	{flyVerified, true, broken, "ORDER_PROCESSING_ERROR", "", "U1+", esim.ErrUnavailable},
	{flyOrder, true, refused, "NEVER_SEEN_BEFORE", "", "U1+", esim.ErrInvalidRequest},
	{flyOrder, true, refused, "INVALID_QUANTITY", "", "U1+", esim.ErrInvalidRequest}, // from the withdrawn page
	{flyOrder, true, http.StatusForbidden, "WHO_KNOWS", "", "U1+", esim.ErrUnauthorized},
	{flyOrder, true, http.StatusNotFound, "WHO_KNOWS", "", "U1+", esim.ErrNotFound},
	{flyTopUp, false, refused, "INSUFFICIENT_BALANCE", "", "R1-", esim.ErrInsufficientBalance},
	{flyTopUp, false, refused, "ESIM_NOT_TOPPABLE", "", "R1-", esim.ErrNotEligible},
	{flyTopUp, false, refused, "TOPUP_NOT_SUPPORTED", "", "R1-", esim.ErrNotEligible},
	{flyTopUp, false, refused, "INVALID_TOPUP_PACKAGE", "", "R1-", esim.ErrPackageUnavailable},
	{flyTopUp, false, turned, "INVALID_SIGNATURE", "", "N1-", esim.ErrUnauthorized},
	{flyTopUp, false, refused, "NEVER_SEEN_BEFORE", "", "U1-", esim.ErrInvalidRequest},
	{flyTopUp, true, refused, "NEVER_SEEN_BEFORE", "", "A1+", ""}, // found out by reading the eSIM again

	// eSIM Story: three of the 422 are no refusals.
	{storyOrder, false, refused, "", "Invalid JSON format", "R1-", esim.ErrInvalidRequest},
	{storyOrder, false, turned, "", "Missing required authentication headers.", "N1-", esim.ErrUnauthorized},
	{storyOrder, false, turned, "", "Invalid or missing access key.", "N1-", esim.ErrUnauthorized},
	{storyOrder, false, turned, "", "Invalid signature.", "N1-", esim.ErrUnauthorized},
	{storyOrder, false, turned, "", "Missing secret key in partner record.", "N1-", esim.ErrUnauthorized},
	{storyOrder, false, invalid, "", "Product with option_id not found", "R1-", esim.ErrPackageUnavailable},
	{storyOrder, false, invalid, "", "External order id can't be blank", "R1-", esim.ErrInvalidRequest},
	{storyOrder, true, invalid, "", "External order id has already been taken", "U1+", esim.ErrDuplicate},
	{storyOrder, true, invalid, "", "eSIM Request failed - Status: 9999, Message: timeout", "U1+", esim.ErrUnavailable},
	{storyOrder, true, invalid, "", "API connection error (Order ID: 52731)", "U1+", esim.ErrUnavailable},
	{storyOrder, true, invalid, "", "Something nobody has seen", "U1+", esim.ErrInvalidRequest},
	{storyOrder, true, broken, "", "Internal server error", "U1+", esim.ErrUnavailable},
	{storyOrder, true, conflict, "", "Conflict", "U1+", esim.ErrInvalidRequest},

	// eSIMfx: no code is public, so only what the operator taught is a refusal.
	{fxOrder, false, http.StatusOK, fmt.Sprint(simulator.FXCodeInsufficientBalance), "", "R1-", esim.ErrInsufficientBalance},
	{fxOrder, false, http.StatusOK, fmt.Sprint(simulator.FXCodeProductNotFound), "", "R1-", esim.ErrPackageUnavailable},
	{fxTopUp, false, http.StatusOK, fmt.Sprint(simulator.FXCodeIncompatibleTopUp), "", "R1-", esim.ErrNotEligible},
	{fxOrder, true, http.StatusOK, fmt.Sprint(simulator.FXCodeInternal), "", "U1+", ""},
	{fxOrder, true, http.StatusOK, "77777", "", "U1+", ""},
	{fxTopUp, true, http.StatusOK, "77777", "", "U1+", ""},
	{fxOrder, true, http.StatusBadRequest, "77777", "", "U1+", ""},
	{fxOrder, true, http.StatusNotFound, "77777", "", "U1+", ""},
	{fxOrder, true, invalid, "77777", "", "U1+", ""},
	{fxOrder, true, broken, "77777", "", "U1+", esim.ErrUnavailable},
}

// TestRefusals does for the providers' own error answers what the fault matrix
// does for faults.
func TestRefusals(t *testing.T) {
	sideBySide(t, columns, column.String, func(t *testing.T, i int, col column) {
		h := col.harness(simulator.ForTest(t, simulator.WithBalance("1000000")))
		for _, r := range refusalRows {
			if r.column == i {
				t.Run(fmt.Sprint(r.status, " ", r.code, r.message), func(t *testing.T) { r.run(t, h, col) })
			}
		}
	})
}

func (r refusalRow) run(t *testing.T, h esimtest.Harness, col column) {
	kind := esimtest.FaultErrorBefore
	if r.after {
		kind = esimtest.FaultErrorAfter
	}
	buy := purchaseOf(t, h, col, patienceFor(kind))
	charges, sends := len(h.Ledger.Charges()), h.PurchaseSends()
	require.True(t, h.Inject(esimtest.Fault{Kind: kind, Op: col.op, Status: r.status, Code: r.code, Message: r.message}))
	_, err := buy(t.Context())
	h.Heal()
	got := cell(fmt.Sprintf("%c%d%s", letter(err), h.PurchaseSends()-sends, sign(len(h.Ledger.Charges())-charges)))
	require.Equal(t, r.want, got, "outcome, purchases sent, charged: %v", err)
	if r.kind != "" {
		require.ErrorIs(t, err, r.kind)
	}
}
