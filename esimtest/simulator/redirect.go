package simulator

import (
	"net/http"
	"strings"
	"sync"
)

// redirectTarget is the host that redirects point to. Nothing should ever
// arrive there.
type redirectTarget struct {
	listener *listener

	mu     sync.Mutex
	strays []string
}

func newRedirectTarget(c *clock, socketless bool) *redirectTarget {
	t := &redirectTarget{}
	t.listener = newListener("127.0.0.1:0", localTarget, t.serve, c, socketless)
	return t
}

// url is the target's address, under another host name than the simulator's.
// Requests of this process need no port there.
func (t *redirectTarget) url(sameProcess bool) string {
	if sameProcess {
		return "http://" + strings.Replace(localTarget, "127.0.0.1", otherName, 1)
	}
	return "http://" + strings.Replace(t.listener.address(), "127.0.0.1", otherName, 1)
}

const otherName = "localhost"

// at reports whether redirects point to this host.
func (t *redirectTarget) at(host string) bool {
	port, ok := strings.CutPrefix(host, otherName+":")
	return ok && t.listener.at("127.0.0.1:"+port)
}

func (t *redirectTarget) serve(w http.ResponseWriter, r *http.Request) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.strays = append(t.strays, r.Method+" "+r.URL.Path)
	w.WriteHeader(http.StatusOK)
}
