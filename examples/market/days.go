package main

import (
	"context"
	"fmt"
	"time"

	"github.com/esimkit/esim"
)

// sale is one traveller at the counter.
type sale struct {
	number    int
	reference string
	wanted    esim.Package // as steady lists it; any reseller's will do
	instant   bool         // at the airport already, and cannot wait
}

// sale is the same in every market: each ware equally often, one traveller in
// three in haste.
func (m *market) sale(n int) sale {
	const step = 7919 // a prime, so that neighbours want different things
	return sale{
		number: n, reference: fmt.Sprintf("cart-%07d", n),
		wanted: m.wares[n*step%len(m.wares)], instant: n%3 == 0,
	}
}

// answer is what a traveller was told.
type answer struct {
	said words
	by   esim.Provider // whose eSIM it is
}

type words int

const (
	refused words = iota // "sorry, and nothing was charged"
	sold                 // "here it is", or "it is on its way"
	doubt                // "we are looking into it"
)

// days lets the travellers come, one every five seconds, and then waits until
// the journal has nothing left to do. At half-time the reseller that was down
// is back.
func (m *market) days(ctx context.Context, sales int, sell seller) ([]answer, error) {
	const every = 5 * time.Second
	told := make([]answer, sales)
	for n := range sales {
		if n == sales/2 {
			m.reseller("down").Heal()
		}
		m.door.serve(n)
		told[n] = answerTo(sell(ctx, m.sale(n)))
		m.clock.Sleep(every)
		if n%4 == 0 {
			if err := m.office(ctx); err != nil {
				return nil, err
			}
		}
	}
	return told, m.night(ctx)
}

func answerTo(order *esim.Order, err error) answer {
	switch {
	case err == nil:
		return answer{sold, order.Provider}
	case esim.MaybeCharged(err):
		return answer{said: doubt}
	}
	return answer{said: refused}
}
