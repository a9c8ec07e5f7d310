package webhook

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/esimkit/esim"
)

// Source is a sender of webhooks: how theirs are verified and read. The
// packages of the providers have one each, in a function Webhooks; [Standard]
// is one for whoever signs as the Standard Webhooks project says.
type Source interface {
	// Name is the segment of the path at which its webhooks arrive, and the
	// Source of their messages: letters, digits, - and _.
	Name() string
	// Check reports why the source cannot be used, such as an empty secret.
	Check() error
	// Verify reports whether a webhook comes from the sender. The path is what
	// follows the name, "" for nothing; the body is as it was received. It runs
	// before anything in the body has been looked at, and takes the same time
	// however wrong a secret is. An error of kind [esim.ErrNotFound] makes the
	// handler answer 404, every other one 401.
	Verify(header http.Header, path string, body []byte, now time.Time) error
	// Headers names the headers that Parse reads. They are stored, so nothing
	// that authenticates may be among them.
	Headers() []string
	// Parse reads the events of a verified body, each with a Key. It must give
	// the same for the same input, today and after the next restart.
	Parse(header http.Header, body []byte) ([]esim.Event, error)
}

var (
	errNoInbox   = errors.New("webhook: no inbox")
	errNoReceive = errors.New("webhook: no function to hand events to")
	errNoSource  = errors.New("webhook: no source")
)

// table is the sources by name.
type table map[string]Source

func tableOf(sources []Source) (table, error) {
	if len(sources) == 0 {
		return nil, errNoSource
	}
	t := make(table, len(sources))
	for _, s := range sources {
		if s == nil {
			return nil, fmt.Errorf("%w: a source is nil", errNoSource)
		}
		name := s.Name()
		if !isName(name) {
			return nil, fmt.Errorf("webhook: a source is called %q, which is no segment of a path", name)
		}
		if t[name] != nil {
			return nil, fmt.Errorf("webhook: two sources are called %s", name)
		}
		if err := s.Check(); err != nil {
			return nil, fmt.Errorf("webhook: source %s: %w", name, err)
		}
		t[name] = s
	}
	return t, nil
}

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '-' && r != '_'
	})
}

// at finds the source of a path: the last segment is its name, or the last but
// one, with something of the source's own behind it. People end an address in a
// slash, or do not.
func (t table) at(path string) (source Source, rest string) {
	front, last, ok := cutLast(strings.TrimSuffix(path, "/"))
	if !ok {
		return nil, ""
	}
	if s := t[last]; s != nil {
		return s, ""
	}
	if _, name, ok := cutLast(front); ok {
		return t[name], last
	}
	return nil, ""
}

func cutLast(path string) (front, last string, ok bool) {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return "", "", false
	}
	return path[:i], path[i+1:], true
}
