package simulator

import (
	"cmp"
	"net/http"
	"strings"
	"sync"

	"github.com/esimkit/esim/esimtest/internal/money"
)

// decoy is the host that redirects point to. Nothing should ever arrive there.
type decoy struct {
	clock   *clock
	unheard string // address in place of a listener; "" = listen

	mu     sync.Mutex
	door   *door // opened when it is needed
	strays []string
}

// url is the decoy's address, under another host name than the simulator's.
func (d *decoy) url() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.door == nil {
		d.door = money.Must(newDoor(cmp.Or(d.unheard, "127.0.0.1:0"), d.serve, d.clock, d.unheard != ""))
	}
	return "http://" + d.host()
}

func (d *decoy) host() string {
	return strings.Replace(d.door.address(), "127.0.0.1", "localhost", 1)
}

// at reports whether redirects have pointed to this host.
func (d *decoy) at(host string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.door != nil && d.host() == host
}

func (d *decoy) serve(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.strays = append(d.strays, r.Method+" "+r.URL.Path)
	w.WriteHeader(http.StatusOK)
}

func (d *decoy) close() {
	d.mu.Lock()
	opened := d.door
	d.mu.Unlock()
	if opened != nil {
		opened.close()
	}
}
