package esimfly

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/esimkit/esim"
	"github.com/esimkit/esim/internal/hmacsign"
)

type signer struct {
	mac  *hmacsign.Signer
	code esim.Secret
}

// authorize signs timestamp, request id, access code and body, joined without
// separators; method, path and query are not covered. eSIMfly remembers
// request ids for a day and refuses one it has seen, so each attempt gets its
// own (eSIMfly docs: api-authentication).
func (s signer) authorize(_ context.Context, r *http.Request, body []byte, now time.Time) (requestID string, err error) {
	id, err := uuid.NewRandom()
	if err != nil {
		return "", err
	}
	s.sign(r, body, now, id.String())
	return id.String(), nil
}

func (s signer) sign(r *http.Request, body []byte, now time.Time, id string) {
	at, code := strconv.FormatInt(now.UnixMilli(), 10), s.code.Reveal()
	r.Header.Set("RT-AccessCode", code)
	r.Header.Set("RT-RequestID", id)
	r.Header.Set("RT-Timestamp", at)
	r.Header.Set("RT-Signature", s.mac.Concat([]string{at, id, code}, body).Upper())
}
