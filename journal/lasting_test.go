package journal_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/journal"
)

// What is enqueued and would be refused here each time ends at once, and its
// hook says so. What may pass is tried again.
func TestEnqueuedAndRefusedBeforeItIsSent(t *testing.T) {
	for _, c := range []struct {
		kind esim.Kind
		want journal.State
	}{
		{esim.ErrPriceChanged, journal.NotExecuted},
		{esim.ErrInvalidRequest, journal.NotExecuted},
		{esim.ErrPackageUnavailable, journal.NotExecuted},
		{esim.ErrReferenceConflict, journal.NotExecuted},
		{esim.ErrUnsupported, journal.NotExecuted},
		{esim.ErrUnavailable, journal.Ready},
		{esim.ErrUnauthorized, journal.Ready},
		{esim.ErrInsufficientBalance, journal.NotExecuted}, // as where the provider refuses it
		{esim.ErrClockSkew, journal.Ready},
		{esim.ErrNotEligible, journal.Ready},
		{"", journal.Ready},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := openShop(t, rejecting)
			s.lender.order = func(context.Context, esim.OrderRequest) (*esim.Order, error) {
				return nil, &esim.Error{Provider: "memory", Op: "Order", Kind: c.kind, Outcome: esim.OutcomeNotSent}
			}
			s.enqueue("cart-1")
			s.work()
			s.wantState("cart-1", c.want)
			s.work()
			told := s.heard()
			assert.Empty(t, s.memory.Ledger().Charges())
			if c.want == journal.NotExecuted {
				assert.Equal(t, []string{"failed cart-1"}, told, "%v", c.kind)
				return
			}
			assert.Empty(t, told, "%v", c.kind)
			s.lender.order = nil
			s.pass(30 * time.Minute)
			s.wantState("cart-1", journal.Delivered)
		})
	}
}
