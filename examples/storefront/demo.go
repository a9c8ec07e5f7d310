package main

import (
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
	"github.com/esimkit/esim/esimtest/simulator"
	"github.com/esimkit/esim/journal"
)

// demo is what the operator page lets happen to the simulated world.
type demo struct {
	held atomic.Bool // webhooks and provisioning wait
}

type demoView struct {
	Held  bool
	ESIMs []esim.ICCID // delivered ones, the latest first
}

func (s *shop) demoView(all []*journal.Purchase) *demoView {
	v := &demoView{Held: s.demo.held.Load()}
	for _, p := range all {
		if p.Kind != journal.OrderKind || p.Order == nil {
			continue
		}
		for _, e := range p.Order.ESIMs {
			if e.ICCID != "" {
				v.ESIMs = append(v.ESIMs, e.ICCID)
			}
		}
	}
	slices.Reverse(v.ESIMs)
	return v
}

// demonstrate lets something happen to the simulated world.
func (s *shop) demonstrate(w http.ResponseWriter, r *http.Request) {
	act := map[string]func(p *simulator.Server, iccid esim.ICCID){
		"install": func(p *simulator.Server, iccid esim.ICCID) { p.UseData(string(iccid), 0) },
		"use":     func(p *simulator.Server, iccid esim.ICCID) { p.UseData(string(iccid), 300*int64(esim.MiB)) },
	}
	switch what := r.PostFormValue("do"); what {
	case "lose":
		s.loseNextAnswer() //nolint:contextcheck // the simulator closes a port, for whoever comes
	case "hold":
		s.hold(true)
	case "release":
		s.hold(false)
	case "day":
		s.resellers.sim.Advance(24 * time.Hour)
		s.meter.forgetAll()
	case "install", "use":
		iccid := esim.ICCID(r.PostFormValue("iccid"))
		p, ok := s.sellerOf(r, iccid)
		if !ok {
			s.say(w, r, http.StatusNotFound, "No such eSIM", "Sell one first.")
			return
		}
		act[what](s.resellers.sim.Server(p), iccid)
		s.meter.forget(iccid)
	default:
		s.say(w, r, http.StatusBadRequest, "Unknown", "There is no such button.")
		return
	}
	http.Redirect(w, r, "/operator#demo", http.StatusSeeOther)
}

// loseNextAnswer has each reseller carry out the next order and the network
// eat what it answers.
func (s *shop) loseNextAnswer() {
	for _, c := range s.resellers.clients {
		s.resellers.sim.Server(c.Provider()).Inject(esimtest.Fault{Op: "order", Kind: esimtest.FaultCutAfterCommit})
	}
}

// hold keeps back what is delivered some time after the order, or lets it go.
func (s *shop) hold(on bool) {
	s.demo.held.Store(on)
	s.resellers.hold(on)
}

// sellerOf finds who has sold an eSIM through this shop.
func (s *shop) sellerOf(r *http.Request, iccid esim.ICCID) (esim.Provider, bool) {
	for p, err := range s.journal.Purchases(r.Context(), journal.Query{}) {
		if err == nil && p.Order != nil && p.Kind == journal.OrderKind &&
			slices.ContainsFunc(p.Order.ESIMs, func(e esim.ESIM) bool { return iccid != "" && e.ICCID == iccid }) {
			return p.Provider, true
		}
	}
	return "", false
}
