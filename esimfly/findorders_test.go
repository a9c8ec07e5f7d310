package esimfly

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

func history(rows ...string) step {
	return step{200, fmt.Sprintf(`{"success":true,"data":{"orders":[%s],"pagination":{"page":1,"limit":100,"total":%d,"total_pages":1}}}`,
		strings.Join(rows, ","), len(rows))}
}

func TestFoundOrders(t *testing.T) {
	since := time.Date(2026, 9, 1, 10, 0, 0, 600_000_000, time.FixedZone("", 7200))
	row := func(id, code, at string) string {
		return fmt.Sprintf(`{"order_reference":"%s","package_name":"P","package_code":"%s","amount":2.72,"currency":"USD","status":"completed","created_at":"%s","esim":null}`, id, code, at)
	}
	c, f := faked(t, inTurn(t, history(
		row("order_late", "P-1", "2026-09-01T09:00:00Z"),
		row("order_undated", "P-1", "yesterday"),
		row("order_old", "P-1", "2026-09-01T07:59:59Z"),
		row("order_same_second", "P-1", "2026-09-01T08:00:00Z"),
		row("order_other", "P-10", "2026-09-01T08:30:00Z"),
		row("order_case", "p-1", "2026-09-01T08:20:00Z"),
		row("topup_1", "P-1", "2026-09-01T08:30:00Z"),
		`{"order_reference":"ESF_1","package_name":"P-1","amount":100,"status":"completed","created_at":"2026-09-01T08:30:00Z","esim":null}`,
		row("order_late", "P-1", "2026-09-01T09:00:00Z"),
	)))
	found, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: "P-1", Since: since})
	require.NoError(t, err)
	var ids []string
	for _, o := range found {
		ids = append(ids, o.ID)
	}
	assert.Equal(t, []string{"order_same_second", "order_case", "ESF_1", "order_late", "order_undated"}, ids)
	assert.Empty(t, found[2].PackageID, "the history does not say of what it is")
	assert.Equal(t, usd("2.72"), found[0].Total)
	assert.Equal(t, "from_date=2026-09-01T08%3A00%3A00Z&limit=100&page=1&search=P-1&sort_by=created_at&sort_order=asc&status=all", f.sent[0].URL.RawQuery)
}

func TestFindOrdersRefuses(t *testing.T) {
	for name, answer := range map[string]step{
		"no reference":   history(`{"package_code":"P-1","status":"completed","created_at":"2026-09-01T09:00:00Z"}`),
		"no list":        {200, `{"success":true,"data":{}}`},
		"a missing row":  {200, `{"success":true,"data":{"orders":[],"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`},
		"not JSON":       {200, `<html>`},
		"no answer":      {},
		"server trouble": {500, `{"success":false}`},
	} {
		c, _ := faked(t, inTurn(t, answer))
		found, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: "P-1"})
		require.Empty(t, found, name)
		e := asError(t, err)
		assert.Equal(t, "FindOrders", e.Op)
		assert.False(t, esim.MaybeCharged(err), "it is a read")
	}
	c, _ := silent(t)
	for _, id := range badIDs {
		_, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: id})
		require.ErrorIs(t, err, esim.ErrInvalidRequest, "%q", id)
	}
}
