package adapter

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/esimkit/esim"
)

// connectionWatch finds out whether a request ever had a connection. Without
// one, no byte of it can have reached anybody: the proof behind NotSent.
type connectionWatch struct {
	reports    bool // net/http's own transport reports every connection
	asked, got atomic.Bool
}

func newConnectionWatch(client *http.Client) *connectionWatch {
	_, reports := client.Transport.(*http.Transport)
	return &connectionWatch{reports: reports}
}

func (w *connectionWatch) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) { w.asked.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { w.got.Store(true) },
	})
}

// neverConnected is proof only if the transport reports its connections at
// all. The error of a dial is none: a RoundTripper may have made several.
func (w *connectionWatch) neverConnected() bool {
	return !w.got.Load() && (w.reports || w.asked.Load())
}

// classifySendError classifies a send that brought no answer.
func classifySendError(w *connectionWatch, err error) result {
	err = withoutURL(err)
	switch {
	case !w.neverConnected():
		return unknown(esim.ErrUnavailable, Transient, err)
	case isTLSFailure(err), errors.Is(err, errProxyAuth):
		return notSent(esim.ErrUnavailable, Never, err) // configuration or attack: not passing
	}
	return notSent(esim.ErrUnavailable, Transient, err)
}

// withoutURL takes off the errors that print a URL, with its query or, of a
// proxy, its password.
func withoutURL(err error) error {
	for {
		ue, ok := errors.AsType[*url.Error](err)
		if !ok || ue.Err == nil {
			return err
		}
		err = ue.Err
	}
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
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	// An alert of the server, or a version it chose, has no type of its own.
	return errors.Is(err, http.ErrSchemeMismatch) || strings.Contains(err.Error(), "tls: ")
}

func notSent(kind esim.Kind, retry Retry, cause error) result {
	rule := Rule{Kind: kind, Outcome: esim.OutcomeNotSent, Retry: retry}
	return result{Verdict: Verdict{Rule: rule}, outcome: rule.Outcome, cause: cause}
}

func unknown(kind esim.Kind, retry Retry, cause error) result {
	return result{Verdict: Verdict{Rule: Rule{Kind: kind, Retry: retry}}, cause: cause}
}

// unauthorized is a failed Authorize: the request was not sent, whatever
// happened on the way to its credentials.
func unauthorized(err error) result {
	if e, ok := errors.AsType[*esim.Error](err); ok {
		r := notSent(e.Kind, Never, e.Err)
		r.Code, r.Message, r.status, r.wait = e.Code, strings.TrimSuffix("login: "+e.Message, ": "), e.HTTPStatus, e.RetryAfter
		r.requestID = e.RequestID
		return r
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return notSent(esim.ErrUnavailable, Never, err)
	}
	return notSent(esim.ErrUnauthorized, Never, err)
}
