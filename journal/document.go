package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// document is the part of an entry that stores do not look into. Fields are
// added, never renamed: older documents stay readable.
type document struct {
	Request   request      `json:"request"`
	RequestID string       `json:"request_id,omitempty"` // of the requests in doubt, where the provider takes an id once
	Before    []byte       `json:"before,omitempty"`     // what the eSIM had before a top-up
	Attempts  []attempt    `json:"attempts,omitempty"`
	Until     time.Time    `json:"until"`               // no request is begun after this
	NotBefore time.Time    `json:"not_before,omitzero"` // nor before this, which the provider has asked for
	Sends     int          `json:"sends,omitempty"`     // of its key; those proven not sent do not count
	Repeats   int          `json:"repeats,omitempty"`   // of them, those begun with another one in doubt
	Steps     int          `json:"steps,omitempty"`     // requests and looks since anything new was learnt, for the pace
	Absent    int          `json:"absent,omitempty"`    // complete lists that show no order which could be this
	Unclear   int          `json:"unclear,omitempty"`   // complete lists with orders that cannot be told apart
	Order     *storedOrder `json:"order,omitempty"`     // what is known of it
	Foreign   *storedOrder `json:"foreign,omitempty"`   // what came and did not fit
	Due       hook         `json:"due,omitempty"`       // hook to be called
	Calls     int          `json:"calls,omitempty"`     // of that hook, failed ones
	Warned    bool         `json:"warned,omitempty"`    // of being late
	Review    *reviewNote  `json:"review,omitempty"`
	Decision  *Decision    `json:"decision,omitempty"`
	Caller    bool         `json:"caller,omitempty"` // somebody waits for the end of the first request
	Barred    bool         `json:"barred,omitempty"` // never to be sent again
	Closed    bool         `json:"closed,omitempty"` // its failure was handed to OnFailed
}

// request is what was asked for; it is sent the same way each time.
type request struct {
	PackageID   string        `json:"package_id"`
	Quantity    int           `json:"quantity"`
	ICCID       esim.ICCID    `json:"iccid,omitempty"`
	Quote       *esim.Package `json:"quote,omitempty"`
	MaxTotal    *esim.Money   `json:"max_total,omitempty"`
	CallbackURL string        `json:"callback_url,omitempty"`
}

func (r *request) ceiling() esim.Money {
	if r.MaxTotal == nil {
		return esim.Money{}
	}
	return *r.MaxTotal
}

// attempt is one request to the provider. Outcome is nil until it is known how
// it ended, which may be never.
type attempt struct {
	N       int           `json:"n"`
	At      time.Time     `json:"at"`
	By      string        `json:"by"` // the process
	Ended   time.Time     `json:"ended,omitzero"`
	Outcome *esim.Outcome `json:"outcome,omitempty"` // of this request alone
	Failure *failure      `json:"failure,omitempty"`
	// RequestID under which it was sent, where the provider takes an id once.
	RequestID string `json:"request_id,omitempty"`
	// Settled: it is known by other means whether it was charged.
	Settled bool `json:"settled,omitempty"`
}

// doubtful reports whether nobody knows if the request was charged.
func (a *attempt) doubtful() bool {
	return !a.Settled && (a.Outcome == nil || *a.Outcome == esim.OutcomeUnknown || *a.Outcome == esim.OutcomeAccepted)
}

type reviewNote struct {
	Since time.Time `json:"since"`
	Why   string    `json:"why"`
	Alarm bool      `json:"alarm,omitempty"`
}

// alarm reports whether the purchase was charged after it had ended.
func (d *document) alarm() bool { return d.Review != nil && d.Review.Alarm }

// maxAttempts is how many are kept in detail. The counters of the entry have
// them all.
const maxAttempts = 64

// begun enters a request that is about to be sent. Where there are too many, the
// oldest that is settled makes room: few are in doubt, by maxSends.
func (d *document) begun(n int, at time.Time, by string) {
	d.Attempts = append(d.Attempts, attempt{N: n, At: at, By: by, RequestID: d.RequestID})
	d.Sends++
	if len(d.Attempts) <= maxAttempts {
		return
	}
	if i := slices.IndexFunc(d.Attempts[1:], func(a attempt) bool { return !a.doubtful() }); i >= 0 { // the first one stays
		d.Attempts = slices.Delete(d.Attempts, 1+i, 2+i)
	}
}

// doubtful are the requests in doubt, the latest last.
func (d *document) doubtful() []*attempt {
	var list []*attempt
	for i := range d.Attempts {
		if d.Attempts[i].doubtful() {
			list = append(list, &d.Attempts[i])
		}
	}
	return list
}

// attempt returns the n-th one, nil if it is not kept.
func (d *document) attempt(n int) *attempt {
	i := slices.IndexFunc(d.Attempts, func(a attempt) bool { return a.N == n })
	if i < 0 {
		return nil
	}
	return &d.Attempts[i]
}

// latestFailure is why the latest request that ended did not bring an order.
func (d *document) latestFailure() *failure {
	for _, a := range slices.Backward(d.Attempts) {
		if a.Failure != nil {
			return a.Failure
		}
	}
	return nil
}

// failure is an esim.Error as a journal keeps it.
type failure struct {
	Kind       string        `json:"kind,omitempty"`
	HTTPStatus int           `json:"http_status,omitempty"`
	Code       string        `json:"code,omitempty"`
	Message    string        `json:"message,omitempty"`
	RequestID  string        `json:"request_id,omitempty"`
	RetryAfter time.Duration `json:"retry_after,omitempty"`
	Repeat     esim.Repeat   `json:"repeat,omitempty"` // what a repeat would do, if the outcome is unknown
	Cause      string        `json:"cause,omitempty"`
}

func failureOf(err error) *failure {
	e, ok := errors.AsType[*esim.Error](err)
	if !ok {
		return &failure{Cause: firstLine(err.Error())}
	}
	f := &failure{
		HTTPStatus: e.HTTPStatus, Code: e.Code, Message: e.Message, RequestID: e.RequestID, RetryAfter: e.RetryAfter,
		Repeat: e.Repeat, Kind: string(e.Kind),
	}
	if e.Err != nil {
		f.Cause = firstLine(e.Err.Error())
	}
	return f
}

const maxCause = 300

func firstLine(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	return strings.ToValidUTF8(text[:min(len(text), maxCause)], "")
}

// kind is ErrUnavailable where the document names none that this version knows.
func (f *failure) kind() esim.Kind {
	if kind := esim.Kind(f.Kind); slices.Contains(esim.Kinds(), kind) {
		return kind
	}
	return esim.ErrUnavailable
}

func (d *document) encode() ([]byte, error) {
	text, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("journal: writing a document: %w", err)
	}
	return text, nil
}

func decodeDocument(text []byte) (*document, error) {
	d := new(document)
	if err := json.Unmarshal(text, d); err != nil {
		return nil, fmt.Errorf("journal: reading a document: %w", err)
	}
	return d, nil
}
