package esimfly

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/evidence"
)

const getOffers = "GET /topup/packages"

// effects is plans with a list of top-ups and an order history.
type effects struct {
	plans
	history []string // rows
}

func newEffects(t *testing.T, topUp func(n int) (int, bool)) *effects {
	return &effects{plans: plans{t: t, mb: 1024, topUp: topUp}}
}

func (e *effects) answer(call, body string) (int, string) {
	switch call {
	case getOffers:
		return 200, `{"success":true,"data":{"packages":[{"package_code":"turkey-7days-1gb-topup","name":"Turkey 1GB","data_amount_gb":1,"validity_days":7,"cost":2.45,"currency":"USD"}],` +
			`"pagination":{"page":1,"limit":100,"total":1,"total_pages":1}}}`
	case "GET /orders":
		s := history(e.history...)
		return s.status, s.doc
	}
	return e.plans.answer(call, body)
}

func (e *effects) grow(mb int) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.mb += mb
}

func topUpRow(id, iccid string) string {
	return fmt.Sprintf(`{"order_reference":"%s","package_code":"turkey-7days-1gb-topup","amount":2.45,"currency":"USD","status":"completed","created_at":"2026-10-01T12:00:10Z","esim":{"iccid":"%s"}}`, id, iccid)
}

// The process dies after the send. Another one, which knows nothing but what
// was stored, finds out.
func TestTopUpEffectInAnotherProcess(t *testing.T) {
	e := newEffects(t, func(int) (int, bool) { return 0, false })
	c, f := faked(t, e.answer)
	req := topUpRequest("r1")
	before, err := c.BeforeTopUp(t.Context(), req)
	require.NoError(t, err)
	assert.JSONEq(t, `{"before":{"iccid":"`+string(topUpICCID)+`","taken_at":"2026-10-01T12:00:00Z","total":1073741824},"package_id":"turkey-7days-1gb-topup","added":1073741824}`, string(before))
	assert.Zero(t, f.count(postTopUp))
	_, err = c.TopUp(t.Context(), req)
	require.True(t, esim.MaybeCharged(err))
	require.Equal(t, 1, f.count(postTopUp), "the top-up itself goes out as usual")

	later, g := faked(t, e.answer)
	for range 3 {
		o, unread := later.TopUpEffect(t.Context(), before, req)
		require.NoError(t, unread)
		require.Nil(t, o, "nothing to be seen yet")
	}
	e.grow(1023)
	o, err := later.TopUpEffect(t.Context(), before, req)
	require.NoError(t, err)
	require.Nil(t, o, "not all of the package")

	e.grow(1)
	e.history = []string{topUpRow("topup_1", string(topUpICCID)), topUpRow("topup_2", string(testICCID))}
	o, err = later.TopUpEffect(t.Context(), before, req)
	require.NoError(t, err)
	assert.Equal(t, &esim.Order{
		Provider: Provider, ID: "topup_1", Reference: "r1", Status: esim.OrderCompleted, PackageID: req.PackageID, Quantity: 1,
		Total: usd("2.45"), ESIMs: []esim.ESIM{{ICCID: topUpICCID}}, CreatedAt: goldenNow.Add(10 * time.Second),
	}, o)
	o.ESIMs[0].ICCID = "spoiled"

	again, err := later.TopUp(t.Context(), req)
	require.NoError(t, err)
	assert.True(t, again.Replayed, "known now, so it is not bought again")
	assert.Equal(t, topUpICCID, again.ESIMs[0].ICCID)
	assert.Zero(t, g.count(postTopUp), "no purchase is ever sent")
}

// Two rows of the history fit: which it is stays open, that it happened does
// not.
func TestTopUpEffectOfUnclearID(t *testing.T) {
	e := newEffects(t, nil)
	c, _ := faked(t, e.answer)
	before, err := c.BeforeTopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	e.grow(1024)
	e.history = []string{topUpRow("topup_1", string(topUpICCID)), topUpRow("topup_2", string(topUpICCID))}
	o, err := c.TopUpEffect(t.Context(), before, topUpRequest("r1"))
	require.NoError(t, err)
	assert.Empty(t, o.ID)
	assert.Equal(t, esim.Money{}, o.Total)
}

// In the process that sent it the doubt ends with the effect, and the next
// top-up of the eSIM may go.
func TestTopUpEffectEndsTheDoubt(t *testing.T) {
	for name, resumed := range map[string]bool{"sent here": false, "resumed": true} {
		t.Run(name, func(t *testing.T) {
			e := newEffects(t, cutFirst(false))
			c, f := faked(t, e.answer)
			req := topUpRequest("r1")
			before, err := c.BeforeTopUp(t.Context(), req)
			require.NoError(t, err)
			_, err = c.TopUp(evidence.WithSend(t.Context(), evidence.Send{Resumed: resumed}), req)
			require.Equal(t, esim.OutcomeUnknown, asError(t, err).Outcome)

			e.grow(1024)
			e.history = []string{topUpRow("topup_9", string(topUpICCID))}
			o, err := c.TopUpEffect(t.Context(), before, req)
			require.NoError(t, err)
			assert.Equal(t, "topup_9", o.ID)
			same, err := c.TopUpEffect(t.Context(), before, req)
			require.NoError(t, err)
			assert.Equal(t, o, same)

			sent := f.count(postTopUp)
			e.topUp = func(int) (int, bool) { return 200, true }
			_, err = c.TopUp(t.Context(), topUpRequest("r2"))
			require.NoError(t, err)
			assert.Equal(t, sent+1, f.count(postTopUp))
		})
	}
}

// The answer was there, and whoever was to record it failed to.
func TestTopUpEffectOfAKnownOne(t *testing.T) {
	e := newEffects(t, func(int) (int, bool) { return 200, true })
	c, f := faked(t, e.answer)
	before, err := c.BeforeTopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	bought, err := c.TopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	sent := f.total()
	o, err := c.TopUpEffect(t.Context(), before, topUpRequest("r1"))
	require.NoError(t, err)
	assert.Equal(t, bought, o)
	assert.Equal(t, sent, f.total())
}

// Data gained since another top-up was sent may be that one's.
func TestTopUpEffectBehindAnotherTopUp(t *testing.T) {
	now := goldenNow
	e := newEffects(t, cutFirst(false))
	c, _ := faked(t, e.answer, func(cfg *Config) { cfg.Now = func() time.Time { return now } })
	before, err := c.BeforeTopUp(t.Context(), topUpRequest("r1"))
	require.NoError(t, err)
	_, err = c.TopUp(t.Context(), topUpRequest("r1"))
	require.True(t, esim.MaybeCharged(err))
	now = now.Add(c.topUps.Keyless.Window)
	_, err = c.TopUp(t.Context(), topUpRequest("r2"))
	require.NoError(t, err)
	o, err := c.TopUpEffect(t.Context(), before, topUpRequest("r1"))
	require.NoError(t, err)
	assert.Nil(t, o)
}

func TestBeforeTopUpAsksForTheSize(t *testing.T) {
	for _, row := range []struct {
		name   string
		quote  func(*esim.Package)
		added  esim.DataSize
		offers int
	}{
		{"no quote", nil, esim.GiB, 1},
		{"a quote with a size", func(p *esim.Package) { p.Data = 3 * esim.GiB }, 3 * esim.GiB, 0},
		{"a quote without limit", func(p *esim.Package) { p.Unlimited = true }, 0, 0},
		{"a quote without size", func(*esim.Package) {}, esim.GiB, 1},
	} {
		e := newEffects(t, nil)
		c, f := faked(t, e.answer)
		req := topUpRequest("r1")
		if row.quote != nil {
			req.Quote = topUpQuote()
			row.quote(req.Quote)
		}
		before, err := c.BeforeTopUp(t.Context(), req)
		require.NoError(t, err, row.name)
		var record struct{ Added esim.DataSize }
		require.NoError(t, json.Unmarshal(before, &record))
		assert.Equal(t, row.added, record.Added, row.name)
		assert.Equal(t, row.offers, f.count(getOffers), row.name)
	}

	c, _ := faked(t, newEffects(t, nil).answer)
	req := topUpRequest("r1")
	req.PackageID = "withdrawn"
	_, err := c.BeforeTopUp(t.Context(), req)
	require.ErrorIs(t, err, esim.ErrPackageUnavailable)
	assert.Equal(t, esim.OutcomeNotSent, asError(t, err).Outcome)
}

func TestTopUpEffectRefuses(t *testing.T) {
	good := `{"before":{"iccid":"` + string(topUpICCID) + `","taken_at":"2026-10-01T12:00:00Z","total":1073741824},"package_id":"turkey-7days-1gb-topup","added":1073741824}`
	c, _ := silent(t)
	for _, record := range []string{
		"", "null", "{}", "[]", `"x"`, good[:len(good)-1], good + "{}", `{"added":1,` + good[1:], "\xff" + good,
		strings.Replace(good, "turkey", "another", 1), strings.Replace(good, string(topUpICCID), string(testICCID), 1),
		strings.Replace(good, "2026-10-01T12:00:00Z", "0001-01-01T00:00:00Z", 1), strings.Replace(good, "2026-10-01T12:00:00Z", "yesterday", 1),
		strings.Replace(good, `"total":`, `"total":-`, 1), strings.Replace(good, `"added":`, `"added":-`, 1), strings.Replace(good, `"added":1`, `"added":1.5`, 1),
	} {
		o, err := c.TopUpEffect(t.Context(), []byte(record), topUpRequest("r1"))
		require.Nil(t, o)
		e := asError(t, err)
		require.ErrorIs(t, e, esim.ErrInvalidRequest, "%s", record)
		require.Contains(t, e.Message, "before")
		require.Equal(t, "TopUpEffect", e.Op)
	}
	for name, call := range map[string]func(esim.TopUpRequest) error{
		"BeforeTopUp": func(r esim.TopUpRequest) error { _, err := c.BeforeTopUp(t.Context(), r); return err },
		"TopUpEffect": func(r esim.TopUpRequest) error { _, err := c.TopUpEffect(t.Context(), []byte(good), r); return err },
	} {
		for field, change := range map[string]func(*esim.TopUpRequest){
			"Reference": func(r *esim.TopUpRequest) { r.Reference = "" },
			"ICCID":     func(r *esim.TopUpRequest) { r.ICCID = "89" },
			"PackageID": func(r *esim.TopUpRequest) { r.PackageID = "a\nb" },
		} {
			req := topUpRequest("r1")
			change(&req)
			e := asError(t, call(req))
			require.ErrorIs(t, e, esim.ErrInvalidRequest)
			require.Contains(t, e.Message, field, name)
		}
	}
	_, err := c.BeforeTopUp(t.Context(), esim.TopUpRequest{ICCID: topUpICCID, PackageID: "p", Reference: "r1", Quote: topUpQuote()})
	require.ErrorContains(t, err, "Quote.ID")

	e := newEffects(t, func(int) (int, bool) { return 200, true })
	e.usage = func(n int) int { return map[bool]int{true: 503, false: 200}[n == 1] }
	broken, _ := faked(t, e.answer)
	_, err = broken.TopUpEffect(t.Context(), []byte(good), topUpRequest("r1"))
	require.ErrorIs(t, err, esim.ErrUnavailable)
	assert.False(t, esim.MaybeCharged(err), "it is a read")
	_, err = broken.TopUp(t.Context(), esim.TopUpRequest{ICCID: testICCID, PackageID: "turkey-7days-1gb-topup", Reference: "r1"})
	require.NoError(t, err)
	_, err = broken.TopUpEffect(t.Context(), []byte(good), topUpRequest("r1"))
	require.ErrorIs(t, err, esim.ErrReferenceConflict)
}

// What decides over a top-up has nothing in it that cannot be read: a flag that was
// unreadable before and is plain after would pass for the change, and so would the
// figures of another eSIM.
func TestAnOddUsageProvesNothing(t *testing.T) {
	for name, odd := range map[string]string{
		"flag":   `{"esim":{"status":"ACTIVE"},"data":{"total_mb":1024,"used_mb":0,"remaining_mb":1024,"is_unlimited":"endless"},"validity":{}}`,
		"total":  `{"esim":{"status":"ACTIVE"},"data":{"total_mb":{},"used_mb":0,"remaining_mb":1024,"is_unlimited":false},"validity":{}}`,
		"ICCID":  `{"esim":{"status":"ACTIVE","iccid":["1"]},"data":{"total_mb":1024,"used_mb":0,"remaining_mb":1024,"is_unlimited":false},"validity":{}}`,
		"status": `{"esim":{"status":["EXPIRED"]},"data":{"total_mb":1024,"used_mb":0,"remaining_mb":1024,"is_unlimited":false},"validity":{}}`,
	} {
		e := newEffects(t, func(int) (int, bool) { return 0, false })
		bad := true
		c, f := faked(t, func(call, body string) (int, string) {
			if bad && call == "GET /esims/usage/query" {
				return 200, `{"success":true,"data":` + odd + `}`
			}
			return e.answer(call, body)
		})
		_, err := c.BeforeTopUp(t.Context(), topUpRequest("r1"))
		require.Error(t, err, name)
		_, err = c.TopUp(t.Context(), topUpRequest("r1"))
		require.Error(t, err, name)
		assert.False(t, esim.MaybeCharged(err), name)
		assert.Zero(t, f.count(postTopUp), name)

		bad = false
		before, err := c.BeforeTopUp(t.Context(), topUpRequest("r1"))
		require.NoError(t, err)
		e.grow(1024)
		bad = true
		_, err = c.TopUpEffect(t.Context(), before, topUpRequest("r1"))
		require.Error(t, err, name)
	}
}
