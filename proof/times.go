package proof

import (
	"net/http"
	"slices"
	"time"
)

const (
	callLives    = 15 * time.Minute // from a call to the end of its buying, unless it says otherwise
	enqueueLives = 24 * time.Hour   // the same for a sale that was put on record
	onItsWay     = time.Minute      // from the decision to send to the wire
	longestWait  = 2 * time.Minute  // that a provider is granted
)

// judgeTimes: after the end of a sale nothing is bought for it, and a provider
// that asks to wait is waited for. A key is not sent beside requests in doubt
// more often than the table of repeats allows.
func (w *world) judgeTimes() {
	doubts := make(map[string]int)
	last := make(map[string]*send)
	for _, s := range w.log {
		key := string(s.provider) + " " + s.key
		c := w.shop.cart(w.saleOf(s.reference))
		if c != nil && s.at.After(w.orderedBefore(c, s.seq).Add(w.c.lives()+onItsWay)) {
			w.find("after its time", c, "a purchase is sent to %s", s.provider)
		}
		if before := last[key]; before != nil && s.at.Before(before.ended.Add(min(before.wait, longestWait))) {
			w.find("too soon", c, "%s asked for %s, and has had %s", s.provider, before.wait, s.at.Sub(before.ended))
		}
		last[key] = s
		most := w.mostDoubts(s)
		if doubts[key] >= most {
			w.find("repeat", c, "%s has had %d requests in doubt under the key, and gets another one", s.provider, doubts[key])
		}
		if s.leavesDoubt() {
			doubts[key]++
		}
	}
}

// orderedBefore is when the shop last ordered the cart before something.
func (w *world) orderedBefore(c *cart, seq int) (at time.Time) {
	for _, m := range w.shop.moments {
		if m.cart == c && m.what == ordered && m.seq < seq {
			at = m.at
		}
	}
	return at
}

func (c Case) lives() time.Duration {
	if c.Form == Enqueued {
		return enqueueLives
	}
	return callLives
}

// mostDoubts is how many requests of one key may be in doubt.
func (w *world) mostDoubts(s *send) int {
	i := slices.IndexFunc(w.accounts, func(a *stall) bool { return a.reseller.Provider == s.provider })
	form := ""
	if i == w.c.turn() {
		form = w.c.Config
	}
	return w.accounts[i].reseller.MaxCharges(form)
}

// leavesDoubt reports whether nobody can tell from its end what a request has
// bought.
func (s *send) leavesDoubt() bool {
	switch s.status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusTooManyRequests:
		return false
	}
	return !s.unsent
}
