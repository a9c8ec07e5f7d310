package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim/router"
)

const few = 600 // sales

// The promise, by the ledgers of all resellers together.
func TestMarketKeepsItsPromise(t *testing.T) {
	accounts, err := compare(t.Context(), few, strategies())
	require.NoError(t, err)
	require.NoError(t, verdict(accounts))
	naive := accounts[len(accounts)-1]
	for _, a := range accounts[:len(accounts)-1] {
		t.Run(a.strategy.name, func(t *testing.T) {
			assert.Zero(t, a.double)
			assert.Zero(t, a.silent)
			assert.Zero(t, a.untrue)
			assert.Equal(t, a.delivered, a.charges)
			assert.Equal(t, a.sales, a.delivered+a.refused, "a doubt ends in an eSIM, for the journal asks again")
			assert.GreaterOrEqual(t, a.delivered*1000, a.sales*999, "one reseller is down, and others can serve")
			assert.Equal(t, a.doubt, a.resolved)
			assert.Zero(t, a.open)
		})
	}
	assert.Positive(t, accounts[0].doubt, "the cheapest loses answers")
	assert.Positive(t, accounts[0].by["down"], "it is back at half-time")
	assert.Positive(t, accounts[0].by["broke"])
	assert.Greater(t, accounts[0].sent, few+few/10, "it has moved on to the next reseller many times")
	assert.Negative(t, accounts[0].charged.Compare(accounts[1].charged), "the cheapest policy costs less than a preference")

	assert.Negative(t, accounts[0].charged.Compare(naive.charged), "and less than buying twice")
	assert.Positive(t, naive.double, "the warning shows what it warns of")
	assert.Positive(t, naive.silent)
}

// The audit is not to be fooled: the naive loop under the name of a policy.
func TestAuditFindsWhatIsWrong(t *testing.T) {
	m, err := openMarket(t.Context())
	require.NoError(t, err)
	told, err := m.days(t.Context(), few, m.naively)
	require.NoError(t, err)
	a, err := m.audit(t.Context(), strategy{"disguised", router.Cheapest}, told)
	require.NoError(t, err)
	assert.Positive(t, a.double)
	assert.Positive(t, a.silent)
	require.ErrorContains(t, verdict([]account{a}), "double charges")

	_, err = m.resellers[0].Order(t.Context(), request(m.sale(1).wanted, "nobody-sent-this"))
	require.NoError(t, err)
	_, err = m.audit(t.Context(), strategy{"disguised", router.Cheapest}, told)
	require.ErrorContains(t, err, "nobody-sent-this")
}

func TestVerdictNamesEachBreach(t *testing.T) {
	policy := strategy{"cheapest", router.Cheapest}
	require.NoError(t, verdict([]account{{strategy: policy}}))
	for _, a := range []account{{double: 1}, {silent: 1}, {untrue: 1}} {
		require.NoError(t, verdict([]account{a}), "the naive loop has promised nothing")
		a.strategy = policy
		require.Error(t, verdict([]account{a}))
	}
}

func TestCountOfTravellersToldWhatIsNotSo(t *testing.T) {
	for _, c := range []struct {
		said   words
		fate   fate
		untrue int
	}{
		{sold, fate{charges: 1, inHand: true}, 0},
		{sold, fate{charges: 1, open: true}, 0},
		{sold, fate{charges: 1}, 1},
		{sold, fate{}, 1},
		{refused, fate{}, 0},
		{refused, fate{charges: 1, inHand: true}, 1},
		{doubt, fate{charges: 1, open: true}, 0},
		{doubt, fate{}, 0},
		{doubt, fate{inHand: true}, 1},
	} {
		var a account
		a.count(answer{said: c.said}, c.fate)
		assert.Equal(t, c.untrue, a.untrue, "%+v", c)
	}
}

// The same market gives the same table.
func TestMarketIsTheSameEachTime(t *testing.T) {
	table := func() string {
		accounts, err := compare(t.Context(), 200, strategies())
		require.NoError(t, err)
		var out bytes.Buffer
		require.NoError(t, printTable(&out, accounts))
		return out.String()
	}
	first := table()
	assert.Equal(t, 1+len(strategies()), strings.Count(first, "\n"))
	assert.Equal(t, first, table())
}

func TestNoTravellers(t *testing.T) { require.Error(t, run(t.Context(), 0)) }
