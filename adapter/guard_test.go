package adapter

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/esimkit/esim"
)

func money(t testing.TB, amount, currency string) esim.Money {
	t.Helper()
	m, err := esim.ParseMoney(amount, currency)
	require.NoError(t, err)
	return m
}

func quote(price esim.Money) *esim.Package {
	return &esim.Package{Provider: "test", ID: "P1", Price: price}
}

func TestPurchase(t *testing.T) {
	usd := func(amount string) esim.Money { return money(t, amount, "USD") }
	eur := func(amount string) esim.Money { return money(t, amount, "EUR") }
	stranger, another := quote(usd("2.72")), quote(usd("2.72"))
	stranger.Provider, another.ID = "other", "P2"

	for _, c := range []struct {
		name     string
		purchase Terms
		kind     esim.Kind // "" = fine
		field    string
	}{
		{"bare", Terms{}, "", ""},
		{"quote", Terms{Quote: quote(usd("2.72"))}, "", ""},
		{"ceiling", Terms{MaxTotal: usd("5")}, "", ""},
		{"ceiling met exactly", Terms{Quantity: 5, Quote: quote(usd("2.72")), MaxTotal: usd("13.60")}, "", ""},
		{"a free package", Terms{Quote: quote(usd("0")), MaxTotal: usd("1")}, "", ""},
		{"bad package", Terms{PackageID: "P\n1"}, esim.ErrInvalidRequest, "PackageID"},
		{"no package", Terms{PackageID: "-none-"}, esim.ErrInvalidRequest, "PackageID"},

		{"quote of another provider", Terms{Quote: stranger}, esim.ErrInvalidRequest, "Quote.Provider"},
		{"quote of another package", Terms{Quote: another}, esim.ErrInvalidRequest, "Quote.ID"},
		{"quote in other letters: ids are opaque", Terms{PackageID: "p1", Quote: quote(usd("2.72"))}, esim.ErrInvalidRequest, "Quote.ID"},
		{"quote without a price", Terms{Quote: quote(esim.Money{})}, esim.ErrUnsupported, "Quote.Price"},
		{"negative quote", Terms{Quote: quote(usd("-1"))}, esim.ErrInvalidRequest, "Quote.Price"},
		{"quote above the maximum", Terms{Quote: quote(usd("1000000000001"))}, esim.ErrInvalidRequest, "Quote.Price"},

		{"negative ceiling", Terms{MaxTotal: usd("-5")}, esim.ErrInvalidRequest, "MaxTotal"},
		{"ceiling above the maximum", Terms{MaxTotal: usd("9000000000000")}, esim.ErrInvalidRequest, "MaxTotal"},
		{"ceiling without a currency", Terms{MaxTotal: money(t, "5", "")}, esim.ErrInvalidRequest, "MaxTotal"},
		{"ceiling in another currency", Terms{Quote: quote(usd("2")), MaxTotal: eur("5")}, esim.ErrInvalidRequest, "MaxTotal"},

		{"ceiling passed by a cent", Terms{Quantity: 5, Quote: quote(usd("2.72")), MaxTotal: usd("13.59")}, esim.ErrPriceChanged, "the total"},
		{"quantity 0 means 1", Terms{Quantity: 0, Quote: quote(usd("2.72")), MaxTotal: usd("2.71")}, esim.ErrPriceChanged, "the total"},
		{"total of too many digits", Terms{Quantity: 99999, Quote: quote(usd("0.1234567890123456789")), MaxTotal: usd("1")}, esim.ErrInvalidRequest, "MaxTotal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := c.purchase
			switch p.PackageID {
			case "":
				p.PackageID = "P1"
			case "-none-":
				p.PackageID = ""
			}
			tr := newTransport(t, esim.Settings{})
			check := tr.check(t.Context(), "Order")
			check.Terms(p)
			if c.kind == "" {
				require.NoError(t, check.Err())
				return
			}
			e := assertOutcome(t, esim.OutcomeNotSent, check.Err())
			require.ErrorIs(t, e, c.kind)
			assert.Contains(t, e.Message, c.field)
		})
	}
}

// TestPrice compares what a provider asks now with what the caller agreed to.
func TestPrice(t *testing.T) {
	usd := func(amount string) esim.Money { return money(t, amount, "USD") }
	for _, c := range []struct {
		name     string
		purchase Terms
		price    esim.Money
		kind     esim.Kind
	}{
		{"nothing to check", Terms{}, esim.Money{}, ""},
		{"as quoted", Terms{Quote: quote(usd("2.72"))}, usd("2.720"), ""},
		{"dearer", Terms{Quote: quote(usd("2.72"))}, usd("2.73"), esim.ErrPriceChanged},
		{"cheaper", Terms{Quote: quote(usd("2.72"))}, usd("2.71"), esim.ErrPriceChanged},
		{"in another currency", Terms{Quote: quote(usd("2.72"))}, money(t, "2.72", "EUR"), esim.ErrUnsupported},
		{"not stated", Terms{Quote: quote(usd("2.72"))}, esim.Money{}, esim.ErrUnsupported},
		{"below the ceiling", Terms{Quantity: 2, MaxTotal: usd("5.44")}, usd("2.72"), ""},
		{"above the ceiling", Terms{Quantity: 2, MaxTotal: usd("5.43")}, usd("2.72"), esim.ErrPriceChanged},
		{"ceiling in another currency", Terms{Quantity: 2, MaxTotal: money(t, "9", "EUR")}, usd("2.72"), esim.ErrUnsupported},
		{"ceiling, price not stated", Terms{Quantity: 1, MaxTotal: usd("9")}, esim.Money{}, esim.ErrUnsupported},
		{"both, the quote fails first", Terms{Quantity: 1, Quote: quote(usd("1")), MaxTotal: usd("9")}, usd("99"), esim.ErrPriceChanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			tr := newTransport(t, esim.Settings{})
			check := tr.check(t.Context(), "Order")
			check.Price(c.purchase, c.price, "the price")
			if c.kind == "" {
				require.NoError(t, check.Err())
				return
			}
			require.ErrorIs(t, assertOutcome(t, esim.OutcomeNotSent, check.Err()), c.kind)
		})
	}
	t.Run("says both prices", func(t *testing.T) {
		check := newTransport(t, esim.Settings{}).check(t.Context(), "Order")
		check.Price(Terms{Quote: quote(usd("2.72"))}, usd("3.10"), "the price")
		assert.Equal(t, "the price is 3.10 USD now, quoted was 2.72 USD", asError(t, check.Err()).Message)
	})
	t.Run("an earlier finding stays", func(t *testing.T) {
		check := newTransport(t, esim.Settings{}).check(t.Context(), "Order")
		check.Fail("Quantity", "is odd")
		check.Price(Terms{Quote: quote(usd("2.72"))}, usd("3.10"), "the price")
		require.ErrorIs(t, check.Err(), esim.ErrInvalidRequest)
	})
}

func TestGuarded(t *testing.T) {
	assert.False(t, (&Terms{PackageID: "P1", Quantity: 2}).Guarded())
	assert.True(t, (&Terms{Quote: quote(esim.Money{})}).Guarded())
	assert.True(t, (&Terms{MaxTotal: money(t, "1", "USD")}).Guarded())
}
