package postgres

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimfly"
	"github.com/esimkit/esim/esimstory"
)

// desk hands errands out to replicas, and again when a replica has died over
// them, as a job queue of the shop would.
type desk struct {
	install func(esim.ICCID) // has a traveller of eSIMfly install it, before which it takes no more data

	mu        sync.Mutex
	waiting   []errand
	underWay  map[int]handout
	dead      map[int]bool
	handouts  int
	done      int
	toppedUp  map[string]bool
	delivered map[string][]esim.ICCID // what the shop was told, by reference
}

type handout struct {
	errand

	replica int
}

func newDesk(all []errand, install func(esim.ICCID)) *desk {
	return &desk{
		install: install, waiting: all, underWay: make(map[int]handout), dead: make(map[int]bool), toppedUp: make(map[string]bool), delivered: make(map[string][]esim.ICCID),
	}
}

const (
	voidPrefix  = "void-"
	topUpPrefix = "more-"
)

func referenceOf(i int) string { return fmt.Sprintf("cart-%05d", i) }

// ServeHTTP takes what a worker tells and answers with its next errand: 204 if
// there is none at the moment, 410 if there will be none any more.
func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var t told
	if err := json.NewDecoder(r.Body).Decode(&t); err != nil {
		return // its sender has been killed
	}
	e, status := d.next(&t)
	w.WriteHeader(status)
	if status == http.StatusOK {
		_ = json.NewEncoder(w).Encode(e) // who does not get it is dead, and it is handed out again
	}
}

func (d *desk) next(t *told) (errand, int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h, ok := d.underWay[t.Handout]; ok && h.replica == t.Replica {
		delete(d.underWay, t.Handout)
		d.done++
		d.deliver(&h.errand, t.Delivered)
	}
	switch {
	case d.dead[t.Replica]: // its last words
		return errand{}, http.StatusGone
	case len(d.waiting) > 0:
		e := d.waiting[0]
		d.waiting = d.waiting[1:]
		d.handouts++
		e.Handout = d.handouts
		d.underWay[e.Handout] = handout{e, t.Replica}
		return e, http.StatusOK
	case len(d.underWay) > 0:
		return errand{}, http.StatusNoContent
	}
	return errand{}, http.StatusGone
}

// deliver keeps what came, and has some of the travellers want more data.
func (d *desk) deliver(e *errand, iccids []esim.ICCID) {
	if len(iccids) == 0 || e.ICCID != "" {
		return
	}
	d.delivered[e.Reference] = iccids
	var n int
	if _, err := fmt.Sscanf(e.Reference, "cart-%d", &n); err != nil || n%9 != 0 || d.toppedUp[e.Reference] ||
		e.House != mainHouse || e.Provider == esimstory.Provider || len(iccids) != 1 {
		return
	}
	d.toppedUp[e.Reference] = true
	if e.Provider == esimfly.Provider {
		d.install(iccids[0])
	}
	more := errand{House: e.House, Provider: e.Provider, Reference: topUpPrefix + e.Reference, Quantity: 1, ICCID: iccids[0], Enqueue: n%2 == 0}
	d.waiting = append(d.waiting, more, more)
}

// died gives the errands of a process to others.
func (d *desk) died(replica int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.dead[replica] = true
	var again []errand
	for n, h := range d.underWay {
		if h.replica == replica {
			delete(d.underWay, n)
			again = append(again, h.errand)
		}
	}
	d.waiting = append(again, d.waiting...)
}

// progress is how many errands are done, and how many there are.
func (d *desk) progress() (done, all int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.done, d.done + len(d.underWay) + len(d.waiting)
}

// stuck are the references that are under way.
func (d *desk) stuck() (references []string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, h := range d.underWay {
		references = append(references, h.Reference)
	}
	return references
}
