package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"github.com/esimkit/esim"
)

// connectionWatch finds out whether a request ever had a connection. Without
// one, no byte of it can have reached anybody: the proof behind NotSent.
type connectionWatch struct {
	asked, got atomic.Bool
}

func (w *connectionWatch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.got.Store(true) },
	})
}

// neverConnected is proof only if the transport reports its connections at
// all, or if the error itself is that of a dial.
func (w *connectionWatch) neverConnected(err error) bool {
	if w.got.Load() {
		return false
	}
	if w.asked.Load() {
		return true
	}
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// lost classifies a send that brought no answer.
func lost(w *connectionWatch, err error) result {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		err = ue.Err // the outer error prints the URL with its query
	}
	switch {
	case !w.neverConnected(err):
		return unknown(esim.ErrUnavailable, Transient, err)
	case isTLSFailure(err):
		return notSent(esim.ErrUnavailable, Never, err) // configuration or attack: not passing
	}
	return notSent(esim.ErrUnavailable, Transient, err)
}

func isTLSFailure(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return true
	}
	if _, ok := errors.AsType[tls.AlertError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.UnknownAuthorityError](err)
	return ok
}

func notSent(kind error, retry Retry, cause error) result {
	rule := Rule{Kind: kind, Outcome: esim.OutcomeNotSent, Retry: retry}
	return result{Verdict: Verdict{Rule: rule}, outcome: rule.Outcome, cause: cause}
}

func unknown(kind error, retry Retry, cause error) result {
	return result{Verdict: Verdict{Rule: Rule{Kind: kind, Retry: retry}}, cause: cause}
}

// unauthorized is a failed Authorize: the request was not sent, whatever
// happened on the way to its credentials.
func unauthorized(err error) result {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		r := notSent(e.Kind, Never, e.Err)
		r.Code, r.Message, r.status, r.wait = e.Code, "login: "+e.Message, e.HTTPStatus, e.RetryAfter
		return r
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return notSent(esim.ErrUnavailable, Never, err)
	}
	return notSent(esim.ErrUnauthorized, Never, err)
}
