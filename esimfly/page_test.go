package esimfly

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter/wire"
	"github.com/esimkit/esim/evidence"
)

func TestLastPage(t *testing.T) {
	tests := []struct {
		name       string
		at         page
		pagination string
		rows       int
		last       bool
		lost       int
		err        string
	}{
		{"the only page", page{1, 100}, `{"page":1,"limit":100,"total":3,"total_pages":1}`, 3, true, 0, ""},
		{"the first of two", page{1, 2}, `{"page":1,"limit":2,"total":3,"total_pages":2}`, 2, false, 0, ""},
		{"the second of two", page{2, 2}, `{"page":2,"limit":2,"total":3,"total_pages":2}`, 1, true, 0, ""},
		{"the other spelling", page{1, 2}, `{"page":1,"limit":2,"total":3,"totalPages":2}`, 2, false, 0, ""},
		{"total alone", page{1, 2}, `{"total":3}`, 2, false, 0, ""},
		{"total_pages alone", page{1, 2}, `{"total_pages":2}`, 2, false, 0, ""},
		{"total_pages alone, at the end", page{2, 2}, `{"total_pages":2}`, 1, true, 0, ""},
		{"total_pages 0 and rows", page{1, 2}, `{"total":3,"total_pages":0}`, 2, false, 0, ""},
		{"nothing at all", page{1, 2}, `{"page":1,"limit":2,"total":0,"total_pages":0}`, 0, true, 0, ""},
		{"nothing on one page", page{1, 2}, `{"page":1,"limit":2,"total":0,"total_pages":1}`, 0, true, 0, ""},
		{"beyond the end", page{5, 2}, `{"page":5,"limit":2,"total":3,"total_pages":2}`, 0, true, 0, ""},
		{"a smaller limit than asked", page{1, 100}, `{"page":1,"limit":50,"total":60,"total_pages":2}`, 50, false, 0, ""},
		{"more rows than the limit", page{1, 2}, `{"page":1,"limit":2,"total":3,"total_pages":2}`, 3, false, 0, ""},
		{"an empty page in the middle", page{2, 2}, `{"page":2,"limit":2,"total":6,"total_pages":3}`, 0, false, 2, ""},
		{"a short page in the middle", page{1, 2}, `{"page":1,"limit":2,"total":6,"total_pages":3}`, 1, false, 1, ""},
		{"a short last page", page{2, 2}, `{"page":2,"limit":2,"total":4,"total_pages":2}`, 1, true, 1, ""},
		{"one row of many", page{1, 20}, `{"page":1,"limit":20,"total":45,"total_pages":3}`, 1, false, 19, ""},
		{"fewer pages than rows need", page{1, 2}, `{"page":1,"limit":2,"total":6,"total_pages":2}`, 2, false, 0, "more rows"},
		{"another page", page{2, 2}, `{"page":1,"limit":2,"total":6,"total_pages":3}`, 2, false, 0, "another page"},
		{"no length", page{1, 2}, `{"page":1,"limit":2}`, 2, false, 0, "how long"},
		{"no pagination", page{1, 2}, `null`, 2, false, 0, "how long"},
		{"quoted numbers", page{1, 2}, `{"page":"1","limit":"2","total":"3","total_pages":"2"}`, 2, false, 0, ""},
		{"a number beyond bounds", page{1, 2}, `{"page":1,"limit":2,"total":9007199254740993}`, 2, true, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var said *pagination
			require.NoError(t, wire.Decode([]byte(tt.pagination), &said))
			last, lost, err := tt.at.last(said, tt.rows)
			if tt.err != "" {
				assert.ErrorContains(t, err, tt.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, tt.last, last)
			assert.Equal(t, tt.lost, lost)
		})
	}
}

func TestCursors(t *testing.T) {
	p, ok := parseCursor(page{7, 100}.cursor())
	assert.True(t, ok)
	assert.Equal(t, page{7, 100}, p)
	for _, text := range []string{
		"", "x", "1", "1x", "x100", "0x100", "-1x100", "+1x100", "01x100", "1x0", "1x101", "1x100x1", "10001x100",
		"99999999999999999999x1", "1 x100", "１x100", "all-1x100", "1x100\n", "2X100",
	} {
		_, ok := parseCursor(text)
		assert.False(t, ok, "%q", text)
	}
}

func TestPackagesWalksAllPages(t *testing.T) {
	const total = 25
	var c *Client
	var f *fake
	c, f = faked(t, func(string, string) (int, string) {
		f.mu.Lock()
		q := f.sent[len(f.sent)-1].URL.Query()
		f.mu.Unlock()
		var number, size int
		_, err := fmt.Sscan(q.Get("page")+" "+q.Get("limit"), &number, &size)
		require.NoError(t, err)
		var rows []string
		for i := (number - 1) * size; i < min(number*size, total); i++ {
			rows = append(rows, fmt.Sprintf(`{"package_code":"p%d","cost":%d.50,"currency":"USD"}`, i, i))
		}
		return 200, fmt.Sprintf(`{"success":true,"data":{"packages":[%s],"pagination":{"page":%d,"limit":%d,"total":%d,"total_pages":%d}}}`,
			strings.Join(rows, ","), number, size, total, (total+size-1)/size)
	})
	seq := esim.Packages(t.Context(), c, esim.PackageQuery{PageSize: 10})
	for range 2 { // rangeable twice
		n := 0
		for p, err := range seq {
			require.NoError(t, err)
			require.Equal(t, fmt.Sprintf("p%d", n), p.ID)
			n++
		}
		assert.Equal(t, total, n)
	}
	assert.Equal(t, 6, f.total())
}

// A list that never ends is given up.
func TestEndlessList(t *testing.T) {
	asked := 0
	c, _ := faked(t, func(string, string) (int, string) {
		asked++
		return 200, fmt.Sprintf(`{"success":true,"data":{"orders":[{"order_reference":"o%d"}],"pagination":{"page":%d,"limit":1,"total":1000000,"total_pages":1000000}}}`, asked, asked)
	})
	n := 0
	var last error
	for _, err := range c.Orders(t.Context(), OrdersQuery{PageSize: 1}) {
		if last = err; err == nil {
			n++
		}
	}
	assert.ErrorIs(t, last, esim.ErrMalformedResponse)
	assert.Equal(t, maxPages, n)
}

func TestListsStopWhenTheCallerDoes(t *testing.T) {
	c, f := faked(t, func(call, _ string) (int, string) {
		rows := map[string]string{"GET /orders": `"orders":[{"order_reference":"a"},{"order_reference":"b"}]`, "GET /esims": `"esims":[{"iccid":"a1"},{"iccid":"b1"}]`}
		return 200, `{"success":true,"data":{` + rows[call] + `,"pagination":{"page":1,"limit":2,"total":4,"total_pages":2}}}`
	})
	for row, err := range c.Orders(t.Context(), OrdersQuery{PageSize: 2}) {
		require.NoError(t, err)
		require.Equal(t, "a", row.ID)
		break
	}
	for row, err := range c.ESIMs(t.Context(), ESIMsQuery{PageSize: 2}) {
		require.NoError(t, err)
		require.Equal(t, esim.ICCID("a1"), row.ICCID, "kept as it came")
		break
	}
	assert.Equal(t, 2, f.total())
}

// A page that has fewer rows than it must have shows what there is, and never
// what there is not.
func TestListsWithAShortPage(t *testing.T) {
	rows := map[string]string{
		"GET /esims/packages":    `"packages":[{"package_code":"p1","cost":1,"currency":"USD"}]`,
		"GET /topup/packages":    `"packages":[{"package_code":"t1","cost":1,"currency":"USD"}]`,
		"GET /esims":             `"esims":[{"iccid":"8910300001234567890","package_code":"p1"}]`,
		"GET /orders":            `"orders":[{"order_reference":"o1","package_code":"p1","created_at":"2026-10-01T12:00:00Z"}]`,
		"GET /esims/usage/query": "",
	}
	c, f := faked(t, func(call, _ string) (int, string) {
		if call == "GET /esims/usage/query" {
			return 200, `{"success":true,"data":{"esim":{"status":"ACTIVE"},"data":{"total_mb":1,"used_mb":0,"remaining_mb":1},"validity":{}}}`
		}
		return 200, `{"success":true,"data":{` + rows[call] + `,"pagination":{"page":1,"limit":100,"total":4,"total_pages":1}}}`
	})
	page, err := c.ListPackages(t.Context(), esim.PackageQuery{})
	require.NoError(t, err)
	assert.Equal(t, 3, page.Lost)
	assert.Equal(t, "p1", page.Packages[0].ID)

	offers, err := c.ListTopUps(t.Context(), topUpICCID)
	require.NoError(t, err)
	assert.Len(t, offers, 1)
	req := topUpRequest("r1")
	req.MaxTotal = usd("3")
	_, err = c.TopUp(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrMalformedResponse, "it may be offered, in a row that is missing")
	assert.False(t, esim.MaybeCharged(err))
	assert.Zero(t, f.count(postTopUp))

	found, err := c.GetESIM(t.Context(), "8910300001234567890")
	require.NoError(t, err)
	assert.Equal(t, esim.ICCID("8910300001234567890"), found.ICCID)
	_, err = c.GetESIM(t.Context(), testICCID)
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
	require.NotErrorIs(t, err, esim.ErrNotFound)

	orders, err := c.FindOrders(t.Context(), evidence.OrderSearch{PackageID: "p1"})
	require.ErrorIs(t, err, esim.ErrMalformedResponse)
	assert.Equal(t, "o1", orders[0].ID)
	past, err := all(c.Orders(t.Context(), OrdersQuery{}))
	require.NoError(t, err)
	assert.Len(t, past, 1)
}
