package conformance

import (
	"net/http"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/esimtest"
)

// secretChecks provoke what a client may say, and every trial searches it.
func secretChecks(caps esim.Capabilities) []check {
	list := []check{{"the client printed", (*trial).printedClient}}
	for _, m := range methods {
		if !m.supported(caps) {
			continue
		}
		for _, f := range []esimtest.Fault{
			{Kind: esimtest.FaultErrorBefore, Status: http.StatusUnauthorized},
			{Kind: esimtest.FaultErrorBefore, Status: http.StatusBadRequest, Message: "no such thing"},
			{Kind: esimtest.Fault500After},
			{Kind: esimtest.FaultTruncatedJSON},
			{Kind: esimtest.FaultWrongContentType},
			{Kind: esimtest.FaultRedirectAfter},
			{Kind: esimtest.FaultDuplicateKeys},
			{Kind: esimtest.FaultCutAfterCommit},
		} {
			list = append(list, check{"what " + m.name + " says under " + f.Kind.String(), func(t *trial) { t.talks(m, f) }})
		}
	}
	return list
}

// talks lets every answer to the method be spoiled; the watched client prints
// the errors, and its logger prints the rest.
func (t *trial) talks(m method, f esimtest.Fault) {
	t.needs(t.h.Inject != nil, "Inject")
	c := t.client(esim.Settings{Timeout: patience, MaxRetries: -1})
	order, iccid := t.subject(c)
	f.Op, f.Times = m.name, 10
	t.inject(f)
	if err := m.call(t.ctx(), c, t, order, iccid); err == nil {
		t.Logf("%s got over it", m.name)
	}
}

func (t *trial) printedClient() {
	c := t.patient()
	t.subject(c)
	c.print(c.Client)
	if c.Capabilities().Order && len(t.h.Secrets()) == 0 {
		t.Errorf("Harness.Secrets knows none, so nothing is proven")
	}
}
