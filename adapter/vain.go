package adapter

import (
	"net/http"
	"sync"

	"github.com/esimkit/esim"
)

// vainTokens are the reads that new credentials do not help: an endpoint that the
// account may not use, or that no document names. Each read of it would cost a
// login, and could end the tokens of other processes.
type vainTokens struct {
	mu    sync.Mutex
	paths map[string]vainToken
}

// vainToken is a token that an endpoint refused right after it was obtained.
type vainToken struct {
	token esim.Secret
	good  bool // another call was accepted with it since
}

// refused notes that a read was refused with new credentials.
func (v *vainTokens) refused(c *Call, r *http.Request) {
	if c.Safety != Read {
		return
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.paths == nil {
		v.paths = make(map[string]vainToken) // as many as there are paths
	}
	v.paths[c.Path] = vainToken{token: tokenOf(r)}
}

// accepted notes that credentials are good.
func (v *vainTokens) accepted(c *Call, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if len(v.paths) == 0 || r == nil {
		return
	}
	token := tokenOf(r)
	for path, vain := range v.paths {
		if vain.good = vain.good || vain.token.Equal(token); path != c.Path {
			v.paths[path] = vain
		}
	}
	delete(v.paths, c.Path)
}

// know reports whether new credentials would be in vain: the endpoint refused
// these when they were new, and others take them.
func (v *vainTokens) know(c *Call, r *http.Request) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	vain, ok := v.paths[c.Path]
	return ok && c.Safety == Read && vain.good && vain.token.Equal(tokenOf(r))
}

func tokenOf(r *http.Request) esim.Secret { return esim.NewSecret(r.Header.Get("Authorization")) }
