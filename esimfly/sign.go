package esimfly

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/adapter"
	"github.com/esimkit/esim/internal/hmacsign"
)

type signer struct {
	mac  *hmacsign.Signer
	code esim.Secret
}

const requestIDHeader = "RT-RequestID"

// authorize signs timestamp, request id, access code and body, joined without
// separators; method, path and query are not covered. eSIMfly remembers
// request ids for a day and refuses one it has seen, so each attempt gets its
// own, unless the call has brought one (eSIMfly docs: api-authentication).
func (s signer) authorize(_ context.Context, r *http.Request, body []byte, now time.Time) (requestID string, err error) {
	if id := r.Header.Get(requestIDHeader); id != "" {
		s.sign(r, body, now, id)
		return id, nil
	}
	id, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	s.sign(r, body, now, id.String())
	return id.String(), nil
}

// checkRequestID wants the form in which eSIMfly documents them. Another
// spelling of the same id might pass for another id.
func checkRequestID(check *adapter.Check, id string) {
	if id != "" && !isRequestID(id) {
		check.Fail("RequestID", "is not a UUID of version 4, in lower case with hyphens")
	}
}

func isRequestID(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.String() == id && u.Version() == 4 && u.Variant() == uuid.RFC4122
}

func (s signer) sign(r *http.Request, body []byte, now time.Time, id string) {
	at, code := strconv.FormatInt(now.UnixMilli(), 10), s.code.Reveal()
	r.Header.Set("RT-AccessCode", code)
	r.Header.Set(requestIDHeader, id)
	r.Header.Set("RT-Timestamp", at)
	r.Header.Set("RT-Signature", s.mac.Concat([]string{at, id, code}, body).Upper())
}
